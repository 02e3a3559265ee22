"""Which days are worked: weekdays, public holidays and make-up workdays."""

from collections.abc import Callable
from datetime import date

from registry.domain.special_days import MONDAY, DayKind, YearTable

SATURDAY = MONDAY + 5
WORKED = {DayKind.HOLIDAY: False, DayKind.WORKDAY: True}


class Workdays:
    """Tells workdays by the special days of each year; asks for a year once."""

    def __init__(self, year: Callable[[int], YearTable]) -> None:
        """Take the special days of a year from a function."""
        self._year = year
        self._published: dict[int, bool] = {}
        self._kinds: dict[date, DayKind] = {}

    def worked(self, day: date) -> bool:
        """Say whether a day is worked; of an unpublished year, by its weekday."""
        self._look_up(day.year)
        kind = self._kinds.get(day, DayKind.ORDINARY)
        return WORKED.get(kind, day.weekday() < SATURDAY)

    def published(self, day: date) -> bool:
        """Say whether the holidays of a day's year are known."""
        self._look_up(day.year)
        return self._published[day.year]

    def _look_up(self, year: int) -> None:
        if year not in self._published:
            table = self._year(year)
            self._published[year] = table.published
            self._kinds.update((each.day, each.kind) for each in table.days)
