"""Alarms at the gateway: one line each when raised and when cleared, whatever fails."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from controller.alarms import CALL_FOR_HELP
from controller.session import (
    Command,
    CommandFailed,
    Contact,
    ContactChanged,
    Event,
    HoldDoor,
    Offline,
    Online,
    OpenDoor,
    PassageReported,
    PassageSeen,
    ShowRefusal,
)
from controller.vocabulary import (
    AlarmChange,
    AlarmKind,
    CardNumber,
    ControllerId,
    Direction,
    Reason,
)
from gateway import alarms
from gateway.alarms import OWN_PATIENCE, Alarms
from gateway.clock import Clock
from gateway.doors import Doors
from gateway.store.state import State
from tests.support.gateway_site import BACK, FRONT, LOCK, READER, Disk, Sent, site
from tests.support.gateway_store import NOON
from tests.support.waiting import until

FORCED = AlarmChange(FRONT, AlarmKind.FORCED_OPEN, NOON)
TAMPER = AlarmChange(FRONT, AlarmKind.TAMPER, NOON)


class Gatehouse:
    """The alarms of a site whose clock is moved by hand."""

    def __init__(self, folder: Path) -> None:
        self.state, self.disk, self.sent = State(folder / "state.db"), Disk(), Sent()
        self.now, self.set_back = 0.0, 0.0
        clock = Clock(
            lambda: NOON.timestamp() + self.now - self.set_back, lambda: 5.0 + self.now
        )
        self.site = replace(site(), clock=clock)

    def open(self) -> "Gatehouse":
        self.alarms = Alarms(self.site, self.state, self.disk.append)
        return self

    def send(self, command: Command) -> None:
        self.alarms.commanded(command)
        self.sent.send(command)

    def see(self, *events: Event) -> None:
        for event in events:
            self.alarms.handle(event)

    def shut(self, controller: ControllerId) -> None:
        self.see(
            Online(controller, secure=True),
            ContactChanged(controller, Contact.DOOR, active=False),
        )

    def swings(self, controller: ControllerId) -> None:
        """Let a door open, and wait longer than any reason takes."""
        self.see(ContactChanged(controller, Contact.DOOR, active=True))
        self.pass_time(controller, OWN_PATIENCE)

    def pass_time(self, controller: ControllerId, seconds: float) -> None:
        self.now += seconds
        self.see(Online(controller, secure=True))

    def tamper(self, *, active: bool) -> None:
        self.see(ContactChanged(READER, Contact.TAMPER, active=active))

    async def recorded(self) -> list[AlarmChange]:
        while self.disk.waiting:
            await self.disk.commit()
        entries, self.disk.entries = self.disk.entries, []
        return [entry for entry in entries if isinstance(entry, AlarmChange)]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Gatehouse]:
    built = Gatehouse(tmp_path)
    yield built
    built.state.close()


def reported(
    reason: Reason = Reason.PERMIT, at: datetime = NOON, index: int = 1
) -> PassageReported:
    granted = reason is not Reason.UNKNOWN_CARD
    card = CardNumber(77)
    return PassageReported(
        LOCK, 3, index, at, granted, reason, card, None, Direction.ENTRY
    )


async def test_a_forced_door_is_recorded_when_raised_and_when_cleared(
    house: Gatehouse,
) -> None:
    house.open().shut(READER)
    house.swings(READER)
    assert await house.recorded() == [FORCED]
    assert house.state.alarms() == [FORCED]
    house.see(ContactChanged(READER, Contact.DOOR, active=False))
    over = replace(FORCED, cleared_at=NOON + timedelta(seconds=OWN_PATIENCE))
    assert await house.recorded() == [over]
    assert house.state.alarms() == []


async def test_every_command_that_opens_explains_an_opening(house: Gatehouse) -> None:
    house.open().shut(READER)
    house.send(ShowRefusal(READER))
    house.send(OpenDoor(READER, 4.0))
    house.swings(READER)
    assert house.sent.take() == [ShowRefusal(READER), OpenDoor(READER, 4.0)]
    assert await house.recorded() == []


async def test_whoever_opens_a_held_door_forces_nothing(house: Gatehouse) -> None:
    house.open().shut(READER)
    house.send(HoldDoor(READER, 120.0))
    house.swings(READER)
    house.pass_time(READER, 115.0)
    house.see(ContactChanged(READER, Contact.DOOR, active=False))
    assert await house.recorded() == []
    house.send(HoldDoor(READER, 120.0))
    house.see(CommandFailed(READER, HoldDoor(READER, 120.0), "declined"))
    house.pass_time(READER, 10.0)
    house.swings(READER)
    (forced,) = await house.recorded()
    assert forced.kind is AlarmKind.FORCED_OPEN


async def test_a_call_for_help_is_an_alarm_at_its_door(house: Gatehouse) -> None:
    house.open().shut(READER)
    house.alarms.notice(READER, AlarmKind.DURESS, raised=True)
    assert await house.recorded() == [AlarmChange(FRONT, AlarmKind.DURESS, NOON)]
    house.alarms.notice(READER, AlarmKind.DURESS, raised=True)
    assert await house.recorded() == []
    house.pass_time(READER, CALL_FOR_HELP)
    (over,) = await house.recorded()
    assert over.cleared_at is not None


async def test_a_refusal_explains_nothing(house: Gatehouse) -> None:
    house.open().shut(READER)
    house.send(ShowRefusal(READER))
    house.swings(READER)
    assert await house.recorded() == [FORCED]


@pytest.mark.parametrize(
    "reason", [Reason.PERMIT, Reason.EXIT_REQUEST, Reason.REMOTE_OPEN]
)
async def test_a_door_that_decides_alone_explains_itself(
    house: Gatehouse, reason: Reason
) -> None:
    house.open().shut(LOCK)
    house.see(ContactChanged(LOCK, Contact.DOOR, active=True))
    house.now += OWN_PATIENCE / 2
    house.see(reported(reason))
    house.pass_time(LOCK, 20.0)
    assert await house.recorded() == []


@pytest.mark.parametrize(
    "report",
    [reported(Reason.UNKNOWN_CARD), reported(at=NOON - timedelta(hours=1))],
)
async def test_another_passage_explains_nothing(
    house: Gatehouse, report: PassageReported
) -> None:
    house.open().shut(LOCK)
    house.see(ContactChanged(LOCK, Contact.DOOR, active=True), report)
    house.pass_time(LOCK, 2 * OWN_PATIENCE)
    forced = AlarmChange(BACK, AlarmKind.FORCED_OPEN, NOON)
    assert await house.recorded() == [forced]


async def test_todays_passage_may_come_behind_a_long_backlog(house: Gatehouse) -> None:
    house.open().shut(LOCK)
    house.see(ContactChanged(LOCK, Contact.DOOR, active=True))
    for index in range(10):
        house.now += OWN_PATIENCE - 1
        house.see(reported(at=NOON - timedelta(hours=10 - index), index=index + 1))
    house.see(reported(index=11))
    house.pass_time(LOCK, 2 * OWN_PATIENCE)
    assert await house.recorded() == []


async def test_time_passes_by_itself(house: Gatehouse) -> None:
    doors = Doors([replace(door, held_open_seconds=0.01) for door in house.site.doors])
    house.site = replace(house.site, doors=doors, clock=Clock())
    house.open().shut(READER)
    house.send(OpenDoor(READER, 4.0))
    house.see(ContactChanged(READER, Contact.DOOR, active=True))
    await until(lambda: house.disk.waiting)
    (held,) = await house.recorded()
    assert (held.kind, held.cleared_at) == (AlarmKind.HELD_OPEN, None)


async def test_an_absence_is_told_after_a_while(house: Gatehouse) -> None:
    house.open().shut(READER)
    house.see(Offline(READER, "cut"))
    house.pass_time(READER, 100.0)
    raised, cleared = await house.recorded()
    assert raised == replace(
        FORCED, kind=AlarmKind.READER_LOST, raised_at=NOON + timedelta(seconds=30)
    )
    assert cleared == replace(raised, cleared_at=NOON + timedelta(seconds=100))


async def test_after_a_restart_an_alarm_is_told_again_under_its_name(
    house: Gatehouse, tmp_path: Path
) -> None:
    house.open().tamper(active=True)
    house.state.close()
    again = Gatehouse(tmp_path)
    again.now = 60.0
    again.open().tamper(active=True)
    assert await again.recorded() == [TAMPER]
    again.tamper(active=False)
    assert await again.recorded() == [
        replace(TAMPER, cleared_at=NOON + timedelta(seconds=60))
    ]
    again.state.close()


async def test_an_alarm_at_a_door_that_is_gone_is_over(house: Gatehouse) -> None:
    gone = replace(TAMPER, door=BACK)
    house.state.note_alarm(gone)
    front = [door for door in house.site.doors if door.id == FRONT]
    house.site = replace(house.site, doors=Doors(front))
    house.now = 3.0
    house.open()
    over = replace(gone, cleared_at=NOON + timedelta(seconds=3))
    assert await house.recorded() == [over]
    assert house.state.alarms() == []


async def test_a_failing_disk_delays_alarms_and_loses_none(
    house: Gatehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alarms, "RETRY", 0.0)
    house.open().tamper(active=True)
    house.tamper(active=False)
    await house.disk.fail()
    await until(lambda: house.disk.waiting)
    house.disk.waiting[0][2].cancel()
    house.disk.waiting.clear()
    house.tamper(active=True)
    await until(lambda: house.disk.waiting)
    told = await house.recorded()
    begun = [change.raised_at for change in told if change.cleared_at is None]
    assert [change.cleared_at is None for change in told] == [True, False, True]
    assert begun == [NOON, NOON + timedelta(microseconds=1)]
    assert house.state.alarms() == [told[-1]]


async def test_a_contact_that_flutters_fills_no_memory(
    house: Gatehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alarms, "MOST_WAITING", 4)
    house.open()
    for _ in range(50):
        house.tamper(active=True)
        house.tamper(active=False)
    house.tamper(active=True)
    told = await house.recorded()
    assert len(told) == 5
    assert [change.cleared_at is None for change in told] == [
        True,
        *[False, True] * (len(told) // 2),
    ]
    assert house.site.counters.unrecorded == 48
    assert house.state.alarms() == [told[-1]]


async def test_a_clock_set_back_gives_every_alarm_a_name_of_its_own(
    house: Gatehouse,
) -> None:
    house.open().tamper(active=True)
    house.set_back = 3600.0
    house.tamper(active=False)
    house.tamper(active=True)
    first, over, second = await house.recorded()
    assert first == TAMPER
    assert over == replace(TAMPER, cleared_at=NOON)
    assert second.raised_at == NOON + timedelta(microseconds=1)


async def test_a_state_that_cannot_be_written_stops_no_alarm(
    house: Gatehouse, caplog: pytest.LogCaptureFixture
) -> None:
    house.open()
    house.state.close()
    house.tamper(active=True)
    await asyncio.sleep(0)
    assert await house.recorded() == [TAMPER]
    assert "not remembered" in caplog.text


@pytest.mark.parametrize("granted", [True, False])
async def test_a_passage_that_is_seen_explains_an_opening_if_it_was_granted(
    house: Gatehouse, granted: bool
) -> None:
    house.open().shut(LOCK)
    seen = PassageSeen(
        LOCK, granted, Reason.PERMIT, CardNumber(77), None, Direction.ENTRY, None
    )
    house.see(ContactChanged(LOCK, Contact.DOOR, active=True), seen)
    house.pass_time(LOCK, 2 * OWN_PATIENCE)
    forced = AlarmChange(BACK, AlarmKind.FORCED_OPEN, NOON)
    assert await house.recorded() == ([] if granted else [forced])


async def test_doors_have_alarms_of_their_own(house: Gatehouse) -> None:
    house.open().tamper(active=True)
    house.see(ContactChanged(LOCK, Contact.TAMPER, active=True))
    house.tamper(active=False)
    there = replace(TAMPER, door=BACK)
    over = replace(TAMPER, cleared_at=NOON)
    assert await house.recorded() == [TAMPER, there, over]
    assert house.state.alarms() == [there]


async def test_what_is_said_again_is_recorded_once(house: Gatehouse) -> None:
    house.open()
    for active in (True, True, False, False):
        house.tamper(active=active)
    assert await house.recorded() == [TAMPER, replace(TAMPER, cleared_at=NOON)]
