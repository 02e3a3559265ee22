"""Doors we decide for: first the record is durable, then the lock moves."""

import asyncio
import logging
from collections.abc import Callable

from controller.decision import decide
from controller.encoding import encode_entry
from controller.permit_table import PermitTable
from controller.session import (
    CardPresented,
    Command,
    Contact,
    ContactChanged,
    Event,
    OpenDoor,
    ShowRefusal,
)
from controller.vocabulary import Decision, Direction, Passage, Reason
from controller.wiegand import decode
from gateway.doors import Door
from gateway.site import Site
from gateway.store.recorder import Append

LOG = logging.getLogger(__name__)


class Readers:
    """Answers cards and exit buttons."""

    def __init__(
        self,
        site: Site,
        permits: Callable[[], PermitTable],
        append: Append,
        send: Callable[[Command], None],
    ) -> None:
        """Take what a decision rests on, where it is recorded and how it is told."""
        self._doors, self._clock, self._counters = site.doors, site.clock, site.counters
        self._permits = permits
        self._append = append
        self._send = send

    def handle(self, event: Event) -> None:
        """Answer what a person did at a reader."""
        match event:
            case CardPresented():
                self._card(event)
            case ContactChanged(contact=Contact.EXIT_BUTTON, active=True):
                door = self._doors.of(event.controller)
                if not door.capabilities.decides:
                    self._record(
                        door,
                        Passage(
                            door.id,
                            self._clock.now(),
                            granted=True,
                            reason=Reason.EXIT_REQUEST,
                            direction=Direction.EXIT,
                        ),
                    )

    def _card(self, event: CardPresented) -> None:
        door = self._doors.of(event.controller)
        card = decode(event.bits, event.length, door.byte_order)
        now = self._clock.now()
        if card is None:
            decision = Decision(granted=False, reason=Reason.UNREADABLE_CARD)
        else:
            decision = decide(self._permits(), door.id, card, now)
        passage = Passage(
            door.id,
            now,
            granted=decision.granted,
            reason=decision.reason,
            card=card,
            permit=decision.permit,
        )
        self._record(door, passage)

    def _record(self, door: Door, passage: Passage) -> None:
        begun = self._clock.monotonic()
        done = self._append([encode_entry(passage)], {})
        done.add_done_callback(lambda done: self._answer(door, passage, begun, done))

    def _answer(
        self, door: Door, passage: Passage, begun: float, done: asyncio.Future[None]
    ) -> None:
        if done.cancelled() or (error := done.exception()) is not None:
            cause = "cancelled" if done.cancelled() else error
            LOG.error("door %s stays shut, nothing was recorded: %s", door.id, cause)
            self._counters.unrecorded += 1
            self._send(ShowRefusal(door.controller))
            return
        if passage.granted:
            self._send(OpenDoor(door.controller, door.unlock_seconds))
            self._counters.granted += 1
        else:
            self._send(ShowRefusal(door.controller))
            self._counters.refused += 1
        self._counters.decisions.add(self._clock.monotonic() - begun)
        LOG.info(
            "door=%s card=%s granted=%s reason=%s",
            door.id,
            passage.card,
            passage.granted,
            passage.reason,
        )
