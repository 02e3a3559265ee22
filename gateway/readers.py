"""Doors we decide for: first the record is durable, then the lock moves."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import inf

from controller.doorkeeping.keeper import CARD_PATIENCE, Doorkeeper
from controller.doorkeeping.pins import PIN_PATIENCE
from controller.doorkeeping.rulings import Moment, Ruling, Verdict, Wanted
from controller.encoding import encode_entry
from controller.session import (
    CardPresented,
    Command,
    Contact,
    ContactChanged,
    Event,
    Offline,
    ShowRefusal,
)
from controller.upkeep import KeysPressed, Light, Show
from controller.vocabulary import ControllerId, DoorId, Passage
from controller.wiegand import decode
from gateway.doors import Door
from gateway.locks import Locks
from gateway.site import Site
from gateway.store.recorder import Append

PROMPTS = {
    Wanted.PIN: ("PIN", 1, PIN_PATIENCE),
    Wanted.CARD: ("NEXT CARD", 2, CARD_PATIENCE),
}
"""What a reader shows and how often it beeps, and for how many seconds."""
LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Desk:
    """What the readers' answers go through."""

    keeper: Doorkeeper
    locks: Locks
    append: Append
    send: Callable[[Command], None]
    call_for_help: Callable[[ControllerId], None]
    first_card_came: Callable[[], None]


class Readers:
    """Answers cards, keys, exit buttons and orders."""

    def __init__(self, site: Site, desk: Desk) -> None:
        """Take the doors, and what their answers go through."""
        self._doors, self._clock, self._counters = site.doors, site.clock, site.counters
        self._desk, self._keeper = desk, desk.keeper
        self._by_id = {door.id: door for door in site.doors}

    def handle(self, event: Event) -> None:
        """Answer what a person did at a reader, and note which doors are open."""
        door = self._doors.of(event.controller)
        match event:
            case ContactChanged(contact=Contact.DOOR, active=active):
                self._keeper.contact(door.id, opened=active)
            case Offline():
                self._keeper.contact(door.id, opened=False)
            case _ if not door.capabilities.decides:
                self._settle(self._answers(door, event))

    async def run(self) -> None:
        """Let time pass, second by second of the wall clock."""
        while True:
            await asyncio.sleep(1 - self._clock.wall() % 1)
            self.tick()

    def tick(self) -> None:
        """Refuse who waited too long, and turn the locks with their hours."""
        self._settle(self._keeper.on_timeout(self._now()))
        self._desk.locks.tick()

    def order(self, door: Door, until: float) -> asyncio.Future[bool]:
        """Open a door for somebody far away; says whether its lock was released.

        That is never after `until`, in monotonic seconds, however long the record
        took.
        """
        return self._record(self._keeper.order(door.id, self._now()), until)

    def _answers(self, door: Door, event: Event) -> Sequence[Ruling]:
        match event:
            case CardPresented(bits=bits, length=length):
                card = decode(bits, length, door.byte_order)
                return self._keeper.card(door.id, card, self._now())
            case KeysPressed(keys=keys):
                return self._keeper.keys(door.id, keys, self._now())
            case ContactChanged(contact=Contact.EXIT_BUTTON, active=True):
                return self._keeper.exit(door.id, self._now())
        return ()

    def _now(self) -> Moment:
        return Moment(self._clock.now(), self._clock.monotonic())

    def _settle(self, rulings: Sequence[Ruling]) -> None:
        last = {ruling.door: ruling for ruling in rulings}
        for ruling in rulings:
            door = self._by_id[ruling.door]
            if ruling.duress:
                self._desk.call_for_help(door.controller)
            if ruling.wanted is not None:
                text, beeps, seconds = PROMPTS[ruling.wanted]
                show = Show(door.controller, seconds, text, Light.AMBER, beeps)
                self._desk.send(show)
            if ruling.verdicts:
                # Who waited before is not what the reader shows to whoever is there.
                self._record(ruling, show=last[ruling.door] is ruling)

    def _record(
        self, ruling: Ruling, until: float = inf, *, show: bool = True
    ) -> asyncio.Future[bool]:
        at = self._clock.now()
        passages = [_passage(ruling.door, verdict, at) for verdict in ruling.verdicts]
        begun = self._clock.monotonic()
        opened: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

        def recorded(done: asyncio.Future[None]) -> None:
            released = self._act(ruling, done, until, show=show)
            self._counters.decisions.add(self._clock.monotonic() - begun)
            if not opened.done():
                opened.set_result(released)

        done = self._desk.append(map(encode_entry, passages), {})
        done.add_done_callback(recorded)
        return opened

    def _act(
        self, ruling: Ruling, done: asyncio.Future[None], until: float, *, show: bool
    ) -> bool:
        """Do what a ruling says, now that it is durable; says whether a lock moved."""
        door = self._by_id[ruling.door]
        if done.cancelled() or (error := done.exception()) is not None:
            cause = "cancelled" if done.cancelled() else error
            LOG.error("door %s stays shut, nothing was recorded: %s", door.id, cause)
            self._counters.unrecorded += len(ruling.verdicts)
            self._keeper.forget(ruling)
            self._desk.send(ShowRefusal(door.controller))
            return False
        released = ruling.opens and self._clock.monotonic() <= until
        if released:
            self._desk.locks.release(door)
        elif show and ruling.wanted is None:
            self._desk.send(ShowRefusal(door.controller))
        if ruling.first:
            self._desk.first_card_came()
        self._count(ruling)
        return released

    def _count(self, ruling: Ruling) -> None:
        for verdict in ruling.verdicts:
            decision = verdict.decision
            self._counters.granted += decision.granted
            self._counters.refused += not decision.granted
            LOG.info(
                "door=%s card=%s granted=%s reason=%s",
                ruling.door,
                verdict.card,
                decision.granted,
                decision.reason,
            )


def _passage(door: DoorId, verdict: Verdict, at: datetime) -> Passage:
    decision = verdict.decision
    return Passage(
        door,
        at,
        granted=decision.granted,
        reason=decision.reason,
        card=verdict.card,
        permit=decision.permit,
        direction=verdict.direction,
    )
