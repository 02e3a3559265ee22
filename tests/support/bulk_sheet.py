"""A large sheet of occupants with planted faults, imported, mended and taken back."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

from registry.domain.places import Unit, UnitUse
from registry.domain.sheets.jobs import Import, ImportState, RowState
from registry.domain.sheets.kinds import SheetKind
from registry.services.sheets.imports import SheetImports
from registry.services.sheets.sheet_files import Format, headers, read_table
from tests.support.registry_bench import Bench
from tests.support.sheets import CLERK, file, live, sheet

KIND = SheetKind.OCCUPANTS
LIVING = 5
"""People in a unit."""
COLUMNS = ("unit", "name", "basis", "start", "end")
"""The columns that are spoilt in turn."""
PLACE = {"unit": 0, "name": 3, "basis": 4, "start": 5, "end": 6}
WRONG = {
    "unit": "B1-none",
    "name": "",
    "basis": "?",
    "start": "2026-02-30",
    "end": "2026-01-01",
}
Stage = Callable[[str], AbstractContextManager[object]]
"""Measures what happens inside."""


@dataclass(frozen=True, slots=True)
class Bulk:
    """Rows that are right, and the column of the fault by the number of its row."""

    right: list[list[str]]
    planted: dict[int, str]

    def rows(self) -> Iterator[list[str]]:
        """Return the rows with their faults."""
        for number, row in enumerate(self.right, 2):
            column = self.planted.get(number)
            yield row if column is None else spoilt(row, column)


def spoilt(row: list[str], column: str) -> list[str]:
    place = PLACE[column]
    return [*row[:place], WRONG[column], *row[place + 1 :]]


def bulk(rows: int, faults: int) -> Bulk:
    """Make rows of which some, evenly spread, are faulty."""
    right = [
        [
            f"B1-9{n // LIVING:04}",
            "",
            f"k{n}",
            f"示例{n}",
            "合住人",
            "2026-02-01",
            "2026-12-31",
            "无",
        ]
        for n in range(rows)
    ]
    step = rows // faults
    numbers = range(2, rows + 2, step)
    planted = {n: COLUMNS[turn % 5] for turn, n in enumerate(numbers)}
    return Bulk(right, planted)


def add_units(bench: Bench, rows: int) -> None:
    """Let there be units enough."""
    units = [
        Unit(f"B1-9{n:04}", "B1", f"9{n:04}", 9, UnitUse.RENTAL)
        for n in range(rows // LIVING + 1)
    ]
    with bench.services.store.writing() as uow:
        uow.houses.add(units)


def go_through(bench: Bench, made: Bulk, stage: Stage) -> list[Import]:
    """Import, stop, resume, correct and undo; check every step, return what was heard.

    The process "dies" after the second batch: the callback raises.
    """
    imports, before = bench.services.sheet_imports, live(bench)
    heard: list[Import] = []
    with stage("made as XLSX"):
        data = sheet(KIND, list(made.rows()), Format.XLSX)
    with stage("read and checked"):
        job = imports.read(KIND, data, CLERK)
    assert found(imports, job) == made.planted
    imports.confirm(job.id, CLERK)

    def dying(now: Import) -> None:
        heard.append(now)
        if len(heard) == 2:
            raise InterruptedError

    with stage("recorded"):
        try:
            imports.run(job.id, CLERK, dying)
        except InterruptedError:
            job = imports.run(job.id, CLERK, heard.append)
    assert job.state is ImportState.FAULTY
    assert job.count(RowState.APPLIED) == len(made.right) - len(made.planted)
    with stage("corrected and recorded"):
        mended = mend(made, list(read_table(file(list(imports.fault_table(job.id))))))
        imports.correct(job.id, file(mended, Format.XLSX), CLERK)
        job = imports.run(job.id, CLERK, heard.append)
    assert (job.state, job.counts) == (
        ImportState.DONE,
        {RowState.APPLIED: len(made.right)},
    )
    assert len(live(bench)["named"]) == len(before["named"]) + len(made.right)
    with stage("taken back"):
        imports.undo(job.id)
        job = imports.run(job.id, CLERK, heard.append)
    assert job.state is ImportState.UNDONE
    assert live(bench) == before
    return heard


def found(imports: SheetImports, job: Import) -> dict[int, str]:
    """Return the column of the one fault of each faulty row; each has its remedy."""
    columns = {}
    for row in imports.faulty(job.id):
        (fault,) = row.faults
        assert fault.remedy
        assert fault.row == row.number
        assert fault.letter == "ABCDEFGH"[PLACE[fault.column]]
        columns[row.number] = fault.column
    return columns


def mend(made: Bulk, table: list[list[str]]) -> list[list[str]]:
    """Return a sheet of faulty rows put right, as a clerk would: cell by cell."""
    shift = len(table[0]) - len(headers(KIND))
    for row in table[1:]:
        number = int(row[0])
        place = PLACE[made.planted[number]]
        row[shift + place] = made.right[number - 2][place]
    return table
