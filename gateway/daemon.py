"""One gateway, wired, started and stopped: the composition root."""

import asyncio
import fcntl
import logging
import os
import signal
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from controller.cose import Signer
from controller.vocabulary import GatewayId
from gateway.alarms import Alarms
from gateway.assembly import doors_of, lines_of
from gateway.attendance import Attendance
from gateway.backoff import Backoff
from gateway.clock import Clock
from gateway.commissioned import Commissioned
from gateway.config.checks import broker_address
from gateway.config.installation import Installation
from gateway.control import Deeds, obey
from gateway.delivery import Delivery
from gateway.device import read_key
from gateway.doors import Doors
from gateway.errors import GatewayError
from gateway.forwarder import Forwarder
from gateway.health import Health, Timekeeper
from gateway.home_assistant import OFFLINE, HomeAssistant, available
from gateway.line import Line
from gateway.notify import notify, watchdog_period
from gateway.permits import Permits
from gateway.reports import Reports
from gateway.roster import Roster
from gateway.routing import Router, Switchboard, each
from gateway.sightings import Sightings
from gateway.site import Site
from gateway.status import describe, serve
from gateway.store.ballast import Ballast
from gateway.store.outbox import Outbox
from gateway.store.recorder import Recorder
from gateway.store.state import State
from gateway.sync import Sync
from gateway.transports.retained import NoticeBoard
from gateway.upkeep import Upkeep
from gateway.uplink import Uplink

MEGABYTE = 1024 * 1024
UPKEEP = 10.0
"""Seconds between two looks at the disk."""
LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Stores:
    """What the gateway keeps on disk."""

    state: State
    outbox: Outbox
    ballast: Ballast


@dataclass(frozen=True, slots=True)
class Gateway:
    """The parts that run."""

    site: Site
    stores: Stores
    permits: Permits
    recorder: Recorder
    lines: tuple[Line, ...]
    forwarder: Forwarder
    sync: Sync
    health: Health
    commissioned: Commissioned
    deeds: Deeds
    attendance: Attendance
    tell: Callable[[], Coroutine[None, None, None]] | None = None

    async def run(self, data: Path, stop: asyncio.Event) -> None:
        """Run until `stop`; what was asked for by then is recorded and answered."""
        async with (
            serve(data, self._describe),
            obey(data, self.deeds),
            asyncio.TaskGroup() as group,
        ):
            parts = [line.run for line in self.lines]
            parts += [self.forwarder.run, self.sync.run, self.health.run, self._upkeep]
            parts += [self.commissioned.run, *self.attendance.runs]
            parts += [self.tell] if self.tell else []
            tasks = [group.create_task(kept_alive(part)) for part in parts]
            tasks.append(group.create_task(self._watchdog()))
            notify("READY=1")
            await stop.wait()
            notify("STOPPING=1")
            await self.recorder.run(lambda: None)
            await asyncio.sleep(0)
            for task in tasks:
                task.cancel()

    def _describe(self) -> dict[str, object]:
        stores = self.stores
        report = describe(self.site, self.permits, stores.outbox, stores.ballast)
        crashes = {line.name: line.crashes for line in self.lines}
        return {**report, "line_crashes": crashes}

    async def _upkeep(self) -> None:
        while True:
            await asyncio.sleep(UPKEEP)
            await asyncio.to_thread(self.stores.ballast.restore)

    async def _watchdog(self) -> None:
        """Bark for us unless both the loop and the recorder still move."""
        period = watchdog_period()
        while period is not None:
            await self.recorder.run(lambda: None)
            notify("WATCHDOG=1")
            await asyncio.sleep(period)


async def kept_alive(part: Callable[[], Awaitable[None]]) -> None:
    """Run a part of the gateway; one that fails is started again and stops no other."""
    backoff = Backoff()
    while True:
        try:
            await part()
        except Exception:
            LOG.exception("a part of the gateway failed and is started again")
        await asyncio.sleep(backoff.pause())


