"""A gateway's parts with a disk that obeys and lines that write down commands."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from controller.schedule import Validity
from controller.session import Capabilities, Command
from controller.uplink.codec import decode_entry
from controller.vocabulary import (
    CardNumber,
    ControllerId,
    DoorId,
    Entry,
    GatewayId,
    Passage,
    Permit,
    PermitId,
    Revision,
)
from controller.wiegand import ByteOrder
from gateway.clock import Clock, ControllerClock
from gateway.doors import Door, Doors
from gateway.errors import StoreFailed
from gateway.site import Site
from gateway.store.segment import Cursor, Cursors
from tests.support.gateway_store import NOON

READER, LOCK = ControllerId("reader-1"), ControllerId("lock-1")
FRONT, BACK = DoorId("front"), DoorId("back")
DECIDES_NOTHING = Capabilities(False, False, False, False)
DECIDES_ALONE = Capabilities(True, True, True, True)


def door(name: DoorId, controller: ControllerId, capabilities: Capabilities) -> Door:
    """Return a door as it is at the start."""
    return Door(
        name,
        controller,
        capabilities,
        unlock_seconds=4.0,
        byte_order=ByteOrder.STANDARD,
        clock=ControllerClock(),
        acknowledged=Revision(0),
    )


def site(now: datetime = NOON) -> Site:
    """Return a gateway with a reader in front and a smart door at the back."""
    doors = Doors(
        [door(FRONT, READER, DECIDES_NOTHING), door(BACK, LOCK, DECIDES_ALONE)]
    )
    return Site(GatewayId("gateway-1"), doors, Clock(now.timestamp, lambda: 5.0))


def permit(number: int, at: DoorId = FRONT, days: int = 1) -> Permit:
    """Return a permit from an hour before noon; its card has its number."""
    validity = Validity(NOON - timedelta(hours=1), NOON + timedelta(days=days))
    return Permit(PermitId(number), CardNumber(number), at, validity)


@dataclass
class Disk:
    """What `Recorder.append` is to the parts, one commit at a time by hand."""

    entries: list[Entry] = field(default_factory=list)
    cursors: dict[ControllerId, Cursor] = field(default_factory=dict)
    waiting: list[tuple[list[bytes], Cursors, asyncio.Future[None]]] = field(
        default_factory=list
    )

    def append(self, bodies: Iterable[bytes], cursors: Cursors) -> asyncio.Future[None]:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.append((list(bodies), cursors, done))
        return done

    async def commit(self) -> None:
        """Make all that waits durable, and let those who waited go on."""
        waiting, self.waiting = self.waiting, []
        for bodies, cursors, done in waiting:
            self.entries += map(decode_entry, bodies)
            self.cursors.update(cursors)
            done.set_result(None)
        await asyncio.sleep(0)

    def kept(self) -> list[object]:
        """Return epoch and index of each report, and anything else as it is."""
        return [
            (entry.origin.epoch, entry.origin.index)
            if isinstance(entry, Passage) and entry.origin
            else entry
            for entry in self.entries
        ]

    async def fail(self) -> None:
        """Lose all that waits."""
        waiting, self.waiting = self.waiting, []
        for _, _, done in waiting:
            done.set_exception(StoreFailed("no room"))
        await asyncio.sleep(0)


@dataclass
class Sent:
    """Commands in the order they were sent."""

    commands: list[Command] = field(default_factory=list)

    def send(self, command: Command) -> None:
        self.commands.append(command)

    def take(self) -> list[Command]:
        taken, self.commands = self.commands, []
        return taken
