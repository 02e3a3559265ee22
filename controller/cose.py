"""COSE_Sign1 and COSE_Mac0 over Ed25519 and HMAC-SHA-256 (RFC 9052 §4.2, §6.2).

Only these two, in untagged form with an empty unprotected map; the algorithm and
the key id are in the protected header. `context` is the external_aad: it ties a
message to its place, so that none can be moved to another.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from controller.cbor import Row, pack, unpack
from controller.errors import MessageRefused, SignatureRefused

ALGORITHM, KEY_ID = 1, 4
EDDSA, HMAC_256 = -8, 5
OVERHEAD = 256
"""Bytes that headers, key id and signature add at most to a payload."""
LONGEST_KEY_ID = 64
TAG_SIZE, SIGNATURE_SIZE = 32, 64


@dataclass(frozen=True, slots=True)
class Signer:
    """A device's or the registry's own key and the name it signs under."""

    key: Ed25519PrivateKey
    name: str


@dataclass(frozen=True, slots=True)
class Signed:
    """A payload whose signature held, and who signed it."""

    signer: str
    payload: bytes


def sign(payload: bytes, signer: Signer, context: bytes) -> bytes:
    """Return the payload as COSE_Sign1."""
    protected = pack({ALGORITHM: EDDSA, KEY_ID: signer.name.encode()})
    signature = signer.key.sign(_covered("Signature1", protected, context, payload))
    return pack([protected, {}, payload, signature])


def open_signed(
    data: bytes,
    key_of: Callable[[str], Ed25519PublicKey | None],
    context: bytes,
    limit: int,
) -> Signed:
    """Return the payload of a COSE_Sign1 of at most `limit` bytes of payload."""
    protected, payload, signature = _parts(data, limit, SIGNATURE_SIZE)
    signer = _signer(protected)
    key = key_of(signer)
    if key is None:
        raise SignatureRefused("the signer is not known")
    try:
        key.verify(signature, _covered("Signature1", protected, context, payload))
    except InvalidSignature as error:
        raise SignatureRefused("the signature does not hold") from error
    return Signed(signer, payload)


def authenticate(payload: bytes, key: bytes, context: bytes) -> bytes:
    """Return the payload as COSE_Mac0 under a shared key of 32 bytes."""
    protected = pack({ALGORITHM: HMAC_256})
    covered = _covered("MAC0", protected, context, payload)
    return pack([protected, {}, payload, hmac.digest(key, covered, "sha256")])


def open_authenticated(data: bytes, key: bytes, context: bytes, limit: int) -> bytes:
    """Return the payload of a COSE_Mac0, or raise MessageRefused."""
    protected, payload, tag = _parts(data, limit, TAG_SIZE)
    if protected != pack({ALGORITHM: HMAC_256}):
        raise MessageRefused("the algorithm is not HMAC 256/256")
    expected = hmac.digest(key, _covered("MAC0", protected, context, payload), "sha256")
    if not hmac.compare_digest(expected, tag):
        raise MessageRefused("the authentication tag does not hold")
    return payload


def _covered(label: str, protected: bytes, context: bytes, payload: bytes) -> bytes:
    return pack([label, protected, context, payload])


def _parts(data: bytes, limit: int, seal: int) -> tuple[bytes, bytes, bytes]:
    # Nobody has vouched for these bytes yet: the five values and not one more.
    outer = unpack(data, limit + OVERHEAD, most_values=5)
    row = Row(outer, "envelope", 4)
    protected = row.sealed("protected", OVERHEAD)
    if row.mapping("unprotected"):
        raise MessageRefused("envelope.unprotected must be empty")
    return protected, row.sealed("payload", limit), row.octets("seal", seal)


def _signer(protected: bytes) -> str:
    header = unpack(protected, OVERHEAD)
    if not isinstance(header, dict) or header.keys() != {ALGORITHM, KEY_ID}:
        raise MessageRefused("the protected header names no algorithm and key")
    name = header[KEY_ID]
    if header[ALGORITHM] != EDDSA:
        raise MessageRefused("the algorithm is not EdDSA")
    if not isinstance(name, bytes) or len(name) > LONGEST_KEY_ID:
        raise MessageRefused(f"the key id is not at most {LONGEST_KEY_ID} bytes")
    try:
        return name.decode()
    except UnicodeDecodeError as error:
        raise MessageRefused("the key id is not text") from error
