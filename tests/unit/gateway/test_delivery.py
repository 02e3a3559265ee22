import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from controller.encoding import digest_of
from controller.session import (
    ApplyPermits,
    CommandFailed,
    ForeignCards,
    Offline,
    PermitsApplied,
)
from controller.vocabulary import (
    CardNumber,
    PermitId,
    Revision,
)
from gateway import delivery
from gateway.store.state import State
from tests.support.delivery_desk import Desk
from tests.support.gateway_site import BACK, FRONT, LOCK, permit

FIRST = [permit(1), permit(2, BACK), permit(3, BACK)]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    state = State(tmp_path / "state.db")
    desk = Desk(state)
    await desk.snapshot(5, FIRST)
    yield desk
    state.close()


async def test_doors_we_decide_for_follow_at_once(desk: Desk) -> None:
    assert desk.in_force() == {FRONT: 5, BACK: 0}
    await desk.delta(6, removed=[1])
    assert desk.in_force() == {FRONT: 6, BACK: 0}
    assert desk.site.doors.changed == {"reader-1"}


async def test_a_controller_that_holds_the_right_set_is_left_alone(desk: Desk) -> None:
    desk.online(*FIRST[1:])
    assert desk.sent.take() == []
    assert desk.in_force()[BACK] == 5


async def test_a_controller_that_holds_another_set_gets_it_whole(desk: Desk) -> None:
    desk.online(permit(99, BACK))
    (command,) = desk.sent.take()
    assert isinstance(command, ApplyPermits)
    assert (command.revision, command.snapshot, command.removed) == (5, True, ())
    assert set(command.put) == set(FIRST[1:])
    assert desk.in_force()[BACK] == 0
    desk.applied(*FIRST[1:])
    assert desk.in_force()[BACK] == 5


async def test_a_change_goes_out_at_once_and_counts_when_it_is_confirmed(
    desk: Desk,
) -> None:
    desk.online(*FIRST[1:])
    await desk.delta(6, removed=[2], put=[permit(4, BACK)])
    assert desk.sent.take() == [
        ApplyPermits(LOCK, Revision(6), (PermitId(2),), (permit(4, BACK),))
    ]
    assert desk.in_force() == {FRONT: 6, BACK: 5}
    desk.applied(permit(3, BACK), permit(4, BACK))
    assert desk.in_force()[BACK] == 6


async def test_a_change_elsewhere_leaves_a_door_in_force(desk: Desk) -> None:
    desk.online(*FIRST[1:])
    desk.delivery.handle(Offline(LOCK, "power cut"))
    desk.site.doors.of(LOCK).online = False
    await desk.delta(6, put=[permit(9)])
    assert desk.sent.take() == []
    assert desk.in_force() == {FRONT: 6, BACK: 6}
    await desk.delta(7, removed=[2])
    await desk.delta(8, put=[permit(10)])
    assert desk.in_force() == {FRONT: 8, BACK: 6}, "what it missed keeps it behind"
    desk.online(*FIRST[1:])
    (command,) = desk.sent.take()
    assert isinstance(command, ApplyPermits)
    assert (command.snapshot, command.put) == (True, (permit(3, BACK),))
    assert permit(2, BACK).card in command.withdrawn
    desk.applied(permit(3, BACK))
    desk.online(permit(99, BACK))
    (command,) = desk.sent.take()
    assert isinstance(command, ApplyPermits)
    assert command.withdrawn == (), "the door has let it go"


async def test_changes_during_a_delivery_wait_and_go_out_as_one(desk: Desk) -> None:
    desk.online(*FIRST[1:])
    await desk.delta(6, removed=[2])
    desk.sent.take()
    await desk.delta(7, put=[permit(4, BACK), permit(5, BACK)])
    await desk.delta(8, removed=[4])
    await desk.delta(9, put=[permit(2, BACK)])
    assert desk.sent.take() == []
    after_first = digest_of([permit(3, BACK)])
    desk.delivery.handle(PermitsApplied(LOCK, Revision(6), after_first))
    (command,) = desk.sent.take()
    assert isinstance(command, ApplyPermits)
    assert (command.revision, command.removed) == (9, (4,))
    assert set(command.put) == {permit(5, BACK), permit(2, BACK)}
    assert desk.in_force()[BACK] == 5
    desk.applied(permit(2, BACK), permit(3, BACK), permit(5, BACK))
    assert desk.in_force()[BACK] == 9


async def test_a_change_that_does_not_add_up_is_followed_by_everything(
    desk: Desk,
) -> None:
    desk.online(*FIRST[1:])
    await desk.delta(6, removed=[2])
    desk.sent.take()
    desk.applied(permit(77, BACK))
    assert desk.site.counters.permit_mismatches == 1
    (again,) = desk.sent.take()
    assert isinstance(again, ApplyPermits)
    assert (again.snapshot, again.put) == (True, (permit(3, BACK),))
    assert desk.in_force()[BACK] == 5


@pytest.mark.parametrize("how", ["digest", "refusal"])
async def test_a_snapshot_that_fails_is_repeated_after_a_while(
    desk: Desk, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "RETRY", 0.0)
    desk.online(permit(99, BACK))
    await desk.delta(6, removed=[2])
    (command,) = desk.sent.take()
    if how == "digest":
        desk.applied(permit(77, BACK))
    else:
        desk.delivery.handle(CommandFailed(LOCK, command, "no room"))
    assert desk.sent.take() == []
    await asyncio.sleep(0.01)
    (again,) = desk.sent.take()
    assert isinstance(again, ApplyPermits)
    assert (again.snapshot, again.put) == (True, (permit(3, BACK),))
    desk.applied(permit(3, BACK))
    assert desk.in_force()[BACK] == 6


async def test_an_unasked_confirmation_confirms_nothing(desk: Desk) -> None:
    desk.applied(*FIRST[1:])
    assert desk.in_force()[BACK] == 0


async def test_what_was_in_force_is_known_after_a_restart(desk: Desk) -> None:
    desk.online(*FIRST[1:])
    assert desk.state.acknowledged() == {FRONT: 5, BACK: 5}


async def test_cards_nobody_put_there_are_counted_and_shown_in_part(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    cards = tuple(CardNumber(12_340_000 + number) for number in range(12))
    desk.delivery.handle(ForeignCards(LOCK, cards))
    assert desk.site.counters.foreign_cards == 12
    assert "back held 12 other cards: …0000, …0001" in caplog.text
    assert "…0010" not in caplog.text
    assert "12340" not in caplog.text
