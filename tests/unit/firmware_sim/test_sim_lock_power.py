"""A lock without a broker: power cuts, what survives them, and who connects when."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from controller.protocols.smart_door.door import DoorSettings
from controller.protocols.smart_door.memory import DoorMemory
from controller.schedule import Validity
from controller.session import Contact, Packet
from controller.vocabulary import CardNumber, DoorId, Permit, PermitId, Revision
from firmware_sim.lock import Lock, Surroundings
from firmware_sim.plan import dice
from firmware_sim.taps import Outcome, Settled, Tap

GOOD, BAD = 3_000_000_001, 7
WHEN = datetime(2026, 3, 1, tzinfo=UTC)
PERMIT = Permit(
    PermitId(1),
    CardNumber(GOOD),
    DoorId("door-1"),
    Validity(datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)),
)


@dataclass
class NotedLink:
    """What the lock does with its connection."""

    connected: bool = False
    opened: list[float] = field(default_factory=list)
    cuts: int = 0
    sent: list[Packet] = field(default_factory=list)

    def open(self, delay: float = 0.0) -> None:
        self.opened.append(round(delay))

    def cut(self) -> None:
        self.cuts += 1

    def close(self) -> None:
        self.cut()

    def send(self, packet: Packet) -> None:
        self.sent.append(packet)


class Rig:
    def __init__(self) -> None:
        self.settled: list[Settled] = []
        self.memory = DoorMemory(epoch=5)
        self.memory.permits.apply((), (PERMIT,))
        self.memory.revision = Revision(3)
        around = Surroundings("127.0.0.1", 1, os.urandom, dice(1, "lock"))
        settings = DoorSettings("lock-1", DoorId("door-1"), bytes(32))
        self.lock = Lock(settings, self.memory, around, self.settled.append)
        self.link = NotedLink()
        self.lock._link = self.link  # type: ignore[assignment]  # notes instead

    def tap(self, card: int | None) -> Settled:
        now = asyncio.get_running_loop().time()
        self.lock.tap(Tap(len(self.settled) + 1, "door-1", card, WHEN, now))
        return self.settled[-1]


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    rig = Rig()
    yield rig
    rig.lock.close()


@pytest.mark.parametrize(
    ("card", "outcome"),
    [(GOOD, Outcome.GRANTED), (BAD, Outcome.REFUSED), (None, Outcome.GRANTED)],
)
async def test_every_tap_is_a_record_of_its_own(
    rig: Rig, card: int | None, outcome: Outcome
) -> None:
    for index in (1, 2):
        settled = rig.tap(card)
        assert (settled.outcome, settled.controller) == (outcome, "lock-1")
        assert (settled.epoch, settled.index) == (5, index)
        assert settled.at - WHEN == timedelta(seconds=settled.took)
    held = None if card is None else CardNumber(card)
    assert [record.card for record in rig.memory.records] == [held, held]


async def test_records_and_permits_outlive_a_power_cut_and_taps_in_the_dark_do_not(
    rig: Rig,
) -> None:
    rig.tap(GOOD)
    rig.lock.cut_power(100)
    dark = rig.tap(GOOD)
    assert (dark.outcome, dark.epoch, dark.index) == (Outcome.UNANSWERED, None, None)
    assert (rig.memory.last, rig.memory.revision) == (1, 3)
    rig.lock._dead_until = 0.0
    lit = rig.tap(GOOD)
    assert (lit.outcome, lit.epoch, lit.index) == (Outcome.GRANTED, 5, 2)


@pytest.mark.parametrize(
    ("faults", "back_after"),
    [
        ([("power", 30)], 30),
        ([("silent", 20)], 20),
        ([("power", 30), ("silent", 5)], 30),
        ([("power", 30), ("silent", 50)], 50),
        ([("power", 30), ("power", 5)], 30),
        ([("silent", 50), ("power", 5)], 5),
    ],
)
async def test_a_dark_door_does_not_connect(
    rig: Rig, faults: list[tuple[str, int]], back_after: int
) -> None:
    for kind, seconds in faults:
        act = rig.lock.cut_power if kind == "power" else rig.lock.fall_silent
        act(seconds)
    assert rig.link.opened[-1] == back_after
    assert rig.link.cuts == len(faults)


async def test_a_silent_door_goes_on_deciding(rig: Rig) -> None:
    rig.lock.fall_silent(100)
    assert rig.tap(GOOD).outcome is Outcome.GRANTED
    assert rig.link.sent == [], "nobody has greeted it"
    assert not rig.lock.connected
    assert rig.lock.waiting == 0


async def test_a_clock_error_shows_in_the_next_record(rig: Rig) -> None:
    rig.tap(GOOD)
    rig.lock.set_clock_error(timedelta(days=-1))
    rig.tap(GOOD)
    first, second = (record.at for record in rig.memory.records)
    assert timedelta(hours=-24) <= second - first < timedelta(hours=-23)


@pytest.mark.parametrize("contact", list(Contact))
async def test_any_contact_may_move_before_anybody_listens(
    rig: Rig, contact: Contact
) -> None:
    for active in (True, False):
        rig.lock.set_contact(contact, active=active)
    assert rig.tap(GOOD).outcome is Outcome.GRANTED


def test_the_keeper_kills_what_is_left_and_nothing_else() -> None:
    sleepers = [
        subprocess.Popen(["sleep", "60"], start_new_session=True) for _ in range(2)
    ]
    named, spared = sleepers
    words = f"+{spared.pid}\n-{spared.pid}\n+{named.pid}\n+nonsense\n+99999999\n"
    try:
        subprocess.run(
            [sys.executable, "-m", "firmware_sim.keeper"],
            input=words.encode(),
            check=True,
            timeout=20,
        )
        assert named.wait(5) == -signal.SIGKILL
        assert spared.poll() is None
    finally:
        for sleeper in sleepers:
            sleeper.kill()
            sleeper.wait()
