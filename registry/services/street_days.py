"""Days of the street as moments, and the moment it is."""

from collections.abc import Callable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from registry.domain.deadlines.arithmetic import INSTANT, ONE_DAY, start_of
from registry.domain.history import AsOf


class StreetDays:
    """The street's calendar: a day begins at midnight where the street is."""

    def __init__(self, zone: ZoneInfo, clock: Callable[[], datetime]) -> None:
        """Take times from a clock."""
        self._zone = zone
        self._clock = clock

    def now(self) -> datetime:
        """Return the moment it is."""
        return self._clock()

    def today(self) -> date:
        """Return the day it is."""
        return self.day_of(self._clock())

    def day_of(self, moment: datetime) -> date:
        """Return the day a moment lies in."""
        return moment.astimezone(self._zone).date()

    def begin(self, day: date) -> datetime:
        """Return the moment a day begins."""
        return start_of(day, self._zone)

    def as_of(self, valid: date | None, known: date | None) -> AsOf:
        """Return the end of two days as points on the two axes."""
        return AsOf(self._end(valid), self._end(known))

    def _end(self, day: date | None) -> datetime | None:
        if day is None:
            return None
        return self.begin(day + ONE_DAY) - INSTANT
