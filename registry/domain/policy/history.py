"""What is known of a key, and by whom."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from registry.domain.policy.keys import Key
from registry.domain.policy.value import PolicyValue, Unit


@dataclass(frozen=True, slots=True)
class Recorded:
    """A value, and who recorded it when and why; one from the start has none of it."""

    value: PolicyValue
    at: datetime | None = None
    by: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class KeyHistory:
    """A key, what it says, its value in force and every value by the day it begins."""

    key: Key
    meaning: str
    in_force: Recorded | None
    values: tuple[Recorded, ...]


def overview(history: KeyHistory) -> str:
    """Return a key and its value in force as a line of text."""
    value = None if history.in_force is None else history.in_force.value
    amount, place, tag = "unknown here", "", ""
    if value is not None:
        amount, place, tag = said(value), value.jurisdiction, value.verification
    line = f"{history.key:<24}{amount:<22}{place:<11}{tag:<15}{history.meaning}"
    return line if value is None or value.enforced else f"{line} (off)"


def details(history: KeyHistory) -> Iterator[str]:
    """Return every value of a key as lines of text, the one in force marked."""
    for recorded in history.values:
        value = recorded.value
        mark = "*" if recorded == history.in_force else " "
        until = "" if value.valid_to is None else f" until {value.valid_to}"
        off = "" if value.enforced else ", off"
        yield f"{mark} from {value.valid_from}{until}: {said(value)}{off}"
        yield f"    {value.jurisdiction}, {value.verification}: {value.source}"
        if value.caution:
            yield f"    to check: {value.caution}"
        if recorded.at is not None:
            yield f"    {recorded.at.date()} by {recorded.by}: {recorded.reason}"


def said(value: PolicyValue) -> str:
    """Return an amount with its unit as text."""
    if value.unit is Unit.NUMBER:
        return str(value.amount)
    return f"{value.amount} {value.unit.replace('_', ' ')}"
