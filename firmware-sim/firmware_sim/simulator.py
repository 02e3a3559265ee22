"""The running street: every door at work, and the people who use them."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from controller.protocols.osdp.peripheral import Peripheral, ReaderSettings
from controller.protocols.osdp.replies import Identity
from controller.protocols.smart_door.door import DoorSettings
from controller.protocols.smart_door.memory import DoorMemory
from controller.session import Contact
from controller.vocabulary import DoorId
from firmware_sim.bus import BusDoor, SerialBus
from firmware_sim.faults import WireFaults
from firmware_sim.hardware import READER_INPUTS, Fitting, Hardware
from firmware_sim.journal import Journal
from firmware_sim.lock import Lock, Surroundings
from firmware_sim.plan import dice
from firmware_sim.reader import Reader
from firmware_sim.taps import Outcome, Settle, Tap
from firmware_sim.wire import Wire

_VENDOR = b"MHU"
_CONNECTS_A_SECOND = 100


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
    close: Callable[[], None]


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


def build_street(
    folder: Path, hardware: Hardware, keys: Mapping[str, bytes], settle: Settle
) -> Street:
    """Put the wires into `folder`/lines and connect the smart doors."""
    buses: list[SerialBus] = []
    doors: dict[str, SimulatedDoor] = {}
    for bus in hardware.buses:
        readers = [
            _reader(fitting, keys[fitting.id] if bus.secure else None, settle)
            for fitting in bus.readers
        ]
        wire = Wire(bus.baud, dice(hardware.seed, bus.name))
        line = SerialBus(folder / "lines" / bus.name, wire, readers)
        buses.append(line)
        for fitting, reader in zip(bus.readers, readers, strict=True):
            doors[fitting.door] = BusDoor(reader, line)
    locks = dict(_locks(hardware, keys, settle))

    def close() -> None:
        for line in buses:
            line.close()
        for lock in locks.values():
            lock.close()

    return Street(doors | locks, locks, close)


def _reader(fitting: Fitting, key: bytes | None, settle: Settle) -> Reader:
    serial = int(fitting.id.rpartition("-")[2])
    identity = Identity(_VENDOR, 1, 1, serial, bytes(3))
    secure = key is not None
    settings = ReaderSettings(
        fitting.address, identity, key, secure, inputs=READER_INPUTS
    )

    def build(now: float) -> Peripheral:
        return Peripheral(settings, now, os.urandom)

    return Reader(fitting.id, build, settle, time.monotonic())


def _locks(
    hardware: Hardware, keys: Mapping[str, bytes], settle: Settle
) -> Iterator[tuple[str, Lock]]:
    host, _, port = hardware.broker.rpartition(":")
    around = Surroundings(host, int(port), os.urandom, dice(hardware.seed, "locks"))
    epoch = int(time.time())
    for place, fitting in enumerate(hardware.locks):
        settings = DoorSettings(fitting.id, DoorId(fitting.door), keys[fitting.id])
        lock = Lock(settings, DoorMemory(epoch), around, settle)
        lock.open(place / _CONNECTS_A_SECOND)
        yield fitting.door, lock
