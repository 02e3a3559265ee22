"""The policy values in force, and every value there was or will be."""

from dataclasses import dataclass
from datetime import date, datetime

from fastapi import APIRouter

from registry.api.access import Registry
from registry.domain.policy.history import KeyHistory, Recorded
from registry.domain.policy.keys import Key
from registry.domain.policy.value import Jurisdiction, Unit, Verification

router = APIRouter(prefix="/api", tags=["policy"])


@dataclass(frozen=True, slots=True)
class PolicyValueRecord:
    """A value from a day until, not including, another; and who says so.

    One that is not `enforced` is on record only; `caution` says what is still to be
    checked. The last three are missing where the register started with the value.
    """

    amount: int
    unit: Unit
    jurisdiction: Jurisdiction
    valid_from: date
    valid_to: date | None
    source: str
    verification: Verification
    enforced: bool
    caution: str
    recorded_at: datetime | None = None
    recorded_by: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class PolicyRecord:
    """A key, its value in force today if there is one, and all its values."""

    key: Key
    meaning: str
    in_force: PolicyValueRecord | None
    history: list[PolicyValueRecord]


@dataclass(frozen=True, slots=True)
class PolicyList:
    """Every policy value, as of a day in the street."""

    day: date
    values: list[PolicyRecord]


@router.get("/policy", summary="List deadlines, periods and amounts with their source")
def policy(registry: Registry) -> PolicyList:
    """Return every key with its value in force and its history."""
    with registry.store.reading() as uow:
        histories = registry.policies.histories(uow)
    day = registry.policy.today()
    return PolicyList(day, [_policy(history) for history in histories])


def _policy(history: KeyHistory) -> PolicyRecord:
    return PolicyRecord(
        key=history.key,
        meaning=history.meaning,
        in_force=None if history.in_force is None else _value(history.in_force),
        history=[_value(recorded) for recorded in history.values],
    )


def _value(recorded: Recorded) -> PolicyValueRecord:
    value = recorded.value
    return PolicyValueRecord(
        amount=value.amount,
        unit=value.unit,
        jurisdiction=value.jurisdiction,
        valid_from=value.valid_from,
        valid_to=value.valid_to,
        source=value.source,
        verification=value.verification,
        enforced=value.enforced,
        caution=value.caution,
        recorded_at=recorded.at,
        recorded_by=recorded.by,
        reason=recorded.reason,
    )
