"""PostgreSQL keeps passages by the month, whatever a door's clock says."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import inspect, text

from controller.uplink.messages import chain
from registry.persistence.partitions import FAR, make, month_of, months, name_of
from registry.persistence.unit_of_work import UnitOfWork
from tests.support.postgresql import IN_THE_FOLDER, Databases
from tests.support.registry_bench import FRONT, NOW, Bench, batch, passage, registry

YEAR, MONTH = 365 * timedelta(days=1), timedelta(days=31)
AROUND = [f"passages_2026_{month:02}" for month in range(2, 9)]
TABLES = text(
    "SELECT inhrelid::regclass::text FROM pg_inherits "
    "WHERE inhparent = 'passages'::regclass ORDER BY 1"
)


@pytest.fixture
def bench(tmp_path: Path, postgresql: Databases) -> Iterator[Bench]:
    with registry(tmp_path, postgresql) as ready:
        yield ready


def tables(uow: UnitOfWork) -> list[str]:
    """Return the tables of months near the bench's clock."""
    known = uow.session.scalars(TABLES)
    return [name for name in known if name in AROUND or name == FAR]


def places(bench: Bench) -> list[tuple[str, int]]:
    """Return in which table each passage is, by its line."""
    with bench.services.store.reading() as uow:
        query = "SELECT tableoid::regclass::text, seq FROM passages ORDER BY seq"
        return [(name, seq) for name, seq in uow.session.execute(text(query))]


@given(st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)), st.integers(-30, 30))  # noqa: DTZ001 - a zone follows
def test_months_follow_each_other_without_a_gap(naive: datetime, shift: int) -> None:
    moment = naive.replace(tzinfo=UTC)
    month, after = month_of(moment, shift), month_of(moment, shift + 1)
    assert month < after <= month + MONTH
    assert (month.day, month.hour, month.microsecond) == (1, 0, 0)
    assert month_of(after - timedelta(microseconds=1)) == month
    assert month_of(moment) <= moment < month_of(moment, 1)
    spanned = list(months(min(month, moment), max(month, moment)))
    assert len(spanned) == abs(shift) + 1
    assert spanned == sorted(set(spanned))


def test_the_table_is_kept_by_the_month_from_the_start(bench: Bench) -> None:
    with bench.services.store.reading() as uow:
        assert tables(uow) == [*AROUND, FAR]
        seen = inspect(uow.session.connection())
        key = seen.get_pk_constraint("passages")["constrained_columns"]
        indexes = {i["name"] for i in seen.get_indexes("passages_2026_06")}
    assert key == ["number", "at"]
    assert len(indexes) == 3


def test_a_passage_lies_in_its_month_or_far_off(bench: Bench) -> None:
    first = month_of(NOW)
    moments = [
        first,
        first - timedelta(microseconds=1),
        NOW + 30 * YEAR,
        datetime(1970, 1, 1, tzinfo=UTC),
    ]
    sent = batch([passage(n, at=at) for n, at in enumerate(moments)])
    with bench.services.store.recording() as uow:
        bench.services.ingest.accept(uow, sent)
    assert places(bench) == [
        ("passages_2026_06", 1),
        ("passages_2026_05", 2),
        (FAR, 3),
        (FAR, 4),
    ]
    with bench.services.store.reading() as uow:
        stored = [p.at for p in uow.passages.after(0, 10)]
        newest = [p.seq for p in uow.passages.of_door(FRONT, None, 10)]
    assert stored == moments
    assert newest == [3, 1, 2, 4]


def test_what_came_before_its_month_moves_there(bench: Bench) -> None:
    early = batch([passage(1, at=NOW + YEAR), passage(2, at=NOW + 30 * YEAR)])
    with bench.services.store.recording() as uow:
        bench.services.ingest.accept(uow, early)
    assert places(bench) == [(FAR, 1), (FAR, 2)]
    bench.now = NOW + YEAR - MONTH
    bench.services.retirement.look()
    late = batch(
        [passage(3, at=NOW + YEAR)], 3, chain(early.previous, early.entries), epoch=1
    )
    with bench.services.store.recording() as uow:
        bench.services.ingest.accept(uow, late)
    assert places(bench) == [("passages_2027_06", 1), (FAR, 2), ("passages_2027_06", 3)]
    with bench.services.store.reading() as uow:
        assert [p.seq for p in uow.passages.after(0, 10)] == [1, 2, 3]
        assert [p.seq for p in uow.passages.after(1, 10)] == [2, 3]


def test_a_span_of_months_is_made_once(bench: Bench) -> None:
    first = NOW - 2 * YEAR
    with bench.services.store.writing() as uow:
        connection = uow.session.connection()
        made = make(connection, first, first + timedelta(days=90))
        again = make(connection, first, first + timedelta(days=90))
    assert made == [name_of(m) for m in months(first, first + timedelta(days=90))]
    assert made[0] == "passages_2024_06"
    assert again == []


def test_a_file_keeps_one_table(tmp_path: Path) -> None:
    with (
        registry(tmp_path, IN_THE_FOLDER) as bench,
        bench.services.store.writing() as uow,
    ):
        assert make(uow.session.connection(), NOW, NOW + YEAR) == []
        names = inspect(uow.session.connection()).get_table_names()
    assert [name for name in names if name.startswith("passages")] == ["passages"]
