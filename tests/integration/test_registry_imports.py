"""Imports of sheets on a real database: checked, applied, corrected, taken back."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from registry.audit.trail import Action, verify
from registry.domain.credential import CredentialState
from registry.domain.errors import Conflict, Invalid, NotFound
from registry.domain.history import Channel, Source
from registry.domain.sheets.jobs import Import, ImportState, RowState
from registry.domain.sheets.kinds import SheetKind
from registry.persistence.audit_entries import AuditEntries
from registry.persistence.imports import ImportJobRow, ImportLineRow
from registry.services.sheets.imports import SheetImports
from registry.services.sheets.sheet_files import Format
from tests.support.postgresql import NewDatabase
from tests.support.registry_bench import (
    OWNER_CARD,
    TENANT_CARD,
    Bench,
    registry,
)
from tests.support.sheets import (
    CLERK,
    brought,
    file,
    live,
    places_of_faults,
    sheet,
    undone,
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


def imports_of(
    bench: Bench, clock: Callable[[], datetime] | None = None, batch: int = 3
) -> SheetImports:
    """Return the service with batches small enough to see several."""
    services = bench.services
    return SheetImports(
        services.store,
        services.identity,
        services.permits,
        clock or bench.clock,
        batch=batch,
    )


@pytest.fixture
def imports(bench: Bench) -> SheetImports:
    return imports_of(bench)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SheetImports]:
    """Serve tests that only read: whatever they leave is in nobody's way."""
    with registry(tmp_path_factory.mktemp("imports")) as ready:
        yield imports_of(ready)


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


def test_giving_up_faulty_rows_leaves_what_is_on_record(
    bench: Bench, imports: SheetImports
) -> None:
    job = brought(imports, UNITS, [*units(1), ["", "B1", "1", "x", "出租", ""]])
    job = imports.discard(job.id, CLERK)
    assert (job.state, job.counts) == (ImportState.DONE, {RowState.APPLIED: 1})
    assert contents(bench) == []


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


FAULTS: list[tuple[SheetKind, tuple[str, ...], str]] = [
    (UNITS, ("", "B9", "1", "1", "出租", ""), "building"),
    (UNITS, ("", "B1", "0201", "1", "出租", ""), "number"),
    (UNITS, ("B1-0201", "B1", "1", "1", "出租", ""), "unit"),
    (UNITS, ("X", "B1", "0201", "1", "出租", ""), "number"),
    (LANDLORDS, ("B9", *LANDLORD[1:]), "unit"),
    (LANDLORDS, (EMPTY, "L1", "", *LANDLORD[3:]), "name"),
    (LANDLORDS, (EMPTY, "P9", OTHER_NAME, *LANDLORD[3:]), "name"),
    (LANDLORDS, (EMPTY, "I-1#2", NAME, *LANDLORD[3:]), "landlord"),
    (LANDLORDS, (*LANDLORD[:5], "2026-01-01"), "end"),
    (TENANCIES, ("", "B9", "", "", *LET), "unit"),
    (TENANCIES, ("", EMPTY, "A", "", *LET), "room"),
    (TENANCIES, ("", EMPTY, "", "P8", *LET), "landlord"),
    (TENANCIES, ("", EMPTY, "", "P9", *LET[:4], "2026-06-01"), "tenant"),
    (TENANCIES, ("", EMPTY, "", "P9", "P1", *LET[1:]), "signed_on"),
    (TENANCIES, ("", EMPTY, "", "P9", "P1", NAME, *LET[2:4], "2026-06-01"), "name"),
    (TENANCIES, ("", EMPTY, "", "P9", "P8", "", *LET[2:4], "2026-06-01"), "name"),
    (TENANCIES, ("", EMPTY, "", "", "P1", "", *LET[2:4], "2026-06-01"), "landlord"),
    (TENANCIES, ("T1", EMPTY, "", "", *LET), "tenancy"),
    (TENANCIES, ("9", EMPTY, "", "", *LET), "tenancy"),
    (TENANCIES, ("", "B1-0201", "", "", *LET), "start"),
    (OCCUPANTS, ("B1-0201", "", "P1", "", "租客", "2026-06-01", "", ""), "start"),
    (OCCUPANTS, ("B1-0202", "C", *OCCUPANT[2:]), "room"),
    (OCCUPANTS, (*OCCUPANT[:7], "T1"), "tenancy"),
    (CARDS, (str(TENANT_CARD), "P3"), "card"),
    (CARDS, ("7001", "P8"), "person"),
    (CARDS, ("7001", "I-0123456789abcdef#2"), "person"),
]


@pytest.mark.parametrize(("kind", "row", "column"), FAULTS)
def test_what_contradicts_the_register_is_named_by_its_cell(
    shared: SheetImports, kind: SheetKind, row: tuple[str, ...], column: str
) -> None:
    job = shared.read(kind, sheet(kind, [row]), CLERK)
    ((number, letter, found),) = places_of_faults(shared, job)
    assert (number, found) == (2, column)
    assert letter in "ABCDEFGHI"
    ((fault,),) = [row.faults for row in shared.faulty(job.id)]
    assert NAME not in fault.message + fault.remedy
    assert str(OWNER_CARD) not in fault.message + fault.remedy


TWICE: list[tuple[SheetKind, tuple[str, ...], tuple[str, ...], str]] = [
    (UNITS, ("", "B1", "9", *SHOP), ("", "B1", "9", "2", "自住", ""), "number"),
    (UNITS, ("X", "B1", "8", *SHOP), ("X", "B1", "9", *SHOP), "unit"),
    (LANDLORDS, LANDLORD, LANDLORD, "start"),
    (LANDLORDS, LANDLORD, ("B1-0301", "L1", OTHER_NAME, *LANDLORD[3:]), "name"),
    (OCCUPANTS, OCCUPANT, OCCUPANT, "start"),
    (CARDS, ("7001", "P1"), ("7001", "P3"), "card"),
    (
        TENANCIES,
        ("", EMPTY, "", "", *LET),
        ("", EMPTY, "", "", "", "", "2026-09-01", "", ""),
        "start",
    ),
    (
        TENANCIES,
        ("T9", EMPTY, "", "", "", "", "2026-06-01", "2026-07-01", ""),
        ("T9", EMPTY, "", "", "", "", "2026-07-01", "", ""),
        "tenancy",
    ),
]


@pytest.mark.parametrize(("kind", "first", "second", "column"), TWICE)
def test_what_the_file_says_twice_is_a_fault_of_the_later_row(
    shared: SheetImports,
    kind: SheetKind,
    first: tuple[str, ...],
    second: tuple[str, ...],
    column: str,
) -> None:
    job = shared.read(kind, sheet(kind, [first, second]), CLERK)
    ((number, _, found),) = places_of_faults(shared, job)
    assert (number, found) == (3, column)


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
