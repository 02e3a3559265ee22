"""Readers in service: who brought each there, what was tested, and what came since."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from controller.uplink.commissioning import CommissioningRecord
from registry.domain.hardware import DoorStatus

COMMISSIONED = frozenset({"osdp"})
"""Protocols whose readers are brought into service by the wizard."""


@dataclass(frozen=True, slots=True)
class Commissioned:
    """A record, the gateway that signed it, and when it was taken here."""

    gateway: str
    record: CommissioningRecord
    digest: bytes
    recorded_at: datetime


class ServiceState(StrEnum):
    """How far a door's reader is in service; the most pressing first."""

    REPLACED = "replaced"
    FAILED = "failed"
    MISSING = "missing"
    ACCEPTED = "accepted"
    EXEMPT = "exempt"


@dataclass(frozen=True, slots=True)
class DoorService:
    """A door, its last record, and since when another device answers there."""

    status: DoorStatus
    community: str
    last: Commissioned | None = None
    replaced_at: datetime | None = None

    @property
    def state(self) -> ServiceState:
        """Where the door stands; a record made after a replacement is of the new one.

        A door whose hardware the wizard cannot test needs no record.
        """
        replaced, last = self.replaced_at, self.last
        if replaced is not None and (last is None or last.record.at < replaced):
            return ServiceState.REPLACED
        if last is not None:
            in_order = last.record.in_order
            return ServiceState.ACCEPTED if in_order else ServiceState.FAILED
        if self.status.protocol in COMMISSIONED:
            return ServiceState.MISSING
        return ServiceState.EXEMPT
