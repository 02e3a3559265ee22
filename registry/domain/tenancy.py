"""Who lives where, on what basis, from when until when.

Dates are days in the street's own time zone. An end is exclusive: what ends on a
day no longer holds on that day.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class TenancyState(StrEnum):
    """Where a tenancy stands on a day."""

    PLANNED = "planned"
    RUNNING = "running"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Tenancy:
    """A unit, or one room of it, let from a day until a day."""

    id: str
    unit: str
    room: str | None
    landlord: str | None
    start: date
    end: date
    filed: bool

    def state(self, today: date) -> TenancyState:
        """Return where the tenancy stands."""
        if today < self.start:
            return TenancyState.PLANNED
        return TenancyState.RUNNING if today < self.end else TenancyState.ENDED

    def days_left(self, today: date) -> int:
        """Return the days until the end, negative after it."""
        return (self.end - today).days


class Basis(StrEnum):
    """Why somebody lives in a unit."""

    TENANT = "tenant"
    OWNER = "owner"
    FAMILY = "family"


@dataclass(frozen=True, slots=True)
class Occupancy:
    """A party lives in a unit; no start means before our records, no end open."""

    party: str
    unit: str
    building: str
    basis: Basis
    start: date | None = None
    end: date | None = None
    tenancy: str | None = None

    def holds(self, day: date) -> bool:
        """Say whether the party lives there on a day."""
        started = self.start is None or self.start <= day
        return started and (self.end is None or day < self.end)
