"""A table of texts read as rows of a kind: a draft each, or the faults of its cells."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from registry.domain.errors import Fault, FieldError, Invalid
from registry.domain.sheets.faults import (
    FORMULA_REMEDY,
    MOST_COLUMNS,
    CellFault,
    Line,
    letter_of,
)
from registry.domain.sheets.kinds import (
    COLUMNS,
    DOCUMENTS,
    DRAFTS,
    EXTRA,
    Column,
    Draft,
    SheetKind,
)
from registry.domain.sheets.reading import Unreadable

LAST_ROW = 50_001
"""The header and 50,000 rows."""
LONGEST_CELL = 500
ESCAPED = frozenset("=+-@'\t\r")
"""What a spreadsheet takes for a formula when a cell of text begins with it."""


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of a row by column, without those that are empty."""

    line: Line
    cells: Mapping[str, str] = field(repr=False)
    stray: str | None = None
    """The letter of a cell that stands under no header."""


def rows_of(kind: SheetKind, table: Iterable[Sequence[str]]) -> Iterator[Row]:
    """Return the rows of a table whose first row is its header.

    Empty rows and the example of the template are left out. Raises Invalid for a
    header that cannot be read, and for a file that is too long.
    """
    layout: Mapping[int, str] | None = None
    letters: Mapping[str, str] = {}
    for number, texts in enumerate(table, 1):
        if number > LAST_ROW:
            message = f"it goes on below row {LAST_ROW}"
            raise _refused("the file", message, "split it, or delete what is below")
        if not any(text.strip() for text in texts):
            continue
        if layout is None:
            layout = header(kind, texts)
            letters = {key: letter_of(index) for index, key in layout.items()}
            continue
        row = _row(Line(number, letters), layout, texts)
        if not _is_example(kind, row):
            yield row
    if layout is None:
        raise _refused(
            "the file", "it has no header", "begin with the headers of the template"
        )


def header(kind: SheetKind, texts: Sequence[str]) -> Mapping[int, str]:
    """Return the key of each column that has a header, by its index."""
    if any(text.strip() for text in texts[MOST_COLUMNS:]):
        raise _refused(
            "the header",
            f"it has more than {MOST_COLUMNS} columns",
            "keep to the columns of the template",
        )
    known = _headers(kind)
    layout: dict[int, str] = {}
    errors: list[FieldError] = []
    for index, text in enumerate(texts):
        name = _plain(text)
        if not name:
            continue
        place = f"header {letter_of(index)}"
        key = known.get(name)
        if key is None:
            errors.append(_strange(place, name))
        elif key in layout.values():
            remedy = "keep one of the two columns"
            message = f"the column {key} is there twice"
            errors.append(FieldError(place, Fault.TAKEN, message, remedy))
        else:
            layout[index] = key
    errors += [
        FieldError(
            column.key,
            Fault.MISSING,
            f"there is no column {column.key} ({column.chinese})",
            "add it, or begin with the template",
        )
        for column in COLUMNS[kind]
        if column.required and column.key not in layout.values()
    ]
    if errors:
        raise Invalid(errors)
    return layout


def read_row(kind: SheetKind, row: Row) -> tuple[Draft | None, tuple[CellFault, ...]]:
    """Read a row: a draft, or every fault of its cells."""
    faults: list[CellFault] = []
    values: dict[str, Any] = {}
    if row.stray is not None:
        faults.append(
            CellFault(
                row.line.row,
                row.stray,
                "-",
                Fault.UNKNOWN,
                "this cell stands under no header",
                "empty it, or give its column a header of the template",
            )
        )
    for column in COLUMNS[kind]:
        text = row.cells.get(column.key, "")
        fault = _unread(row.line, column, text)
        if fault is not None:
            faults.append(fault)
        elif text:
            try:
                values[column.key] = column.read(unescaped(text))
            except Unreadable as error:
                faults.append(_malformed(row.line, column, str(error)))
    if not faults:
        draft = DRAFTS[kind](**values)
        faults += _backwards(row.line, draft)
        if not faults:
            return draft, ()
    return None, tuple(faults)


def escaped(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ESCAPED else text


def unescaped(text: str) -> str:
    """Return a text as it was before it was escaped."""
    return text[1:] if text[:1] == "'" and text[1:2] in ESCAPED else text


def _row(line: Line, layout: Mapping[int, str], texts: Sequence[str]) -> Row:
    cells = {}
    stray = None
    for index, text in enumerate(texts):
        stripped = text.strip()
        if not stripped:
            continue
        key = layout.get(index)
        if key is not None:
            cells[key] = stripped
        elif stray is None:
            stray = letter_of(index)
    return Row(line, cells, stray)


def _unread(line: Line, column: Column, text: str) -> CellFault | None:
    """Return why a cell need not even be read."""
    if not text:
        return line.missing(column.key, column.remedy) if column.required else None
    if len(text) > LONGEST_CELL:
        message = f"this is longer than {LONGEST_CELL} characters"
        return _malformed(line, column, message)
    if text[0] == "=":
        message = "this is a formula, and formulas are not worked out here"
        return line.fault(column.key, Fault.MALFORMED, message, FORMULA_REMEDY)
    return None


def _malformed(line: Line, column: Column, message: str) -> CellFault:
    return line.fault(column.key, Fault.MALFORMED, message, column.remedy)


def _backwards(line: Line, draft: Draft) -> list[CellFault]:
    start, end = (getattr(draft, name, None) for name in ("start", "end"))
    if start is None or end is None or start < end:
        return []
    message = "it is not later than the start"
    remedy = "give an end date later than the start date"
    return [line.fault("end", Fault.CONTRADICTION, message, remedy)]


def _is_example(kind: SheetKind, row: Row) -> bool:
    example = {c.key: c.example for c in COLUMNS[kind] if c.example}
    return {k: v for k, v in row.cells.items() if k not in EXTRA} == example


def _headers(kind: SheetKind) -> dict[str, str]:
    names = {_plain(column.chinese): column.key for column in COLUMNS[kind]}
    names |= {_plain(column.key): column.key for column in COLUMNS[kind]}
    for key, chinese in EXTRA.items():
        names |= {key: key, chinese: key}
    return names


def _plain(text: str) -> str:
    return text.strip().rstrip("*").strip().casefold().replace("_", " ")


def _strange(place: str, name: str) -> FieldError:
    if name in DOCUMENTS:
        return FieldError(
            place,
            Fault.UNKNOWN,
            "kinds and numbers of identity documents cannot be kept here yet",
            "take the column out of the file; nothing was stored",
        )
    return FieldError(
        place,
        Fault.UNKNOWN,
        "this header is none of the template's",
        "give it a header of the template, or take the column out",
    )


def _refused(field_: str, message: str, remedy: str) -> Invalid:
    return Invalid([FieldError(field_, Fault.MALFORMED, message, remedy)])
