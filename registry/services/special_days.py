"""The street's calendar: which days have another weekday's hours, year by year."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import date, datetime

from controller.cbor import pack
from registry.audit.trail import Action, Deed, record
from registry.domain.errors import Fault, FieldError, Invalid, NotFound
from registry.domain.policy import Policy
from registry.domain.registration import FIRST_YEAR, LAST_YEAR
from registry.domain.responsibility import Responsible
from registry.domain.special_days import (
    DayKind,
    Overrides,
    YearTable,
    weekdays_of,
    year_table,
)
from registry.persistence.unit_of_work import UnitOfWork


class SpecialDays:
    """Knows the special days; what the street itself says of a day wins."""

    def __init__(self, policy: Policy, clock: Callable[[], datetime]) -> None:
        """Read days in the policy's time zone."""
        self._policy = policy
        self._clock = clock

    def year(self, uow: UnitOfWork, year: int) -> YearTable:
        """Return the special days of a year, known or not."""
        if not FIRST_YEAR <= year <= LAST_YEAR:
            raise NotFound(f"there is no calendar of {year}")
        return year_table(year, uow.rule_books.special_days(year))

    def this_year(self) -> int:
        """Return the year it is in the street."""
        return self._clock().astimezone(self._policy.zone).year

    def in_books(self, uow: UnitOfWork) -> Mapping[date, int]:
        """Return the special days of this year and the next, as weekdays."""
        year = self.this_year()
        return weekdays_of(self.year(uow, each) for each in (year, year + 1))

    def replace(
        self,
        uow: UnitOfWork,
        year: int,
        overrides: Overrides,
        responsible: Responsible,
    ) -> YearTable:
        """Replace what the street says of a year; books follow where it matters."""
        self.year(uow, year)
        strays = sorted(day for day in overrides if day.year != year)
        if strays:
            raise Invalid(
                [
                    FieldError(
                        "days",
                        Fault.CONTRADICTION,
                        f"{strays[0]} is no day of {year}",
                        "give days of one year",
                    )
                ]
            )
        if uow.rule_books.special_days(year) != dict(overrides):
            uow.rule_books.set_special_days(year, overrides)
            deed = Deed(
                responsible.signature,
                Action.CALENDAR_CHANGED,
                f"calendar:{year}",
                responsible.reason,
            )
            record(uow, [deed], self._clock())
            self.refresh(uow)
        return self.year(uow, year)

    def refresh(self, uow: UnitOfWork) -> int:
        """Raise the books that were made with other special days; say how many.

        A new year and a newer library change days without anybody's doing.
        """
        days = digest(self.in_books(uow))
        gateways = [gateway.id for gateway in uow.hardware.gateways()]
        stale = uow.rule_books.of_other_days(gateways, days)
        uow.rule_books.rise(stale, days)
        return len(stale)


def digest(days: Mapping[date, int]) -> bytes:
    """Return the digest of special days."""
    rows = [[day.toordinal(), weekday] for day, weekday in sorted(days.items())]
    return hashlib.sha256(pack(rows)).digest()


def with_span(
    overrides: Overrides, first: date, last: date, kind: DayKind | None
) -> dict[date, DayKind]:
    """Return overrides with a span of days set to a kind, or given back to none."""
    changed = dict(overrides)
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        day = date.fromordinal(ordinal)
        if kind is None:
            changed.pop(day, None)
        else:
            changed[day] = kind
    return changed
