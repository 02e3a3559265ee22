"""What the register says of a unit, the most pressing first."""

from datetime import date, timedelta

import pytest

from registry.domain.house import UnitRegister, UnitState
from registry.domain.occupancy import Basis, Occupancy
from registry.domain.places import Unit, UnitUse
from registry.domain.policy import Policy
from registry.domain.policy.value import Verification
from registry.domain.registration import overlapping
from registry.domain.tenancy import Tenancy, TenancyState

TODAY = date(2026, 6, 1)
POLICY = Policy()
NEAR = POLICY.due_window.days


def unit(use: UnitUse = UnitUse.RENTAL) -> Unit:
    return Unit("B1-01", "B1", "01", 1, use)


def let(
    id_: str = "T1",
    start: int = -100,
    end: int = 200,
    room: str | None = None,
) -> Tenancy:
    day = timedelta(days=1)
    return Tenancy(id_, "B1-01", room, "P9", TODAY + start * day, TODAY + end * day)


def lives(
    tenancy: str | None = "T1",
    basis: Basis = Basis.TENANT,
    end: date | None = None,
) -> Occupancy:
    return Occupancy("O-P1", "P1", "B1-01", "B1", basis, date(2026, 1, 1), end, tenancy)


OWNER = lives(None, Basis.OWNER)
GONE = lives(end=TODAY)


@pytest.mark.parametrize(
    ("place", "tenancies", "occupancies", "state"),
    [
        (unit(), [let()], [lives()], UnitState.LET_REGISTERED),
        (unit(), [let(end=31)], [lives()], UnitState.LET_REGISTERED),
        (unit(), [let(end=30)], [lives()], UnitState.DUE),
        (unit(), [let(end=1)], [lives()], UnitState.DUE),
        (unit(), [let(end=0)], [lives()], UnitState.VACANT),
        (unit(), [let(start=1)], [], UnitState.VACANT),
        (unit(), [let(start=0)], [lives()], UnitState.LET_REGISTERED),
        (unit(), [let()], [], UnitState.OCCUPANT_MISSING),
        (unit(), [let()], [GONE], UnitState.OCCUPANT_MISSING),
        (unit(), [let()], [lives("T0")], UnitState.OCCUPANT_MISSING),
        (unit(), [let(), let("T2")], [lives()], UnitState.OCCUPANT_MISSING),
        (unit(), [], [OWNER], UnitState.OWNER),
        (unit(UnitUse.OWNER), [], [], UnitState.OWNER),
        (unit(UnitUse.OWNER), [let()], [lives()], UnitState.LET_REGISTERED),
        (unit(UnitUse.SHOP), [], [], UnitState.SHOP),
        (unit(UnitUse.VACANT), [], [], UnitState.VACANT),
        (unit(), [], [GONE], UnitState.VACANT),
    ],
)
def test_the_state_of_a_unit(
    place: Unit,
    tenancies: list[Tenancy],
    occupancies: list[Occupancy],
    state: UnitState,
) -> None:
    found = UnitRegister(place, tenancies, occupancies, filed=True).state(
        TODAY, POLICY.due_window.days
    )
    assert found is state
    let_today = any(t.holds(TODAY) for t in tenancies)
    unfiled = UnitRegister(place, tenancies, occupancies, filed=False).state(
        TODAY, POLICY.due_window.days
    )
    shop = place.use is UnitUse.SHOP
    assert unfiled is (UnitState.UNFILED if let_today and not shop else state)


@pytest.mark.parametrize(
    ("start", "end", "state", "left"),
    [
        (1, 2, TenancyState.PLANNED, 2),
        (0, 1, TenancyState.RUNNING, 1),
        (-5, 0, TenancyState.ENDED, 0),
        (-9, -4, TenancyState.ENDED, -4),
    ],
)
def test_where_a_tenancy_stands(
    start: int, end: int, state: TenancyState, left: int
) -> None:
    tenancy = let(start=start, end=end)
    assert tenancy.state(TODAY) is state
    assert tenancy.days_left(TODAY) == left


@pytest.mark.parametrize(
    ("mine", "theirs", "room", "their_room", "clash"),
    [
        ((0, 10), (10, 20), None, None, False),
        ((10, 20), (0, 10), None, None, False),
        ((0, 11), (10, 20), None, None, True),
        ((12, 13), (10, 20), None, None, True),
        ((0, 30), (10, 20), None, None, True),
        ((0, 30), (10, 20), "A", "B", False),
        ((0, 30), (10, 20), "A", "A", True),
        ((0, 30), (10, 20), "A", None, True),
        ((0, 30), (10, 20), None, "A", True),
    ],
)
def test_one_space_is_let_once_at_a_time(
    mine: tuple[int, int],
    theirs: tuple[int, int],
    room: str | None,
    their_room: str | None,
    clash: bool,
) -> None:
    other = let(start=theirs[0], end=theirs[1], room=their_room)
    start, end = (TODAY + timedelta(days=days) for days in mine)
    assert (overlapping([other], room, start, end) is other) == clash


def test_a_policy_value_says_where_it_comes_from() -> None:
    for value in (POLICY.door_grace, POLICY.due_window):
        assert value.source
        assert value.verification is Verification.HOUSE_RULE
        assert value.period == timedelta(days=value.days)
