"""Who lets what to whom, from when until when.

Dates are days in the street's own time zone. An end is exclusive: what ends on a
day no longer holds on that day.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from registry.domain.machine import Machine


class TenancyState(StrEnum):
    """Where a tenancy stands on a day."""

    PLANNED = "planned"
    RUNNING = "running"
    ENDING = "ending"
    HOLDOVER = "holdover"
    RENEWED = "renewed"
    ENDED = "ended"


class TenancyEvent(StrEnum):
    """What may happen to a tenancy; the first three are the passing of days."""

    STARTED = "started"
    END_NEARED = "end_neared"
    END_PASSED = "end_passed"
    RENEWED = "renewed"
    HELD_OVER = "held_over"
    ENDED = "ended"


TENANCIES: Machine[TenancyState, TenancyEvent] = Machine(
    "the tenancy",
    TenancyState.PLANNED,
    {
        (TenancyState.PLANNED, TenancyEvent.STARTED): TenancyState.RUNNING,
        (TenancyState.PLANNED, TenancyEvent.ENDED): TenancyState.ENDED,
        (TenancyState.RUNNING, TenancyEvent.END_NEARED): TenancyState.ENDING,
        (TenancyState.RUNNING, TenancyEvent.ENDED): TenancyState.ENDED,
        (TenancyState.RUNNING, TenancyEvent.RENEWED): TenancyState.RENEWED,
        (TenancyState.ENDING, TenancyEvent.RENEWED): TenancyState.RENEWED,
        (TenancyState.ENDING, TenancyEvent.HELD_OVER): TenancyState.HOLDOVER,
        (TenancyState.ENDING, TenancyEvent.END_PASSED): TenancyState.ENDED,
        (TenancyState.ENDING, TenancyEvent.ENDED): TenancyState.ENDED,
        # Who stays on after the end, and says so late, is not put out by a date.
        (TenancyState.ENDED, TenancyEvent.HELD_OVER): TenancyState.HOLDOVER,
        (TenancyState.ENDED, TenancyEvent.RENEWED): TenancyState.RENEWED,
        (TenancyState.HOLDOVER, TenancyEvent.RENEWED): TenancyState.RENEWED,
        (TenancyState.HOLDOVER, TenancyEvent.ENDED): TenancyState.ENDED,
    },
)


@dataclass(frozen=True, slots=True)
class Tenancy:
    """A unit, or one room of it, let from a day until a day, or until further notice.

    `end` is what was agreed, `ended_on` what came to be. `holdover_since` says that
    somebody stays on after the end: that is lawful until it is decided.
    """

    id: str
    unit: str
    room: str | None
    landlord: str | None
    start: date
    end: date | None
    contract: str | None = None
    ended_on: date | None = None
    holdover_since: date | None = None
    renewed_by: str | None = None

    @property
    def until(self) -> date | None:
        """The day from which it no longer holds; None while nobody can say."""
        if self.ended_on is not None:
            return self.ended_on
        return None if self.holdover_since is not None else self.end

    def state(self, today: date, near: int = 0) -> TenancyState:
        """Return where the tenancy stands; in its last `near` days it is ending."""
        if today < self.start:
            return TenancyState.PLANNED
        until = self.until
        if until is not None and until <= today:
            renewed = self.renewed_by is not None
            return TenancyState.RENEWED if renewed else TenancyState.ENDED
        if self.holdover_since is not None and self.holdover_since <= today:
            return TenancyState.HOLDOVER
        ending = until is not None and (until - today).days <= near
        return TenancyState.ENDING if ending else TenancyState.RUNNING

    def holds(self, day: date) -> bool:
        """Say whether the tenancy is in force on a day."""
        return self.start <= day and (self.until is None or day < self.until)

    @property
    def term(self) -> str:
        """The span it holds, in words for an error."""
        return f"from {self.start} until {self.until or 'further notice'}"

    def days_left(self, today: date) -> int | None:
        """Return the days until the end, negative after it; None without an end."""
        return None if self.until is None else (self.until - today).days
