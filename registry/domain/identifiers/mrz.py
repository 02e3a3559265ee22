"""The two machine-readable lines of a passport (ICAO 9303-4, TD3).

Names, sex and nationality on them are not kept, and the birth date is only checked.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from registry.domain.errors import Fault, FieldError
from registry.domain.identifiers.check_characters import (
    FILLER,
    MACHINE_READABLE,
    mod_10_731,
)
from registry.domain.identifiers.kinds import Doubt, Identifier
from registry.domain.identifiers.passport import passport
from registry.domain.identifiers.typed import DIGITS, LETTERS, odd_characters, plain
from registry.domain.registration import missing

FIELD = "mrz"
LINES, LENGTH = 2, 44
STATE = slice(2, 5)
NUMBER, BIRTH, EXPIRY = slice(0, 9), slice(13, 19), slice(21, 27)
CHECKED = (
    ("document number", NUMBER),
    ("date of birth", BIRTH),
    ("date of expiry", EXPIRY),
    ("personal number", slice(28, 42)),
)
"""What has a check digit of its own, which follows it."""
COMPOSITE = (slice(0, 10), slice(13, 20), slice(21, 43))
AGAIN = "scan both lines again, or compare them with the passport"
CENTURY, FUTURE = 100, 50
"""A document never expires 50 years ahead."""


def read_mrz(text: str, today: date) -> Identifier | list[FieldError]:
    """Read both lines, as a scanner sends them or as somebody types them."""
    lines = [line for line in map(plain, text[: 4 * LENGTH].splitlines()) if line]
    if not lines:
        return [missing(FIELD, AGAIN)]
    if len(lines) == 1 and len(lines[0]) == LINES * LENGTH:
        lines = [lines[0][:LENGTH], lines[0][LENGTH:]]
    faults = list(_shape_faults(lines))
    if faults:
        return faults
    first, second = lines
    faults = [*_first_faults(first), *_second_faults(second, today)]
    if faults:
        return faults
    number = second[NUMBER].replace(FILLER, "")
    state = first[STATE].rstrip(FILLER)
    expires = _expiry(second[EXPIRY], today)
    found = passport(number, state, today, expires)
    if expires and expires < today:
        return replace(found, doubts=(*found.doubts, Doubt.EXPIRED))
    return found


def _shape_faults(lines: list[str]) -> Iterator[FieldError]:
    if len(lines) != LINES:
        yield _fault(f"a passport has {LINES} such lines, this is {len(lines)}")
        return
    for name, line in zip(("first", "second"), lines, strict=True):
        yield from odd_characters(
            FIELD, line, MACHINE_READABLE, 1, f" of the {name} line"
        )
        if len(line) != LENGTH:
            yield _fault(
                f"the {name} line has {LENGTH} characters, this has {len(line)}",
                "type < wherever the passport has it, also at the end of a line",
            )


def _first_faults(line: str) -> Iterator[FieldError]:
    if not line.startswith("P"):
        yield _fault(
            "these are not the lines of a passport, which begin with P",
            "scan the page of the passport with the photograph",
        )
    if not set(line[STATE].rstrip(FILLER)) <= set(LETTERS) or line[2] == FILLER:
        yield _fault("characters 3 to 5 of the first line are not a state")


def _second_faults(line: str, today: date) -> Iterator[FieldError]:
    wrong = [name for name, place in CHECKED if not _fits(line, place)]
    for name in wrong:
        yield _fault(f"the check digit after the {name} does not fit it")
    composite = "".join(line[place] for place in COMPOSITE)
    if not wrong and mod_10_731(composite) != line[-1]:
        yield _fault("the last digit of the second line does not fit the line")
    if not line[NUMBER].strip(FILLER):
        yield _fault("the second line has no document number")
    if not _is_date(line[BIRTH], today):
        yield _fault("characters 14 to 19 of the second line are not a date of birth")
    if line[EXPIRY].strip(FILLER) and _expiry(line[EXPIRY], today) is None:
        yield _fault("characters 22 to 27 of the second line are not a date of expiry")


def _fits(line: str, place: slice) -> bool:
    content, digit = line[place], line[place.stop]
    blank = not content.strip(FILLER)
    return digit == mod_10_731(content) or (blank and digit == FILLER)


def _is_date(text: str, today: date) -> bool:
    """Say whether a birth date can be one; unknown parts of it are fillers."""
    if set(text) <= set(DIGITS):
        return _day(text, today.year) is not None
    parts = (text[:2], text[2:4], text[4:])
    return all(part == FILLER * 2 or set(part) <= set(DIGITS) for part in parts)


def _expiry(text: str, today: date) -> date | None:
    return _day(text, today.year + FUTURE)


def _day(text: str, latest: int) -> date | None:
    """Return YYMMDD in the last hundred years that end with the latest one."""
    if not set(text) <= set(DIGITS):
        return None
    year = latest - (latest - int(text[:2])) % CENTURY
    try:
        return date(year, int(text[2:4]), int(text[4:]))
    except ValueError:
        return None


def _fault(message: str, remedy: str = AGAIN) -> FieldError:
    return FieldError(FIELD, Fault.MALFORMED, message, remedy)
