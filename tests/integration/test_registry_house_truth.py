"""The seven columns read from the store: as of a day, and as known on a day."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from registry.domain.house_truth import Column, Gap, UnitTruth
from registry.services.house_truth import HouseTruth
from tests.support.registry_bench import (
    FRONT,
    NOW,
    TENANT_CARD,
    Bench,
    batch,
    passage,
    registry,
)

TODAY = date(2026, 6, 1)
DAY = timedelta(days=1)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with registry(tmp_path) as ready:
        yield ready


def house(
    bench: Bench, day: date | None = None, known: date | None = None
) -> HouseTruth:
    with bench.services.store.reading() as uow:
        building = bench.services.housing.building(uow, "B1").building
        return bench.services.house_truths.of_building(uow, building, day, known)


def unit(truth: HouseTruth, number: str) -> UnitTruth:
    return next(u for u in truth.units if u.unit.number == number)


def counts(truth: UnitTruth) -> dict[Column, int]:
    return {cell.column: cell.count for cell in truth.cells}


def taken(bench: Bench, *days_ago: int) -> None:
    """Let the tenant's card open the front door once on each of these days."""
    entries = [
        passage(n, TENANT_CARD, FRONT, NOW - days * DAY)
        for n, days in enumerate(days_ago, 1)
    ]
    with bench.services.store.writing() as uow:
        bench.services.ingest.accept(uow, batch(entries))


def test_every_unit_of_a_house_has_its_columns(bench: Bench) -> None:
    truth = house(bench)
    assert [u.unit.number for u in truth.units] == ["0101", "0201", "0202", "0301"]
    filed = unit(truth, "0201")
    assert counts(filed) == {
        Column.RIGHT: 1,
        Column.CONTRACTED: 1,
        Column.DECLARED: 1,
        Column.CONFIRMED: 1,
        Column.FILED: 0,
        Column.GRANTED: 1,
        Column.USED: 0,
    }
    assert filed.gaps == (Gap.NOT_FILED_ELSEWHERE,)
    assert unit(truth, "0202").gaps == (Gap.UNFILED, Gap.NOT_FILED_ELSEWHERE)
    assert unit(truth, "0301").gaps == ()


def test_use_is_told_in_days_counted_or_not(bench: Bench) -> None:
    taken(bench, 0, 0, 1, 40)
    before = unit(house(bench), "0201").cells[6]
    bench.services.retirement.look()
    after = unit(house(bench), "0201").cells[6]
    assert before == after
    assert (after.count, after.since) == (2, TODAY)
    bench.services.retirement.look()
    assert unit(house(bench), "0201").cells[6] == after
    assert unit(house(bench, TODAY - DAY), "0201").cells[6].count == 1


def test_passages_counted_later_join_the_day_they_belong_to(bench: Bench) -> None:
    taken(bench, 1)
    bench.services.retirement.look()
    with bench.services.store.writing() as uow:
        late = passage(9, TENANT_CARD, FRONT, NOW - DAY, granted=False)
        bench.services.ingest.accept(uow, batch([late], epoch=2))
    bench.services.retirement.look()
    with bench.services.store.reading() as uow:
        (card,) = uow.credentials.of_cards([TENANT_CARD])
        (day,) = uow.daily_use.of_cards([card.id], TODAY - 7 * DAY)
    assert (day.day, day.granted, day.refused) == (TODAY - DAY, 1, 1)


def test_a_day_is_shown_as_it_was_and_as_it_was_known(bench: Bench) -> None:
    bench.now += 10 * DAY
    ended = TODAY + 2 * DAY
    with bench.services.store.writing() as uow:
        bench.services.registration.end_tenancy(uow, "T1", ended, "clerk")
    later = TODAY + 10 * DAY
    assert unit(house(bench, later), "0201").cells[1].count == 0
    known_then = house(bench, later, TODAY + DAY)
    assert unit(known_then, "0201").cells[1].count == 1
    assert known_then.known_on == TODAY + DAY
    assert unit(house(bench, TODAY + DAY), "0201").cells[1].count == 1
    assert unit(house(bench, TODAY, date(2025, 1, 1)), "0201").cells[1].count == 0


def test_the_day_ends_in_the_streets_zone(bench: Bench) -> None:
    bench.now = NOW.replace(hour=17)  # past midnight in the street
    assert house(bench).day == TODAY + DAY
