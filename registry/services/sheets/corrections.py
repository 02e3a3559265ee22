"""The faulty rows of an import as a sheet, and that sheet back with corrections."""

from collections.abc import Iterable, Iterator, Mapping

from registry.domain.errors import Fault, FieldError, Invalid
from registry.domain.sheets.faults import Line, in_words
from registry.domain.sheets.jobs import ImportRow
from registry.domain.sheets.kinds import (
    COLUMNS,
    EXTRA,
    PERSONAL,
    PROBLEM,
    REMEDY,
    ROW,
    SheetKind,
)
from registry.domain.sheets.table import Row, unescaped
from registry.services.sheets.sheet_files import headers
from registry.services.sheets.staged import Staging, Told

MOST_TOLD = 100
"""Rows named when they replace nothing."""


def fault_table(
    kind: SheetKind, staging: Staging, rows: Iterable[ImportRow]
) -> Iterator[list[str]]:
    """Return faulty rows with what is wrong and the remedy; names are left out."""
    yield headers(kind, (ROW, PROBLEM, REMEDY))
    for row in rows:
        cells = staging.told(row).row.cells
        shown = [
            "" if column.key in PERSONAL else _shown(cells.get(column.key, ""))
            for column in COLUMNS[kind]
        ]
        yield [str(row.number), *in_words(row.faults), *shown]


def corrected(
    staging: Staging, waiting: Mapping[int, ImportRow], rows: Iterable[Row]
) -> Iterator[Told]:
    """Return rows in place of the faulty ones they name; raises Invalid for others."""
    errors: list[FieldError] = []
    seen: set[int] = set()
    for row in rows:
        number = _number(row.cells.get(ROW, ""))
        if number not in waiting or number in seen:
            errors.append(_replaces_nothing(row.line, taken=number in seen))
            if len(errors) == MOST_TOLD:
                break
            continue
        seen.add(number)
        if not errors:
            yield _merged(staging.told(waiting[number]), waiting[number], row)
    if errors:
        raise Invalid(errors)


def _merged(before: Told, faulty: ImportRow, row: Row) -> Told:
    """Return a row as corrected; what was not shown and not wrong is kept."""
    wrong = {fault.column for fault in faulty.faults}
    kept = {
        key: before.row.cells[key]
        for key in PERSONAL - wrong
        if key in before.row.cells and key not in row.cells
    }
    cells = {key: text for key, text in row.cells.items() if key not in EXTRA}
    line = Line(faulty.number, row.line.letters)
    return Told(Row(line, cells | kept, row.stray))


def _shown(text: str) -> str:
    """Return a cell to be corrected; a formula is not given back as one."""
    return "" if text.startswith("=") else unescaped(text)


def _number(text: str) -> int:
    digits = text.isascii() and text.isdigit() and len(text) < len(str(10**9))
    return int(text) if digits else 0


def _replaces_nothing(line: Line, *, taken: bool) -> FieldError:
    if taken:
        message, remedy = "another row replaces the same one", "keep one of them"
        return line.fault(ROW, Fault.TAKEN, message, remedy).field_error()
    message = "no faulty row of this import has this number"
    remedy = "correct the sheet of faulty rows, and keep its first column as it is"
    return line.fault(ROW, Fault.UNKNOWN, message, remedy).field_error()
