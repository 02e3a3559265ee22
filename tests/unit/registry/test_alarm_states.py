"""An alarm is closed by two things that do not wait for each other."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.vocabulary import AlarmChange, AlarmKind, DoorId
from registry.domain.alarms import (
    LONGEST_NOTE,
    Acknowledgement,
    Alarm,
    AlarmState,
    most_urgent_first,
    read_acknowledgement,
    taken,
)
from registry.domain.errors import Conflict, Fault, Invalid

NOON = datetime(2026, 6, 1, 4, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
KIND = AlarmKind.FORCED_OPEN
ALARM = Alarm(1, "door-1", KIND, NOON, None, NOON, "gateway-1", 1, 1)
TAKEN_ON = Acknowledgement("王工", NOON + MINUTE)
CLEARED = replace(ALARM, cleared_at=NOON + MINUTE)


def test_clearing_and_acknowledging_come_in_either_order() -> None:
    assert ALARM.state is AlarmState.RAISED
    assert ALARM.acknowledged(TAKEN_ON).state is AlarmState.ACKNOWLEDGED
    assert CLEARED.state is AlarmState.CLEARED
    assert CLEARED.acknowledged(TAKEN_ON).state is AlarmState.CLOSED


@pytest.mark.parametrize("alarm", [ALARM, CLEARED])
def test_an_alarm_is_taken_on_once(alarm: Alarm) -> None:
    mine = alarm.acknowledged(TAKEN_ON)
    with pytest.raises(Conflict):
        mine.acknowledged(replace(TAKEN_ON, by="李工"))


def test_the_most_urgent_and_then_the_newest_come_first() -> None:
    def alarm(number: int, **changes: object) -> Alarm:
        raised_at = NOON + number * MINUTE
        return replace(ALARM, number=number, raised_at=raised_at, **changes)  # type: ignore[arg-type]  # fields of several types

    alarms = [
        alarm(1),
        alarm(2, acknowledgement=TAKEN_ON),
        alarm(3, cleared_at=NOON + 9 * MINUTE),
        alarm(4),
        alarm(5, cleared_at=NOON + 9 * MINUTE, acknowledgement=TAKEN_ON),
    ]
    assert [a.number for a in most_urgent_first(alarms)] == [4, 1, 3, 2, 5]


def change(raised: int, cleared: int | None = None) -> AlarmChange:
    end = None if cleared is None else NOON + cleared * MINUTE
    return AlarmChange(DoorId("door-1"), KIND, NOON + raised * MINUTE, end)


Whole = dict[datetime, datetime | None]


def after(*changes: AlarmChange) -> Whole:
    spans: Whole = {}
    for one in changes:
        spans |= taken(spans, one)
    return spans


def minutes(spans: Whole) -> dict[int, int | None]:
    return {
        (at - NOON) // MINUTE: None if end is None else (end - NOON) // MINUTE
        for at, end in sorted(spans.items())
    }


def test_an_alarm_begins_and_ends() -> None:
    assert minutes(after(change(0))) == {0: None}
    assert minutes(after(change(0), change(0, 3))) == {0: 3}
    assert taken(after(change(0)), change(0)) == {}
    assert taken(after(change(0, 3)), change(0)) == {}
    assert minutes(after(change(0, 3), change(0, 5))) == {0: 3}


def test_an_end_nobody_told_is_no_later_than_the_next_beginning() -> None:
    assert minutes(after(change(0), change(10))) == {0: 10, 10: None}
    assert minutes(after(change(10), change(0))) == {0: 10, 10: None}
    assert minutes(after(change(10), change(0, 4))) == {0: 4, 10: None}
    assert minutes(after(change(0), change(10), change(0, 4))) == {0: 4, 10: None}
    assert minutes(after(change(0, 20), change(10))) == {0: 10, 10: None}


def test_lines_of_two_lanes_may_meet_in_any_order() -> None:
    told = (change(0), change(0, 2), change(5), change(5, 7), change(9))
    outcomes = [after(*order) for order in permutations(told)]
    assert all(minutes(outcome) == {0: 2, 5: 7, 9: None} for outcome in outcomes)


lives = st.lists(
    st.tuples(st.integers(0, 8), st.none() | st.integers(0, 9)).filter(
        lambda pair: pair[1] is None or pair[1] >= pair[0]
    ),
    max_size=8,
)


@given(lives, st.randoms(use_true_random=False))
def test_whatever_the_order_and_however_often_the_outcome_is_one(
    life: list[tuple[int, int | None]], random: object
) -> None:
    told = [change(*pair) for pair in life]
    shuffled = told * 2
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # Hypothesis's own kind of Random
    spans = after(*told)
    assert after(*shuffled) == spans
    ends = [spans[at] for at in sorted(spans)]
    for begun, end in zip(sorted(spans)[1:], ends, strict=False):
        assert end is not None
        assert end <= begun, "never two alarms of a kind at a door"


def test_an_acknowledgement_is_read_without_the_blanks_around_it() -> None:
    read = read_acknowledgement(" 王工 ", " 已到场 ", NOON)
    assert read == Acknowledgement("王工", NOON, "已到场")
    assert read_acknowledgement("王工", "  ", NOON).note is None


@pytest.mark.parametrize(
    ("operator", "note", "faults"),
    [
        ("", "", {"operator": Fault.MISSING}),
        (" \t", "x" * (LONGEST_NOTE + 1), {"operator": "missing", "note": "malformed"}),
        ("王" * 51, "", {"operator": Fault.MALFORMED}),
        ("王\u202e工", "a\nb", {"operator": "malformed", "note": "malformed"}),
    ],
)
def test_every_fault_of_an_acknowledgement_is_told(
    operator: str, note: str, faults: dict[str, str]
) -> None:
    with pytest.raises(Invalid) as refusal:
        read_acknowledgement(operator, note, NOON)
    assert {e.field: e.fault for e in refusal.value.fields} == faults
    assert all(e.remedy for e in refusal.value.fields)
