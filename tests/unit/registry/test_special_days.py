"""Public holidays and make-up workdays: the library's, the street's, and unknown."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from registry.domain.special_days import (
    PUBLISHED,
    DayKind,
    weekdays_of,
    year_table,
)
from registry.services.special_days import digest, with_span

UNKNOWN_YEAR = max(PUBLISHED) + 1
kinds = st.sampled_from(DayKind)
days_of_2026 = st.dates(date(2026, 1, 1), date(2026, 12, 31))


def test_the_year_2026_as_the_state_council_arranged_it() -> None:
    """Notice on the arrangement of some holidays in 2026: National Day and 3 of 6."""
    table = year_table(2026, {})
    assert table.published
    weekdays = weekdays_of([table])
    assert [weekdays[date(2026, 10, day)] for day in range(1, 8)] == [6] * 7
    make_up = [day for day, weekday in weekdays.items() if weekday == 0]
    assert {date(2026, 2, 14), date(2026, 9, 20), date(2026, 10, 10)} <= set(make_up)
    assert len(make_up) == 6
    assert date(2026, 10, 8) not in weekdays


def test_days_that_follow_each_other_are_one_run() -> None:
    national = [run for run in year_table(2026, {}).runs if run.first.month == 10]
    assert [(run.first.day, run.last.day, run.kind, run.days) for run in national] == [
        (1, 7, DayKind.HOLIDAY, 7),
        (10, 10, DayKind.WORKDAY, 1),
    ]
    assert {run.festival for run in national} == {"国庆节"}


def test_a_year_nobody_knows_is_empty_and_says_so() -> None:
    table = year_table(UNKNOWN_YEAR, {})
    assert (table.published, table.days) == (False, ())
    assert weekdays_of([table]) == {}


def test_what_the_street_says_wins() -> None:
    off, on, plain = date(2026, 3, 2), date(2026, 10, 1), date(2026, 10, 10)
    table = year_table(
        2026,
        {off: DayKind.HOLIDAY, on: DayKind.WORKDAY, plain: DayKind.ORDINARY},
    )
    weekdays = weekdays_of([table])
    assert (weekdays[off], weekdays[on], plain in weekdays) == (6, 0, False)
    said = {day.day: (day.own, day.festival) for day in table.days}
    assert said[on] == (True, "国庆节")
    assert said[off] == (True, None)
    assert said[date(2026, 10, 2)] == (False, "国庆节")


@given(st.dictionaries(days_of_2026, kinds))
def test_runs_are_the_days_in_order(overrides: dict[date, DayKind]) -> None:
    table = year_table(2026, overrides)
    spread = [
        (run.first + timedelta(days=n), run.kind, run.own)
        for run in table.runs
        for n in range(run.days)
    ]
    assert spread == [(day.day, day.kind, day.own) for day in table.days]
    assert all(day.own == (day.day in overrides) for day in table.days)


@given(st.dictionaries(days_of_2026, kinds), days_of_2026, st.integers(0, 40), kinds)
def test_a_span_set_and_given_back_leaves_the_rest(
    overrides: dict[date, DayKind], first: date, length: int, kind: DayKind
) -> None:
    last = first + timedelta(days=length)
    changed = with_span(overrides, first, last, kind)
    inside = {day for day in changed if first <= day <= last}
    assert len(inside) == length + 1
    assert {changed[day] for day in inside} == {kind}
    back = with_span(changed, first, last, None)
    assert back == {d: k for d, k in overrides.items() if not first <= d <= last}


def test_other_days_have_another_digest() -> None:
    one = weekdays_of([year_table(2026, {})])
    assert digest(one) == digest(dict(reversed(one.items())))
    assert digest(one) != digest(one | {date(2026, 1, 1): 0})
