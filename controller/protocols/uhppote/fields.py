"""The codecs of the fields: numbers are little-endian, dates and times BCD."""

from collections.abc import Callable
from datetime import date, datetime, time
from ipaddress import IPv4Address
from struct import Struct
from typing import TypeVar

from controller.protocols.uhppote import bcd
from controller.protocols.uhppote.codec import Codec

T = TypeVar("T")

Four = tuple[int, int, int, int]
FourFlags = tuple[bool, bool, bool, bool]
Weekdays = tuple[bool, bool, bool, bool, bool, bool, bool]

EVERY_DAY: Weekdays = (True, True, True, True, True, True, True)


def _number(layout: str) -> Codec[int]:
    row = Struct(layout)
    return Codec(row.size, row.pack, lambda data: int(row.unpack(data)[0]))


def _flag() -> Codec[bool]:
    row = Struct("?")
    return Codec(row.size, row.pack, lambda data: bool(row.unpack(data)[0]))


def _row(layout: str) -> Codec[T]:
    row = Struct(layout)

    def decode(data: bytes) -> T:
        values: T = row.unpack(data)  # type: ignore[assignment]  # as many as `layout` says
        return values

    return Codec(row.size, lambda values: row.pack(*values), decode)  # type: ignore[misc]  # a tuple


def _bits(data: bytes) -> FourFlags:
    first, second, third, fourth = (bool(data[0] & 1 << bit) for bit in range(4))
    return first, second, third, fourth


U8 = _number("B")
U16 = _number("<H")
U32 = _number("<I")
U24: Codec[int] = Codec(
    3,
    lambda value: value.to_bytes(3, "little"),
    lambda data: int.from_bytes(data, "little"),
)
FLAG = _flag()
FOUR_BYTES: Codec[Four] = _row("4B")
FOUR_NUMBERS: Codec[Four] = _row("<4I")
FOUR_FLAGS: Codec[FourFlags] = _row("4?")
FOUR_BITS: Codec[FourFlags] = Codec(
    1, lambda flags: bytes((sum(on << bit for bit, on in enumerate(flags)),)), _bits
)
WEEKDAYS: Codec[Weekdays] = _row("7?")
ADDRESS: Codec[IPv4Address] = Codec(4, lambda address: address.packed, IPv4Address)
HARDWARE_ADDRESS: Codec[bytes] = Codec(6, bytes, bytes)
VERSION: Codec[str] = Codec(
    2,
    lambda text: bytes.fromhex(text.replace(".", "").zfill(4)),
    lambda data: f"{data[0]:x}.{data[1]:02x}",
)
DATE: Codec[date | None] = Codec(4, bcd.encode_date, bcd.decode_date)
MOMENT: Codec[datetime | None] = Codec(7, bcd.encode_moment, bcd.decode_moment)
SHORT_DATE: Codec[date | None] = Codec(3, bcd.encode_short_date, bcd.decode_short_date)
TIME: Codec[time | None] = Codec(3, bcd.encode_time, bcd.decode_time)
MINUTE: Codec[time | None] = Codec(2, bcd.encode_minute, bcd.decode_minute)


def within(least: int, most: int) -> Callable[[int], None]:
    """Return a check that refuses numbers outside some bounds."""

    def check(value: int) -> None:
        if not least <= value <= most:
            raise ValueError(f"must be {least} to {most}")

    return check


DOOR = within(1, 4)
