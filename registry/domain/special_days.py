"""The days whose hours are not their weekday's: public holidays and make-up workdays.

What a year's arrangement is stands in the library `chinesecalendar`, and the street's
own table wins over it. A year neither of them knows is not guessed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from chinese_calendar.constants import Holiday, holidays, workdays

MONDAY, SUNDAY = 0, 6
ONE_DAY = timedelta(days=1)


class DayKind(StrEnum):
    """What a special day is; `ordinary` makes a day its own weekday again."""

    HOLIDAY = "holiday"
    WORKDAY = "workday"
    ORDINARY = "ordinary"


WEEKDAYS: Mapping[DayKind, int] = {DayKind.HOLIDAY: SUNDAY, DayKind.WORKDAY: MONDAY}
"""Whose hours hold: a holiday is a Sunday, a make-up workday a Monday."""
NAMES: Mapping[str, str] = {each.value: each.chinese for each in Holiday}
PUBLISHED = frozenset(day.year for day in holidays)
"""The years whose arrangement the library knows."""
Overrides = Mapping[date, DayKind]


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """A day, what it is, the festival it belongs to, and whether the street said so."""

    day: date
    kind: DayKind
    festival: str | None = None
    own: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """Special days of one kind that follow each other."""

    first: date
    last: date
    kind: DayKind
    festival: str | None
    own: bool

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True)
class YearTable:
    """The special days of a year; `published` says whether the library knows it."""

    year: int
    published: bool
    days: tuple[SpecialDay, ...]

    @property
    def runs(self) -> tuple[Run, ...]:
        """The days, those that follow each other together."""
        runs: list[Run] = []
        for day in self.days:
            last = runs[-1] if runs else None
            if last is not None and _continues(last, day):
                runs[-1] = Run(last.first, day.day, last.kind, last.festival, last.own)
            else:
                runs.append(Run(day.day, day.day, day.kind, day.festival, day.own))
        return tuple(runs)


def year_table(year: int, overrides: Overrides) -> YearTable:
    """Return the special days of a year, the street's own ones for the library's."""
    days = {day.day: day for day in _published(year)}
    for day, kind in overrides.items():
        if day.year == year:
            known = days.get(day)
            festival = None if known is None else known.festival
            days[day] = SpecialDay(day, kind, festival, own=True)
    ordered = tuple(days[day] for day in sorted(days))
    return YearTable(year, year in PUBLISHED, ordered)


def weekdays_of(tables: Iterable[YearTable]) -> dict[date, int]:
    """Return the dates that have another weekday's hours, and which weekday's."""
    return {
        day.day: WEEKDAYS[day.kind]
        for table in tables
        for day in table.days
        if day.kind in WEEKDAYS
    }


def _published(year: int) -> Iterable[SpecialDay]:
    kinds = ((DayKind.HOLIDAY, holidays), (DayKind.WORKDAY, workdays))
    for kind, known in kinds:
        for day, name in known.items():
            if day.year == year:
                yield SpecialDay(day, kind, NAMES.get(name, name))


def _continues(run: Run, day: SpecialDay) -> bool:
    same = (day.kind, day.festival, day.own) == (run.kind, run.festival, run.own)
    return same and day.day == run.last + ONE_DAY
