"""The running street: every door at work, and the people who use them."""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from controller.session import Contact
from firmware_sim.faults import WireFaults
from firmware_sim.journal import Journal
from firmware_sim.lock import Lock
from firmware_sim.taps import Outcome, Tap


class SimulatedDoor(Protocol):
    """What can be done to a door, whatever stands behind it."""

    @property
    def connected(self) -> bool:
        """Say whether its controller is served."""

    @property
    def waiting(self) -> int:
        """How many people wait for an answer."""

    def tap(self, tap: Tap) -> None:
        """Hold a card to it, or press its exit button."""

    def cut_power(self, seconds: float) -> None:
        """Take its power for a while."""

    def fall_silent(self, seconds: float) -> None:
        """Take its connection for a while."""

    def set_contact(self, contact: Contact, *, active: bool) -> None:
        """Move a contact."""

    def disturb(self, faults: WireFaults) -> None:
        """Let its messages suffer."""


@dataclass(frozen=True, slots=True)
class Street:
    """All doors by their ids, and what must be closed in the end."""

    doors: Mapping[str, SimulatedDoor]
    locks: Mapping[str, Lock]
    close: Callable[[], Awaitable[None]]


class Simulator:
    """Doors, taps and figures behind one face."""

    def __init__(self, street: Street, journal: Journal) -> None:
        self.street = street
        self._journal = journal
        self._numbers = 0

    def tap(self, door: str, card: int | None) -> int:
        """Make a tap; raises KeyError for an unknown door and Busy for a full one."""
        tap = Tap(self._numbers + 1, door, card, datetime.now(UTC), time.monotonic())
        self.street.doors[door].tap(tap)
        self._numbers = tap.number
        return tap.number

    @property
    def under_way(self) -> int:
        """How many people wait at the doors."""
        return sum(door.waiting for door in self.street.doors.values())

    def status(self) -> dict[str, int | float | None]:
        """Return the figures of the street."""
        doors = self.street.doors.values()
        outcomes = self._journal.outcomes
        return {
            "doors": len(doors),
            "doors_connected": sum(door.connected for door in doors),
            "taps": outcomes.total() + self.under_way,
            "under_way": self.under_way,
            **{name.value: outcomes[name] for name in Outcome},
            "unlock_p50_ms": self._journal.unlock(0.50),
            "unlock_p99_ms": self._journal.unlock(0.99),
        }
