"""What each side of a stay may say, and what follows from it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from registry.domain import stays
from registry.domain.errors import Conflict, Invalid
from registry.domain.occupancy import (
    Basis,
    Exemption,
    Occupancy,
    OccupancyState,
    Side,
)
from registry.domain.visit import Finding, Purpose, Severity, Visit

TODAY = date(2026, 6, 1)
DAY = timedelta(days=1)
END = date(2027, 1, 1)
OCCUPANT, LANDLORD, GRID = Side.OCCUPANT, Side.LANDLORD, Side.GRID
S = OccupancyState


def stay(by: Side = OCCUPANT, state: S = S.DECLARED, **changes: object) -> Occupancy:
    made = Occupancy(
        "O1",
        "P1",
        "B1-0201",
        "B1",
        Basis.TENANT,
        date(2026, 1, 1),
        END,
        state=state,
        declared_by=by,
        declared_on=date(2026, 1, 1),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("by", "said", "allowed"),
    [
        (OCCUPANT, LANDLORD, True),
        (OCCUPANT, GRID, True),
        (OCCUPANT, OCCUPANT, False),
        (LANDLORD, OCCUPANT, True),
        (LANDLORD, GRID, True),
        (LANDLORD, LANDLORD, False),
        (GRID, OCCUPANT, True),
        (GRID, LANDLORD, True),
        (GRID, GRID, False),
    ],
)
def test_only_another_side_confirms_or_contests(
    by: Side, said: Side, allowed: bool
) -> None:
    if not allowed:
        for answer in (lambda s: stays.confirmed(s, said, TODAY), _contest(said)):
            with pytest.raises(Conflict, match="the other one answers"):
                answer(stay(by))
        return
    done = stays.confirmed(stay(by), said, TODAY)
    assert (done.state, done.confirmed_by, done.confirmed_on) == (
        S.CONFIRMED,
        said,
        TODAY,
    )
    assert stays.contested(stay(by), said).state is S.CONTESTED


def _contest(said: Side) -> Callable[[Occupancy], Occupancy]:
    return lambda s: stays.contested(s, said)


def test_doors_open_once_it_is_not_the_occupants_word_alone() -> None:
    alone = stay(OCCUPANT)
    assert not alone.opens
    assert not stays.contested(alone, LANDLORD).opens
    assert stays.confirmed(alone, LANDLORD, TODAY).opens
    assert stay(LANDLORD).opens
    assert stays.contested(stay(LANDLORD), OCCUPANT).opens
    assert stays.found(stay(state=S.VISIT), Finding.LIVING, TODAY).opens
    assert not stays.found(stay(GRID, S.VISIT), Finding.ABSENT, TODAY).opens


def test_a_landlord_takes_back_nobody_who_may_have_moved_in() -> None:
    begun, ahead = stay(LANDLORD), stay(LANDLORD, start=TODAY + DAY)
    with pytest.raises(Conflict, match="say that they left"):
        stays.withdrawn(begun, LANDLORD, TODAY)
    assert stays.withdrawn(ahead, LANDLORD, TODAY).state is S.VOID
    assert stays.withdrawn(stay(OCCUPANT), OCCUPANT, TODAY).state is S.VOID
    with pytest.raises(Conflict, match="contest it"):
        stays.withdrawn(stay(OCCUPANT), LANDLORD, TODAY)


@pytest.mark.parametrize("state", [S.DECLARED, S.CONFIRMED, S.CONTESTED, S.VISIT])
def test_the_occupants_own_word_ends_a_stay_on_its_day(state: S) -> None:
    gone = stays.leaving(stay(state=state), OCCUPANT, TODAY, TODAY)
    assert (gone.state, gone.end) == (S.ENDED, TODAY)
    later = stays.leaving(stay(state=state), OCCUPANT, TODAY + DAY, TODAY)
    assert (later.state, later.end) == (S.LEAVE_DECLARED, TODAY + DAY)
    assert stays.passed(later, TODAY) is None
    over = stays.passed(later, TODAY + DAY)
    assert over is not None
    assert (over.state, over.end) == (S.ENDED, TODAY + DAY)


@pytest.mark.parametrize("by", [LANDLORD, GRID])
def test_the_word_of_others_leaves_the_end_where_it_was(by: Side) -> None:
    said = stays.leaving(stay(state=S.CONFIRMED), by, TODAY, TODAY)
    assert (said.state, said.end, said.leave_on) == (S.LEAVE_DECLARED, END, TODAY)
    assert stays.passed(said, TODAY + 100 * DAY) is None
    for other in (LANDLORD, GRID):
        with pytest.raises(Conflict, match="only who lives there"):
            stays.leave_confirmed(said, other, None, TODAY)
        with pytest.raises(Conflict, match="only who lives there"):
            stays.leave_disputed(said, other, END)
    agreed = stays.leave_confirmed(said, OCCUPANT, None, TODAY)
    assert (agreed.state, agreed.end) == (S.ENDED, TODAY)
    stayed = stays.leave_disputed(said, OCCUPANT, END)
    assert (stayed.state, stayed.end, stayed.leave_on) == (S.CONFIRMED, END, None)
    assert stayed.confirmed_by is by, (
        "who says that somebody left says they lived there"
    )


def test_while_somebody_is_to_look_only_the_occupant_says_that_they_leave() -> None:
    for state in (S.CONTESTED, S.VISIT):
        with pytest.raises(Conflict, match="wait for what they find"):
            stays.leaving(stay(state=state), LANDLORD, TODAY, TODAY)


def test_an_occupant_may_think_again_before_their_day() -> None:
    leaving = stays.leaving(stay(state=S.CONFIRMED), OCCUPANT, TODAY + DAY, TODAY)
    stayed = stays.leave_disputed(leaving, OCCUPANT, END)
    assert (stayed.state, stayed.end, stayed.leave_by) == (S.CONFIRMED, END, None)
    assert stayed.confirmed_by is None, "one's own word vouches for nothing"


@pytest.mark.parametrize("on", [date(2025, 12, 31), END + DAY])
def test_a_stay_ends_within_itself(on: date) -> None:
    for side in (OCCUPANT, LANDLORD):
        with pytest.raises(Invalid) as told:
            stays.leaving(stay(), side, on, TODAY)
        assert [e.field for e in told.value.fields] == ["on"]


def test_nobody_confirms_a_leave_that_was_not_said() -> None:
    with pytest.raises(Conflict, match="nobody said"):
        stays.leave_confirmed(stay(state=S.CONFIRMED), OCCUPANT, None, TODAY)


LEAVING = stays.leaving(stay(state=S.CONFIRMED), LANDLORD, TODAY, TODAY)


@pytest.mark.parametrize(
    ("asked", "today", "purpose"),
    [
        (stay(), date(2026, 1, 14), None),
        (stay(), date(2026, 1, 15), Purpose.SILENCE),
        (stay(exemption=Exemption.TOURISM), TODAY, None),
        (stay(end=TODAY), TODAY, None),
        (stay(state=S.CONTESTED), date(2026, 1, 1), Purpose.CONTESTED),
        (stay(state=S.CONFIRMED), TODAY, None),
        (LEAVING, TODAY + 13 * DAY, None),
        (LEAVING, TODAY + 14 * DAY, Purpose.LEAVE),
        (replace(LEAVING, leave_by=OCCUPANT), TODAY + 14 * DAY, None),
        (stay(state=S.VISIT), TODAY, None),
    ],
)
def test_silence_sends_somebody_and_decides_nothing(
    asked: Occupancy, today: date, purpose: Purpose | None
) -> None:
    assert (
        stays.unanswered(asked, today, lambda day: day + 14 * DAY <= today) is purpose
    )
    if purpose is not None:
        sent = stays.visit_sent(asked)
        assert sent.opens == asked.opens
        assert sent.state in {S.VISIT, S.LEAVE_DECLARED}


def test_a_visit_decides() -> None:
    here = stays.found(LEAVING, Finding.LIVING, TODAY)
    assert (here.state, here.confirmed_by, here.leave_on) == (S.CONFIRMED, GRID, None)
    gone = stays.found(LEAVING, Finding.ABSENT, TODAY + DAY)
    assert (gone.state, gone.end) == (S.ENDED, TODAY)
    early = stays.found(replace(LEAVING, leave_on=END), Finding.ABSENT, TODAY)
    assert early.end == TODAY


def test_who_left_before_the_tenancy_ended_left_before() -> None:
    left = stay(state=S.ENDED, end=TODAY)
    assert stays.ended(left, TODAY + DAY) == left
    open_ended = stay(state=S.CONFIRMED, end=None)
    assert stays.ended(open_ended, TODAY).end == TODAY
    assert stays.ended(stay(), TODAY).state is S.DECLARED, "nobody confirmed it ever"


def test_much_depends_on_a_visit_only_somebody_else_closes() -> None:
    visit = Visit("V1", "B1-0201", "B1", Purpose.CONTESTED, TODAY, assignee="wang")
    visit.closer_allowed("wang")
    urgent = replace(visit, severity=Severity.HIGH)
    with pytest.raises(Conflict, match="who went there"):
        urgent.closer_allowed("wang")
    urgent.closer_allowed("li")
