"""Reading the text of a cell: each reader returns a value or says why it cannot."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from controller.vocabulary import LARGEST_CARD_NUMBER
from registry.domain.registration import (
    FIRST_YEAR,
    LAST_YEAR,
    LONGEST_PERSON_NAME,
)

LONGEST_CODE = 64
DAY = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?")
WHOLE = re.compile(r"-?[0-9]{1,4}")
AREA = re.compile(r"[0-9]{1,6}(\.[0-9]{1,2})?")
CODE = re.compile(r"[\w.#|/()-]+")
E = TypeVar("E", bound=StrEnum)


class Unreadable(Exception):
    """A cell cannot be read; the message says what it is not, never what it is."""


Reader = Callable[[str], object]
"""Takes text that is not empty and has no space around it."""


def code(text: str) -> str:
    """Read a code: of a building, a unit, a room, a party, a row."""
    if len(text) > LONGEST_CODE or not CODE.fullmatch(text):
        raise Unreadable(f"this is not a code of at most {LONGEST_CODE} characters")
    return text


def person_name(text: str) -> str:
    """Read the name of a person or an organisation."""
    if len(text) > LONGEST_PERSON_NAME or not text.isprintable():
        raise Unreadable(
            f"a name has at most {LONGEST_PERSON_NAME} printable characters"
        )
    return text


def day(text: str) -> date:
    """Read a date, also with slashes, points or 年月日."""
    found = DAY.fullmatch(text)
    if found is not None:
        try:
            read = date(*map(int, found.groups()))
        except ValueError:
            read = date.min
        if FIRST_YEAR <= read.year <= LAST_YEAR:
            return read
    raise Unreadable(f"this is not a date from {FIRST_YEAR} to {LAST_YEAR}")


def whole(text: str) -> int:
    """Read a small whole number."""
    if not WHOLE.fullmatch(text):
        raise Unreadable("this is not a whole number of at most four digits")
    return int(text)


def square_metres(text: str) -> float:
    """Read an area."""
    if not AREA.fullmatch(text) or not Decimal(text):
        raise Unreadable("this is not an area in square metres, such as 45.5")
    return float(text)


def card_number(text: str) -> int:
    """Read a card number."""
    short = len(text) <= len(str(LARGEST_CARD_NUMBER))
    if short and text.isascii() and text.isdigit():
        number = int(text)
        if 0 < number <= LARGEST_CARD_NUMBER:
            return number
    raise Unreadable(f"this is not a whole number from 1 to {LARGEST_CARD_NUMBER}")


def one_of(words: Mapping[E, str]) -> Reader:
    """Return a reader of one of the words of an enumeration, or of its code."""
    known = {word: value for value, word in words.items()}
    known |= {value.value: value for value in words}

    def read(text: str) -> E:
        found = known.get(text) or known.get(text.casefold())
        if found is None:
            raise Unreadable("this is none of the words that may stand here")
        return found

    return read
