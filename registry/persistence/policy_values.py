"""Policy values the street recorded itself, as rows that are only ever added."""

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.domain.policy.book import Edition
from registry.domain.policy.history import Recorded
from registry.domain.policy.keys import Key
from registry.domain.policy.value import (
    Jurisdiction,
    PolicyValue,
    Unit,
    Verification,
)
from registry.persistence.rows import Moment, Record, RowNumber, add_rows


class PolicyValueRow(Record):
    """A value, from when it holds, and who recorded it when and why."""

    __tablename__ = "policy_values"
    __table_args__ = ({"sqlite_autoincrement": True},)
    number: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    key: Mapped[str]
    amount: Mapped[int]
    unit: Mapped[str]
    jurisdiction: Mapped[str]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    source: Mapped[str]
    verification: Mapped[str]
    enforced: Mapped[bool]
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    recorded_by: Mapped[str]
    reason: Mapped[str]


class PolicyValues:
    """The repository of policy values."""

    def __init__(self, session: Session) -> None:
        """Work in a session."""
        self._session = session

    def add(self, recorded: Iterable[Recorded]) -> None:
        """Record values."""
        add_rows(self._session, PolicyValueRow, [_columns(each) for each in recorded])

    def every(self) -> list[Recorded]:
        """Return all values in the order they were recorded."""
        query = select(PolicyValueRow).order_by(PolicyValueRow.number)
        return [_recorded(row) for row in self._session.scalars(query)]

    def edition(self) -> Edition:
        """Return which value was recorded last, and when."""
        query = select(PolicyValueRow.number, PolicyValueRow.recorded_at)
        newest = query.order_by(PolicyValueRow.number.desc()).limit(1)
        row = self._session.execute(newest).one_or_none()
        return None if row is None else (row.number, row.recorded_at)


def _columns(recorded: Recorded) -> dict[str, object]:
    value = recorded.value
    return {
        "key": value.key.value,
        "amount": value.amount,
        "unit": value.unit.value,
        "jurisdiction": value.jurisdiction.value,
        "valid_from": value.valid_from,
        "valid_to": value.valid_to,
        "source": value.source,
        "verification": value.verification.value,
        "enforced": value.enforced,
        "recorded_at": recorded.at,
        "recorded_by": recorded.by,
        "reason": recorded.reason,
    }


def _recorded(row: PolicyValueRow) -> Recorded:
    value = PolicyValue(
        key=Key(row.key),
        amount=row.amount,
        unit=Unit(row.unit),
        jurisdiction=Jurisdiction(row.jurisdiction),
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        source=row.source,
        verification=Verification(row.verification),
        enforced=row.enforced,
    )
    return Recorded(value, row.recorded_at, row.recorded_by, row.reason)
