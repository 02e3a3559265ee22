"""Permits of a board's doors: what is ordered, what is under way, what is proved."""

from collections.abc import Callable, Mapping

from controller.encoding import digest_of
from controller.protocols.uhppote.message import Reply
from controller.protocols.uhppote.sync import Mirror, Question, Sync, SyncFailed, Work
from controller.protocols.uhppote.wire import Ask
from controller.session import (
    ApplyPermits,
    CommandFailed,
    Event,
    ForeignCards,
    PermitsApplied,
)
from controller.vocabulary import CardNumber, ControllerId, Permit, PermitId

AUDIT_PERIOD = 600.0
"""Seconds after which everything a board holds is read again."""
RECHECK_PAUSE = 5.0
"""Seconds after which cards that were changed are read once more: the network may have
kept a doubled request and delivered it late."""


class Keeper:
    """Holds a board's cards at what was ordered for all of its doors together.

    Nothing is sent before each door was told its permits: a card has one pair of
    dates for all doors. A new order interrupts the work and it begins anew, so a
    withdrawal never waits behind a thousand cards.
    """

    def __init__(
        self,
        serial: int,
        doors: Mapping[int, ControllerId],
        report: Callable[[Event], None],
    ) -> None:
        """Take the board's doors that are ours."""
        self._serial = serial
        self._doors = doors
        self._report = report
        self._permits: dict[int, dict[PermitId, Permit]] = {}
        self._orders: dict[int, ApplyPermits] = {}
        self._mirror = Mirror()
        self._sync: Sync | None = None
        self._work: Work | None = None
        self._question: Question | None = None
        self._covered: dict[int, ApplyPermits] = {}
        self._audit_due: float | None = None
        self._recheck_due: float | None = None
        self._touched: set[int] = set()
        self._withdrawn: set[int] = set()
        self._foreign: tuple[CardNumber, ...] = ()
        self.removes_foreign = False
        """Whether cards that we never put there are taken out."""

    def order(self, door: int, command: ApplyPermits) -> None:
        """Take what a door is to hold from now on."""
        held = self._permits.get(door)
        before = _cards(held or {})
        if command.snapshot:
            held = self._permits[door] = {}
        elif held is None:
            cause = "a snapshot must come first"
            self._report(CommandFailed(command.controller, command, cause))
            return
        for identity in command.removed:
            held.pop(identity, None)
        held |= {permit.id: permit for permit in command.put}
        self._withdrawn |= before - _cards(held)
        self._withdrawn |= {card.value for card in command.withdrawn}
        self._orders[door] = command
        self._stop()

    def forget(self, cause: str) -> None:
        """Believe nothing of the board any more, and give up what is under way."""
        self._stop()
        self._mirror = Mirror()
        self._recheck_due = None
        self._touched.clear()
        orders, self._orders = self._orders, {}
        for order in orders.values():
            self._report(CommandFailed(order.controller, order, cause))

    def next(self, now: float) -> Ask | None:
        """Return what is to be asked for the permits' sake."""
        if self._work is None and self._may_begin(now):
            self._begin(now)
        question, work = self._question, self._work
        if question is None or work is None:
            return None
        return Ask(
            lambda _now: question.request,
            lambda reply, now: self._take(work, question, reply, now),
        )

    def _may_begin(self, now: float) -> bool:
        if self._permits.keys() != self._doors.keys():
            return False
        if self._orders:
            return True
        audit = self._audit_due is not None and now >= self._audit_due
        recheck = self._recheck_due is not None and now >= self._recheck_due
        if audit:
            self._mirror = Mirror()
        elif recheck:
            self._mirror.doubtful |= self._touched
            self._recheck_due = None
            self._touched.clear()
        return audit or recheck

    def _begin(self, now: float) -> None:
        self._covered = dict(self._orders)
        ours = None if self.removes_foreign else self._withdrawn
        self._sync = Sync(self._serial, self._mirror, self._permits, self._found, ours)
        self._work = self._sync.run()
        if self._mirror.cards is None:
            self._audit_due = now + AUDIT_PERIOD
        self._step(next, now)

    def _take(self, work: Work, question: Question, reply: Reply, now: float) -> bool:
        if work is not self._work:
            return True
        if not question.fits(reply):
            return False
        self._step(lambda work: work.send(reply), now)
        return True

    def _step(self, go_on: Callable[[Work], Question], now: float) -> None:
        """Go on to the next question, or to the end."""
        if self._work is None:
            return
        try:
            self._question = go_on(self._work)
        except StopIteration:
            self._finish({} if self._sync is None else self._sync.faults, now)
        except SyncFailed as error:
            self._finish(dict.fromkeys(self._doors, str(error)), now)

    def _finish(self, faults: Mapping[int, str], now: float) -> None:
        self._stop()
        if not faults:
            self._withdrawn.clear()
        self._recheck_due = now + RECHECK_PAUSE if self._touched else None
        for door, order in self._covered.items():
            if self._orders.get(door) is order:
                del self._orders[door]
                self._report(self._outcome(door, order, faults))

    def _outcome(
        self, door: int, order: ApplyPermits, faults: Mapping[int, str]
    ) -> Event:
        if door in faults:
            return CommandFailed(order.controller, order, faults[door])
        digest = digest_of(self._permits[door].values())
        return PermitsApplied(order.controller, order.revision, digest)

    def _stop(self) -> None:
        if self._sync is not None:
            self._touched |= self._sync.touched
        if self._work is not None:
            self._work.close()
        self._work = self._question = self._sync = None

    def _found(self, cards: tuple[CardNumber, ...]) -> None:
        if cards and cards != self._foreign:
            self._report(ForeignCards(next(iter(self._doors.values())), cards))
        self._foreign = cards


def _cards(permits: Mapping[PermitId, Permit]) -> set[int]:
    return {permit.card.value for permit in permits.values()}
