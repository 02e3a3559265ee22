"""A bus of simulated readers, spoken to by our own control side over its pty."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller.protocols.osdp.control import open_bus
from controller.protocols.osdp.peripheral import Peripheral, ReaderSettings
from controller.protocols.osdp.replies import Identity
from controller.session import (
    CardPresented,
    Contact,
    ContactChanged,
    Event,
    LineSettings,
    Member,
    Offline,
    Online,
    OpenDoor,
    Packet,
    Session,
    ShowRefusal,
)
from controller.vocabulary import CardNumber, ControllerId
from controller.wiegand import decode
from firmware_sim.bus import BusDoor, SerialBus
from firmware_sim.faults import WireFaults
from firmware_sim.plan import dice
from firmware_sim.reader import MOST_WAITING, Busy, Reader
from firmware_sim.taps import Outcome, Settled, Tap
from firmware_sim.wire import Wire

GOOD, BAD = 3_999_999_999, 7
KEYS = {f"reader-{n}": bytes((n,)) * 16 for n in range(3)}


def pressed(controller: ControllerId) -> ContactChanged:
    return ContactChanged(controller, Contact.EXIT_BUTTON, active=True)


@dataclass
class ControlSide:
    """The gateway's part: lets GOOD in and refuses everybody else."""

    port: Path
    baud: int
    events: list[Event] = field(default_factory=list)

    async def run(self) -> None:
        wire = os.open(self.port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        loop = asyncio.get_running_loop()
        members = tuple(
            Member(ControllerId(name), str(n), key)
            for n, (name, key) in enumerate(KEYS.items())
        )
        session = open_bus(LineSettings(members, self.baud), loop.time(), os.urandom)
        news = asyncio.Event()

        def read() -> None:
            session.receive_data(Packet(os.read(wire, 4096)), loop.time())
            news.set()

        loop.add_reader(wire, read)
        try:
            while True:
                news.clear()
                now = loop.time()
                session.on_timeout(now)
                self._answer(session, now)
                for packet in session.data_to_send(now):
                    os.write(wire, packet.data)
                deadline = session.deadline()
                pause = 1.0 if deadline is None else max(0.0, deadline - loop.time())
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await news.wait()
        finally:
            loop.remove_reader(wire)
            os.close(wire)

    def _answer(self, session: Session, now: float) -> None:
        for event in session.events():
            self.events.append(event)
            if isinstance(event, CardPresented):
                good = decode(event.bits, event.length) == CardNumber(GOOD)
                opening = OpenDoor(event.controller, 1.0)
                session.send(opening if good else ShowRefusal(event.controller), now)
            elif event == pressed(event.controller):
                session.send(OpenDoor(event.controller, 1.0), now)

    def of(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]


@dataclass
class Rig:
    bus: SerialBus
    doors: list[BusDoor]
    control: ControlSide
    settled: list[Settled]

    def tap(self, door: int, number: int, card: int | None) -> None:
        tap = Tap(number, f"door-{door}", card, datetime.now(UTC), time.monotonic())
        self.doors[door].tap(tap)

    async def settle(self, count: int) -> list[Settled]:
        await until(lambda: len(self.settled) >= count)
        return sorted(self.settled, key=lambda one: one.tap.number)


async def until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  whatever the condition is
            await asyncio.sleep(0.01)


@asynccontextmanager
async def street(folder: Path, baud: int) -> AsyncIterator[Rig]:
    settled: list[Settled] = []

    def reader(address: int, name: str, key: bytes) -> Reader:
        identity = Identity(b"MHU", 1, 1, address, bytes(3))
        settings = ReaderSettings(address, identity, key)
        return Reader(
            name,
            lambda now: Peripheral(settings, now, os.urandom),
            settled.append,
            time.monotonic(),
        )

    readers = [reader(n, name, key) for n, (name, key) in enumerate(KEYS.items())]
    bus = SerialBus(folder / "lines" / "bus-01", Wire(baud, dice(1, "wire")), readers)
    control = ControlSide(folder / "lines" / "bus-01", baud)
    task = asyncio.create_task(control.run())
    rig = Rig(bus, [BusDoor(one, bus) for one in readers], control, settled)
    try:
        await until(lambda: all(door.connected for door in rig.doors))
        yield rig
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        bus.close()


@pytest.mark.parametrize("baud", [9600, 38400])
async def test_cards_open_and_are_refused(tmp_path: Path, baud: int) -> None:
    async with street(tmp_path, baud) as rig:
        rig.tap(0, 1, GOOD)
        rig.tap(1, 2, BAD)
        rig.tap(2, 3, GOOD)
        settled = await rig.settle(3)
        assert [one.outcome for one in settled] == [
            Outcome.GRANTED,
            Outcome.REFUSED,
            Outcome.GRANTED,
        ]
        assert [one.controller for one in settled] == list(KEYS)
        assert all(0 < one.took < 2 for one in settled)
        assert all(one.at > one.tap.at for one in settled)
        assert rig.bus.wire.collisions == 0
        assert len(rig.control.of(Online)) == 3
        await until(lambda: len(rig.control.of(ContactChanged)) >= 2)
    assert not (tmp_path / "lines" / "bus-01").is_symlink()


async def test_people_wait_for_each_other_and_crowds_go_away(tmp_path: Path) -> None:
    async with street(tmp_path, 38400) as rig:
        for number in range(MOST_WAITING):
            rig.tap(0, number, GOOD if number % 2 else BAD)
        with pytest.raises(Busy):
            rig.tap(0, 99, GOOD)
        settled = await rig.settle(MOST_WAITING)
        outcomes = [one.outcome for one in settled]
        assert outcomes == [Outcome.REFUSED, Outcome.GRANTED] * (MOST_WAITING // 2)
        times = [one.tap.at for one in settled]
        assert times == sorted(times)


async def test_the_exit_button_is_reported_and_released(tmp_path: Path) -> None:
    async with street(tmp_path, 38400) as rig:
        rig.tap(1, 1, None)
        rig.tap(1, 2, BAD)
        settled = await rig.settle(2)
        assert [one.outcome for one in settled] == [Outcome.GRANTED, Outcome.REFUSED]
        released = replace(pressed(ControllerId("reader-1")), active=False)
        await until(lambda: released in rig.control.events)


async def test_a_noisy_wire_loses_no_tap(tmp_path: Path) -> None:
    async with street(tmp_path, 38400) as rig:
        rig.doors[0].disturb(
            WireFaults(drop=0.03, corrupt=0.03, split=0.03, delay=0.01)
        )
        for number in range(9):
            rig.tap(number % 3, number, GOOD)
        settled = await rig.settle(9)
        assert {one.outcome for one in settled} == {Outcome.GRANTED}


async def test_bytes_nobody_reads_fall_off_the_wire(tmp_path: Path) -> None:
    bus = SerialBus(tmp_path / "bus-01", Wire(0, dice(1, "wire")), [])
    for _ in range(20):
        bus.wire.transmit("reader", bytes(1000), bus.now)
        bus.advance()
    assert bus.wire.deadline() is None
    bus.close()


async def test_a_reader_without_power_comes_back(tmp_path: Path) -> None:
    async with street(tmp_path, 38400) as rig:
        rig.doors[2].cut_power(0.6)
        assert not rig.doors[2].connected
        await until(lambda: rig.doors[2].connected)
        rig.tap(2, 1, GOOD)
        assert (await rig.settle(1))[0].outcome is Outcome.GRANTED
        assert rig.doors[0].connected


async def test_a_silent_reader_leaves_its_neighbours_alone(tmp_path: Path) -> None:
    async with street(tmp_path, 38400) as rig:
        rig.doors[1].fall_silent(30)
        await until(lambda: rig.control.of(Offline))
        assert [event.controller for event in rig.control.of(Offline)] == ["reader-1"]
        rig.tap(0, 1, GOOD)
        assert (await rig.settle(1))[0].outcome is Outcome.GRANTED
