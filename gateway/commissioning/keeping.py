"""Keeps what commissioning saw: a signed record, until the registry has it too."""

from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from controller.cose import Signer
from controller.uplink.commissioning import CommissioningRecord, sign_record
from controller.vocabulary import DoorId
from gateway.commissioned import FOLDER
from gateway.commissioning.dialogue import Findings, Plan
from gateway.config.keys import write_whole


def record_of(
    plan: Plan, door: str, found: Findings, operator: str
) -> CommissioningRecord:
    """Return what was found as a record of this moment."""
    return CommissioningRecord(
        plan.controller,
        DoorId(door),
        datetime.now(UTC),
        operator,
        found.identity,
        found.firmware,
        found.place.address,
        found.place.baud,
        frozenset(check for check, passed in found.checks.items() if passed),
    )


def write_record(data: Path, record: CommissioningRecord, signer: Signer) -> Path:
    """Sign a record and keep it."""
    name = f"{quote(record.controller, safe='')}-{record.at:%Y%m%d%H%M%S}.cose"
    folder = data / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / name
    write_whole(path, sign_record(record, signer))
    return path
