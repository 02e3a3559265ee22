from collections.abc import Callable
from typing import Any

import pytest

from controller.vocabulary import CardNumber
from controller.wiegand import (
    ByteOrder,
    Format,
    decode,
    encode,
    read_ten_digits,
    read_three_and_five,
    ten_digits,
    three_and_five,
)
from tests.support.vectors import load

VECTORS = load("wiegand")


def by_source(vector: dict[str, Any]) -> str:
    return f"{vector.get('form', '')} {vector['source']}"


@pytest.mark.parametrize("vector", VECTORS["frame"], ids=by_source)
def test_frames_are_what_makers_print(vector: dict[str, Any]) -> None:
    card, form = CardNumber(vector["number"]), Format(vector["form"])
    assert encode(card, form) == (vector["bits"], vector["form"])
    assert decode(vector["bits"], vector["form"]) == card


def ones(mask: str, bits: int) -> int:
    frame = f"{bits:0{len(mask)}b}"
    return sum(bit == "1" for bit, part in zip(frame, mask, strict=True) if part != ".")


@pytest.mark.parametrize("vector", VECTORS["layout"], ids=by_source)
@pytest.mark.parametrize("seed", [1, 0x5A5A5A, 0x800001, 0xFFFFFF, 0x123457])
def test_parity_covers_what_makers_print(vector: dict[str, Any], seed: int) -> None:
    form = Format(vector["form"])
    number = seed * 0x1001001 & form.largest
    bits, _ = encode(CardNumber(number), form)
    assert ones(vector["even"], bits) % 2 == 0
    assert ones(vector["odd"], bits) % 2 == 1
    assert bits >> 1 & form.largest == number


@pytest.mark.parametrize("vector", VECTORS["printed"], ids=by_source)
def test_printed_numbers_are_what_cards_show(vector: dict[str, Any]) -> None:
    card = CardNumber(vector["number"])
    if "ten" in vector:
        assert ten_digits(card) == vector["ten"]
        assert read_ten_digits(vector["ten"]) == card
    if "three_and_five" in vector:
        assert three_and_five(card) == vector["three_and_five"]
        assert read_three_and_five(vector["three_and_five"]) == card


@pytest.mark.parametrize("form", Format)
def test_any_single_wrong_bit_is_noticed(form: Format) -> None:
    bits, length = encode(CardNumber(0x2A5F3), form)
    for place in range(length):
        assert decode(bits ^ 1 << place, length) is None, f"bit {place}"


@pytest.mark.parametrize("form", Format)
def test_the_whole_range_fits_and_nothing_more(form: Format) -> None:
    for number in (1, form.largest):
        assert decode(*encode(CardNumber(number), form)) == CardNumber(number)
    if form is not Format.W66:
        with pytest.raises(ValueError, match=rf"at most {form.largest}\b"):
            encode(CardNumber(form.largest + 1), form)


@pytest.mark.parametrize(
    ("bits", "length"),
    [(0, 26), (1, 26), (0, 0), (5, 3), (1, 32), (-1, 26), (1 << 26 | 1, 26), (1, -26)],
)
def test_what_is_no_frame_is_none(bits: int, length: int) -> None:
    assert decode(bits, length) is None


def test_reversed_readers_send_the_last_byte_first() -> None:
    card = CardNumber(0x123456)
    bits, length = encode(card, Format.W26, ByteOrder.REVERSED)
    assert decode(bits, length) == CardNumber(0x563412)
    assert decode(bits, length, ByteOrder.REVERSED) == card


def test_35_bits_have_no_bytes_to_reverse() -> None:
    bits, length = encode(CardNumber(7), Format.W37)
    assert decode(bits, length, ByteOrder.REVERSED) is None
    with pytest.raises(ValueError, match="37 bits hold no whole bytes"):
        encode(CardNumber(7), Format.W37, ByteOrder.REVERSED)


@pytest.mark.parametrize(
    ("show", "number"), [(ten_digits, 2**32), (three_and_five, 2**24)]
)
def test_numbers_are_never_cut_to_be_printed(
    show: Callable[[CardNumber], str], number: int
) -> None:
    assert show(CardNumber(number - 1))
    with pytest.raises(ValueError, match=f"at most {number - 1}"):
        show(CardNumber(number))


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (read_ten_digits, ""),
        (read_ten_digits, "123"),
        (read_ten_digits, "00000000001"),
        (read_ten_digits, "-000000001"),
        (read_ten_digits, "\u0661" * 10),
        (read_ten_digits, "4294967296"),
        (read_ten_digits, "0000000000"),
        (read_three_and_five, "21302000"),
        (read_three_and_five, "256,00001"),
        (read_three_and_five, "001,65536"),
        (read_three_and_five, "1,1"),
        (read_three_and_five, "000,00000"),
        (read_three_and_five, "001,00001,1"),
    ],
)
def test_what_no_card_prints_is_refused(
    read: Callable[[str], CardNumber], text: str
) -> None:
    with pytest.raises(ValueError, match="number"):
        read(text)
