"""A number of a rule: how much, of what, where, from when, and who says so."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from registry.domain.policy.keys import Key


class Unit(StrEnum):
    """What an amount counts."""

    CALENDAR_DAYS = "calendar_days"
    WORKING_DAYS = "working_days"
    HOURS = "hours"
    MONTHS = "months"
    NUMBER = "number"
    SQUARE_METRES = "square_metres"


PERIODS = frozenset({Unit.CALENDAR_DAYS, Unit.WORKING_DAYS, Unit.HOURS, Unit.MONTHS})
"""The units of time."""
FIXED = {Unit.CALENDAR_DAYS: timedelta(days=1), Unit.HOURS: timedelta(hours=1)}
"""The units that are as long wherever they begin."""


class Verification(StrEnum):
    """How sure we are that a value is what the rule says."""

    OFFICIAL_TEXT = "official_text"
    PARTIAL_TEXT = "partial_text"
    UNVERIFIED = "unverified"
    HOUSE_RULE = "house_rule"


class Jurisdiction(StrEnum):
    """Whose rule it is."""

    CHINA = "china"
    GUANGDONG = "guangdong"
    GUANGZHOU = "guangzhou"
    STREET = "street"
    ZHUHAI = "zhuhai"
    HANGZHOU = "hangzhou"


OURS = (
    Jurisdiction.CHINA,
    Jurisdiction.GUANGDONG,
    Jurisdiction.GUANGZHOU,
    Jurisdiction.STREET,
)
"""Whose rules hold in the street, the nearest last; the others' are to compare with."""


@dataclass(frozen=True, slots=True)
class PolicyValue:
    """An amount that holds from a day until, not including, another.

    `source` is the law with its article, or what the street made the rule for;
    `caution` says what somebody must still check. A value that is not `enforced` is on
    record and no rule acts on it.
    """

    key: Key
    amount: int
    unit: Unit
    jurisdiction: Jurisdiction
    valid_from: date
    source: str
    verification: Verification
    valid_to: date | None = None
    enforced: bool = True
    caution: str = ""

    def holds(self, day: date) -> bool:
        """Say whether the value is in force on a day where it applies."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)

    @property
    def period(self) -> timedelta:
        """The value as a span that does not depend on where it begins."""
        return self.amount * FIXED[self.unit]

    @property
    def days(self) -> int:
        """The value as whole days."""
        return self.period.days
