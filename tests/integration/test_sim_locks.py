"""Smart doors on a real mosquitto, spoken to by our own gateway side."""

import asyncio
import os
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.protocols.smart_door.door import DoorSettings
from controller.protocols.smart_door.memory import DoorMemory
from controller.protocols.smart_door.session import open_broker
from controller.protocols.smart_door.topics import GATEWAY_FILTERS
from controller.schedule import Validity
from controller.session import (
    AcknowledgePassages,
    ApplyPermits,
    Contact,
    ContactChanged,
    Event,
    LineSettings,
    Member,
    Offline,
    Online,
    Packet,
    PassageReported,
    PermitsApplied,
    Session,
)
from controller.vocabulary import (
    CardNumber,
    ControllerId,
    DoorId,
    Permit,
    PermitId,
    Reason,
    Revision,
)
from firmware_sim.broker import broker_command, find_mosquitto, free_ports
from firmware_sim.faults import WireFaults
from firmware_sim.lock import Lock, Surroundings
from firmware_sim.mqtt_link import Listener, MqttLink, Place
from firmware_sim.plan import dice
from firmware_sim.taps import Outcome, Settled, Tap

DOORS = 3
GOOD, BAD = 3_000_000_001, 9
KEYS = {f"lock-{n}": bytes((n + 1,)) * 32 for n in range(DOORS)}
START = datetime(2020, 1, 1, tzinfo=UTC)
ALWAYS = Validity(START, datetime(2100, 1, 1, tzinfo=UTC))


