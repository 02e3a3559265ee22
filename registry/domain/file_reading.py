"""Reading parsed JSON field by field, keeping every fault with its path."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from enum import StrEnum

from controller.vocabulary import LARGEST_CARD_NUMBER
from registry.domain.errors import Fault, FieldError
from registry.domain.registration import FIRST_YEAR, LAST_YEAR, day_of

LONGEST_TEXT = 200
MOST_FAULTS = 100
LARGEST_INTEGER = 10_000
NO_DAY = date.min
"""Stands for a date that could not be read; no file can give it."""
TYPE_REMEDY = "correct the file"


class Item:
    """One object of the file; a fault yields a harmless value and is remembered."""

    def __init__(self, reading: "Reading", value: object, path: str) -> None:
        """Read an object found at a path."""
        self._reading = reading
        self._path = path
        self._fields: Mapping[str, object] = {}
        if isinstance(value, dict):
            self._fields = value
        else:
            reading.fault(path, Fault.MALFORMED, "this is not an object", TYPE_REMEDY)

    def fault(self, name: str, message: str, remedy: str = TYPE_REMEDY) -> None:
        """Remember what is wrong with a field."""
        kind = Fault.MALFORMED if name in self._fields else Fault.MISSING
        self._reading.fault(f"{self._path}.{name}", kind, message, remedy)

    def maybe(self, name: str) -> object:
        """Return a field as it is, None when it is missing."""
        return self._fields.get(name)

    def text(self, name: str) -> str:
        """Read printable text."""
        value = self._fields.get(name)
        if (
            isinstance(value, str)
            and 0 < len(value) <= LONGEST_TEXT
            and value.isprintable()
        ):
            return value
        self.fault(
            name, f"this is not printable text of 1 to {LONGEST_TEXT} characters"
        )
        return ""

    def key(self, name: str, kind: str) -> str:
        """Read the code of a new record of a kind, used once in the file."""
        code = self.text(name)
        if code and not self._reading.define(kind, code):
            self.fault(name, f"{code!r} is used twice", "give every one its own code")
        return code

    def reference(self, name: str, kind: str, *, once: bool = False) -> str:
        """Read the code of a record that the file has defined before."""
        code = self.text(name)
        self._refer(name, kind, code)
        if once and code and not self._reading.define(f"used {kind}", code):
            self.fault(name, f"{code!r} is used twice", f"use every {kind} once")
        return code

    def references(self, name: str, kind: str) -> list[str]:
        """Read several codes."""
        value = self._fields.get(name)
        if not isinstance(value, list):
            self.fault(name, "this is not a list")
            return []
        codes = [code for code in value if isinstance(code, str)]
        if len(codes) != len(value):
            self.fault(name, "this is not a list of codes")
        for position, code in enumerate(codes):
            self._refer(f"{name}[{position}]", kind, code)
        return codes

    def _refer(self, name: str, kind: str, code: str) -> None:
        if code and not self._reading.defines(kind, code):
            path = f"{self._path}.{name}"
            message = f"there is no {kind} {code!r} in the file"
            self._reading.fault(path, Fault.UNKNOWN, message, f"add the {kind}")

    def integer(self, name: str) -> int:
        """Read a small integer."""
        value = self._fields.get(name)
        if type(value) is int and abs(value) <= LARGEST_INTEGER:
            return value
        self.fault(name, f"this is not an integer up to {LARGEST_INTEGER}")
        return 0

    def card(self, name: str) -> int:
        """Read a card number, used once in the file."""
        value = self._fields.get(name)
        if isinstance(value, bool) or not isinstance(value, int):
            self.fault(name, "this is not a card number")
            return 0
        if not 0 < value <= LARGEST_CARD_NUMBER:
            self.fault(name, f"this is not from 1 to {LARGEST_CARD_NUMBER}")
        elif not self._reading.define("card", str(value)):
            self.fault(name, "this card is issued twice", "issue a card once")
        return value

    def flag(self, name: str) -> bool:
        """Read true or false."""
        value = self._fields.get(name)
        if not isinstance(value, bool):
            self.fault(name, "this is neither true nor false")
        return value is True

    def day(self, name: str) -> date:
        """Read a date."""
        value = self._fields.get(name)
        day = day_of(value) if isinstance(value, str) else None
        if day is None:
            self.fault(
                name,
                f"this is not a date from {FIRST_YEAR} to {LAST_YEAR}",
                "give the date as YYYY-MM-DD",
            )
        return day or NO_DAY

    def choice(self, name: str, choices: type[StrEnum]) -> str:
        """Read one of the words of an enumeration."""
        words = [choice.value for choice in choices]
        value = self._fields.get(name)
        if isinstance(value, str) and value in words:
            return value
        self.fault(name, "this is not a known word", f"give one of {', '.join(words)}")
        return words[0]

    def items(self, name: str) -> list["Item"]:
        """Read a list of objects; a missing one is empty."""
        value = self._fields.get(name, [])
        return self._reading.sequence(f"{self._path}.{name}", value)


class Reading:
    """A file being read: what it defines so far and what is wrong with it."""

    def __init__(self, document: Mapping[str, object]) -> None:
        """Read a parsed file from its top."""
        self._document = document
        self._defined: dict[str, set[str]] = defaultdict(set)
        self.errors: list[FieldError] = []

    def fault(self, path: str, kind: Fault, message: str, remedy: str) -> None:
        """Remember a fault, unless there are plenty already."""
        if len(self.errors) < MOST_FAULTS:
            self.errors.append(FieldError(path, kind, message, remedy))

    def define(self, kind: str, code: str) -> bool:
        """Note a code; return whether it is new."""
        new = code not in self._defined[kind]
        self._defined[kind].add(code)
        return new

    def defines(self, kind: str, code: str) -> bool:
        """Say whether the file defines a code."""
        return code in self._defined[kind]

    def item(self, name: str) -> Item:
        """Read an object."""
        return Item(self, self._document.get(name), f"$.{name}")

    def items(self, name: str) -> list[Item]:
        """Read a list of objects."""
        return self.sequence(f"$.{name}", self._document.get(name))

    def sequence(self, path: str, value: object) -> list[Item]:
        """Read a list of objects found at a path."""
        if not isinstance(value, list):
            self.fault(path, Fault.MALFORMED, "this is not a list", TYPE_REMEDY)
            return []
        return [Item(self, item, f"{path}[{n}]") for n, item in enumerate(value)]
