from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from controller.schedule import Hours, Validity, WeeklyProfile
from controller.vocabulary import (
    AlarmChange,
    AlarmKind,
    CardNumber,
    DoorId,
    Permit,
    PermitId,
    Revision,
)
from gateway.store.state import HEARTBEATS_RESERVED, DoorChange, State
from tests.support.gateway_store import NOON, spoil

FRONT, BACK = DoorId("front"), DoorId("back")
WEEK = WeeklyProfile("day", "Asia/Shanghai", (Hours(0, 480, 1080),))


def permit(number: int, door: DoorId = FRONT, days: int = 1) -> Permit:
    validity = Validity(NOON, NOON + timedelta(days=days))
    return Permit(PermitId(number), CardNumber(2**64 - number), door, validity, WEEK)


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path / "state.db")


def reopened(state: State, tmp_path: Path) -> State:
    state.close()
    return State(tmp_path / "state.db")


def test_changes_are_durable_and_told_by_door(state: State, tmp_path: Path) -> None:
    start = [permit(1), permit(2), permit(3, BACK)]
    changes = state.apply(Revision(1), [], start)
    assert changes[FRONT] == DoorChange(frozenset(), {p.id: p for p in start[:2]})
    moved, renewed = permit(2, BACK), permit(3, BACK, days=9)
    changes = state.apply(Revision(5), [PermitId(1), PermitId(77)], [moved, renewed])
    assert changes == {
        FRONT: DoorChange(frozenset({PermitId(1), PermitId(2)}), {}),
        BACK: DoorChange(frozenset(), {moved.id: moved, renewed.id: renewed}),
    }
    again = reopened(state, tmp_path)
    assert again.revision == 5
    assert set(again.permits()) == {moved, renewed}
    assert (again.of_door(FRONT), set(again.of_door(BACK))) == ((), {moved, renewed})
    again.close()


def test_a_snapshot_leaves_nothing_else(state: State, tmp_path: Path) -> None:
    state.apply(Revision(4), [], [permit(1), permit(2)])
    state.replace(Revision(3), [permit(9)])
    again = reopened(state, tmp_path)
    assert (again.revision, list(again.permits())) == (3, [permit(9)])
    again.close()


def test_cards_that_lost_permits_are_known_until_their_door_confirms(
    state: State, tmp_path: Path
) -> None:
    front, back, other = permit(1), permit(2, BACK), permit(3, BACK)
    state.apply(Revision(4), [], [front, back, other])
    state.acknowledge([FRONT, BACK], Revision(4))
    state.apply(Revision(5), [PermitId(2)], [])
    state.replace(Revision(6), [other])
    again = reopened(state, tmp_path)
    assert front.card in again.withdrawn(FRONT)
    assert back.card in again.withdrawn(BACK)
    again.acknowledge([FRONT], Revision(5))
    assert front.card in again.withdrawn(FRONT), "an older revision proves nothing"
    again.acknowledge([FRONT], Revision(6))
    assert again.withdrawn(FRONT) == frozenset()
    assert back.card in again.withdrawn(BACK)
    again.close()


def test_a_permit_that_moves_leaves_its_card_behind(state: State) -> None:
    state.apply(Revision(1), [], [permit(1)])
    state.apply(Revision(2), [], [replace(permit(1), card=CardNumber(77))])
    assert state.withdrawn(FRONT) == {permit(1).card}


def test_an_alarm_is_remembered_while_it_is_raised(
    state: State, tmp_path: Path
) -> None:
    microsecond = timedelta(microseconds=1)
    forced = AlarmChange(FRONT, AlarmKind.FORCED_OPEN, NOON + microsecond)
    tamper = AlarmChange(FRONT, AlarmKind.TAMPER, NOON)
    for change in (forced, tamper):
        state.note_alarm(change)
    state.note_alarm(replace(tamper, cleared_at=NOON))
    state.note_alarm(replace(forced, raised_at=NOON, cleared_at=NOON))
    again = reopened(state, tmp_path)
    assert again.alarms() == [forced]
    again.close()


def test_bytes_are_kept_whole_or_not_at_all(state: State, tmp_path: Path) -> None:
    assert state.kept("rules") is None
    for body in (b"first", b"", bytes(range(256))):
        state.keep("rules", body)
        state.keep("others", b"other")
        state = reopened(state, tmp_path)
        assert state.kept("rules") == body
    spoil(tmp_path / "state.db", "UPDATE kept SET body = x'00' WHERE name = 'rules'")
    assert (state.kept("rules"), state.kept("others")) == (None, b"other")
    state.close()


def test_acknowledgements_are_by_door(state: State, tmp_path: Path) -> None:
    state.acknowledge([FRONT, BACK], Revision(3))
    state.acknowledge([BACK], Revision(4))
    again = reopened(state, tmp_path)
    assert again.acknowledged() == {FRONT: 3, BACK: 4}
    again.close()


def test_heartbeat_numbers_rise_across_restarts(state: State, tmp_path: Path) -> None:
    numbers = [state.next_heartbeat() for _ in range(HEARTBEATS_RESERVED + 2)]
    again = reopened(state, tmp_path)
    numbers += [again.next_heartbeat(), again.next_heartbeat()]
    assert numbers == sorted(set(numbers))
    again.close()


@pytest.mark.parametrize("offset", [0, 4096])
def test_a_damaged_file_is_set_aside(state: State, tmp_path: Path, offset: int) -> None:
    state.apply(Revision(4), [], [permit(n) for n in range(1, 200)])
    state.close()
    path = tmp_path / "state.db"
    content = bytearray(path.read_bytes())
    content[offset : offset + 4096] = b"x" * 4096
    path.write_bytes(content)
    again = State(path)
    assert (again.revision, list(again.permits())) == (0, [])
    assert (tmp_path / "state.db.damaged").exists()
    again.close()
