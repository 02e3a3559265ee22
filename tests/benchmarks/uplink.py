"""How fast uplink messages are written and read, beside a bare struct loop."""

# ruff: noqa: T201 - a benchmark prints its table

import struct
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from controller.cose import Signer
from controller.encoding import digest_of, encode_entry
from controller.schedule import Validity
from controller.uplink.codec import decode, decode_entry, encode
from controller.uplink.messages import GENESIS, PassageBatch, PermitSnapshot, Receipt
from controller.vocabulary import (
    CardNumber,
    DoorId,
    GatewayId,
    Passage,
    Permit,
    PermitId,
    Reason,
    Revision,
)

ENTRIES = 500
PERMITS = 10_000
SECONDS = 1.0
START = datetime(2026, 1, 1, tzinfo=UTC)
GATEWAY = GatewayId("gateway-1")
SIGNER = Signer(Ed25519PrivateKey.from_private_bytes(bytes(32)), GATEWAY)
PUBLIC = SIGNER.key.public_key()
RECORD = struct.Struct(">QQI??")

Work = tuple[str, int, Callable[[], object]]


def passage(number: int) -> Passage:
    """Return the n-th of many plain passages."""
    return Passage(
        DoorId(f"door-{number % 171:03d}"),
        START + timedelta(seconds=number),
        granted=True,
        reason=Reason.PERMIT,
        card=CardNumber(4_400_000_000 + number),
        permit=PermitId(number),
    )


def snapshot() -> PermitSnapshot:
    """Return all permits of a large gateway."""
    year = Validity(START, START + timedelta(days=365))
    permits = tuple(
        Permit(PermitId(n), CardNumber(4_400_000_000 + n), DoorId(f"door-{n}"), year)
        for n in range(PERMITS)
    )
    return PermitSnapshot(GATEWAY, Revision(1), permits, digest_of(permits))


def structs() -> None:
    """Pack and unpack as many plain records: the least a codec could cost."""
    for number in range(ENTRIES):
        RECORD.unpack(RECORD.pack(number, number, 7, True, False))


def works() -> list[Work]:
    """Return what is measured: name, entries in one turn, the turn itself."""
    passages = [passage(number) for number in range(ENTRIES)]
    lines = tuple(map(encode_entry, passages))
    batch = PassageBatch(GATEWAY, 1, 1, GENESIS, lines)
    sent = encode(batch, SIGNER)
    receipt = Receipt(GATEWAY, 1, ENTRIES, GENESIS)
    answer = encode(receipt, SIGNER)
    permits = snapshot()
    permits_sent = encode(permits, SIGNER)
    return [
        ("bare struct pack and unpack", ENTRIES, structs),
        ("encode entries", ENTRIES, lambda: list(map(encode_entry, passages))),
        ("decode entries", ENTRIES, lambda: list(map(decode_entry, lines))),
        ("encode and sign a batch", ENTRIES, lambda: encode(batch, SIGNER)),
        (
            "verify and decode a batch",
            ENTRIES,
            lambda: decode(sent, lambda _: PUBLIC, PassageBatch),
        ),
        ("encode and sign a receipt", 1, lambda: encode(receipt, SIGNER)),
        (
            "verify and decode a receipt",
            1,
            lambda: decode(answer, lambda _: PUBLIC, Receipt),
        ),
        ("encode and sign a snapshot", PERMITS, lambda: encode(permits, SIGNER)),
        (
            "verify and decode a snapshot",
            PERMITS,
            lambda: decode(permits_sent, lambda _: PUBLIC, PermitSnapshot),
        ),
    ]


def rate(turn: Callable[[], object]) -> float:
    """Return turns per second."""
    turns, before = 0, time.perf_counter()
    while (spent := time.perf_counter() - before) < SECONDS:
        turn()
        turns += 1
    return turns / spent


def main() -> None:
    """Print the figures as a Markdown table."""
    print("| | messages/s | entries/s |\n|---|---:|---:|")
    for name, entries, turn in works():
        turns = rate(turn)
        print(f"| {name} | {turns:,.0f} | {turns * entries:,.0f} |")


if __name__ == "__main__":
    main()
