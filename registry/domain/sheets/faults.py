"""What is wrong with a cell: where it is, why, and the remedy; never its value."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from registry.domain.errors import Fault, FieldError

MOST_COLUMNS = 40
LETTERS = 26
FORMULA_REMEDY = "copy the column and paste it as values"


@dataclass(frozen=True, slots=True)
class CellFault:
    """A cell that cannot be accepted; `row` and `letter` are those of the file."""

    row: int
    letter: str
    column: str
    fault: Fault
    message: str
    remedy: str

    def field_error(self) -> FieldError:
        """Say the same as an error of a field."""
        place = f"row {self.row}, column {self.letter or '-'} ({self.column})"
        return FieldError(place, self.fault, self.message, self.remedy)


@dataclass(frozen=True, slots=True)
class Line:
    """Where the cells of one row are: its number, and the letter of each column."""

    row: int
    letters: Mapping[str, str]

    def fault(self, column: str, fault: Fault, message: str, remedy: str) -> CellFault:
        """Return a fault of one of its cells."""
        letter = self.letters.get(column, "")
        return CellFault(self.row, letter, column, fault, message, remedy)

    def missing(self, column: str, remedy: str) -> CellFault:
        """Return the fault of a cell left empty."""
        return self.fault(column, Fault.MISSING, "this cell is empty", remedy)

    def unknown(self, column: str, what: str, remedy: str) -> CellFault:
        """Return the fault of a cell that names nothing on record."""
        return self.fault(column, Fault.UNKNOWN, f"{what} is not on record", remedy)


def letter_of(index: int) -> str:
    """Return what a spreadsheet calls its column of an index from 0: A, B, … AA."""
    letters = ""
    left = index + 1
    while left:
        left, place = divmod(left - 1, LETTERS)
        letters = chr(ord("A") + place) + letters
    return letters


def in_words(faults: Iterable[CellFault]) -> tuple[str, str]:
    """Return the problems and the remedies of a row, each in one text."""
    kept = list(faults)
    problems = (f"{f.letter or '-'} ({f.column}): {f.message}" for f in kept)
    remedies = dict.fromkeys(f.remedy for f in kept)
    return "; ".join(problems), "; ".join(remedies)
