"""Keeps what commissioning makes: a key, and a signed record of what was seen."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from controller.cbor import microseconds, pack
from controller.cose import Signer, sign
from gateway.commissioning.dialogue import Check, Findings, Plan

CONTEXT = b"menhu commissioning record 1"
"""What ties the signature to records of this kind."""
FOLDER = "commissioning"

_PRIVATE = 0o600


def add_key(path: Path, name: str, key: bytes) -> None:
    """Add a key to the keys file, which only its owner can read afterwards."""
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    # At the top, where no table has begun yet.
    line = f'{json.dumps(name, ensure_ascii=False)} = "{key.hex()}"\n'
    write_whole(path, (line + before).encode())


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


def write_whole(path: Path, content: bytes) -> None:
    """Replace a file by another in one step, readable by its owner only."""
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(handle)
    beside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
