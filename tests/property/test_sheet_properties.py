"""Whatever a file holds: drafts or faults with their place, never anything else."""

import io
import tracemalloc
import zipfile

import openpyxl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from registry.domain.errors import Invalid
from registry.domain.sheets.checks import Context, check
from registry.domain.sheets.faults import CellFault
from registry.domain.sheets.kinds import COLUMNS, SheetKind
from registry.domain.sheets.known import Known, mentions
from registry.domain.sheets.table import escaped, read_row, rows_of, unescaped
from registry.services.sheets.sheet_files import (
    Format,
    headers,
    read_table,
    write_table,
)

kinds = st.sampled_from(SheetKind)
cells = st.text(max_size=12) | st.sampled_from(
    ["2026-01-01", "B1", "租客", "产权", "出租", "7", "无", "=1", "P-0123456789abcdef"]
)
LOUD = 8 << 20
"""Bytes: far more than a small file may make us take."""


def read(data: bytes) -> list[list[str]]:
    try:
        return [list(row) for row in read_table(data)]
    except Invalid as refused:
        explained(refused)
        return []


def explained(refused: Invalid) -> None:
    assert refused.fields
    assert all(e.field and e.message and e.remedy for e in refused.fields)


@given(st.binary(max_size=400))
@example(b"PK\x03\x04")
@example(b"\xff\xfe")
@example(b'"')
@example(b"\xd0\xcf\x11\xe0")
def test_any_bytes_are_a_table_or_are_refused(data: bytes) -> None:
    for prefix in (b"", b"PK\x03\x04"):
        read(prefix + data)


@pytest.fixture(scope="module")
def workbook() -> bytes:
    made = openpyxl.Workbook()
    for row in (headers(SheetKind.CARDS), ["1", "P1"], [2, None]):
        made.worksheets[0].append(row)
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


@settings(max_examples=40)
@given(st.data())
def test_any_damage_to_a_workbook_is_read_around_or_refused(
    workbook: bytes, data: st.DataObject
) -> None:
    """Damage inside the parts, where the archive's checksums do not catch it."""
    spoilt = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as whole:
        names = whole.namelist()
        name = data.draw(st.sampled_from(names), "part")
        at = data.draw(st.integers(0, len(whole.read(name))), "at")
        length = data.draw(st.integers(0, 9), "length")
        put = data.draw(st.binary(max_size=9), "put")
        with zipfile.ZipFile(spoilt, "w") as archive:
            for part in names:
                content = whole.read(part)
                if part == name:
                    content = content[:at] + put + content[at + length :]
                archive.writestr(part, content)
    tracemalloc.start()
    read(spoilt.getvalue())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < LOUD


@given(kinds, st.lists(st.lists(cells, max_size=10), max_size=6))
def test_any_cells_under_good_headers_are_drafts_or_located_faults(
    kind: SheetKind, rows: list[list[str]]
) -> None:
    table = [headers(kind), *rows]
    found = list(rows_of(kind, table))
    accepted = []
    for row in found:
        draft, faults = read_row(kind, row)
        assert (draft is None) == bool(faults)
        if draft is not None:
            accepted.append((row, draft))
        located(kind, faults, row.line.row)
    mentions([draft for _, draft in accepted], {})
    context = Context(Known())
    for row, draft in accepted:
        outcome = check(kind, context, row.line, draft, None)
        assert outcome.faults, "nothing is on record that a row could stand on"
        located(kind, outcome.faults, row.line.row)


def located(kind: SheetKind, faults: tuple[CellFault, ...], row: int) -> None:
    keys = {column.key for column in COLUMNS[kind]} | {"-"}
    for fault in faults:
        assert (fault.row, fault.column in keys) == (row, True)
        assert fault.message
        assert fault.remedy
        assert fault.letter


@given(st.lists(st.lists(cells, max_size=6), max_size=6))
def test_any_table_of_cells_is_read_or_refused(table: list[list[str]]) -> None:
    for kind in SheetKind:
        try:
            list(rows_of(kind, table))
        except Invalid as refused:
            explained(refused)


@given(st.text())
def test_escaping_is_undone_by_reading(text: str) -> None:
    assert unescaped(escaped(text)) == text
    assert escaped(text)[:1] not in tuple("=+-@\t\r")


plain = st.text(
    st.characters(min_codepoint=0x21, exclude_categories=["C", "Z"]), max_size=8
)


@settings(max_examples=40)
@given(
    st.sampled_from(Format),
    st.lists(st.lists(plain, min_size=3, max_size=3), min_size=1, max_size=5),
)
@example(Format.CSV, [["=1", "+1", '"']])
@example(Format.XLSX, [["'='", "@", "_x000D_"]])
def test_a_table_comes_back_from_either_format(
    form: Format, rows: list[list[str]]
) -> None:
    table = [["x", "y", "z"], *rows]
    data = b"".join(write_table(form, "x", table))
    back = [[unescaped(text) for text in row[:3]] for row in read_table(data)]
    if form is Format.XLSX:
        while table and not any(table[-1]):
            table.pop()
    assert back[: len(table)] == table
