"""Doors that are attended to from here: their rules, locks, readers and orders."""

from collections.abc import Callable, Coroutine

from controller.decision import decide
from controller.doorkeeping.keeper import Doorkeeper
from controller.session import Command, Event
from controller.vocabulary import AlarmKind
from gateway.alarms import Alarms
from gateway.locks import Locks
from gateway.orders import Orders
from gateway.permits import Permits
from gateway.readers import Desk, Readers
from gateway.rules import Rules
from gateway.site import Site
from gateway.store.recorder import Append
from gateway.store.state import State
from gateway.uplink import Uplink


class Attendance:
    """Answers people at readers by permits and rules, and those who order from afar."""

    def __init__(  # noqa: PLR0913, PLR0917 - it joins what the daemon would join
        self,
        site: Site,
        state: State,
        permits: Permits,
        uplink: Uplink,
        alarms: Alarms,
        append: Append,
        send: Callable[[Command], None],
        relieve: Callable[[], object],
    ) -> None:
        """Begin with the rules held on disk; `relieve` makes room there."""
        attended = [door for door in site.doors if not door.capabilities.decides]
        keeper = Doorkeeper(
            lambda door, card, now: decide(permits.table, door, card, now),
            {door.id: door.unlock_seconds for door in attended},
        )
        locks = Locks(attended, site.clock, keeper, send)
        rules = Rules(site, state, keeper, uplink, relieve)
        readers = Readers(
            site,
            Desk(
                keeper,
                locks,
                append,
                send,
                lambda door: alarms.notice(door, AlarmKind.DURESS, raised=True),
                rules.first_card_came,
            ),
        )
        orders = Orders(site, uplink, readers.order, send)
        self.runs: tuple[Callable[[], Coroutine[None, None, None]], ...] = (
            rules.run,
            readers.run,
            orders.run,
        )
        """What runs as long as the gateway does."""
        self.handlers: tuple[Callable[[Event], None], ...] = (
            locks.handle,
            readers.handle,
            orders.handle,
        )
        """Who hears of events, in this order."""
