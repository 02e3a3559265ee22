"""What commissioning found of a reader, signed at the door and kept as it was signed.

COSE_Sign1 under the gateway's device key, over a CBOR array: controller, door,
microseconds since 1970, operator, identity, firmware, address, baud, and an array of
the checks in their order, each true when it passed. No key of a reader is in it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from controller.cbor import Row, microseconds, pack, unpack
from controller.cose import OVERHEAD, Signer, open_signed, sign
from controller.errors import MessageRefused
from controller.vocabulary import ControllerId, DoorId

CONTEXT = b"menhu commissioning record 1"
"""What ties the signature to records of this kind."""
LARGEST_RECORD = 1024
"""Bytes, signature and all."""
FIELDS = 9
LARGEST_ADDRESS = 126
LARGEST_BAUD = 2**32 - 1
OPERATOR = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")


class Check(StrEnum):
    """What is tested; their order is on the wire."""

    CARD = "card"
    CONTACT = "contact"
    TAMPER = "tamper"
    LOCK = "lock"


@dataclass(frozen=True, slots=True)
class CommissioningRecord:
    """A reader as it was brought into service; `operator` is an id, never a name.

    `identity` is maker, model, version and serial number as the reader told them;
    `baud` is in bits per second.
    """

    controller: ControllerId
    door: DoorId
    at: datetime
    operator: str
    identity: str
    firmware: str
    address: int
    baud: int
    passed: frozenset[Check]

    def __post_init__(self) -> None:
        """Refuse an operator that is no id."""
        if not OPERATOR.fullmatch(self.operator):
            raise ValueError("operator must be up to 32 letters, digits, '.', '_', '-'")

    @property
    def in_order(self) -> bool:
        """Say whether every test was passed."""
        return len(self.passed) == len(Check)


def sign_record(record: CommissioningRecord, signer: Signer) -> bytes:
    """Return a record as signed bytes."""
    row = [
        record.controller,
        record.door,
        microseconds(record.at),
        record.operator,
        record.identity,
        record.firmware,
        record.address,
        record.baud,
        [check in record.passed for check in Check],
    ]
    return sign(pack(row), signer, CONTEXT)


def open_record(
    data: bytes, key_of: Callable[[str], Ed25519PublicKey | None]
) -> tuple[str, CommissioningRecord]:
    """Return who signed a record, and the record; raises MessageRefused."""
    limit = LARGEST_RECORD - OVERHEAD
    signed = open_signed(data, key_of, CONTEXT, limit)
    row = Row(unpack(signed.payload, limit), "record", FIELDS)
    try:
        record = _read(row)
    except ValueError as error:
        raise MessageRefused(f"record: {error}") from error
    return signed.signer, record


def digest_of_record(data: bytes) -> bytes:
    """Return what names a record: the hash of its signed bytes."""
    return sha256(data).digest()


def _read(row: Row) -> CommissioningRecord:
    return CommissioningRecord(
        ControllerId(row.text("controller")),
        DoorId(row.text("door")),
        row.moment("at"),
        row.text("operator"),
        row.text("identity"),
        row.text("firmware"),
        row.integer("address", LARGEST_ADDRESS),
        row.integer("baud", LARGEST_BAUD, 1),
        _read_checks(row.row("checks", len(Check))),
    )


def _read_checks(row: Row) -> frozenset[Check]:
    return frozenset(check for check in Check if row.flag(check))
