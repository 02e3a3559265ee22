from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from controller.cbor import Value, pack, unpack
from controller.cose import (
    EDDSA,
    LONGEST_KEY_ID,
    Signed,
    Signer,
    _covered,
    authenticate,
    open_authenticated,
    open_signed,
    sign,
)
from controller.errors import MessageRefused
from tests.support.vectors import load

VECTORS = load("cose")
CONTEXT = b"here"
LIMIT = 100
KEY = bytes(range(32))
SIGNER = Signer(Ed25519PrivateKey.from_private_bytes(KEY), "gateway-1")


def known(name: str) -> Ed25519PublicKey | None:
    return SIGNER.key.public_key() if name == SIGNER.name else None


def signed_by(protected: object, payload: bytes = b"x") -> bytes:
    header = pack(protected)
    signature = SIGNER.key.sign(_covered("Signature1", header, CONTEXT, payload))
    return pack([header, {}, payload, signature])


@pytest.mark.parametrize("vector", VECTORS["mac0"], ids=lambda v: v["source"])
def test_mac0_is_what_others_write_and_read(vector: dict[str, Any]) -> None:
    key, payload, external, message = (
        bytes.fromhex(vector[name])
        for name in ("key", "payload", "external", "message")
    )
    assert authenticate(payload, key, external) == message
    assert open_authenticated(message, key, external, LIMIT) == payload
    with pytest.raises(MessageRefused, match="tag does not hold"):
        open_authenticated(message, key, b"elsewhere", LIMIT)


@pytest.mark.parametrize(
    "vector", VECTORS["mac0"] + VECTORS["covered"], ids=lambda v: v["source"]
)
def test_what_is_covered_is_what_others_cover(vector: dict[str, Any]) -> None:
    protected, external, payload, covered = (
        bytes.fromhex(vector.get(name, "A10105"))
        for name in ("protected", "external", "payload", "covered")
    )
    label = vector.get("label", "MAC0")
    assert _covered(label, protected, external, payload) == covered


@pytest.mark.parametrize("payload", [b"", b"x", bytes(LIMIT)])
def test_a_signed_payload_comes_back_with_its_signer(payload: bytes) -> None:
    data = sign(payload, SIGNER, CONTEXT)
    assert open_signed(data, known, CONTEXT, LIMIT) == Signed("gateway-1", payload)


@pytest.mark.parametrize("place", range(len(sign(b"payload", SIGNER, CONTEXT))))
def test_a_signed_message_changed_anywhere_is_refused(place: int) -> None:
    data = bytearray(sign(b"payload", SIGNER, CONTEXT))
    for bit in range(8):
        data[place] ^= 1 << bit
        with pytest.raises(MessageRefused):
            open_signed(bytes(data), known, CONTEXT, LIMIT)
        data[place] ^= 1 << bit


@pytest.mark.parametrize("place", range(len(authenticate(b"payload", KEY, CONTEXT))))
def test_an_authenticated_message_changed_anywhere_is_refused(place: int) -> None:
    data = bytearray(authenticate(b"payload", KEY, CONTEXT))
    for bit in range(8):
        data[place] ^= 1 << bit
        with pytest.raises(MessageRefused):
            open_authenticated(bytes(data), KEY, CONTEXT, LIMIT)
        data[place] ^= 1 << bit


def test_context_signer_and_size_are_checked() -> None:
    data = sign(b"payload", SIGNER, CONTEXT)
    with pytest.raises(MessageRefused, match="signature does not hold"):
        open_signed(data, known, b"elsewhere", LIMIT)
    other = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key()
    with pytest.raises(MessageRefused, match="signature does not hold"):
        open_signed(data, lambda _: other, CONTEXT, LIMIT)
    with pytest.raises(MessageRefused, match="signer is not known"):
        open_signed(data, lambda _: None, CONTEXT, LIMIT)
    with pytest.raises(MessageRefused, match="at most 6 bytes"):
        open_signed(data, known, CONTEXT, 6)
    with pytest.raises(MessageRefused, match="more than"):
        open_signed(sign(bytes(400), SIGNER, CONTEXT), known, CONTEXT, LIMIT)


def test_another_key_or_kind_does_not_authenticate() -> None:
    data = authenticate(b"payload", KEY, CONTEXT)
    with pytest.raises(MessageRefused, match="tag does not hold"):
        open_authenticated(data, bytes(32), CONTEXT, LIMIT)
    with pytest.raises(MessageRefused, match="seal must be 32 bytes"):
        open_authenticated(sign(b"payload", SIGNER, CONTEXT), KEY, CONTEXT, LIMIT)
    with pytest.raises(MessageRefused, match="seal must be 64 bytes"):
        open_signed(data, known, CONTEXT, LIMIT)


NAME = SIGNER.name.encode()


@pytest.mark.parametrize(
    ("header", "complaint"),
    [
        ({}, "names no algorithm and key"),
        ({1: EDDSA}, "names no algorithm and key"),
        ({1: EDDSA, 4: NAME, 5: 0}, "names no algorithm and key"),
        ([1, EDDSA], "names no algorithm and key"),
        ({1: -7, 4: NAME}, "not EdDSA"),
        ({1: EDDSA, 4: SIGNER.name}, "key id"),
        ({1: EDDSA, 4: b"\xff"}, "key id is not text"),
        ({1: EDDSA, 4: b"x" * (LONGEST_KEY_ID + 1)}, "key id is not at most 64"),
        ({1: EDDSA, 4: NAME + b"\0"}, "signer is not known"),
    ],
)
def test_other_headers_are_refused_though_signed(
    header: object, complaint: str
) -> None:
    with pytest.raises(MessageRefused, match=complaint):
        open_signed(signed_by(header), known, CONTEXT, LIMIT)


def with_part(place: int, part: Value) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        parts = unpack(data, 1000)
        assert isinstance(parts, list)
        parts[place] = part
        return pack(parts)

    return change


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (with_part(1, {4: b"x"}), "too many values"),
        (with_part(1, []), "unprotected must be a map"),
        (with_part(2, None), "payload must be at most"),
        (with_part(2, [b"x"]), "too many values"),
        (with_part(3, b""), "seal must be 64 bytes"),
        (lambda data: b"\xd2" + data, "tag"),
        (lambda data: data + b"\x00", "goes on after its end"),
        (lambda data: data[:-1], "ends too early"),
        (lambda _: b"\x98\x60" + b"\x80" * 96, "too many values"),
    ],
)
def test_other_envelopes_are_refused(
    change: Callable[[bytes], bytes], complaint: str
) -> None:
    with pytest.raises(MessageRefused, match=complaint):
        open_signed(change(sign(b"x", SIGNER, CONTEXT)), known, CONTEXT, LIMIT)
