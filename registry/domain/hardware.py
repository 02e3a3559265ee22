"""Doors, the controllers that move them, and the gateways that speak to those."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Gateway:
    """An edge computer; enrolled once its public key is known."""

    id: str
    name: str
    enrolled: bool = False


@dataclass(frozen=True, slots=True)
class Controller:
    """The hardware at one door and the protocol it speaks."""

    id: str
    gateway: str
    protocol: str


@dataclass(frozen=True, slots=True)
class Door:
    """A door of a building; it serves every unit of the building."""

    id: str
    controller: str
    building: str
    name: str


class Delivery(StrEnum):
    """How far a wish has come on its way to a door."""

    WANTED = "wanted"
    PUSHED = "pushed"
    ACKNOWLEDGED = "acknowledged"


@dataclass(frozen=True, slots=True)
class DoorStatus:
    """A door as last reported, and which revisions of its permits it has.

    `wanted` is the revision of the last change for this door, `pushed` the last one
    handed to its gateway, `acknowledged` the one the door said is in force.
    """

    door: Door
    gateway: str
    protocol: str
    online: bool = False
    secure: bool = False
    open: bool | None = None
    tampered: bool = False
    wanted: int = 0
    pushed: int = 0
    acknowledged: int = 0
    clock_offset: float | None = None
    wanted_at: datetime | None = None
    pushed_at: datetime | None = None
    acknowledged_at: datetime | None = None
    reported_at: datetime | None = None

    def delivery(self, revision: int) -> Delivery:
        """Return how far a revision has come at this door."""
        if revision <= self.acknowledged:
            return Delivery.ACKNOWLEDGED
        return Delivery.PUSHED if revision <= self.pushed else Delivery.WANTED


@dataclass(frozen=True, slots=True)
class RuleDelivery:
    """How far the rule book of a gateway has come.

    `wanted` is its newest revision, `pushed` the one handed out last, and `held` the
    one the gateway said it works by.
    """

    wanted: int = 0
    pushed: int = 0
    held: int = 0
    pushed_at: datetime | None = None
    held_at: datetime | None = None

    def delivery(self, revision: int) -> Delivery:
        """Return how far rules of a revision have come."""
        if revision <= self.held:
            return Delivery.ACKNOWLEDGED
        return Delivery.PUSHED if revision <= self.pushed else Delivery.WANTED
