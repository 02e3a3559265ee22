"""A file of a sheet, whatever its format: read as a table, or written as one."""

import io
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum

from registry.domain.errors import Fault, FieldError, Invalid
from registry.domain.sheets.kinds import COLUMNS, EXTRA, Column, SheetKind
from registry.services.sheets.csv_files import read_csv, write_csv
from registry.services.sheets.workbooks import MAGIC, read_workbook, write_workbook

LARGEST_FILE = 16 << 20
"""Bytes."""
OLD_EXCEL = b"\xd0\xcf\x11\xe0"
PIECE = 1 << 16
TITLES: dict[SheetKind, str] = {
    SheetKind.UNITS: "房屋",
    SheetKind.LANDLORDS: "房东",
    SheetKind.TENANCIES: "租约",
    SheetKind.OCCUPANTS: "入住人",
    SheetKind.CARDS: "门禁卡",
}
LEGEND = "说明"
LEGEND_HEADER = (
    "列 / column",
    "英文列名 / header in English",
    "必填 / required",
    "可填 / one of",
    "示例 / example",
    "填写方法 / how to fill it in",
)
YES, NO = "是 / yes", "否 / no"
NOTES = (
    "第一行是列名。 / The first row holds the headers.",
    "与示例完全相同的行不会导入。 / A row equal to the example is left out.",
    "公式不会计算，请粘贴为数值。 / Formulas are not worked out: paste values.",
)


class Format(StrEnum):
    """The formats of sheets."""

    CSV = "csv"
    XLSX = "xlsx"


MEDIA_TYPES = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def read_table(data: bytes) -> Iterator[list[str]]:
    """Return the rows of a file; its first bytes say what it is."""
    if len(data) > LARGEST_FILE:
        raise _refused(f"it is larger than {LARGEST_FILE >> 20} MiB", "split it")
    if data.startswith(OLD_EXCEL):
        raise _refused("it is of an old format, or has a password", "save it as XLSX")
    return read_workbook(data) if data.startswith(MAGIC) else read_csv(data)


def write_table(
    form: Format, title: str, table: Iterable[Sequence[str]]
) -> Iterator[bytes]:
    """Return a file that holds a table, piece by piece."""
    if form is Format.CSV:
        yield from write_csv(table)
        return
    file = io.BytesIO()
    write_workbook([(title, table)], file)
    file.seek(0)
    while piece := file.read(PIECE):
        yield piece


def template(kind: SheetKind) -> bytes:
    """Return an empty sheet of a kind with an example and an explanation."""
    file = io.BytesIO()
    columns = COLUMNS[kind]
    sheet = [headers(kind), [column.example for column in columns]]
    write_workbook([(TITLES[kind], sheet), (LEGEND, _legend(columns))], file)
    return file.getvalue()


def headers(kind: SheetKind, extra: Sequence[str] = ()) -> list[str]:
    """Return the header of a kind; extra columns come first."""
    return [EXTRA[key] for key in extra] + [c.chinese for c in COLUMNS[kind]]


def _legend(columns: Iterable[Column]) -> Iterator[Sequence[str]]:
    yield LEGEND_HEADER
    for column in columns:
        yield (
            column.chinese,
            column.key.replace("_", " "),
            YES if column.required else NO,
            "、".join(column.choices),
            column.example,
            column.remedy,
        )
    for note in NOTES:
        yield (note,)


def _refused(message: str, remedy: str) -> Invalid:
    return Invalid([FieldError("the file", Fault.MALFORMED, message, remedy)])
