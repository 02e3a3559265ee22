import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from controller.cbor import DEPTH, Row, Value, microseconds, pack, unpack
from controller.errors import MessageRefused

LIMIT = 1 << 20

# RFC 8949 appendix A: the examples that use what we use.
SPOKEN: list[tuple[str, Value]] = [
    ("00", 0),
    ("01", 1),
    ("0a", 10),
    ("17", 23),
    ("1818", 24),
    ("1819", 25),
    ("1864", 100),
    ("1903e8", 1000),
    ("1a000f4240", 1000000),
    ("1b000000e8d4a51000", 1000000000000),
    ("1bffffffffffffffff", 18446744073709551615),
    ("3bffffffffffffffff", -18446744073709551616),
    ("20", -1),
    ("29", -10),
    ("3863", -100),
    ("3903e7", -1000),
    ("f4", False),
    ("f5", True),
    ("f6", None),
    ("40", b""),
    ("4401020304", b"\x01\x02\x03\x04"),
    ("60", ""),
    ("6161", "a"),
    ("6449455446", "IETF"),
    ("62225c", '"\\'),
    ("62c3bc", "\u00fc"),
    ("63e6b0b4", "\u6c34"),
    ("64f0908591", "\U00010151"),
    ("80", []),
    ("83010203", [1, 2, 3]),
    ("8301820203820405", [1, [2, 3], [4, 5]]),
    (
        "98190102030405060708090a0b0c0d0e0f101112131415161718181819",
        list(range(1, 26)),
    ),
    ("a0", {}),
    ("a201020304", {1: 2, 3: 4}),
]

# RFC 8949 appendix A: valid CBOR that we never speak.
UNSPOKEN = {
    "c249010000000000000000": "bignum",
    "c349010000000000000000": "negative bignum",
    "f90000": "half float",
    "fa47c35000": "single float",
    "fb3ff199999999999a": "double float",
    "f97c00": "infinity",
    "f97e00": "not a number",
    "fb7ff8000000000000": "not a number, double",
    "f7": "undefined",
    "f0": "simple value",
    "f8ff": "simple value of a byte",
    "c074323031332d30332d32315432303a30343a30305a": "date and time",
    "c11a514b67b0": "epoch time",
    "d74401020304": "tag 23",
    "d818456449455446": "tag 24",
    "a26161016162820203": "text keys",
    "5f42010243030405ff": "open byte string",
    "7f657374726561646d696e67ff": "open text",
    "9fff": "open array",
    "bfff": "open map",
}

# What a decoder must survive, and what has a second spelling.
HOSTILE = {
    "": "nothing",
    "0000": "two values",
    "1817": "23 in two bytes",
    "1900ff": "255 in three bytes",
    "1a0000ffff": "65535 in five bytes",
    "1b00000000ffffffff": "32 bits in nine bytes",
    "3817": "-24 in two bytes",
    "580161": "short length in two bytes",
    "780161": "short text in two bytes",
    "9801f6": "short array in two bytes",
    "1c": "reserved length 28",
    "1f": "open integer",
    "ff": "break",
    "f814": "false in two bytes",
    "18": "cut number",
    "4261": "cut bytes",
    "62c3": "cut text",
    "82f6": "cut array",
    "a101": "cut map",
    "61ff": "text that is not UTF-8",
    "63eda080": "surrogate in text",
    "a2030401f6": "map out of order",
    "a201020103": "key twice",
    "a220f600f6": "-1 before 0",
    "a2181800" + "0000": "longer key before shorter",
    "a1f501": "true as a key",
    "a1410102": "bytes as a key",
    "a18001": "array as a key",
    "a1a00101": "map as a key",
    "9b7fffffffffffffff": "array of 2**63 values",
    "bb7fffffffffffffff": "map of 2**63 pairs",
    "5b7fffffffffffffff": "byte string of 2**63 bytes",
    "7b7fffffffffffffff": "text of 2**63 bytes",
    "c4821b000000ffffffff0101": "decimal with an exponent of 40 bits",
    "c5821b000000ffffffff0101": "bigfloat with an exponent of 40 bits",
    "d81e820100": "ratio with denominator 0",
    "d81c81d81d00": "array that holds itself",
    "d81c82d81d00d81d00": "array that holds itself twice",
    "d9010082656161616161d81900": "string reference",
    "d90102818080": "set",
    "d9d9f700": "self-described CBOR",
}


@pytest.mark.parametrize(("spelled", "value"), SPOKEN)
def test_the_standards_examples_read_and_write_alike(
    spelled: str, value: Value
) -> None:
    data = bytes.fromhex(spelled)
    read = unpack(data, LIMIT)
    assert read == value
    assert type(read) is type(value)
    assert pack(value) == data


@pytest.mark.parametrize(
    "spelled", [*UNSPOKEN, *HOSTILE], ids=[*UNSPOKEN.values(), *HOSTILE.values()]
)
def test_everything_else_is_refused(spelled: str) -> None:
    with pytest.raises(MessageRefused):
        unpack(bytes.fromhex(spelled), LIMIT)


