"""CSV as tables of texts: what may be known of its encoding is found out strictly."""

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from registry.domain.errors import Fault, FieldError, Invalid
from registry.domain.sheets.table import escaped

DELIMITERS = ",;\t"
FIRST_LINE = 4096
"""Characters looked at to find the delimiter."""
PIECE = 1 << 15
"""Characters written at a time."""
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
SAVE_AS = "save the file as CSV in UTF-8, or as XLSX"


def read_csv(data: bytes) -> Iterator[list[str]]:
    """Return the rows of a file; raises Invalid where it is no CSV.

    Encodings are UTF-8, UTF-16 where a mark says so, and else GB 18030.
    """
    text = decoded(data)
    rows = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter(text), strict=True
    )
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error:
            # Its own words may repeat what stands there.
            raise _refused(
                f"row {rows.line_num}", "its quotes or its length are wrong"
            ) from None
        yield row


def write_csv(table: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """Return the rows of a table as CSV, piece by piece, in UTF-8 with its mark."""
    lines = io.StringIO(newline="")
    writer = csv.writer(lines)
    yield codecs.BOM_UTF8
    for row in table:
        writer.writerow([escaped(text) for text in row])
        if lines.tell() > PIECE:
            yield lines.getvalue().encode()
            lines.seek(0)
            lines.truncate()
    yield lines.getvalue().encode()


def decoded(data: bytes) -> str:
    """Return the text of a file, in the one encoding that all of it fits."""
    encodings = ("utf-16",) if data.startswith(UTF_16) else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _refused("the file", "its text is neither UTF-8 nor GB 18030")


def delimiter(text: str) -> str:
    """Return what separates the cells of the first line."""
    line = text[:FIRST_LINE].partition("\n")[0]
    return max(DELIMITERS, key=line.count)


def _refused(place: str, message: str) -> Invalid:
    return Invalid([FieldError(place, Fault.MALFORMED, message, SAVE_AS)])
