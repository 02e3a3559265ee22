"""After a tenancy ends its people still belong to the home until the grace is over."""

from datetime import UTC, date, datetime, timedelta

import pytest

from registry.domain.attribution import Attribution
from registry.domain.credential import Credential, CredentialState
from registry.domain.hardware import Door
from registry.domain.occupancy import Basis, Occupancy
from registry.domain.permits import derive, midnight
from registry.domain.policy import Policy

POLICY = Policy()
END = date(2026, 6, 20)
CARD = Credential(
    1, 7, "P1", CredentialState.ACTIVE, datetime(2020, 1, 1, tzinfo=UTC), None
)
DOOR = Door("d1", "c1", "B1", "front")


def home(
    unit: str, start: date | None, end: date | None, building: str = "B1"
) -> Occupancy:
    return Occupancy("O-P1", "P1", unit, building, Basis.TENANT, start, end)


def unit_at(homes: list[Occupancy], at: datetime, door: str = "d1") -> str | None:
    attribution = Attribution([CARD], homes, {"d1": "B1", "d2": "B2"}, POLICY)
    return attribution.of(7, door, at).unit


ENDED = home("B1-1", date(2026, 1, 1), END)
LAST = POLICY.door_grace.days - 1


@pytest.mark.parametrize(
    ("days", "belongs"), [(-1, True), (0, True), (1, True), (LAST, True), (14, False)]
)
@pytest.mark.parametrize("late", [timedelta(0), timedelta(days=1, microseconds=-1)])
def test_the_home_is_known_from_midnight_to_midnight_of_the_street(
    days: int, belongs: bool, late: timedelta
) -> None:
    at = midnight(END + timedelta(days=days), POLICY) + late
    assert unit_at([ENDED], at) == ("B1-1" if belongs else None)


@pytest.mark.parametrize("days", [0, 1, LAST, LAST + 1])
def test_who_opens_the_door_in_the_grace_is_at_home_there(days: int) -> None:
    """What lets in and what tells whose passage it was end at the same instant."""
    for tick in (timedelta(0), timedelta(microseconds=-1)):
        at = midnight(END + timedelta(days=days), POLICY) + tick
        permits = derive([ENDED], [CARD], [DOOR], POLICY, at - timedelta(days=30))
        opens = any(permit.validity.contains(at) for permit in permits)
        assert opens == (unit_at([ENDED], at) is not None)


def test_a_home_of_today_goes_before_one_in_its_grace_in_any_order() -> None:
    at = midnight(END, POLICY)
    after = home("B1-2", END, None)
    before = home("B1-3", date(2025, 1, 1), END - timedelta(days=5))
    for homes in ([ENDED, after], [after, ENDED], [before, ENDED, after]):
        assert unit_at(homes, at) == "B1-2"
    assert unit_at([before, ENDED], at - timedelta(days=1)) == "B1-1"


def test_a_home_without_dates_always_holds_and_only_behind_its_door() -> None:
    owned = home("B2-9", None, None, "B2")
    for at in (datetime(1999, 1, 1, tzinfo=UTC), datetime(2098, 1, 1, tzinfo=UTC)):
        assert unit_at([owned], max(at, CARD.issued_at), "d2") == "B2-9"
        assert unit_at([owned], max(at, CARD.issued_at), "d1") is None


def test_a_home_that_is_only_planned_has_no_grace_before_it() -> None:
    planned = home("B1-1", END, None)
    assert unit_at([planned], midnight(END, POLICY) - timedelta(seconds=1)) is None
    assert unit_at([planned], midnight(END, POLICY)) == "B1-1"
