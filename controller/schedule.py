"""When a permit holds: a validity window and weekly hours, zones explicit."""

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

MINUTES_PER_DAY = 24 * 60
DAYS_PER_WEEK = 7


@dataclass(frozen=True, slots=True)
class Validity:
    """A window of real time: from `start` inclusive to `end` exclusive, in UTC."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        """Refuse naive times and windows that never hold; keep UTC, whatever came."""
        for name, moment in (("start", self.start), ("end", self.end)):
            if moment.utcoffset() is None:
                raise ValueError(f"validity {name} needs a time zone")
            if moment.tzinfo is not UTC:
                object.__setattr__(self, name, moment.astimezone(UTC))
        if self.end <= self.start:
            raise ValueError("validity end must come after its start")

    def contains(self, now: datetime) -> bool:
        """Say whether the window holds at `now`."""
        return self.start <= now < self.end


@dataclass(frozen=True, slots=True)
class Hours:
    """A span of one weekday (Monday is 0) in minutes after local midnight."""

    weekday: int
    opens: int
    closes: int

    def __post_init__(self) -> None:
        """Refuse spans outside the week or of no length."""
        if not 0 <= self.weekday < DAYS_PER_WEEK:
            raise ValueError(
                f"weekday must be 0 (Monday) to 6 (Sunday), not {self.weekday}"
            )
        if not 0 <= self.opens < self.closes <= MINUTES_PER_DAY:
            raise ValueError(
                f"hours must lie within one day, not {self.opens} to {self.closes}"
            )


@dataclass(frozen=True, slots=True)
class WeeklyProfile:
    """The hours of a week a permit is good for, read in one named time zone."""

    name: str
    zone: str
    hours: tuple[Hours, ...]

    def __post_init__(self) -> None:
        """Refuse an unknown zone now rather than at the door."""
        try:
            ZoneInfo(self.zone)
        except (ValueError, LookupError, OSError) as error:
            raise ValueError(f"time zone {self.zone!r} is not known") from error

    def contains(self, now: datetime) -> bool:
        """Say whether `now` falls into one of the spans."""
        local = now.astimezone(ZoneInfo(self.zone))
        return self.spans(local.weekday(), local.hour * 60 + local.minute)

    def spans(self, weekday: int, minute: int) -> bool:
        """Say whether a minute after midnight of a weekday falls into a span."""
        return any(
            span.weekday == weekday and span.opens <= minute < span.closes
            for span in self.hours
        )
