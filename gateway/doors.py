"""How every door is right now, and who wants to know when that changes."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from controller.session import Capabilities
from controller.uplink.messages import DoorReport
from controller.vocabulary import ControllerId, DoorId, Revision
from controller.wiegand import ByteOrder
from gateway.clock import ControllerClock


@dataclass(slots=True)
class Door:
    """One door, its controller, and what is known of both."""

    id: DoorId
    controller: ControllerId
    capabilities: Capabilities
    unlock_seconds: float
    byte_order: ByteOrder
    clock: ControllerClock
    acknowledged: Revision
    held_open_seconds: float = 60.0
    online: bool = False
    secure: bool = False
    open: bool | None = None
    tampered: bool = False

    def report(self) -> DoorReport:
        """Return what the registry is told."""
        return DoorReport(
            self.id,
            self.online,
            self.secure,
            self.acknowledged,
            self.open,
            self.tampered,
            self.clock.offset,
        )


class Doors:
    """All doors by controller; `changed` collects those the registry must hear of."""

    def __init__(self, doors: Iterable[Door]) -> None:
        """Take every door of the gateway."""
        self._doors = {door.controller: door for door in doors}
        self.changed: set[ControllerId] = set()
        self.news = asyncio.Event()

    def __iter__(self) -> Iterator[Door]:
        return iter(self._doors.values())

    def of(self, controller: ControllerId) -> Door:
        """Return the door a controller moves."""
        return self._doors[controller]

    def note(self, door: Door) -> None:
        """Say that something of a door changed."""
        self.changed.add(door.controller)
        self.news.set()
