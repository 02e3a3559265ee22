"""XLSX as tables of texts; a hostile file costs bounded time and memory."""

import io
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time
from typing import IO, Any

import openpyxl
from openpyxl.utils import get_column_letter

from registry.domain.errors import Fault, FieldError, Invalid
from registry.domain.sheets.faults import MOST_COLUMNS
from registry.domain.sheets.table import LAST_ROW, escaped

MAGIC = b"PK\x03\x04"
MOST_PARTS = 200
LARGEST_INSIDE = 48 << 20
"""Bytes of all parts together once they are unpacked."""
PIECE = 1 << 16
MOST_DIGITS = 15
"""Digits a spreadsheet keeps of a number."""
METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
DOCTYPE = b"<!DOCTYPE"
FORMULA, ERROR = "f", "e"
SAVE_AS = "open it in a spreadsheet program and save it anew as XLSX, or as CSV"
TEXT_FORMAT = "@"


def read_workbook(data: bytes) -> Iterator[list[str]]:
    """Return the rows of a file's first sheet; raises Invalid where it is no XLSX.

    Formulas are not worked out: such a cell is a text beginning with `=`. What
    stands further right than one column beside the first row is not read.
    """
    check_parts(data)
    book: Any = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(
                io.BytesIO(data), read_only=True, keep_links=False
            )
            sheet = book.worksheets[0]
            # What a sheet says of its own size is not believed.
            sheet.reset_dimensions()
            for row in sheet.iter_rows(max_col=_width(sheet) + 1):
                yield [text_of(cell.value, cell.data_type) for cell in row]
    except (Invalid, GeneratorExit):
        raise
    except Exception:  # noqa: BLE001 - the library fails in many ways on broken files
        raise _refused("it cannot be read as XLSX") from None
    finally:
        if book is not None:
            book.close()


def text_of(value: object, kind: str) -> str:
    """Return what a cell holds as text; what a spreadsheet rounded stays visible."""
    if kind in {FORMULA, ERROR}:
        return f"={value}" if kind == ERROR else "="
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, datetime) and value.time() == time():
        value = value.date()
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else str(value)


def check_parts(data: bytes) -> None:
    """Unpack a file once and throw it away, to see that it is not made to harm."""
    left = LARGEST_INSIDE
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            if len(parts) > MOST_PARTS:
                raise _refused(f"it has more than {MOST_PARTS} parts")
            for part in parts:
                if part.compress_type not in METHODS:
                    raise _refused("it is packed in a way XLSX is not")
                with archive.open(part) as unpacked:
                    left = _counted(unpacked, left)
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, EOFError):
        raise _refused("it is damaged") from None
    except (RuntimeError, NotImplementedError):
        raise _refused("it has a password, or is packed in an unknown way") from None


def write_workbook(
    sheets: Iterable[tuple[str, Iterable[Sequence[str]]]], file: IO[bytes]
) -> None:
    """Write sheets with their titles; every cell is text, and stays text when typed."""
    book = openpyxl.Workbook(write_only=True)
    for title, table in sheets:
        sheet = book.create_sheet(title)
        for index in range(1, MOST_COLUMNS + 1):
            letter = get_column_letter(index)
            sheet.column_dimensions[letter].number_format = TEXT_FORMAT
            sheet.column_dimensions[letter].width = 18
        for row in table:
            sheet.append([escaped(text) or None for text in row])
    book.save(file)


def _width(sheet: Any) -> int:  # noqa: ANN401 - the library's own
    """Return how many columns the first row that is not empty has."""
    for row in sheet.iter_rows(max_row=LAST_ROW, max_col=MOST_COLUMNS + 1):
        filled = [n for n, cell in enumerate(row, 1) if cell.value is not None]
        if filled:
            return filled[-1]
    return 1


def _counted(unpacked: IO[bytes], left: int) -> int:
    """Read a part to its end within what is left; refuse one that declares types."""
    before = b""
    while piece := unpacked.read(PIECE):
        left -= len(piece)
        if left < 0:
            raise _refused(f"it unpacks to more than {LARGEST_INSIDE >> 20} MiB")
        plain = (before + piece).replace(b"\x00", b"")
        if DOCTYPE in plain:
            raise _refused("it declares a document type")
        before = piece[-2 * len(DOCTYPE) :]
    return left


def _number(value: float) -> str:
    if abs(value) < 10**MOST_DIGITS and value == int(value):
        return str(int(value))
    return format(value, f".{MOST_DIGITS}g")


def _refused(message: str) -> Invalid:
    return Invalid([FieldError("the file", Fault.MALFORMED, message, SAVE_AS)])
