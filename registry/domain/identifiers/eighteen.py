"""Numbers of 18 characters made like a citizen number (GB 11643-1999)."""

from collections.abc import Iterator
from datetime import date

from registry.domain.errors import Fault, FieldError
from registry.domain.identifiers.check_characters import ELEVEN, mod_11_2
from registry.domain.identifiers.typed import (
    COMPARE,
    DIGITS,
    odd_characters,
    wrong_length,
)

LENGTH, BODY = 18, 17
BIRTH = slice(6, 14)
FOREIGNER = "9"
"""What a foreigner's number begins with, and no citizen's."""
EARLIEST = date(1850, 1, 1)
"""Nobody born before lives; an earlier date is a slip."""


def faults_of_eighteen(
    field: str, what: str, number: str, today: date
) -> list[FieldError]:
    """Say what is wrong with characters, length, birth date and check character."""
    if len(number) != LENGTH:
        return [wrong_length(field, what, str(LENGTH), number)]
    odd = [
        *odd_characters(field, number[:BODY], DIGITS),
        *odd_characters(field, number[BODY:], ELEVEN, LENGTH),
    ]
    return odd or [
        *birth_faults(field, number[BIRTH], "7 to 14", today),
        *_check_faults(field, number),
    ]


def birth_faults(
    field: str, digits: str, places: str, today: date
) -> Iterator[FieldError]:
    """Yield an error when eight digits are no birth date of somebody alive."""
    born = _day(digits)
    if born is None or not EARLIEST <= born <= today:
        message = f"digits {places} are not a date of birth"
        yield FieldError(field, Fault.MALFORMED, message, COMPARE)


def _check_faults(field: str, number: str) -> Iterator[FieldError]:
    if mod_11_2(number[:BODY]) != number[BODY]:
        message = "the last character does not fit the 17 before it"
        yield FieldError(field, Fault.MALFORMED, message, COMPARE)


def _day(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None
