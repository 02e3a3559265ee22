"""Files of sheets: encodings found strictly, hostile workbooks bounded."""

import io
import zipfile
from datetime import date, datetime, time
from pathlib import Path

import openpyxl
import pytest

from registry.domain.errors import Invalid
from registry.domain.sheets.kinds import COLUMNS, SheetKind
from registry.domain.sheets.table import read_row, rows_of
from registry.services.sheets.sheet_files import (
    LARGEST_FILE,
    LEGEND,
    Format,
    headers,
    read_table,
    template,
    write_table,
)
from registry.services.sheets.workbooks import LARGEST_INSIDE, text_of

VECTOR = Path(__file__).parents[2] / "vectors" / "units_gb18030.csv"
SPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
AT_THREE = datetime(2026, 1, 2, 3, 4)  # noqa: DTZ001 - workbooks know no zones
TABLE = [["房屋编号", "卡号"], ["B1-0201", "'=1"], ["", "0017"]]


def book(*rows: list[object]) -> bytes:
    """Return a workbook as a spreadsheet program would save it."""
    made = openpyxl.Workbook()
    sheet = made.worksheets[0]
    for row in rows:
        sheet.append(row)
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def with_part(name: str, content: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a workbook in which one part is something else."""
    made = io.BytesIO()
    source = zipfile.ZipFile(io.BytesIO(book(["x"])))
    with source, zipfile.ZipFile(made, "w") as target:
        for part in source.namelist():
            if part != name:
                target.writestr(part, source.read(part))
        target.writestr(name, content, method)
    return made.getvalue()


def with_cells(cells: str, before: str = "") -> bytes:
    """Return a workbook whose sheet is written by hand."""
    text = (
        f'{before}<worksheet xmlns="{SPACE}"><dimension ref="A1:XFD1048576"/>'
        f"<sheetData>{cells}</sheetData></worksheet>"
    )
    return with_part("xl/worksheets/sheet1.xml", text.encode())


def texts(data: bytes) -> list[list[str]]:
    """Return the rows without what is empty at their ends."""
    rows = [list(row) for row in read_table(data)]
    for row in rows:
        while row and not row[-1]:
            row.pop()
    return rows


def test_a_file_in_gb18030_is_read_as_it_was_typed() -> None:
    rows = list(rows_of(SheetKind.UNITS, read_table(VECTOR.read_bytes())))
    drafts = [read_row(SheetKind.UNITS, row)[0] for row in rows]
    assert [getattr(d, "number", None) for d in drafts] == ["0101", "0102", "㐀号"]
    assert [getattr(d, "use", None) for d in drafts] == ["rental", "shop", "vacant"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encodings_and_delimiters_are_found(encoding: str, delimiter: str) -> None:
    data = f"房屋编号{delimiter}用途\r\n甲{delimiter}商铺\r\n".encode(encoding)
    assert list(read_table(data)) == [["房屋编号", "用途"], ["甲", "商铺"]]


@pytest.mark.parametrize(
    "data",
    [
        b"\xff",
        b"\xff\xfe\x00",
        b"\xef\xbb\xbf\xff",
        b'a,b\n"x"y,"\n',
        b'"' + b"x" * 200_000,
        b"\xd0\xcf\x11\xe0 an old workbook",
        b"PK\x03\x04",
        b"PK\x03\x04" + bytes(1000),
        bytes(LARGEST_FILE + 1),
        with_part("xl/workbook.xml", b"<workbook/>"),
        with_part("xl/workbook.xml", b"not xml"),
        with_part("xl/styles.xml", b"\xff\xff"),
        with_part("[Content_Types].xml", b""),
        with_part("xl/bomb.xml", bytes(LARGEST_INSIDE)),
        with_part("xl/odd.bin", b"x", zipfile.ZIP_LZMA),
        with_cells("", before='<!DOCTYPE x [<!ENTITY a "b">]>'),
        with_cells('<row r="1"><c r="A1" t="s"><v>99999</v></c></row>'),
        with_cells('<row r="-5"><c r="A1"><v>1</v></c></row><row>'),
        with_cells(f'<row r="{"9" * 5000}"><c r="A1"><v>1</v></c></row>'),
    ],
)
def test_what_is_no_sheet_is_refused_with_a_remedy(data: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        for _ in read_table(data):
            pass
    assert all(e.message and e.remedy for e in refused.value.fields)


def test_a_utf_16_type_declaration_is_found_too() -> None:
    text = f'<!DOCTYPE x><worksheet xmlns="{SPACE}"><sheetData/></worksheet>'
    with pytest.raises(Invalid, match="document type"):
        texts(with_part("xl/worksheets/sheet1.xml", text.encode("utf-16")))


def test_a_file_with_too_many_parts_is_refused() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for number in range(201):
            archive.writestr(str(number), b"")
    with pytest.raises(Invalid, match="more than 200 parts"):
        texts(made.getvalue())


def test_a_cell_far_away_is_only_a_row_too_far() -> None:
    """Two cells at the corners of the largest sheet there may be: 4 KiB."""
    far = with_cells(
        f'<row r="1">{"".join(_inline("A1", "card") + _inline("B1", "person"))}</row>'
        '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    )
    with pytest.raises(Invalid, match="below row 50001"):
        list(rows_of(SheetKind.CARDS, read_table(far)))


def _inline(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def test_cells_of_every_type_become_text() -> None:
    data = book(
        ["text", 7, 7.5, 4400001234, True, date(2026, 1, 2), None, "0017"],
        ["=1+1", 12345678901234567890, AT_THREE, time(1), "#REF!"],
    )
    assert texts(data) == [
        ["text", "7", "7.5", "4400001234", "TRUE", "2026-01-02", "", "0017"],
        ["=", "1.23456789012346e+19", "2026-01-02T03:04:00", "01:00:00", "=#REF!"],
    ]
    assert text_of(float("inf"), "n") == "inf"
    assert text_of(float("nan"), "n") == "nan"


def test_formulas_are_never_worked_out_nor_what_they_once_gave_believed() -> None:
    cells = '<row r="1"><c r="A1"><f>1+1</f><v>42</v></c></row>'
    assert texts(with_cells(cells)) == [["="]]


@pytest.mark.parametrize("form", Format)
def test_a_table_comes_back_as_it_was(form: Format) -> None:
    data = b"".join(write_table(form, "x", TABLE))
    back = texts(data)
    assert back[0] == TABLE[0]
    assert back[1:] == [["B1-0201", "''=1"], ["", "0017"]]


def test_what_looks_like_a_formula_leaves_as_text() -> None:
    for form in Format:
        data = b"".join(write_table(form, "x", [["=cmd|' /C calc'!A0", "+1", "@x"]]))
        ((first, *others),) = texts(data)
        assert first == "'=cmd|' /C calc'!A0"
        assert others == ["'+1", "'@x"]


@pytest.mark.parametrize("kind", SheetKind)
def test_a_template_explains_every_column(kind: SheetKind) -> None:
    data = template(kind)
    assert list(rows_of(kind, read_table(data))) == []
    made = openpyxl.load_workbook(io.BytesIO(data))
    legend = [list(row) for row in made[LEGEND].iter_rows(values_only=True)]
    assert [row[0] for row in legend[1 : 1 + len(COLUMNS[kind])]] == headers(kind)
    assert made.worksheets[0]["A2"].number_format in {"General", "@"}
