"""How the doors are, told to the registry at once and again every ten seconds."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from importlib.metadata import version

from controller.session import (
    ApplyPermits,
    ClockRead,
    Command,
    CommandFailed,
    Contact,
    ContactChanged,
    Event,
    Offline,
    Online,
    SetClock,
)
from controller.uplink.messages import Heartbeat
from gateway.backoff import Backoff
from gateway.doors import Door
from gateway.errors import UplinkFailed
from gateway.site import Site
from gateway.uplink import Uplink

PERIOD = 10.0
COALESCE = 0.05
"""Seconds that changes are collected before they are told."""
SOFTWARE = f"menhu-gateway {version('menhu')}"
LOG = logging.getLogger(__name__)


class Health:
    """Keeps the picture of the doors and passes it on."""

    def __init__(
        self,
        site: Site,
        uplink: Uplink,
        next_number: Callable[[], int],
        depth: Callable[[], int],
    ) -> None:
        """`next_number` numbers heartbeats; `depth` counts entries in the outbox."""
        self._site = site
        self._uplink = uplink
        self._next_number = next_number
        self._depth = depth

    def handle(self, event: Event) -> None:
        """Take what an event says of a door."""
        door = self._site.doors.of(event.controller)
        before = door.report()
        match event:
            case Online(secure=secure):
                LOG.info("door=%s online secure=%s", door.id, secure)
                door.online, door.secure = True, secure
            case Offline(cause=cause):
                LOG.warning("door=%s offline cause=%s", door.id, cause)
                door.online = door.secure = False
                door.open = None
            case ContactChanged(contact=Contact.DOOR, active=active):
                door.open = active
            case ContactChanged(contact=Contact.TAMPER, active=active):
                door.tampered = active
            case CommandFailed(command=command, cause=cause):
                self._failed(door, command, cause)
        if door.report() != before:
            self._site.doors.note(door)

    async def run(self) -> None:
        """Send heartbeats until cancelled."""
        backoff = Backoff()
        loop = asyncio.get_running_loop()
        doors = self._site.doors
        full_due = loop.time()
        while True:
            await _wait_until(doors.news, full_due)
            await asyncio.sleep(COALESCE)
            doors.news.clear()
            changed, doors.changed = doors.changed, set()
            full = loop.time() >= full_due
            told = doors if full else [doors.of(name) for name in changed]
            try:
                await self.tell(told)
            except UplinkFailed as error:
                LOG.warning("heartbeat: %s", error)
                await asyncio.sleep(backoff.pause())
                full_due = loop.time()
            else:
                backoff.reset()
                if full:
                    full_due = loop.time() + PERIOD

    async def tell(self, doors: Iterable[Door]) -> None:
        """Send one heartbeat."""
        heartbeat = Heartbeat(
            self._site.gateway,
            self._next_number(),
            self._site.clock.now(),
            SOFTWARE,
            self._depth(),
            tuple(door.report() for door in doors),
        )
        await self._uplink.tell(heartbeat)

    def _failed(self, door: Door, command: Command, cause: str) -> None:
        self._site.counters.commands_failed += 1
        if not isinstance(command, ApplyPermits):
            name = type(command).__name__
            LOG.warning("door=%s command=%s failed: %s", door.id, name, cause)


class Timekeeper:
    """Learns how far the controllers' clocks are off and sets those too far off."""

    def __init__(self, site: Site, send: Callable[[Command], None]) -> None:
        """Take the doors' clocks and how controllers are told."""
        self._site = site
        self._send = send

    def handle(self, event: Event) -> None:
        """Take a reading of a clock."""
        if not isinstance(event, ClockRead):
            return
        clock, now = self._site.doors.of(event.controller).clock, self._site.clock.now()
        clock.read(event.controller_at, now, event.round_trip)
        if clock.is_off:
            LOG.warning("%s is %.1f s off and is set", event.controller, clock.offset)
            clock.was_set(now)
            self._send(SetClock(event.controller, now))


async def _wait_until(news: asyncio.Event, due: float) -> None:
    try:
        async with asyncio.timeout_at(due):
            await news.wait()
    except TimeoutError:
        return
