"""From an event and a rule to the last day: against hand counts and brute force."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.deadlines.arithmetic import (
    ONE_DAY,
    add_months,
    due_by,
    start_of,
)
from registry.domain.policy.value import PERIODS, PolicyValue, Unit
from registry.domain.special_days import PUBLISHED, DayKind
from tests.support.policy_values import value, workdays
from tests.support.vectors import load

ZONE = ZoneInfo("Asia/Shanghai")
VECTORS = load("deadlines")
UNKNOWN_YEAR = max(PUBLISHED) + 1
known_days = st.dates(date(2004, 1, 1), date(max(PUBLISHED) - 1, 12, 31))
any_day = st.dates(date(2000, 1, 1), date(2090, 12, 31))
units = st.sampled_from(sorted(PERIODS))
amounts = st.integers(0, 60)
own_days = st.dictionaries(known_days, st.sampled_from(DayKind), max_size=20)


def rule(vector: dict[str, Any]) -> PolicyValue:
    return value(vector["amount"], Unit(vector["unit"]))


@pytest.mark.parametrize("vector", VECTORS["day"], ids=lambda each: each["what"])
def test_the_last_day_is_as_counted_by_hand(vector: dict[str, Any]) -> None:
    found = due_by(vector["event"], rule(vector), workdays(), ZONE)
    assert (found.day, found.provisional) == (vector["day"], False)
    assert found.late_from == start_of(vector["day"] + ONE_DAY, ZONE)


@pytest.mark.parametrize("vector", VECTORS["moment"], ids=lambda each: each["what"])
def test_the_moment_is_as_counted_by_hand(vector: dict[str, Any]) -> None:
    found = due_by(vector["event"], rule(vector), workdays(), ZONE)
    assert (found.day, found.late_from) == (vector["day"], vector["late_from"])
    assert found.late_from.tzinfo is UTC


@given(known_days, amounts, own_days)
def test_working_days_are_those_that_are_worked(
    event: date, amount: int, own: dict[date, DayKind]
) -> None:
    calendar = workdays(own)
    found = due_by(event, value(amount, Unit.WORKING_DAYS), calendar, ZONE)
    span = [event + n * ONE_DAY for n in range(1, (found.day - event).days + 1)]
    assert sum(map(calendar.worked, span)) == amount
    assert found.day == event if amount == 0 else calendar.worked(found.day)
    assert not found.provisional


@given(known_days, own_days)
def test_the_streets_own_day_wins_over_the_library(
    day: date, own: dict[date, DayKind]
) -> None:
    plain = workdays(dict.fromkeys(own, DayKind.ORDINARY))
    for each in own:
        assert plain.worked(each) is (each.weekday() < 5)
    kind = own.get(day)
    if kind is DayKind.HOLIDAY:
        assert not workdays(own).worked(day)
    elif kind is DayKind.WORKDAY:
        assert workdays(own).worked(day)


@given(any_day, amounts, units)
def test_a_later_event_or_a_longer_term_is_never_due_sooner(
    event: date, amount: int, unit: Unit
) -> None:
    calendar = workdays()
    found = due_by(event, value(amount, unit), calendar, ZONE)
    for later, longer in ((ONE_DAY, 0), (timedelta(), 1)):
        other = due_by(event + later, value(amount + longer, unit), calendar, ZONE)
        assert other.late_from >= found.late_from
        assert other.day >= found.day
    assert found.day >= event


@given(any_day, st.integers(0, 300))
def test_a_month_ends_on_the_same_day_or_on_its_last(day: date, months: int) -> None:
    found = add_months(day, months)
    distance = (found.year - day.year) * 12 + found.month - day.month
    assert distance == months
    at_the_end = (found + ONE_DAY).day == 1
    assert found.day == day.day or (found.day < day.day and at_the_end)
    assert add_months(found, -months).day in {day.day, found.day}
    assert add_months(found, -months) <= day


@given(
    st.datetimes(datetime(2000, 1, 2), datetime(2090, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis wants them naive
    st.integers(1, 1000),
)
def test_hours_are_exact_whatever_the_calendar(at: datetime, hours: int) -> None:
    found = due_by(at, value(hours, Unit.HOURS), workdays(), ZONE)
    assert found.late_from - at == timedelta(hours=hours)
    assert start_of(found.day, ZONE) < found.late_from
    assert found.late_from <= start_of(found.day + ONE_DAY, ZONE)


def test_of_a_day_hours_run_from_its_end() -> None:
    found = due_by(date(2026, 6, 1), value(24, Unit.HOURS), workdays(), ZONE)
    assert found.day == date(2026, 6, 2)
    assert found.late_from == start_of(date(2026, 6, 3), ZONE)


def test_no_hours_at_all_end_on_the_day_of_the_event() -> None:
    at = start_of(date(2026, 6, 1), ZONE)
    found = due_by(at, value(0, Unit.HOURS), workdays(), ZONE)
    assert (found.day, found.late_from) == (date(2026, 6, 1), at)


def test_a_year_nobody_published_makes_working_days_provisional() -> None:
    new_year = date(UNKNOWN_YEAR, 1, 1)
    inside = due_by(new_year, value(3, Unit.WORKING_DAYS), workdays(), ZONE)
    across = new_year - 2 * ONE_DAY
    over = due_by(across, value(3, Unit.WORKING_DAYS), workdays(), ZONE)
    before = due_by(across, value(1, Unit.WORKING_DAYS), workdays(), ZONE)
    assert (inside.provisional, over.provisional) == (True, True)
    assert before.day.year == UNKNOWN_YEAR or not before.provisional
    for unit in PERIODS - {Unit.WORKING_DAYS}:
        assert not due_by(new_year, value(3, unit), workdays(), ZONE).provisional


@pytest.mark.parametrize("unit", [Unit.NUMBER, Unit.SQUARE_METRES])
def test_what_is_no_time_is_no_deadline(unit: Unit) -> None:
    with pytest.raises(ValueError, match=unit):
        due_by(date(2026, 6, 1), value(3, unit), workdays(), ZONE)
