"""People at esp-rfid doors: one card every two seconds, and nothing is kept."""

import asyncio
from collections import deque
from dataclasses import replace
from datetime import timedelta
from math import inf

from controller.session import Contact
from firmware_sim.esp_rfid import EspDoor
from firmware_sim.faults import WireFaults
from firmware_sim.reader import MOST_WAITING, Busy
from firmware_sim.taps import Outcome, Settle, Settled, Tap

COOLDOWN = 2.0
"""Seconds in which a reader takes no other card (COOLDOWN_MILIS of esp-rfid)."""
_OPENS_AFTER = 0.5
_STAYS_OPEN = 2.0


class EspStreetDoor:
    """A device with its queue, as `simulator.SimulatedDoor` wants it."""

    def __init__(self, name: str, door: EspDoor, settle: Settle) -> None:
        self._loop = asyncio.get_running_loop()
        self._name = name
        self._door = door
        self._settle = settle
        self._queue: deque[Tap] = deque()
        self._ready_at = -inf
        self._timer: asyncio.TimerHandle | None = None

    @property
    def connected(self) -> bool:
        """Say whether the broker serves this door."""
        return self._door.connected

    @property
    def waiting(self) -> int:
        """How many people wait for the reader to take their card."""
        return len(self._queue)

    def tap(self, tap: Tap) -> None:
        """Hold a card to the reader, or press the exit button; raises Busy."""
        if tap.card is None:
            self._press(tap)
            return
        if len(self._queue) >= MOST_WAITING:
            raise Busy
        self._queue.append(tap)
        self._next()

    def cut_power(self, seconds: float) -> None:
        """Take the device's power for a while."""
        self._door.cut_power(seconds)

    def fall_silent(self, seconds: float) -> None:
        """Take its network for a while: it opens, and what it says is lost."""
        self._door.fall_silent(seconds)

    def set_contact(self, contact: Contact, *, active: bool) -> None:
        """Move the door by hand; the device calls one opened so tampered with."""
        if contact in (Contact.DOOR, Contact.TAMPER):
            self._door.set_door(opened=active, forced=active)

    def disturb(self, faults: WireFaults) -> None:
        """Give the device's messages these faults, both ways."""
        self._door.disturb(faults)

    def close(self) -> None:
        """Disconnect for good; who still waits goes home."""
        if self._timer:
            self._timer.cancel()
        self._door.close()

    def _next(self) -> None:
        """Show the next card as soon as the reader takes one."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        now = self._loop.time()
        if self._queue and now >= self._ready_at:
            self._show(self._queue.popleft(), now)
        if self._queue:
            self._timer = self._loop.call_at(self._ready_at, self._next)

    def _show(self, tap: Tap, now: float) -> None:
        waited = timedelta(seconds=now - tap.began)
        shown = replace(tap, at=tap.at + waited, began=now)
        self._ready_at = now + COOLDOWN
        if self._door.dark or shown.card is None:
            self._finish(shown, Outcome.UNANSWERED)
            return
        granted = self._door.tap(shown.card)
        self._finish(shown, Outcome.GRANTED if granted else Outcome.REFUSED)

    def _press(self, tap: Tap) -> None:
        if self._door.dark:
            self._finish(tap, Outcome.UNANSWERED)
            return
        self._door.press_button()
        self._finish(tap, Outcome.GRANTED)

    def _finish(self, tap: Tap, outcome: Outcome) -> None:
        if outcome is Outcome.GRANTED:
            self._loop.call_later(_OPENS_AFTER, lambda: self._swing(opened=True))
            self._loop.call_later(_STAYS_OPEN, lambda: self._swing(opened=False))
        took = self._loop.time() - tap.began
        at = tap.at + timedelta(seconds=took)
        self._settle(Settled(tap, outcome, at, took, self._name))

    def _swing(self, *, opened: bool) -> None:
        self._door.set_door(opened=opened)