def test_nesting_is_bounded() -> None:
    deepest = b"\x81" * DEPTH
    assert unpack(deepest + b"\xf6", LIMIT) is not None
    for head in (b"\x81", b"\xa1\x00"):
        with pytest.raises(MessageRefused, match="too deep"):
            unpack(head * (DEPTH + 1) + b"\xf6", LIMIT)
        with pytest.raises(MessageRefused, match="too deep"):
            unpack(head * 100_000 + b"\xf6", LIMIT)


def test_size_and_number_of_values_are_bounded() -> None:
    assert unpack(b"\x82\x00\x01", 3, most_values=3) == [0, 1]
    with pytest.raises(MessageRefused, match="3 bytes, more than 2"):
        unpack(b"\x82\x00\x01", 2)
    with pytest.raises(MessageRefused, match="too many values"):
        unpack(b"\x82\x00\x01", 3, most_values=2)
    with pytest.raises(MessageRefused, match="too many values"):
        unpack(b"\xa1\x00\x01", 3, most_values=2)


@pytest.mark.parametrize("head", ["9a", "ba", "5a", "7a", "d9010081d81c9a"])
def test_a_declared_length_takes_no_memory(head: str) -> None:
    data = bytes.fromhex(head + "7fffffff") + bytes(1000)
    tracemalloc.start()
    try:
        with pytest.raises(MessageRefused):
            unpack(data, LIMIT)
        assert tracemalloc.get_traced_memory()[1] < 200_000
    finally:
        tracemalloc.stop()


READERS: list[tuple[Callable[[Row], object], Value, str]] = [
    (lambda row: row.integer("f"), True, r"row\.f must be an integer"),
    (lambda row: row.integer("f"), "1", r"row\.f must be an integer"),
    (lambda row: row.integer("f"), -1, r"row\.f must be from 0 to"),
    (lambda row: row.integer("f", 9), 10, r"row\.f must be from 0 to 9"),
    (lambda row: row.integer("f", 9, 2), 1, r"row\.f must be from 2 to 9"),
    (lambda row: row.flag("f"), 1, "true or false"),
    (lambda row: row.text("f"), "", "text of 1 to 64"),
    (lambda row: row.text("f"), "x" * 65, "text of 1 to 64"),
    (lambda row: row.text("f"), b"x", "text of 1 to 64"),
    (lambda row: row.text("f"), "a\nb", "printable"),
    (lambda row: row.octets("f", 2), b"x", "2 bytes"),
    (lambda row: row.octets("f", 2), "xx", "2 bytes"),
    (lambda row: row.sealed("f", 2), b"xxx", "at most 2 bytes"),
    (lambda row: row.sealed("f", 2), None, "at most 2 bytes"),
    (lambda row: row.moment("f"), 2**63, "from"),
    (lambda row: row.moment("f"), -(2**63), "from"),
    (lambda row: row.moment("f"), None, "an integer"),
    (lambda row: row.items("f", 1), [1, 2], "at most 1 items"),
    (lambda row: row.items("f", 1), {}, "an array"),
    (lambda row: row.mapping("f"), [], "a map"),
    (lambda row: row.row("f", 2), [1], "array of 2 fields"),
]


@pytest.mark.parametrize(("read", "value", "complaint"), READERS)
def test_a_wrong_field_is_refused_by_name(
    read: Callable[[Row], object], value: Value, complaint: str
) -> None:
    with pytest.raises(MessageRefused, match=complaint):
        read(Row([value], "row", 1))


@pytest.mark.parametrize("value", [None, {}, [], [1, 2], "x"])
def test_a_row_has_its_size(value: Value) -> None:
    with pytest.raises(MessageRefused, match="row must be an array of 1 fields"):
        Row(value, "row", 1)


def test_a_row_reads_field_by_field() -> None:
    row = Row([7, True, "a b", b"xy", b"z", 0, [1], {1: 2}, None, 5, [6]], "row", 11)
    assert row.integer("a") == 7
    assert row.flag("b") is True
    assert row.text("c") == "a b"
    assert row.octets("d", 2) == b"xy"
    assert row.sealed("e", 2) == b"z"
    assert row.moment("f") == datetime(1970, 1, 1, tzinfo=UTC)
    assert row.items("g", 1) == [1]
    assert row.mapping("h") == {1: 2}
    assert row.maybe("i") is None
    holder = row.maybe("j")
    assert holder is not None
    assert holder.integer("j") == 5
    assert row.row("k", 1).integer("l") == 6


def test_times_before_1970_are_told_apart() -> None:
    moment = datetime(1949, 10, 1, 0, 0, 0, 1, tzinfo=UTC)
    assert microseconds(moment) < 0
    assert Row([microseconds(moment)], "row", 1).moment("at") == moment
