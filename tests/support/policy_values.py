"""Policy values and special days for tests to count by."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from registry.domain.deadlines.workdays import Workdays
from registry.domain.policy.keys import Key
from registry.domain.policy.value import (
    Jurisdiction,
    PolicyValue,
    Unit,
    Verification,
)
from registry.domain.special_days import DayKind, year_table

FIRST_DAY = date(2000, 1, 1)


def value(
    amount: int = 30,
    unit: Unit = Unit.CALENDAR_DAYS,
    **changes: Any,  # noqa: ANN401 - fields of several types
) -> PolicyValue:
    """Return a value of the street's own, with changes."""
    fields: dict[str, Any] = {
        "key": Key.LEASE_FILING,
        "jurisdiction": Jurisdiction.STREET,
        "valid_from": FIRST_DAY,
        "source": "street's own rule",
        "verification": Verification.HOUSE_RULE,
    }
    return PolicyValue(amount=amount, unit=unit, **(fields | changes))


def workdays(own: Mapping[date, DayKind] | None = None) -> Workdays:
    """Return the library's workdays, with what a street says of some days."""
    return Workdays(lambda year: year_table(year, own or {}))
