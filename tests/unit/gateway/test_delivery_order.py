"""Deliveries that cross: what comes late, twice, or for a door that has gone."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from controller.session import (
    ApplyPermits,
    Command,
    CommandFailed,
    Offline,
    Online,
    OpenDoor,
    PermitsApplied,
)
from controller.vocabulary import PermitId, Revision
from gateway import delivery
from gateway.store.state import State
from tests.support.delivery_desk import Desk
from tests.support.gateway_site import BACK, LOCK, READER, permit

SECOND, THIRD = permit(2, BACK), permit(3, BACK)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    state = State(tmp_path / "state.db")
    desk = Desk(state)
    await desk.snapshot(5, [permit(1), SECOND, THIRD])
    yield desk
    state.close()


def go(desk: Desk) -> None:
    desk.site.doors.of(LOCK).online = False
    desk.delivery.handle(Offline(LOCK, "cut"))


def only(commands: list[Command]) -> ApplyPermits:
    (command,) = commands
    assert isinstance(command, ApplyPermits)
    return command


async def test_what_goes_and_comes_back_while_it_waits_is_not_taken_away(
    desk: Desk,
) -> None:
    desk.online(SECOND, THIRD)
    await desk.delta(6, put=[permit(4, BACK)])
    desk.sent.take()
    await desk.delta(7, removed=[2])
    await desk.delta(8, put=[SECOND])
    desk.applied(SECOND, THIRD, permit(4, BACK))
    again = only(desk.sent.take())
    assert (again.removed, again.put) == ((), (SECOND,))


async def test_a_change_of_one_permit_waits_as_its_last_form(desk: Desk) -> None:
    desk.online(SECOND, THIRD)
    await desk.delta(6, removed=[3])
    desk.sent.take()
    longer, longest = permit(2, BACK, days=9), permit(2, BACK, days=99)
    await desk.delta(7, put=[longer])
    await desk.delta(8, put=[longest])
    desk.applied(SECOND)
    again = only(desk.sent.take())
    assert (again.revision, again.put) == (8, (longest,))
    assert desk.in_force()[BACK] == 5, "not before all of it is confirmed"
    desk.applied(longest)
    assert desk.in_force()[BACK] == 8
    assert desk.sent.take() == []


async def test_a_confirmation_of_an_earlier_connection_confirms_nothing(
    desk: Desk,
) -> None:
    desk.online(permit(99, BACK))
    desk.sent.take()
    go(desk)
    desk.applied(SECOND, THIRD)
    assert desk.in_force()[BACK] == 0
    assert desk.site.counters.permit_mismatches == 0


async def test_a_confirmation_is_good_once(desk: Desk) -> None:
    desk.online(permit(99, BACK))
    desk.applied(SECOND, THIRD)
    desk.applied(permit(99, BACK))
    assert desk.in_force()[BACK] == 5
    assert desk.site.counters.permit_mismatches == 0


async def test_after_a_snapshot_a_change_is_a_change_again(desk: Desk) -> None:
    desk.online(permit(99, BACK))
    desk.applied(SECOND, THIRD)
    desk.sent.take()
    await desk.delta(6, removed=[2])
    assert not only(desk.sent.take()).snapshot
    desk.applied(SECOND, THIRD)
    again = only(desk.sent.take())
    assert (again.snapshot, again.put) == (True, (THIRD,)), "and at once"


async def test_what_waited_for_a_door_that_left_is_in_the_snapshot(desk: Desk) -> None:
    desk.online(SECOND, THIRD)
    await desk.delta(6, removed=[2])
    await desk.delta(7, put=[permit(4, BACK)])
    desk.sent.take()
    go(desk)
    desk.online(SECOND, THIRD)
    whole = only(desk.sent.take())
    assert (whole.revision, whole.snapshot) == (7, True)
    desk.applied(THIRD, permit(4, BACK))
    assert desk.sent.take() == [], "nothing is sent twice"
    assert desk.in_force()[BACK] == 7


async def test_a_door_that_left_before_the_next_attempt_gets_none(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "RETRY", 0.0)
    desk.online(permit(99, BACK))
    command = only(desk.sent.take())
    desk.delivery.handle(CommandFailed(LOCK, command, "no room"))
    go(desk)
    due = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later(0.001, due.set_result, None)
    await due
    assert desk.sent.take() == []


async def test_a_new_snapshot_goes_only_to_doors_that_are_there(desk: Desk) -> None:
    await desk.snapshot(6, [SECOND])
    assert desk.sent.take() == []
    desk.online(permit(99, BACK))
    desk.sent.take()
    await desk.snapshot(7, [THIRD])
    whole = only(desk.sent.take())
    assert (whole.revision, whole.put, whole.snapshot) == (7, (THIRD,), True)
    desk.applied(SECOND)
    assert desk.site.counters.permit_mismatches == 1, "that was for the one before"


async def test_another_command_that_failed_repeats_no_permits(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "RETRY", 0.0)
    desk.online(SECOND, THIRD)
    await desk.delta(6, removed=[2])
    desk.sent.take()
    desk.delivery.handle(CommandFailed(LOCK, OpenDoor(LOCK, 1.0), "busy"))
    desk.applied(THIRD)
    assert desk.in_force()[BACK] == 6, "the delivery under way goes on"


async def test_a_controller_that_stores_nothing_is_sent_nothing(desk: Desk) -> None:
    desk.site.doors.of(READER).online = True
    for event in (
        Online(READER, secure=True),
        PermitsApplied(READER, Revision(1), bytes(32)),
        Offline(READER, "cut"),
    ):
        desk.delivery.handle(event)
    await desk.delta(6, removed=[1], put=[permit(7)])
    assert desk.sent.take() == []
    assert PermitId(7) in {each.id for each in desk.permits.of_door(permit(7).door)}
