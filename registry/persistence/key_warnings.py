"""Withdrawals of cards by door, and warnings that such cards were presented."""

from collections.abc import Collection, Iterable
from datetime import date, datetime

from sqlalchemy import (
    ForeignKey,
    Index,
    UniqueConstraint,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from controller.uplink.messages import DoorReport
from registry.domain.credential import CardState
from registry.domain.key_warning import KeyWarning, Withdrawal
from registry.persistence.hardware import DoorRow
from registry.persistence.houses import buildings_within
from registry.persistence.locks import Lock, take
from registry.persistence.rows import Choice, Moment, Record, RowNumber, add_rows

_WAITING = text("acknowledged_at IS NULL")


class WithdrawalRow(Record):
    """A door that could open for a card which was withdrawn at a revision."""

    __tablename__ = "key_withdrawals"
    __table_args__ = (
        Index(
            "ix_key_withdrawals_waiting",
            "door",
            "revision",
            sqlite_where=_WAITING,
            postgresql_where=_WAITING,
        ),
    )
    number: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    credential: Mapped[int] = mapped_column(ForeignKey("credentials.id"), index=True)
    door: Mapped[str] = mapped_column(ForeignKey("doors.id"))
    revision: Mapped[int]
    at: Mapped[datetime] = mapped_column(Moment)
    acknowledged_at: Mapped[datetime | None] = mapped_column(Moment)


class KeyWarningRow(Record):
    """A warning: one for a credential, a door and a day."""

    __tablename__ = "key_warnings"
    __table_args__ = (UniqueConstraint("credential", "door", "day"),)
    number: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    credential: Mapped[int] = mapped_column(ForeignKey("credentials.id"))
    door: Mapped[str] = mapped_column(ForeignKey("doors.id"))
    day: Mapped[date]
    at: Mapped[datetime] = mapped_column(Moment)
    state: Mapped[CardState] = mapped_column(Choice(CardState))
    recorded_at: Mapped[datetime] = mapped_column(Moment)


class KeyWarnings:
    """The repository of withdrawals and warnings."""

    def __init__(self, session: Session) -> None:
        """Work in a session."""
        self._session = session

    def withdraw(
        self, credential: int, doors: Iterable[tuple[str, int]], at: datetime
    ) -> None:
        """Note which doors must hear of a withdrawal, each by which revision."""
        rows = [
            {"credential": credential, "door": door, "revision": revision, "at": at}
            for door, revision in doors
        ]
        add_rows(self._session, WithdrawalRow, rows)

    def heard(self, reports: Iterable[DoorReport], now: datetime) -> None:
        """Note which withdrawals doors say are in force."""
        upto: dict[str, int] = {
            report.door: int(report.acknowledged) for report in reports
        }
        query = select(WithdrawalRow.number, WithdrawalRow.door, WithdrawalRow.revision)
        waiting = self._session.execute(
            query.where(
                WithdrawalRow.acknowledged_at.is_(None),
                WithdrawalRow.door.in_(list(upto)),
            )
        )
        done = [number for number, door, at in waiting if at <= upto[door]]
        if done:
            self._session.execute(
                update(WithdrawalRow)
                .where(WithdrawalRow.number.in_(done))
                .values(acknowledged_at=now)
            )

    def withdrawals(self, credentials: Collection[int]) -> list[Withdrawal]:
        """Return the withdrawals of credentials."""
        row = WithdrawalRow
        query = select(row.credential, row.door, row.at, row.acknowledged_at)
        found = self._session.execute(query.where(row.credential.in_(credentials)))
        return [Withdrawal(*each) for each in found]

    def add(self, warnings: Iterable[KeyWarning]) -> None:
        """Keep warnings; of a credential, a door and a day only the first is new."""
        rows = [
            {
                "credential": warning.credential,
                "door": warning.door,
                "day": warning.day,
                "at": warning.at,
                "state": warning.state,
                "recorded_at": warning.recorded_at,
            }
            for warning in warnings
        ]
        if not rows:
            return
        # Whoever reads on from a number must not miss a lower one.
        take(self._session, Lock.LINES)
        dialect = self._session.get_bind().dialect.name
        insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
        fresh = insert(KeyWarningRow).on_conflict_do_nothing()
        self._session.connection().execute(fresh, rows)

    def after(
        self, number: int, limit: int, area: str | None = None
    ) -> list[KeyWarning]:
        """Return warnings in the order they were kept, of an area's doors or all."""
        query = select(KeyWarningRow).where(KeyWarningRow.number > number)
        if area is not None:
            here = DoorRow.building.in_(buildings_within(area))
            query = query.where(KeyWarningRow.door.in_(select(DoorRow.id).where(here)))
        rows = self._session.scalars(query.order_by(KeyWarningRow.number).limit(limit))
        return [_warning(row) for row in rows]


def _warning(row: KeyWarningRow) -> KeyWarning:
    return KeyWarning(
        row.number,
        row.credential,
        row.door,
        row.day,
        row.at,
        row.state,
        row.recorded_at,
    )
