"""The audit trail as rows; nothing here changes or removes one."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import LargeBinary, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.persistence.locks import Lock, take
from registry.persistence.rows import Moment, Record, RowNumber, add_rows


class AuditRow(Record):
    """One entry, chained to the one before it."""

    __tablename__ = "audit_entries"
    number: Mapped[int] = mapped_column(
        RowNumber, primary_key=True, autoincrement=False
    )
    at: Mapped[datetime] = mapped_column(Moment)
    actor: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str] = mapped_column(index=True)
    reason: Mapped[str | None]
    hash: Mapped[bytes] = mapped_column(LargeBinary)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what to which record, why and when; never a name."""

    number: int
    at: datetime
    actor: str
    action: str
    subject: str
    reason: str | None
    hash: bytes


class AuditEntries:
    """The repository of audit entries."""

    def __init__(self, session: Session) -> None:
        """Work in a session."""
        self._session = session

    def last(self) -> AuditEntry | None:
        """Return the newest entry; nobody else adds one until the transaction ends."""
        take(self._session, Lock.AUDIT)
        query = select(AuditRow).order_by(AuditRow.number.desc()).limit(1)
        row = self._session.scalar(query)
        return None if row is None else _entry(row)

    def append(self, entries: list[AuditEntry]) -> None:
        """Store entries in order."""
        add_rows(self._session, AuditRow, [asdict(entry) for entry in entries])

    def every(self) -> Iterator[AuditEntry]:
        """Return all entries, the oldest first."""
        query = select(AuditRow).order_by(AuditRow.number)
        for row in self._session.scalars(query.execution_options(yield_per=1000)):
            yield _entry(row)

    def of_subject(self, subject: str) -> list[AuditEntry]:
        """Return the entries about a record, the oldest first."""
        query = select(AuditRow).where(AuditRow.subject == subject)
        rows = self._session.scalars(query.order_by(AuditRow.number))
        return [_entry(row) for row in rows]


def _entry(row: AuditRow) -> AuditEntry:
    return AuditEntry(
        row.number, row.at, row.actor, row.action, row.subject, row.reason, row.hash
    )
