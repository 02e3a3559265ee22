"""A tenancy as it is asked for: what can be said about it without the register."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from controller.vocabulary import LARGEST_CARD_NUMBER as LARGEST
from registry.domain.errors import Fault, FieldError
from registry.domain.tenancy import Tenancy

FIRST_YEAR, LAST_YEAR = 2000, 2098
LONGEST_PERSON_NAME = 50
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
KEY = re.compile(r"[0-9a-f]{16,64}")


@dataclass(frozen=True, slots=True)
class TenancyForm:
    """A tenancy as somebody typed it: text, so that every fault is told at once.

    `start` and `end` are ISO dates; the tenancy holds from `start` until, not
    including, `end`. `occupant` is the name of who moves in; a card may follow later.
    `landlord` is a party's id. `key` is 16 to 64 hexadecimal digits chosen by the form:
    sending it again with the same key records nothing anew.
    """

    unit: str
    occupant: str = field(repr=False)
    start: str
    end: str
    card: str = field(default="", repr=False)
    room: str = ""
    landlord: str = ""
    filed: bool = False
    key: str = ""


@dataclass(frozen=True, slots=True)
class TenancyDraft:
    """A form as read; what could not be read is None and among the errors."""

    unit: str
    room: str | None
    landlord: str | None
    occupant: str = field(repr=False)
    card: int | None = field(repr=False)
    start: date | None
    end: date | None
    filed: bool
    key: str
    errors: tuple[FieldError, ...]


def read(form: TenancyForm) -> TenancyDraft:
    """Read a form and say what is wrong with each field by itself."""
    errors: list[FieldError] = []
    start, end = (_day(name, getattr(form, name), errors) for name in ("start", "end"))
    if start and end and end <= start:
        errors.append(
            FieldError(
                "end",
                Fault.CONTRADICTION,
                "the tenancy ends before it starts",
                "give an end date later than the start date",
            )
        )
    return TenancyDraft(
        unit=form.unit.strip(),
        room=form.room.strip() or None,
        landlord=form.landlord.strip() or None,
        occupant=name_of(form.occupant, errors),
        card=_card(form.card, errors),
        start=start,
        end=end,
        filed=form.filed,
        key=_key(form.key, errors),
        errors=tuple(errors),
    )


def day_of(text: str) -> date | None:
    """Return a date written YYYY-MM-DD, of a year that controllers can store."""
    if not DAY.fullmatch(text.strip()):
        return None
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        return None
    return day if FIRST_YEAR <= day.year <= LAST_YEAR else None


def overlapping(
    others: Iterable[Tenancy], room: str | None, start: date, end: date
) -> Tenancy | None:
    """Return a tenancy that lets the same space in the same time."""
    for other in others:
        same_space = room is None or other.room is None or other.room == room
        until = other.until or date.max
        if same_space and max(start, other.start) < min(end, until):
            return other
    return None


def let_already(
    others: Iterable[Tenancy],
    room: str | None,
    start: date,
    end: date,
) -> list[FieldError]:
    """Return the error of a space that is let to others in the same time."""
    other = overlapping(others, room, start, end)
    if other is None:
        return []
    return [
        FieldError(
            "start",
            Fault.CONTRADICTION,
            f"it is let already {other.term}",
            "end that tenancy first, or choose other dates or another room",
        )
    ]


def _day(name: str, text: str, errors: list[FieldError]) -> date | None:
    if not text.strip():
        errors.append(missing(name, "give the date as YYYY-MM-DD"))
        return None
    day = day_of(text)
    if day is None:
        errors.append(
            FieldError(
                name,
                Fault.MALFORMED,
                f"this is not a date from {FIRST_YEAR} to {LAST_YEAR}",
                "give the date as YYYY-MM-DD",
            )
        )
    return day


def _key(text: str, errors: list[FieldError]) -> str:
    if text and not KEY.fullmatch(text):
        errors.append(
            FieldError(
                "key",
                Fault.MALFORMED,
                "a key is 16 to 64 hexadecimal digits",
                "open the form anew",
            )
        )
    return text


def name_of(text: str, errors: list[FieldError]) -> str:
    """Read the name of an occupant and say what is wrong with it."""
    name = text.strip()
    if not name:
        errors.append(missing("occupant", "give the name of who moves in"))
    elif len(name) > LONGEST_PERSON_NAME or not name.isprintable():
        errors.append(
            FieldError(
                "occupant",
                Fault.MALFORMED,
                f"a name has at most {LONGEST_PERSON_NAME} printable characters",
                "give the name as it stands on the document",
            )
        )
    return name


def _card(text: str, errors: list[FieldError]) -> int | None:
    digits = text.strip()
    if not digits:
        return None
    if digits.isascii() and digits.isdigit() and len(digits) <= len(str(LARGEST)):
        number = int(digits)
        if 0 < number <= LARGEST:
            return number
    errors.append(
        FieldError(
            "card",
            Fault.MALFORMED,
            f"a card number is a whole number from 1 to {LARGEST}",
            "tap the card at the desk or type the digits printed on it",
        )
    )
    return None


def missing(name: str, remedy: str) -> FieldError:
    """Return the error of a field left empty."""
    return FieldError(name, Fault.MISSING, "this field is empty", remedy)


def unknown(name: str, what: str, remedy: str) -> FieldError:
    """Return the error of a field that names nothing on record."""
    return FieldError(name, Fault.UNKNOWN, f"{what} is not on record", remedy)
