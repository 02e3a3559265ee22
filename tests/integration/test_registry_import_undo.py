"""Imports taken back: everything as before, unless somebody changed it since."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from registry.domain.credential import CredentialState
from registry.domain.errors import Conflict
from registry.domain.history import Channel, Source
from registry.domain.sheets.jobs import ImportState, RowState
from registry.domain.sheets.kinds import SheetKind
from registry.services.sheets.imports import SheetImports
from tests.support.postgresql import NewDatabase
from tests.support.registry_bench import (
    Bench,
    registry,
)
from tests.support.sheets import (
    CLERK,
    brought,
    imports_of,
    live,
    places_of_faults,
    undone,
)

UNITS, LANDLORDS, TENANCIES, OCCUPANTS, CARDS = SheetKind
NAME, OTHER_NAME = "庚示例新客", "辛示例新客"
EMPTY = "B2-0101"
OCCUPANT = (EMPTY, "", "7", NAME, "租客", "2026-06-01", "", "")
LANDLORD = (EMPTY, "L1", NAME, "产权", "2026-01-01", "")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with registry(tmp_path) as ready:
        yield ready


@pytest.fixture
def either(tmp_path: Path, new_database: NewDatabase) -> Iterator[Bench]:
    """Serve what must hold on a database of each kind."""
    with registry(tmp_path, new_database) as ready:
        yield ready


@pytest.fixture
def imports(bench: Bench) -> SheetImports:
    return imports_of(bench)


EVERY_KIND: dict[SheetKind, list[tuple[str, ...]]] = {
    UNITS: [("", "B1", "9001", "-1", "商铺", ""), ("X1", "B2", "2", "2", "空置", "9")],
    LANDLORDS: [
        LANDLORD,
        ("B1-0301", "L1", NAME, "受托", "2026-01-01", "2027-01-01"),
        ("B1-0201", "P9", "", "产权", "2020-01-01", ""),
        ("B1-0202", "", OTHER_NAME, "整租转租", "2026-01-01", ""),
    ],
    TENANCIES: [
        ("", EMPTY, "", "P9", "P1", "", "2026-06-01", "2027-06-01", "2026-05-20"),
        ("T77", "B1-0202", "B", "", "", "", "2026-06-01", "", ""),
        ("", "B1-0301", "", "P9", "t", NAME, "2026-06-01", "", "2026-05-20"),
    ],
    OCCUPANTS: [
        OCCUPANT,
        ("B1-0202", "A", "P3", "", "访客", "2026-06-01", "2026-06-09", "T2"),
        ("B1-0201", "", "", OTHER_NAME, "合住人", "2026-06-01", "", ""),
    ],
    CARDS: [("7001", "P1"), ("18446744073709551615", "P3")],
}


@pytest.mark.parametrize("kind", SheetKind)
def test_undo_restores_live_records_and_permits_exactly(
    either: Bench, kind: SheetKind
) -> None:
    bench, imports = either, imports_of(either)
    before = live(bench)
    job = brought(imports, kind, EVERY_KIND[kind])
    assert job.state is ImportState.DONE, places_of_faults(imports, job)
    during = live(bench)
    assert during != before
    job = undone(imports, job)
    assert (job.state, job.count(RowState.UNDONE)) == (ImportState.UNDONE, job.rows)
    assert live(bench) == before
    again = brought(imports, kind, EVERY_KIND[kind])
    assert again.state is ImportState.DONE
    assert {k: len(v) for k, v in live(bench).items()} == {
        k: len(v) for k, v in during.items()
    }
    undone(imports, again)
    assert live(bench) == before


def test_what_was_taken_back_stays_in_the_history(
    bench: Bench, imports: SheetImports
) -> None:
    rows = [("T9", EMPTY, "", "P9", "", "", "2026-06-01", "", "")]
    undone(imports, brought(imports, TENANCIES, rows))
    with bench.services.store.reading() as uow:
        first, last = uow.tenancies.history("T9")
        assert uow.tenancies.get("T9") is None
    assert first.source == last.source == Source(CLERK, Channel.IMPORT)
    assert first.superseded_at == last.recorded_at
    assert last.span.start == last.span.end, "it held at no time"


def later_card(bench: Bench, imports: SheetImports) -> None:
    with bench.services.store.reading() as uow:
        (stay,) = uow.occupancies.of_unit(EMPTY)
    brought(imports, CARDS, [("7001", stay.party)])


def later_end(bench: Bench, _imports: SheetImports) -> None:
    with bench.services.store.writing() as uow:
        (stay,) = uow.occupancies.of_unit(EMPTY)
        ended = replace(stay, end=date(2026, 7, 1))
        uow.occupancies.revise(ended, Source("other"), bench.now)


def later_right(bench: Bench, imports: SheetImports) -> None:
    with bench.services.store.reading() as uow:
        (stay,) = uow.occupancies.of_unit(EMPTY)
    row = ("B1-0301", stay.party, "", "产权", "2026-01-01", "")
    assert brought(imports, LANDLORDS, [row]).state is ImportState.DONE


@pytest.mark.parametrize(
    ("later", "named"),
    [(later_card, "party:P-"), (later_end, "occupancy:O-"), (later_right, "party:P-")],
)
def test_undo_is_refused_with_what_was_changed_meanwhile(
    bench: Bench,
    imports: SheetImports,
    later: Callable[[Bench, SheetImports], None],
    named: str,
) -> None:
    job = brought(imports, OCCUPANTS, [OCCUPANT])
    later(bench, imports)
    before = live(bench)
    with pytest.raises(Conflict, match=named):
        imports.undo(job.id)
    assert imports.get(job.id).state is ImportState.DONE
    assert live(bench) == before


def test_a_card_that_has_ended_or_got_a_pin_is_not_taken_back(
    bench: Bench, imports: SheetImports
) -> None:
    job = brought(imports, CARDS, [("7001", "P1")])
    with bench.services.store.writing() as uow:
        bench.services.registration.end_card(
            uow, 7001, CredentialState.LOST, "lost", CLERK
        )
    with pytest.raises(Conflict, match="credential:"):
        imports.undo(job.id)


def test_a_unit_in_use_stays(imports: SheetImports) -> None:
    job = brought(imports, UNITS, [("B2-0102", "B2", "0102", "1", "出租", "")])
    stay = brought(imports, OCCUPANTS, [("B2-0102", *OCCUPANT[1:])])
    with pytest.raises(Conflict, match="unit:B2-0102"):
        imports.undo(job.id)
    undone(imports, stay)
    with pytest.raises(Conflict, match="ever mentioned stays"):
        imports.undo(job.id)


def test_what_changes_while_it_is_undone_stops_it_until_it_is_out_of_the_way(
    bench: Bench, imports: SheetImports
) -> None:
    job = brought(imports, CARDS, [(str(7000 + n), "P1") for n in range(4)])
    imports.undo(job.id)
    with bench.services.store.writing() as uow:
        bench.services.registration.end_card(
            uow, 7000, CredentialState.LOST, "lost", CLERK
        )
    with pytest.raises(Conflict):
        imports.run(job.id, CLERK)
    assert imports.get(job.id).count(RowState.UNDONE) == 3
    with pytest.raises(Conflict):
        imports.undo(job.id)
    assert imports.get(job.id).state is ImportState.UNDOING
