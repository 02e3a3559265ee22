"""Keeps what commissioning saw: a signed record."""

from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from controller.cbor import microseconds, pack
from controller.cose import Signer, sign
from gateway.commissioning.dialogue import Check, Findings, Plan
from gateway.config.keys import write_whole

CONTEXT = b"menhu commissioning record 1"
"""What ties the signature to records of this kind."""
FOLDER = "commissioning"


def write_record(
    data: Path, door: str, plan: Plan, found: Findings, signer: Signer
) -> Path:
    """Sign what was found and keep it: COSE_Sign1 over a CBOR array, without the key.

    Its fields: controller, door, time in microseconds, identity, firmware, address,
    baud, and the checks in their order.
    """
    at = datetime.now(UTC)
    name = f"{quote(plan.controller, safe='')}-{at:%Y%m%d%H%M%S}.cose"
    record = [
        plan.controller,
        door,
        microseconds(at),
        found.identity,
        found.firmware,
        found.place.address,
        found.place.baud,
        [found.checks[check] for check in Check],
    ]
    folder = data / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / name
    write_whole(path, sign(pack(record), signer, CONTEXT))
    return path