async def run(installation: Installation, trace: TextIO | None = None) -> None:
    """Be a gateway until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    data, config, clock = installation.data, installation.config, Clock()
    signer = Signer(read_key(data), config.id)
    with ExitStack() as stack:
        stack.enter_context(_alone(data))
        ballast = Ballast(data / "ballast", config.ballast_megabytes * MEGABYTE)
        state = stack.enter_context(closing(State(data / "state.db")))
        outbox = stack.enter_context(
            closing(Outbox(data / "outbox", ballast, clock.wall))
        )
        stores = Stores(state, outbox, ballast)
        async with Uplink(
            config.registry.url, signer, installation.registry_key
        ) as uplink:
            recorder = Recorder(outbox)
            try:
                gateway = _assemble(installation, stores, recorder, uplink, trace)
                await gateway.run(data, stop)
            finally:
                await recorder.close()


def _assemble(
    installation: Installation,
    stores: Stores,
    recorder: Recorder,
    uplink: Uplink,
    trace: TextIO | None,
) -> Gateway:
    clock, state, outbox = Clock(), stores.state, stores.outbox
    doors = Doors(doors_of(installation, state))
    site = Site(GatewayId(installation.config.id), doors, clock)
    permits = Permits(state)
    router = Router(site.counters)
    roster = Roster(installation, state)
    lines = tuple(lines_of(installation, roster, clock, router.handle, trace))
    switchboard = Switchboard(lines)
    send = switchboard.send
    alarms = Alarms(site, state, recorder.append)
    switchboard.watch(alarms.commanded)
    upkeep = Upkeep(site, roster, alarms.notice, send)
    deeds: Deeds = {"rotate": upkeep.rotate, "accept": upkeep.accept}
    health = Health(site, uplink, state.next_heartbeat, lambda: outbox.depth)
    delivery = Delivery(site, permits, state, send)
    relieve = stores.ballast.release
    attendance = Attendance(
        site, state, permits, uplink, alarms, recorder.append, send, relieve
    )
    reports = Reports(site, lambda: outbox.cursors, recorder.append, send)
    sightings = Sightings(site, lambda: outbox.cursors, recorder.append)
    for handle in attendance.handlers:
        router.add(each(handle))
    router.add(reports.handle)
    router.add(each(sightings.handle))
    router.add(each(alarms.handle))
    router.add(each(upkeep.handle))
    router.add(each(health.handle))
    router.add(each(Timekeeper(site, send).handle))
    router.add(each(delivery.handle))
    tell = _told_to_home_assistant(installation, site, router, switchboard)
    forwarder = Forwarder(site, outbox, recorder, uplink)
    recorder.on_commit = forwarder.wake
    sync = Sync(site, permits, uplink, delivery, relieve)
    return Gateway(
        site,
        stores,
        permits,
        recorder,
        lines,
        forwarder,
        sync,
        health,
        Commissioned(installation.data, uplink),
        deeds,
        attendance,
        tell,
    )


def _told_to_home_assistant(
    installation: Installation, site: Site, router: Router, switchboard: Switchboard
) -> Callable[[], Coroutine[None, None, None]] | None:
    """Return the part that tells Home Assistant how the doors are, if it is wanted."""
    broker = installation.config.home_assistant
    if broker is None:
        return None
    farewell = available(site.gateway), OFFLINE
    client_id = f"{site.gateway}/home-assistant"
    board = NoticeBoard(*broker_address(broker), client_id, farewell)
    doors = HomeAssistant(site, board.publish)
    router.add(each(doors.handle))
    switchboard.watch(doors.commanded)
    return lambda: board.run(doors.everything)


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    """Refuse to start beside another daemon on the same data."""
    handle = os.open(data / "lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise GatewayError(f"another gateway runs on {data}") from error
    finally:
        os.close(handle)