async def until(condition: Callable[[], object], seconds: float = 25.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  whatever the condition is
            await asyncio.sleep(0.01)


@contextmanager
def mosquitto(folder: Path, port: int) -> Iterator[None]:
    program = find_mosquitto()
    assert program, "these tests need the Debian package mosquitto"
    command = broker_command(folder, port, program)
    log = (folder / "mosquitto.log").open("ab")
    with log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            yield
        finally:
            process.terminate()


@dataclass
class GatewaySide:
    """Records every reported passage and acknowledges it, like a gateway does."""

    port: int
    events: list[Event] = field(default_factory=list)
    acknowledging: bool = True

    def open(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.session = self._new_session()
        up, _state = GATEWAY_FILTERS
        place = Place(
            "127.0.0.1", self.port, "gateway", up, "test/state", b"online", b"offline"
        )
        listener = Listener(self._connected, self._received, lambda: None)
        self.link = MqttLink(place, listener, dice(1, "gateway"))
        self.link.open()
        self._ticking = asyncio.create_task(self._tick())

    def _new_session(self) -> Session:
        members = tuple(
            Member(ControllerId(name), name, key) for name, key in KEYS.items()
        )
        return open_broker(LineSettings(members), self._loop.time(), os.urandom)

    def _connected(self) -> None:
        # A new session calls every door; what one sent before was not heard.
        self.session = self._new_session()
        self._flush()

    async def close(self) -> None:
        self._ticking.cancel()
        await asyncio.gather(self._ticking, return_exceptions=True)
        self.link.close()

    def of(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]

    def passages(self) -> list[PassageReported]:
        return [event for event in self.events if isinstance(event, PassageReported)]

    async def _tick(self) -> None:
        while True:
            self.session.on_timeout(self._loop.time())
            self._flush()
            await asyncio.sleep(0.05)

    def _received(self, packet: Packet) -> None:
        self.session.receive_data(packet, self._loop.time())
        self._flush()

    def _flush(self) -> None:
        now = self._loop.time()
        for event in self.session.events():
            self.events.append(event)
            if isinstance(event, PassageReported) and self.acknowledging:
                received = AcknowledgePassages(
                    event.controller, event.epoch, event.index
                )
                self.session.send(received, now)
        for packet in self.session.data_to_send(now):
            self.link.send(packet)

    def permit(self, controller: str, revision: int = 1) -> None:
        door = DoorId(controller.replace("lock", "door"))
        permit = Permit(PermitId(1), CardNumber(GOOD), door, ALWAYS)
        command = ApplyPermits(
            ControllerId(controller), Revision(revision), (), (permit,), snapshot=True
        )
        self.session.send(command, self._loop.time())


@dataclass
class Rig:
    locks: list[Lock]
    gateway: GatewaySide
    settled: list[Settled]
    port: int

    def tap(self, lock: int, card: int | None = GOOD) -> Settled:
        number = len(self.settled) + 1
        now = time.monotonic()
        tap = Tap(number, f"door-{lock}", card, datetime.now(UTC), now)
        self.locks[lock].tap(tap)
        return self.settled[-1]

    def reported(self) -> set[tuple[str, int | None, int | None]]:
        return {(p.controller, p.epoch, p.index) for p in self.gateway.passages()}

    async def all_reported(self) -> None:
        made = {(s.controller, s.epoch, s.index) for s in self.settled}
        await until(lambda: self.reported() >= made)
        assert self.reported() == made


@asynccontextmanager
async def street(port: int) -> AsyncIterator[Rig]:
    settled: list[Settled] = []
    around = Surroundings("127.0.0.1", port, os.urandom, dice(1, "locks"))
    locks = [
        Lock(
            DoorSettings(name, DoorId(name.replace("lock", "door")), key),
            DoorMemory(epoch=1000),
            around,
            settled.append,
        )
        for name, key in KEYS.items()
    ]
    gateway = GatewaySide(port)
    gateway.open()
    rig = Rig(locks, gateway, settled, port)
    try:
        yield rig
    finally:
        await gateway.close()
        for lock in locks:
            lock.close()


@asynccontextmanager
async def served_street(folder: Path) -> AsyncIterator[Rig]:
    (port,) = free_ports(1)
    with mosquitto(folder, port):
        async with street(port) as rig:
            # A door just greeted does not answer a call: the gateway is there first.
            await until(lambda: rig.gateway.link.connected)
            for lock in rig.locks:
                lock.open()
            await until(lambda: len(rig.gateway.of(Online)) == DOORS)
            for name in KEYS:
                rig.gateway.permit(name)
            await until(lambda: len(rig.gateway.of(PermitsApplied)) == DOORS)
            yield rig


async def test_doors_decide_alone_and_tell_it(tmp_path: Path) -> None:
    async with served_street(tmp_path) as rig:
        assert all(lock.connected for lock in rig.locks)
        assert rig.tap(0).outcome is Outcome.GRANTED
        assert rig.tap(0, BAD).outcome is Outcome.REFUSED
        assert rig.tap(1, None).outcome is Outcome.GRANTED
        assert [(s.epoch, s.index) for s in rig.settled] == [
            (1000, 1),
            (1000, 2),
            (1000, 1),
        ]
        await rig.all_reported()
        reasons = [p.reason for p in rig.gateway.passages()]
        assert sorted(reasons) == [
            Reason.EXIT_REQUEST,
            Reason.PERMIT,
            Reason.UNKNOWN_CARD,
        ]
        swings = [
            ContactChanged(ControllerId("lock-0"), Contact.DOOR, active)
            for active in (True, False)
        ]
        await until(lambda: all(swing in rig.gateway.events for swing in swings))


async def test_a_power_cut_loses_nothing(tmp_path: Path) -> None:
    async with served_street(tmp_path) as rig:
        rig.gateway.acknowledging = False
        for _ in range(5):
            rig.tap(0)
        rig.locks[0].cut_power(0.5)
        dark = rig.tap(0)
        assert (dark.outcome, dark.index) == (Outcome.UNANSWERED, None)
        rig.settled.remove(dark)
        await until(lambda: rig.locks[0].connected)
        rig.gateway.acknowledging = True
        assert rig.tap(0).outcome is Outcome.GRANTED
        assert rig.settled[-1].index == 6
        await rig.all_reported()
        await until(lambda: rig.locks[0].memory.acknowledged == 6)


@pytest.mark.slow
async def test_a_broker_that_restarts_loses_nothing(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    async with street(port) as rig:
        for lock in rig.locks:
            lock.open()
        for round_of_taps in range(2):
            with mosquitto(tmp_path, port):
                await until(lambda: all(lock.connected for lock in rig.locks))
                for place in range(DOORS):
                    rig.tap(place, BAD)
                await rig.all_reported()
            await until(lambda: not any(lock.connected for lock in rig.locks))
            for place in range(DOORS):
                for _ in range(4):
                    assert rig.tap(place, BAD).outcome is Outcome.REFUSED
            assert len(rig.settled) == 15 * (round_of_taps + 1)
        with mosquitto(tmp_path, port):
            await rig.all_reported()
            assert len(rig.gateway.passages()) >= 30


async def test_bad_messages_delay_but_lose_nothing(tmp_path: Path) -> None:
    async with served_street(tmp_path) as rig:
        rig.locks[1].disturb(WireFaults(drop=0.2, corrupt=0.2, late=0.2, delay=0.1))
        for _ in range(20):
            rig.tap(1)
        rig.locks[1].disturb(WireFaults(drop=0.1, corrupt=0.1))
        await rig.all_reported()


async def test_a_silent_door_goes_on_opening(tmp_path: Path) -> None:
    async with served_street(tmp_path) as rig:
        rig.locks[2].fall_silent(1.0)
        assert not rig.locks[2].connected
        assert rig.tap(2).outcome is Outcome.GRANTED
        assert rig.reported() == set()
        await rig.all_reported()


@pytest.mark.slow
async def test_a_vanished_door_is_missed(tmp_path: Path) -> None:
    async with served_street(tmp_path) as rig:
        rig.locks[2].cut_power(600)
        await until(lambda: rig.gateway.of(Offline), 60)
        assert [e.controller for e in rig.gateway.of(Offline)] == ["lock-2"]


async def test_a_wrong_clock_shows_in_the_records(tmp_path: Path) -> None:
    async with served_street(tmp_path) as rig:
        rig.locks[0].set_clock_error(timedelta(hours=-3))
        rig.tap(0)
        await rig.all_reported()
        (passage,) = rig.gateway.passages()
        behind = datetime.now(UTC) - passage.controller_at
        assert behind == pytest.approx(timedelta(hours=3), abs=timedelta(seconds=30))
