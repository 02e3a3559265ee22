"""A reader on a bus: shows a card to the gateway and waits for what it is told."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from math import inf

from controller.protocols.osdp.codes import Colour, OutputControl
from controller.protocols.osdp.commands import SetLights, SetOutputs
from controller.protocols.osdp.messages import Message
from controller.protocols.osdp.peripheral import Peripheral
from controller.session import Contact
from controller.vocabulary import CardNumber
from controller.wiegand import Format, encode
from firmware_sim.taps import Outcome, Settle, Settled, Tap

PATIENCE = 12.0
"""Seconds a person waits: longer than a card and a command live together."""
MOST_WAITING = 4
_OPENS_AFTER = 0.5
_STAYS_OPEN = 2.0
_PRESSED_FOR = 0.3

_OPENING = {OutputControl.ON_NOW, OutputControl.ON_AFTER_TIMER, OutputControl.ON_FOR}


class Busy(Exception):
    """Too many people stand at this door already."""


@dataclass(frozen=True, slots=True)
class Movement:
    """A contact that will move by itself: a door opened and falling shut."""

    at: float
    contact: Contact
    active: bool


class Reader:
    """One person at a time: the next card is shown when the last is settled."""

    def __init__(
        self,
        name: str,
        build: Callable[[float], Peripheral],
        settle: Settle,
        now: float,
    ) -> None:
        """Build the electronics anew after each power cut."""
        self.name = name
        self._build = build
        self._settle = settle
        self._waiting: deque[Tap] = deque()
        self._current: Tap | None = None
        self._gives_up = inf
        self._movements: list[Movement] = []
        self._dead_until = -inf
        self._silent_until = -inf
        self._device = build(now)

    @property
    def connected(self) -> bool:
        """Say whether the gateway speaks to the reader, securely where it insists."""
        return self._device.served

    @property
    def waiting(self) -> int:
        """How many people are at the door."""
        return len(self._waiting) + (self._current is not None)

    def tap(self, tap: Tap, now: float) -> None:
        """Hold a card to the reader, or press the exit button; raises Busy."""
        if self.waiting >= MOST_WAITING:
            raise Busy
        self._waiting.append(tap)
        self._next(now)

    def hear(self, data: bytes, now: float) -> list[bytes]:
        """Take what passed on the wire; return what the reader says to it."""
        if now < max(self._dead_until, self._silent_until):
            return []
        self._device.receive_data(data, now)
        for commanded in self._device.events():
            self._show(commanded.message, commanded.at)
        return self._device.data_to_send(now)

    def deadline(self) -> float:
        """Return when `on_timeout` wants to be called next."""
        return min((self._gives_up, *(m.at for m in self._movements)))

    def on_timeout(self, now: float) -> None:
        """Let doors fall shut and people give up."""
        due = [m for m in self._movements if m.at <= now]
        self._movements = [m for m in self._movements if m.at > now]
        for movement in due:
            self._device.set_input(movement.contact, active=movement.active)
        if now >= self._gives_up:
            self._finish(Outcome.UNANSWERED, now)

    def cut_power(self, seconds: float, now: float) -> None:
        """Lose everything that is not burned in, and stay dark for a while."""
        self._dead_until = max(self._dead_until, now + seconds)
        self._device = self._build(self._dead_until)
        self._movements.clear()

    def fall_silent(self, seconds: float, now: float) -> None:
        """Answer nothing for a while, as with a loose wire."""
        self._silent_until = now + seconds

    def set_contact(self, contact: Contact, *, active: bool) -> None:
        """Move a contact by hand."""
        self._device.set_input(contact, active=active)

    def _show(self, message: Message, now: float) -> None:
        match message:
            case SetOutputs() if any(s.control in _OPENING for s in message.settings):
                self._move(Contact.DOOR, now + _OPENS_AFTER, _STAYS_OPEN)
                self._finish(Outcome.GRANTED, now)
            case SetLights() if any(
                s.on_colour == Colour.RED for s in message.settings
            ):
                self._finish(Outcome.REFUSED, now)
            case _:
                pass

    def _move(self, contact: Contact, start: float, length: float) -> None:
        self._movements = [m for m in self._movements if m.contact is not contact]
        self._movements += [
            Movement(start, contact, active=True),
            Movement(start + length, contact, active=False),
        ]

    def _finish(self, outcome: Outcome, now: float) -> None:
        tap, self._current, self._gives_up = self._current, None, inf
        if tap:
            took = now - tap.began
            at = tap.at + timedelta(seconds=took)
            self._settle(Settled(tap, outcome, at, took, self.name, asked=True))
            self._next(now)

    def _next(self, now: float) -> None:
        if self._current or not self._waiting:
            return
        tap = self._waiting.popleft()
        waited = timedelta(seconds=now - tap.began)
        self._current = replace(tap, at=tap.at + waited, began=now)
        self._gives_up = now + PATIENCE
        if now < self._dead_until:
            return
        if tap.card is None:
            self._move(Contact.EXIT_BUTTON, now, _PRESSED_FOR)
            return
        bits, length = encode(CardNumber(tap.card), Format.W34)
        self._device.present_card(bits, length, now)
