"""What an OSDP message is: a code, and data laid out in rows of numbers.

Decoders raise MessageRefused for data that does not fit; numbers that makers
extend (functions, colours, reasons) stay numbers so that none is lost.
"""

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from struct import Struct
from typing import ClassVar, Self, TypeVar

from controller.errors import MessageRefused

Row = TypeVar("Row", bound="Record")


@dataclass(frozen=True, slots=True)
class Record:
    """A fixed row of numbers."""

    layout: ClassVar[Struct] = Struct("")

    def encode(self) -> bytes:
        """Return the row as bytes."""
        return self.layout.pack(*astuple(self))

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read a row."""
        if len(data) != cls.layout.size:
            raise MessageRefused(f"{cls.__name__} cannot be {len(data)} bytes long")
        return cls(*cls.layout.unpack(data))


@dataclass(frozen=True, slots=True)
class Message(Record):
    """A command or a reply; without fields of its own it carries no data."""

    code: ClassVar[int]


def encode_rows(rows: tuple[Record, ...]) -> bytes:
    """Return rows one after another."""
    return b"".join(row.encode() for row in rows)


def decode_rows(kind: type[Row], data: bytes) -> tuple[Row, ...]:
    """Read rows until the data ends."""
    size = kind.layout.size
    return tuple(kind.decode(data[at : at + size]) for at in range(0, len(data), size))


def decode_message(
    kinds: Mapping[int, type[Message]], code: int, data: bytes
) -> Message:
    """Read a command or a reply; raises MessageRefused for what is not in `kinds`."""
    if code not in kinds:
        raise MessageRefused(f"code {code:#04x} is not known")
    return kinds[code].decode(data)
