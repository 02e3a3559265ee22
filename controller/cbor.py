"""Strict, bounded CBOR: one value, one spelling (RFC 8949 §4.2.1), plain types."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import cbor2

from controller.errors import MessageRefused

Value: TypeAlias = "int | bytes | str | bool | list[Value] | dict[int, Value] | None"

DEPTH = 10
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
LONGEST_NAME = 64
LARGEST_UNSIGNED = 2**64 - 1
LAST_MOMENT = (datetime.max.replace(tzinfo=UTC) - EPOCH) // MICROSECOND


def pack(value: object) -> bytes:
    """Encode deterministically."""
    return cbor2.dumps(value, canonical=True)


def unpack(data: bytes, limit: int) -> Value:
    """Decode one value of at most `limit` bytes, or raise MessageRefused."""
    if len(data) > limit:
        raise MessageRefused(f"message has {len(data)} bytes, more than {limit}")
    try:
        value = cbor2.loads(
            data, max_depth=DEPTH, allow_indefinite=False, allow_duplicate_keys=False
        )
        plain = _plain(value)
        if pack(plain) != data:
            raise MessageRefused("message is not canonical CBOR")
    except (cbor2.CBORError, ValueError, OverflowError) as error:
        raise MessageRefused("message is not CBOR") from error
    return plain


def _plain(value: object, depth: int = DEPTH) -> Value:
    """Return the value if it holds only plain types, nested not too deep."""
    if value is None or isinstance(value, int | bytes | str):
        return value
    if depth and isinstance(value, list | tuple):
        return [_plain(item, depth - 1) for item in value]
    if depth and isinstance(value, dict):
        return {_key(key): _plain(item, depth - 1) for key, item in value.items()}
    raise MessageRefused(f"message holds a {type(value).__name__}")


def _key(key: object) -> int:
    if isinstance(key, int):
        return key
    raise MessageRefused("map keys must be integers")


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

    def integer(self, field: str, largest: int = LARGEST_UNSIGNED) -> int:
        """Read an integer from 0 to `largest`."""
        value = next(self._fields)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self._refuse(field, "an integer")
        if not 0 <= value <= largest:
            raise self._refuse(field, f"from 0 to {largest}")
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
        """Read a time in whole microseconds of UTC since 1970."""
        return EPOCH + self.integer(field, LAST_MOMENT) * MICROSECOND

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
