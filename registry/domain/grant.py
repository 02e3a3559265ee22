"""Doors opened for somebody who does not live behind them: for work or a visit."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from controller.schedule import Validity
from registry.domain.hardware import Delivery, DoorStatus
from registry.domain.machine import Machine
from registry.domain.occupancy import Side


class GrantReason(StrEnum):
    """Why somebody may pass who does not live there."""

    DELEGATION = "delegation"
    VISIT = "visit"
    SERVICE = "service"


class GrantState(StrEnum):
    """How far a grant, or its revocation, has come at one door."""

    DESIRED = "desired"
    PUSHED = "pushed"
    ACKNOWLEDGED = "acknowledged"
    REVOKE_WANTED = "revoke_wanted"
    REVOKED_ACK = "revoked_ack"


class GrantEvent(StrEnum):
    """What may happen to a grant at a door."""

    PUSHED = "pushed"
    ACKNOWLEDGED = "acknowledged"
    REVOKED = "revoked"


_S, _E = GrantState, GrantEvent

GRANTS: Machine[GrantState, GrantEvent] = Machine(
    "the grant at the door",
    _S.DESIRED,
    {
        (_S.DESIRED, _E.PUSHED): _S.PUSHED,
        (_S.PUSHED, _E.ACKNOWLEDGED): _S.ACKNOWLEDGED,
        (_S.DESIRED, _E.REVOKED): _S.REVOKE_WANTED,
        (_S.PUSHED, _E.REVOKED): _S.REVOKE_WANTED,
        (_S.ACKNOWLEDGED, _E.REVOKED): _S.REVOKE_WANTED,
        (_S.REVOKE_WANTED, _E.PUSHED): _S.REVOKE_WANTED,
        (_S.REVOKE_WANTED, _E.ACKNOWLEDGED): _S.REVOKED_ACK,
    },
)

_STANDING = {
    Delivery.WANTED: _S.DESIRED,
    Delivery.PUSHED: _S.PUSHED,
    Delivery.ACKNOWLEDGED: _S.ACKNOWLEDGED,
}


@dataclass(frozen=True, slots=True)
class Grant:
    """A party may open doors of a building from `start` until `end`.

    No `doors` are all of the building. `unit` is the one on whose behalf it was given.
    `revision` is that of the permits once it was given or, later, revoked.
    """

    id: str
    party: str
    building: str
    unit: str | None
    doors: frozenset[str]
    reason: GrantReason
    start: datetime
    end: datetime
    given_by: Side
    revoked_at: datetime | None = None
    revision: int = 0

    @property
    def validity(self) -> Validity | None:
        """When it opens doors; None once it was revoked."""
        if self.revoked_at is not None:
            return None
        return Validity(self.start, self.end)

    def doors_among(self, doors: Iterable[str]) -> list[str]:
        """Return which doors of its building it opens."""
        return [door for door in doors if not self.doors or door in self.doors]

    def state_at(self, door: DoorStatus) -> GrantState:
        """Return how far it has come at a door."""
        # A door whose permits have not changed since has nothing to hear.
        delivery = door.delivery(min(self.revision, door.wanted))
        if self.revoked_at is None:
            return _STANDING[delivery]
        done = delivery is Delivery.ACKNOWLEDGED
        return _S.REVOKED_ACK if done else _S.REVOKE_WANTED
