"""Wiegand frames and the decimal numbers printed on cards.

A frame is an even parity bit over the first half of the number, the number with
its highest bit first, and an odd parity bit over the last half. A card number is
always the whole number field, facility code included, and never a part of it.
"""

from enum import Enum, IntEnum

from controller.vocabulary import CardNumber


class Format(IntEnum):
    """The formats we know, by their length in bits."""

    W26 = 26
    """H10301: facility code of 8 bits, number of 16."""
    W34 = 34
    """32 bits, by some makers split 16 and 16."""
    W37 = 37
    """H10302: 35 bits; H10304: the same frame, split 16 and 19."""
    W66 = 66
    """64 bits: eight bytes of a card's memory or serial number."""

    @property
    def largest(self) -> int:
        """The largest card number that fits."""
        return (1 << (self - 2)) - 1

    @property
    def has_whole_bytes(self) -> bool:
        """Whether the number's bytes can come in another order."""
        return (self - 2) % 8 == 0


class ByteOrder(Enum):
    """How a reader sends the bytes of the number: as they are, or last byte first."""

    STANDARD = "standard"
    REVERSED = "reversed"


LARGEST_FACILITY = 0xFF
LARGEST_W26_NUMBER = 0xFFFF


def decode(
    bits: int, length: int, order: ByteOrder = ByteOrder.STANDARD
) -> CardNumber | None:
    """Return the number in a frame; None if unknown, of bad parity, or zero."""
    if length not in tuple(Format):
        return None
    form = Format(length)
    number = (bits >> 1) & form.largest
    if _frame(number, form) != bits:
        return None
    if order is ByteOrder.REVERSED:
        if not form.has_whole_bytes:
            return None
        number = _turn(number, form)
    return CardNumber(number) if number else None


def encode(
    card: CardNumber, form: Format, order: ByteOrder = ByteOrder.STANDARD
) -> tuple[int, int]:
    """Return a frame and its length in bits."""
    number = _check(card.value, form.largest, f"a frame of {form.value} bits")
    if order is ByteOrder.REVERSED:
        if not form.has_whole_bytes:
            raise ValueError(f"{form.value} bits hold no whole bytes to reverse")
        number = _turn(number, form)
    return _frame(number, form), form.value


def ten_digits(card: CardNumber) -> str:
    """Return a number of up to 32 bits as cards print it in ten digits ("8H10D")."""
    _check(card.value, Format.W34.largest, "ten printed digits")
    return f"{card.value:010d}"


def three_and_five(card: CardNumber) -> str:
    """Return a number of up to 24 bits as facility code and number ("2H4H")."""
    _check(card.value, Format.W26.largest, "three and five printed digits")
    return f"{card.value >> 16:03d},{card.value & LARGEST_W26_NUMBER:05d}"


def read_ten_digits(text: str) -> CardNumber:
    """Read what `ten_digits` prints."""
    return CardNumber(_digits(text, 10, Format.W34.largest))


def read_three_and_five(text: str) -> CardNumber:
    """Read what `three_and_five` prints."""
    facility, _, number = text.partition(",")
    return CardNumber(
        _digits(facility, 3, LARGEST_FACILITY) << 16
        | _digits(number, 5, LARGEST_W26_NUMBER)
    )


def _digits(text: str, count: int, largest: int) -> int:
    if len(text) != count or not (text.isascii() and text.isdigit()):
        raise ValueError(f"the printed number needs {count} digits, not {len(text)}")
    return _check(int(text), largest, f"{count} printed digits")


def _check(number: int, largest: int, place: str) -> int:
    if number > largest:
        raise ValueError(f"the number must be at most {largest} to fit {place}")
    return number


def _frame(number: int, form: Format) -> int:
    half = (form - 1) // 2
    even = (number >> (form - 2 - half)).bit_count() & 1
    odd = ~(number & ((1 << half) - 1)).bit_count() & 1
    return even << (form - 1) | number << 1 | odd


def _turn(number: int, form: Format) -> int:
    return int.from_bytes(number.to_bytes((form - 2) // 8), "little")
