"""Times and card numbers survive any database that has 64 signed bits."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Dialect
from sqlalchemy.engine import make_url

from controller.vocabulary import LARGEST_CARD_NUMBER
from registry.domain.errors import Fault, FieldError, Invalid, NotFound
from registry.domain.timeline import MOST_PASSAGES, before_passages, page
from registry.persistence.rows import Moment, Unsigned

DIALECTS = [make_url(f"{name}://").get_dialect()() for name in ("sqlite", "postgresql")]
moments = st.datetimes(
    datetime(1, 1, 2),  # noqa: DTZ001 - the strategy adds the zone
    datetime(9999, 12, 30),  # noqa: DTZ001 - the same
    timezones=st.just(UTC),
)


@given(st.none() | moments, st.sampled_from(DIALECTS))
def test_a_time_comes_back_to_the_microsecond(
    moment: datetime | None, dialect: Dialect
) -> None:
    column = Moment()
    stored = column.process_bind_param(moment, dialect)
    assert stored is None or -(2**63) <= stored < 2**63
    assert column.process_result_value(stored, dialect) == moment


def test_a_time_of_another_zone_is_the_same_moment() -> None:
    shanghai = timezone(timedelta(hours=8))
    column = Moment()
    local = datetime(2026, 6, 1, 12, tzinfo=shanghai)
    stored = column.process_bind_param(local, DIALECTS[0])
    assert column.process_result_value(stored, DIALECTS[0]) == datetime(
        2026, 6, 1, 4, tzinfo=UTC
    )


@given(st.none() | st.integers(0, LARGEST_CARD_NUMBER))
def test_a_card_number_comes_back(number: int | None) -> None:
    column = Unsigned()
    stored = column.process_bind_param(number, DIALECTS[0])
    assert stored is None or -(2**63) <= stored < 2**63
    assert column.process_result_value(stored, DIALECTS[0]) == number


@pytest.mark.parametrize(
    ("key", "number"),
    [
        ("p" + "0" * 18 + "5", 5),
        ("p" + "9" * 19, MOST_PASSAGES),
        ("p5", MOST_PASSAGES),
        ("c1", 0),
        ("g1", 0),
        ("o1", 0),
        ("t1", MOST_PASSAGES),
    ],
)
def test_where_passages_go_on_after_any_entry(key: str, number: int) -> None:
    moment = datetime(2026, 6, 1, tzinfo=UTC)
    assert before_passages((moment, key)) == (moment, number)


def test_a_page_of_nothing() -> None:
    assert page([], datetime(2026, 6, 1, tzinfo=UTC), None, 5) == ([], False)


def test_an_error_says_what_its_class_says() -> None:
    assert str(NotFound()) == "There is no such record."
    assert str(NotFound("no unit")) == "no unit"
    fault = FieldError("unit", Fault.MISSING, "it is empty", "choose one")
    assert str(Invalid([fault, fault])) == "\n".join(
        ["unit: it is empty; choose one"] * 2
    )
