"""The record of a commissioned reader: what is signed is what is read."""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from hypothesis import given
from hypothesis import strategies as st

from controller.cbor import pack
from controller.cose import Signer, sign
from controller.errors import MessageRefused, SignatureRefused
from controller.uplink.commissioning import (
    CONTEXT,
    LARGEST_RECORD,
    Check,
    digest_of_record,
    open_record,
    sign_record,
)
from controller.vocabulary import DoorId
from tests.support.commissioning import RECORD

SIGNER = Signer(Ed25519PrivateKey.generate(), "gateway-1")
ROW = [
    "reader-1",
    "door-1",
    1780286400000000,
    "op-07",
    "010203-4-5-00000006",
    "1.2.3",
    5,
    9600,
    [True, False, False, True],
]


def key_of(name: str) -> Ed25519PublicKey | None:
    return SIGNER.key.public_key() if name == SIGNER.name else None


def signed(row: object) -> bytes:
    return sign(pack(row), SIGNER, CONTEXT)


def test_a_record_is_an_array_with_its_checks_in_their_order() -> None:
    assert sign_record(RECORD, SIGNER) == signed(ROW)
    assert open_record(signed(ROW), key_of) == ("gateway-1", RECORD)


@given(
    st.sampled_from(["a", "op-07", "A.b_c-9", "x" * 32]),
    st.frozensets(st.sampled_from(Check)),
    st.integers(0, 126),
    st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=40),
)
def test_every_record_comes_back(
    operator: str, passed: frozenset[Check], address: int, door: str
) -> None:
    record = replace(
        RECORD, operator=operator, passed=passed, address=address, door=DoorId(door)
    )
    assert open_record(sign_record(record, SIGNER), key_of)[1] == record
    assert record.in_order is (passed == set(Check))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (0, ""),
        (1, "d\nd"),
        (2, "now"),
        (3, "张三"),
        (3, "Zhang San"),
        (3, "-"),
        (3, "x" * 33),
        (4, 7),
        (6, 127),
        (7, 0),
        (7, 2**32),
        (8, [True] * 3),
        (8, [1, 0, 0, 1]),
    ],
)
def test_what_no_record_says_is_refused(field: int, value: object) -> None:
    with pytest.raises(MessageRefused):
        open_record(signed([*ROW[:field], value, *ROW[field + 1 :]]), key_of)


def test_a_record_changed_anywhere_is_refused() -> None:
    data = bytearray(sign_record(RECORD, SIGNER))
    for place in range(len(data)):
        data[place] ^= 1
        with pytest.raises(MessageRefused):
            open_record(bytes(data), key_of)
        data[place] ^= 1


def test_another_key_and_another_place_are_refused() -> None:
    other = Signer(Ed25519PrivateKey.generate(), "gateway-1")
    with pytest.raises(SignatureRefused):
        open_record(sign_record(RECORD, other), key_of)
    with pytest.raises(SignatureRefused):
        open_record(sign(pack(ROW), SIGNER, b"menhu/uplink"), key_of)


@given(st.binary(max_size=2 * LARGEST_RECORD))
def test_any_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(MessageRefused):
        open_record(data, key_of)


def test_a_record_is_named_by_its_bytes() -> None:
    again = replace(RECORD, firmware="1.2.4")
    names = {digest_of_record(sign_record(each, SIGNER)) for each in (RECORD, again)}
    assert len(names) == 2
    assert {len(name) for name in names} == {32}


def test_an_operator_is_an_id_and_no_name() -> None:
    with pytest.raises(ValueError, match="operator must be"):
        replace(RECORD, operator="王工")
