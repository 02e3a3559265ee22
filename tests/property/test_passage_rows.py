"""Two readers of passages: the quick one takes exactly what the strict one takes."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cbor2
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from controller.cbor import (
    EPOCH,
    FIRST_MOMENT,
    LAST_MOMENT,
    LONGEST_NAME,
    MICROSECOND,
    pack,
)
from controller.encoding import LARGEST_COUNT, encode_entry
from controller.errors import MessageRefused
from controller.uplink.codec import decode_entry
from controller.uplink.formats import LONGEST_ENTRY
from controller.uplink.passage_rows import CARD, _quickly, read_line
from controller.vocabulary import LARGEST_CARD_NUMBER, Entry, Passage
from tests.support.strategies import entries, passages

GOOD: list[Any] = [0, "d", 5, True, 0, 7, None, 0, ["c", 1, 2], None, 250_000]
EDGES = (None, True, -1, 0, 1, 2**63 - 1, 2**63, 2**64 - 1, 2**64, 0.5, "", "\n", b"d")
TEXTS = ("d" * LONGEST_NAME, "d" * (LONGEST_NAME + 1), "门", "\u200b")
MOMENTS = (FIRST_MOMENT - 1, FIRST_MOMENT, LAST_MOMENT, LAST_MOMENT + 1)
NESTED: tuple[Any, ...] = ([], ["c", 1], ["c", 1, 2, 3], ["", 1, 2], [7, 1, 2])
values = st.sampled_from([*EDGES, *TEXTS, *MOMENTS, *NESTED, {}, cbor2.CBORTag(2, b"")])


def strictly(line: bytes) -> Entry | None:
    try:
        return decode_entry(line)
    except MessageRefused:
        return None


def alike(line: bytes) -> None:
    """Hold both readers against each other."""
    strict, row = strictly(line), _quickly(line)
    assert (row is not None) == isinstance(strict, Passage)
    if isinstance(strict, Passage) and row is not None:
        assert pack(row) == line
        assert encode_entry(replace(strict, uncertainty=0)) == pack([*row[:-1], 0])
        assert row[-1] / 1_000_000 == strict.uncertainty
        assert EPOCH + row[2] * MICROSECOND == strict.at
        assert row[CARD] == (None if strict.card is None else strict.card.value)


@given(entries)
def test_every_line_is_read_as_before(entry: Entry) -> None:
    line = encode_entry(entry)
    found = read_line(line)
    assert found == entry or pack(found) == line
    assert isinstance(found, list) == isinstance(entry, Passage)


@given(passages)
def test_every_passage_is_read_quickly(passage: Passage) -> None:
    assert _quickly(encode_entry(passage)) is not None


@given(st.integers(0, 10), values)
@example(0, True)  # in Python true is the number of another kind of line
@example(4, True)
@example(5, LARGEST_CARD_NUMBER)
@example(6, LARGEST_COUNT)
@example(10, -1)
def test_a_passage_with_one_other_field(place: int, value: object) -> None:
    changed = list(GOOD)
    changed[place] = value
    alike(pack(changed))


@given(st.integers(0, 2), values)
def test_a_passage_of_another_origin(place: int, value: object) -> None:
    changed = list(GOOD)
    changed[8] = [value if n == place else old for n, old in enumerate(GOOD[8])]
    alike(pack(changed))


@given(st.binary(max_size=40))
def test_any_bytes(line: bytes) -> None:
    alike(line)


@given(passages, st.data())
def test_a_passage_with_one_other_byte(passage: Passage, data: st.DataObject) -> None:
    line = bytearray(encode_entry(passage))
    line[data.draw(st.integers(0, len(line) - 1))] = data.draw(st.integers(0, 255))
    alike(bytes(line))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda line: line + b"\x00",
        lambda line: line[:-1],
        lambda line: b"\x9f" + line[1:] + b"\xff",
        lambda line: b"\x98\x0b" + line[1:],
        lambda line: b"\xd9\xd9\xf7" + line,
        lambda line: line.replace(b"\x05", b"\x18\x05"),
        lambda line: line.replace(b"\x05", b"\xc1\x05"),
        lambda line: line.replace(b"\x61d", b"\x7f\x61d\xff"),
        lambda line: line.replace(b"\xf6", b"\xf7"),
        lambda line: line.replace(b"\x05", b"\xfb" + bytes(8)),
        lambda line: line.replace(b"\x05", b"\xc4\x82\x1a\x7f\xff\xff\xff\x01"),
        lambda line: line.replace(b"\x61d", b"\xc0\x61d"),
        lambda line: line.replace(b"\x61d", b"\xd8\x23\x61("),
    ],
)
def test_another_spelling_is_refused_by_name(spoil: Callable[[bytes], bytes]) -> None:
    line = spoil(pack(GOOD))
    assert line != pack(GOOD)
    alike(line)
    with pytest.raises(MessageRefused):
        read_line(line)


def test_a_line_too_long_is_refused() -> None:
    with pytest.raises(MessageRefused):
        read_line(pack([GOOD] * LONGEST_ENTRY))
