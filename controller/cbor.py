"""Strict, bounded CBOR of plain types: one value, one spelling.

Deterministic as in RFC 8949 §4.2.1, with the map order of its §4.2.3 (shorter keys
first), which is what cbor2 writes.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import cbor2

from controller.errors import MessageRefused

Value: TypeAlias = "int | bytes | str | bool | list[Value] | dict[int, Value] | None"


SIMPLE = {0xF4: False, 0xF5: True, 0xF6: None}
SHORT = 24
"""From here on a number follows in bytes of its own."""
SIZES = {24: 1, 25: 2, 26: 4, 27: 8}

DEPTH = 10
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
LONGEST_NAME = 64
LARGEST_UNSIGNED = 2**64 - 1
FIRST_MOMENT = (datetime(1, 1, 2, tzinfo=UTC) - EPOCH) // MICROSECOND
LAST_MOMENT = (datetime(9999, 12, 31, tzinfo=UTC) - EPOCH) // MICROSECOND
"""Far enough from the ends of the calendar for a clock in any zone to show it."""


def pack(value: object) -> bytes:
    """Encode deterministically."""
    return cbor2.dumps(value, canonical=True)


def unpack(data: bytes, limit: int, most_values: int | None = None) -> Value:
    """Decode one value of at most `limit` bytes, or raise MessageRefused.

    `most_values` bounds how many values it may hold, itself and map keys included.
    """
    if len(data) > limit:
        raise MessageRefused(f"message has {len(data)} bytes, more than {limit}")
    return _Reader(data, most_values or limit).whole()


class _Reader:
    """Reads the shortest spelling only, and nothing that means more than it says.

    A general decoder would follow tags: shared references, string references and
    huge exponents, with which few bytes cost unbounded time or memory.
    """

    def __init__(self, data: bytes, most_values: int) -> None:
        self._data = data
        self._at = 0
        self._left = most_values

    def whole(self) -> Value:
        value = self.value(DEPTH)
        if self._at != len(self._data):
            raise MessageRefused("message goes on after its end")
        return value

    def value(self, depth: int) -> Value:
        self._left -= 1
        if self._left < 0:
            raise MessageRefused("message holds too many values")
        (first,) = self._take(1)
        if first in SIMPLE:
            return SIMPLE[first]
        number = first & 31
        if number >= SHORT:
            number = self._long(number)
        return READERS[first >> 5](self, number, depth)

    def _long(self, code: int) -> int:
        size = SIZES.get(code)
        if size is None:
            raise MessageRefused("message holds an item of open length")
        number = int.from_bytes(self._take(size))
        if number < SHORT or (size > 1 and number >> (4 * size) == 0):
            raise MessageRefused("message is not canonical CBOR")
        return number

    def _take(self, size: int) -> bytes:
        start, self._at = self._at, self._at + size
        if self._at > len(self._data):
            raise MessageRefused("message ends too early")
        return self._data[start : self._at]

    def unsigned(self, number: int, _: int) -> int:
        return number

    def negative(self, number: int, _: int) -> int:
        return -1 - number

    def octets(self, size: int, _: int) -> bytes:
        return self._take(size)

    def text(self, size: int, _: int) -> str:
        try:
            return self._take(size).decode()
        except UnicodeDecodeError as error:
            raise MessageRefused("message holds text that is not UTF-8") from error

    def array(self, size: int, depth: int) -> list[Value]:
        if depth == 0:
            raise MessageRefused("message is nested too deep")
        return [self.value(depth - 1) for _ in range(size)]

    def mapping(self, pairs: int, depth: int) -> dict[int, Value]:
        if depth == 0:
            raise MessageRefused("message is nested too deep")
        items: dict[int, Value] = {}
        before = b""
        for _ in range(pairs):
            start = self._at
            key = self.value(0)
            spelled = self._data[start : self._at]
            if not isinstance(key, int) or isinstance(key, bool):
                raise MessageRefused("map keys must be integers")
            if (len(spelled), spelled) <= (len(before), before):
                raise MessageRefused("map keys must be different and sorted")
            items[key], before = self.value(depth - 1), spelled
        return items

    def unspoken(self, _number: int, _depth: int) -> Value:
        raise MessageRefused("message holds a tag, a float or a simple value")


# By major type (RFC 8949 §3.1).
READERS: tuple[Callable[[_Reader, int, int], Value], ...] = (
    _Reader.unsigned,
    _Reader.negative,
    _Reader.octets,
    _Reader.text,
    _Reader.array,
    _Reader.mapping,
    _Reader.unspoken,
    _Reader.unspoken,
)


class Row:
    """An array read field by field; a wrong field is refused by its name."""

    def __init__(self, value: Value, name: str, size: int) -> None:
        """Take an array of exactly `size` fields."""
        if not isinstance(value, list) or len(value) != size:
            raise MessageRefused(f"{name} must be an array of {size} fields")
        self._name = name
        self._fields: Iterator[Value] = iter(value)

    def _refuse(self, field: str, expected: str) -> MessageRefused:
        return MessageRefused(f"{self._name}.{field} must be {expected}")

    def integer(
        self, field: str, largest: int = LARGEST_UNSIGNED, least: int = 0
    ) -> int:
        """Read an integer from `least` to `largest`."""
        value = next(self._fields)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self._refuse(field, "an integer")
        if not least <= value <= largest:
            raise self._refuse(field, f"from {least} to {largest}")
        return value

    def flag(self, field: str) -> bool:
        """Read true or false."""
        value = next(self._fields)
        if not isinstance(value, bool):
            raise self._refuse(field, "true or false")
        return value

    def text(self, field: str, longest: int = LONGEST_NAME) -> str:
        """Read printable text of 1 to `longest` characters."""
        value = next(self._fields)
        if not isinstance(value, str) or not 1 <= len(value) <= longest:
            raise self._refuse(field, f"text of 1 to {longest} characters")
        if not value.isprintable():
            raise self._refuse(field, "printable text")
        return value

    def octets(self, field: str, size: int) -> bytes:
        """Read a byte string of exactly `size` bytes."""
        value = next(self._fields)
        if not isinstance(value, bytes) or len(value) != size:
            raise self._refuse(field, f"{size} bytes")
        return value

    def sealed(self, field: str, largest: int) -> bytes:
        """Read a byte string of at most `largest` bytes."""
        value = next(self._fields)
        if not isinstance(value, bytes) or len(value) > largest:
            raise self._refuse(field, f"at most {largest} bytes")
        return value

    def moment(self, field: str) -> datetime:
        """Read a time in whole microseconds since 1970, negative before."""
        return EPOCH + self.integer(field, LAST_MOMENT, FIRST_MOMENT) * MICROSECOND

    def items(self, field: str, most: int) -> list[Value]:
        """Read an array of at most `most` items."""
        value = next(self._fields)
        if not isinstance(value, list) or len(value) > most:
            raise self._refuse(field, f"an array of at most {most} items")
        return value

    def mapping(self, field: str) -> dict[int, Value]:
        """Read a map with integer keys."""
        value = next(self._fields)
        if not isinstance(value, dict):
            raise self._refuse(field, "a map")
        return value

    def maybe(self, field: str) -> "Row | None":
        """Read a field that may be null: null, or an array of one field."""
        value = next(self._fields)
        return None if value is None else Row([value], f"{self._name}.{field}", 1)

    def row(self, field: str, size: int) -> "Row":
        """Read a nested array of exactly `size` fields."""
        return Row(next(self._fields), f"{self._name}.{field}", size)


def microseconds(moment: datetime) -> int:
    """Return a time as whole microseconds since 1970."""
    return (moment - EPOCH) // MICROSECOND
