"""esp-rfid doors on a real mosquitto that restarts, heard by the gateway's own line."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from time import monotonic

import pytest

from controller.encoding import digest_of
from controller.protocols import PROTOCOLS
from controller.protocols.esp_rfid import sync
from controller.protocols.esp_rfid.device import DeviceSettings, Flash
from controller.protocols.esp_rfid.topics import read_address
from controller.schedule import Validity
from controller.session import (
    ApplyPermits,
    Command,
    Event,
    LineSettings,
    Member,
    Online,
    OpenDoor,
    PassageSeen,
    PermitsApplied,
    Uncertain,
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
from firmware_sim.esp_rfid import EspDoor, Nearby
from gateway.clock import Clock
from gateway.line import Line
from gateway.transports import mqtt
from gateway.transports.mqtt import Broker
from tests.support.mosquitto import free_port, mosquitto
from tests.support.waiting import until

ADDRESSES = ("esp-0@/rfid", "esp-1@/rfid", "rfid-own")
NAMES = tuple(ControllerId(f"esp-{n}") for n in range(len(ADDRESSES)))


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt, "LONGEST_PAUSE", 1)
    monkeypatch.setattr(sync, "SETTLING", 0.05)


@dataclass
class Rig:
    """Doors, the gateway's line to them, and all it reported."""

    doors: list[EspDoor]
    line: Line
    events: list[Event] = field(default_factory=list)
    taps: dict[int, float] = field(default_factory=dict)

    def tap(self, place: int) -> int:
        """Hold a card nobody held before to a door; say its number."""
        card = 1000 + len(self.taps)
        self.taps[card] = monotonic()
        assert not self.doors[place].tap(card)
        return card

    def send(self, command: Command) -> None:
        self.line.send(command)

    def seen(self) -> list[int]:
        return [
            event.card.value
            for event in self.events
            if isinstance(event, PassageSeen) and event.card is not None
        ]

    def doubted(self, card: int, name: ControllerId) -> bool:
        at = self.taps[card]
        spans = [event for event in self.events if isinstance(event, Uncertain)]
        return any(
            span.controller == name and (span.since or 0.0) <= at <= span.until
            for span in spans
        )

    def count(self, kind: type[Event], name: ControllerId) -> int:
        return sum(isinstance(e, kind) and e.controller == name for e in self.events)

    async def all_heard(self, times: int = 1) -> None:
        """Wait until doors are known, and heard again as often as they were away."""
        await until(lambda: all(self.count(Online, name) for name in NAMES))
        await until(lambda: all(self.count(Uncertain, n) >= times for n in NAMES))


@asynccontextmanager
async def street(port: int) -> AsyncIterator[Rig]:
    near = Nearby("127.0.0.1", port, Random(1))  # noqa: S311 - repeatable
    doors = []
    for place, address in enumerate(ADDRESSES):
        where = read_address(address)
        settings = DeviceSettings(where, f"esp-{place}", heartbeat=0.5)
        doors.append(EspDoor(settings, Flash(), f"10.0.0.{place}", near))
    entry = PROTOCOLS["esp_rfid"]
    pairs = zip(NAMES, ADDRESSES, strict=True)
    members = LineSettings(tuple(Member(*pair) for pair in pairs))
    events: list[Event] = []
    broker = Broker("127.0.0.1", port, "gateway", entry.subscriptions)
    line = Line(
        "esp",
        NAMES,
        lambda now: entry.open(members, now, lambda _size: b""),
        broker,
        Clock(),
        events.extend,
    )
    task = asyncio.create_task(line.run())
    for door in doors:
        door.open()
    try:
        yield Rig(doors, line, events)
    finally:
        for door in doors:
            door.close()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_what_a_broker_that_restarts_swallows_is_reported(tmp_path: Path) -> None:
    port = free_port()
    async with street(port) as rig:
        lost: list[tuple[int, ControllerId]] = []
        for times in (1, 2):
            with mosquitto(tmp_path, port):
                await rig.all_heard(times)
                heard = [rig.tap(place) for place in range(3)]
                await until(lambda cards=heard: set(rig.seen()) >= set(cards))  # type: ignore[misc] # bound now
            await until(lambda: not any(door.connected for door in rig.doors))
            lost += [(rig.tap(place), NAMES[place]) for place in range(3)]
        with mosquitto(tmp_path, port):
            await rig.all_heard(3)
        assert len(rig.seen()) == len(set(rig.seen())) == 6, "nothing twice"
        for card, name in lost:
            assert card not in rig.seen()
            assert rig.doubted(card, name)


async def test_one_door_that_is_away_is_doubted_alone(tmp_path: Path) -> None:
    port = free_port()
    with mosquitto(tmp_path, port):
        async with street(port) as rig:
            await rig.all_heard()
            rig.doors[0].fall_silent(0.3, ip="10.0.0.77")
            card = rig.tap(0)
            await until(lambda: rig.count(Online, NAMES[0]) == 2)
            assert rig.doubted(card, NAMES[0])
            doubts = [rig.count(Uncertain, name) for name in NAMES]
            assert doubts == [2, 1, 1], "one each for the time before we listened"
            rig.send(OpenDoor(NAMES[0], 3.0))
            await until(lambda: rig.doors[0].device.openings)
            await until(lambda: rig.count(PassageSeen, NAMES[0]))
            assert Reason.REMOTE_OPEN in {
                e.reason for e in rig.events if isinstance(e, PassageSeen)
            }


async def test_permits_reach_doors_that_share_a_topic(tmp_path: Path) -> None:
    port = free_port()
    now = datetime.now(UTC)
    window = Validity(now - timedelta(days=1), now + timedelta(days=1))
    permits = [
        Permit(PermitId(n), CardNumber(0xC0DE00 + n), DoorId("door"), window)
        for n in range(40)
    ]
    with mosquitto(tmp_path, port):
        async with street(port) as rig:
            await rig.all_heard()
            for place, name in enumerate(NAMES):
                share = tuple(permits[place * 10 :])
                command = ApplyPermits(name, Revision(7), (), share, snapshot=True)
                rig.send(command)
            await until(lambda: all(rig.count(PermitsApplied, n) for n in NAMES))
            digests = {
                e.controller: e.digest
                for e in rig.events
                if isinstance(e, PermitsApplied)
            }
            for place, name in enumerate(NAMES):
                assert digests[name] == digest_of(permits[place * 10 :])
                assert rig.doors[place].tap(0xC0DE00 + 39)
            assert not rig.doors[2].tap(0xC0DE00)
            await until(lambda: len(rig.seen()) == 4)
