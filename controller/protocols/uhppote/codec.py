"""How a message is laid out: a table of fields, each an offset and a codec.

Encoding is strict: what a board would silently bend raises LocalProtocolError.
Decoding takes whatever the bytes hold, because a board must be heard out even when
one of its fields is nonsense; only the frame itself can be refused.
"""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Generic, Self, TypeVar, cast, dataclass_transform

from controller.errors import LocalProtocolError

T = TypeVar("T")
C = TypeVar("C", bound="Record")


@dataclass(frozen=True, slots=True)
class Codec(Generic[T]):
    """A value and the `size` bytes it fills; encoding raises ValueError."""

    size: int
    encode: Callable[[T], bytes]
    decode: Callable[[bytes], T]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a field lies, and what it must pass before it is sent."""

    offset: int
    codec: Codec[Any]
    check: Callable[[Any], None] | None = None

    def put(self, value: object, into: bytearray) -> None:
        """Write a value; raises ValueError, OverflowError or struct.error."""
        if self.check:
            self.check(value)
        row = self.codec.encode(value)
        if len(row) != self.codec.size:
            raise ValueError(f"not {self.codec.size} bytes")
        into[self.offset : self.offset + self.codec.size] = row

    def take(self, data: bytes) -> object:
        """Read a value."""
        return self.codec.decode(data[self.offset : self.offset + self.codec.size])


def at(offset: int, codec: Codec[T], check: Callable[[T], None] | None = None) -> T:
    """Declare a field; `check` raises ValueError for what must not be sent."""
    place = Place(offset, codec, check)
    declared: T = field(metadata={"place": place})
    return declared


def constant(offset: int, codec: Codec[T], *, default: T) -> T:
    """Declare a field with one right value; a decoder reports any other as it is."""

    def check(value: T) -> None:
        if value != default:
            raise ValueError(f"it can only be {default}")

    place = Place(offset, codec, check)
    return field(default=default, metadata={"place": place})


class Record:
    """A fixed row of bytes."""

    __slots__ = ()
    size: ClassVar[int]
    layout: ClassVar[Mapping[str, Place]]

    def encode(self) -> bytes:
        """Return the row as bytes; raises LocalProtocolError."""
        data = bytearray(self.size)
        for name, place in self.layout.items():
            try:
                place.put(getattr(self, name), data)
            except (ValueError, OverflowError, struct.error) as error:
                raise LocalProtocolError(
                    f"{type(self).__name__}.{name}: {error}"
                ) from error
        return bytes(data)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read a row of `size` bytes."""
        row = {name: place.take(data) for name, place in cls.layout.items()}
        return cls(**row)


@dataclass_transform(frozen_default=True, field_specifiers=(at, constant))
def record(size: int) -> Callable[[type[C]], type[C]]:
    """Make a class a frozen row of fields in `size` bytes."""

    def build(kind: type[C]) -> type[C]:
        made = dataclass(frozen=True, slots=True)(kind)
        made.size = size
        made.layout = {
            each.name: each.metadata["place"] for each in fields(cast("Any", made))
        }
        return made

    return build


def nested(kind: type[C]) -> Codec[C]:
    """Return the codec of a row inside another one."""
    return Codec(kind.size, kind.encode, kind.decode)
