"""Imports of sheets on a real database: checked, applied, corrected, taken back."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from registry.audit.trail import Action, verify
from registry.domain.errors import Conflict, Invalid, NotFound
from registry.domain.sheets.jobs import Import, ImportState, RowState
from registry.domain.sheets.kinds import SheetKind
from registry.persistence.audit_entries import AuditEntries
from registry.persistence.imports import ImportJobRow, ImportLineRow
from registry.services.sheets.imports import SheetImports
from registry.services.sheets.sheet_files import Format
from tests.support.postgresql import NewDatabase
from tests.support.registry_bench import (
    Bench,
    registry,
)
from tests.support.sheets import (
    CLERK,
    brought,
    file,
    imports_of,
    live,
    places_of_faults,
    sheet,
)

UNITS, LANDLORDS, TENANCIES, OCCUPANTS, CARDS = SheetKind
NAME, OTHER_NAME = "庚示例新客", "辛示例新客"
EMPTY = "B2-0101"
OCCUPANT = (EMPTY, "", "7", NAME, "租客", "2026-06-01", "", "")
SHOP = ("1", "商铺", "")
LET = ("", "", "2026-06-01", "", "")
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


def units(count: int, floor: str = "3") -> list[list[str]]:
    return [["", "B1", f"9{n:03}", floor, "出租", "45.5"] for n in range(count)]


def told(bench: Bench, job: Import) -> list[tuple[str, str | None]]:
    with bench.services.store.reading() as uow:
        entries = AuditEntries(uow.session).of_subject(f"import:{job.id}")
        return [(entry.action, entry.reason) for entry in entries]


def contents(bench: Bench) -> list[bytes]:
    """Return everything that is kept of what files said."""
    with bench.services.store.reading() as uow:
        rows = uow.session.scalars(select(ImportLineRow.content))
        codes = uow.session.scalars(select(ImportJobRow.codes))
        return [kept for kept in (*rows, *codes) if kept is not None]


def test_a_sheet_is_checked_before_anything_is_on_record(
    bench: Bench, imports: SheetImports
) -> None:
    before = live(bench)
    heard: list[int] = []
    rows = [*units(4), ["", "B9", "0101", "x", "住", "0"]]
    data = sheet(UNITS, rows, Format.XLSX)
    job = imports.read(UNITS, data, CLERK, heard.append)
    assert (job.state, job.rows) == (ImportState.CHECKED, 5)
    assert (job.count(RowState.READY), job.count(RowState.FAULTY)) == (4, 1)
    assert heard == [3, 5]
    assert places_of_faults(imports, job) == [
        (6, "D", "floor"),
        (6, "E", "use"),
        (6, "F", "area"),
    ]
    assert live(bench) == before
    assert imports.newest(5) == [job]


def test_it_is_applied_batch_by_batch_with_an_entry_for_each(
    bench: Bench, imports: SheetImports
) -> None:
    job = imports.read(UNITS, sheet(UNITS, units(7)), CLERK)
    assert imports.run(job.id, CLERK) == job, "nobody confirmed it"
    imports.confirm(job.id, CLERK)
    heard: list[int] = []
    done = imports.run(
        job.id, CLERK, lambda job: heard.append(job.count(RowState.APPLIED))
    )
    assert (done.state, heard) == (ImportState.DONE, [3, 6, 7])
    assert told(bench, job) == [
        (Action.SHEET_READ, None),
        (Action.SHEET_CONFIRMED, None),
        (Action.SHEET_APPLIED, "rows 2 to 4"),
        (Action.SHEET_APPLIED, "rows 5 to 7"),
        (Action.SHEET_APPLIED, "rows 8 to 8"),
    ]
    assert {u.code for u in live(bench)["units"]} > {"B1-9000", "B1-9006"}
    with pytest.raises(Conflict):
        imports.confirm(job.id, CLERK)


class Killed(Exception):
    """Stands for the end of the process."""


def test_killed_between_batches_or_inside_one_it_goes_on_where_it_stopped(
    either: Bench,
) -> None:
    bench, imports = either, imports_of(either)
    job = imports.read(UNITS, sheet(UNITS, units(10)), CLERK)
    imports.confirm(job.id, CLERK)

    def kill(_job: Import) -> None:
        raise Killed

    with pytest.raises(Killed):
        imports.run(job.id, CLERK, kill)
    assert imports.get(job.id).count(RowState.APPLIED) == 3
    for reads in range(4):
        left = [bench.now] * reads

        def dying(left: list[datetime] = left) -> datetime:
            """Let the process end at one of the moments a batch asks for the time."""
            if not left:
                raise Killed
            return left.pop()

        before = imports.get(job.id).counts
        if reads < 2:
            with pytest.raises(Killed):
                imports_of(bench, dying).run(job.id, CLERK)
            assert imports.get(job.id).counts == before
    done = imports_of(bench).run(job.id, CLERK)
    assert (done.state, done.count(RowState.APPLIED)) == (ImportState.DONE, 10)
    spans = [reason for _, reason in told(bench, job) if reason]
    assert spans == ["rows 2 to 4", "rows 5 to 7", "rows 8 to 10", "rows 11 to 11"]
    with bench.services.store.reading() as uow:
        assert verify(uow).broken is None


def test_faulty_rows_are_corrected_and_the_import_goes_on(either: Bench) -> None:
    bench, imports = either, imports_of(either)
    rows = units(6)
    rows[1][3] = rows[4][3] = "顶层"
    job = brought(imports, UNITS, rows)
    assert job.state is ImportState.FAULTY
    table = list(imports.fault_table(job.id))
    assert [row[0] for row in table] == ["原行号", "3", "6"]
    assert all("D (floor): " in row[1] and row[2] for row in table[1:])
    table[1][6] = "5"
    job = imports.correct(job.id, file(table, Format.XLSX), CLERK)
    assert (job.state, job.count(RowState.READY)) == (ImportState.APPLYING, 1)
    assert imports.run(job.id, CLERK).state is ImportState.FAULTY
    assert places_of_faults(imports, job) == [(6, "G", "floor")]
    with pytest.raises(Invalid) as refused:
        imports.correct(job.id, file(table), CLERK)
    assert [e.field for e in refused.value.fields] == ["row 2, column A (row)"]
    table[2][6] = "6"
    imports.correct(job.id, file([table[0], table[2]]), CLERK)
    job = imports.run(job.id, CLERK)
    assert (job.state, job.counts) == (ImportState.DONE, {RowState.APPLIED: 6})
    floors = {u.code: u.floor for u in live(bench)["units"]}
    assert (floors["B1-9001"], floors["B1-9004"]) == (5, 6)


def test_rows_may_be_corrected_before_anybody_confirms(imports: SheetImports) -> None:
    job = imports.read(UNITS, sheet(UNITS, units(2, floor="x")), CLERK)
    table = list(imports.fault_table(job.id))
    for row in table[1:]:
        row[6] = "2"
    job = imports.correct(job.id, file(table), CLERK)
    assert (job.state, job.counts) == (ImportState.CHECKED, {RowState.READY: 2})


def test_a_name_is_sealed_never_shown_and_gone_when_it_is_recorded(
    bench: Bench, imports: SheetImports
) -> None:
    rows = [OCCUPANT, (EMPTY, "", "8", OTHER_NAME, "?", "2026-06-01", "", "")]
    job = brought(imports, OCCUPANTS, rows)
    assert len(contents(bench)) == 2, "the faulty row and the codes"
    table = list(imports.fault_table(job.id))
    assert table[1][3:] == [EMPTY, "", "8", "", "?", "2026-06-01", "", ""]
    for name in (NAME, OTHER_NAME):
        assert name.encode() not in bench.database_bytes()
        assert name not in repr([table, imports.faulty(job.id)])
    table[1][7] = "家属"
    imports.correct(job.id, file(table), CLERK)
    assert imports.run(job.id, CLERK).state is ImportState.DONE
    assert contents(bench) == []
    with bench.services.store.writing() as uow:
        stays = uow.occupancies.of_unit(EMPTY)
        parties = [stay.party for stay in stays]
        names = bench.services.identity.reveal(uow, parties, "test", "to compare")
    assert set(names.values()) == {NAME, OTHER_NAME}


def test_a_discarded_import_keeps_nothing(bench: Bench, imports: SheetImports) -> None:
    before = live(bench)
    job = imports.read(OCCUPANTS, sheet(OCCUPANTS, [OCCUPANT]), CLERK)
    assert contents(bench)
    job = imports.discard(job.id, CLERK)
    assert (job.state, job.rows, contents(bench)) == (ImportState.DISCARDED, 0, [])
    assert live(bench) == before
    for forbidden in (imports.confirm, imports.discard):
        with pytest.raises(Conflict):
            forbidden(job.id, CLERK)


def test_what_nobody_comes_back_to_is_given_up(
    bench: Bench, imports: SheetImports
) -> None:
    left = imports.read(OCCUPANTS, sheet(OCCUPANTS, [OCCUPANT]), CLERK)
    faulty = brought(imports, UNITS, [*units(1), ["", "B1", "1", "x", "出租", ""]])
    for days, states in ((29, "checked faulty"), (2, "discarded done")):
        bench.now += timedelta(days=days)
        bench.services.retirement.look()
        told_states = [imports.get(job.id).state for job in (left, faulty)]
        assert told_states == states.split()
    assert contents(bench) == []


def test_giving_up_faulty_rows_leaves_what_is_on_record(
    bench: Bench, imports: SheetImports
) -> None:
    job = brought(imports, UNITS, [*units(1), ["", "B1", "1", "x", "出租", ""]])
    job = imports.discard(job.id, CLERK)
    assert (job.state, job.counts) == (ImportState.DONE, {RowState.APPLIED: 1})
    assert contents(bench) == []


def test_a_stay_by_a_tenancy_ends_with_it_and_opens_doors(
    bench: Bench, imports: SheetImports
) -> None:
    row = ("B1-0201", "", "", NAME, "合住人", "2026-06-01", "", "")
    job = brought(imports, OCCUPANTS, [row])
    with bench.services.store.reading() as uow:
        stay = next(s for s in uow.occupancies.of_unit("B1-0201") if s.party != "P1")
    assert (stay.tenancy, stay.end) == ("T1", date(2027, 1, 1))
    before = live(bench)["permits"]
    brought(imports, CARDS, [("7001", f"{job.id}#2")])
    (front, back) = live(bench)["permits"] - before
    assert front.card.value == back.card.value == 7001
    assert {front.door, back.door} == {"door-001", "door-002"}


def test_what_the_register_learned_after_the_check_is_a_fault_of_the_row(
    bench: Bench, imports: SheetImports
) -> None:
    job = imports.read(CARDS, sheet(CARDS, [("7001", "P1"), ("7002", "P1")]), CLERK)
    assert job.count(RowState.READY) == 2
    bench.issue(7001, "P3")
    imports.confirm(job.id, CLERK)
    job = imports.run(job.id, CLERK)
    assert job.counts == {RowState.APPLIED: 1, RowState.FAULTY: 1}
    assert places_of_faults(imports, job) == [(2, "A", "card")]


def test_one_code_is_one_person_across_batches_and_corrections(
    bench: Bench, imports: SheetImports
) -> None:
    rest = ("产权", "2026-01-01", "")
    rows = [
        ("B1-0101", "L1", NAME, *rest),
        ("B1-0201", "L1", NAME, "?", "2026-01-01", ""),
        ("B1-0202", "L2", OTHER_NAME, *rest),
        ("B1-0301", "L1", NAME, *rest),
    ]
    job = brought(imports, LANDLORDS, rows)
    table = list(imports.fault_table(job.id))
    table[1][6] = "受托"
    imports.correct(job.id, file(table), CLERK)
    imports.run(job.id, CLERK)
    with bench.services.store.reading() as uow:
        party = {right.unit: right.party for right in uow.rights.find()}
    assert len(party) == 4
    assert party["B1-0101"] == party["B1-0201"] == party["B1-0301"] != party["B1-0202"]


def test_nobody_finds_an_import_that_is_not_there(imports: SheetImports) -> None:
    for ask in (imports.get, imports.faulty, imports.undo, imports.fault_table):
        with pytest.raises(NotFound):
            ask("I-0")
