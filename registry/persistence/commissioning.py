"""Commissioning records as rows, and as the bytes that were signed."""

from datetime import datetime

from sqlalchemy import LargeBinary, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from controller.uplink.commissioning import Check, CommissioningRecord
from controller.vocabulary import ControllerId, DoorId
from registry.domain.commissioning import Commissioned
from registry.persistence.rows import Moment, Record, RowNumber


class CommissioningRow(Record):
    """A record; `passed` names the tests that were passed, with spaces between."""

    __tablename__ = "commissioning"
    __table_args__ = ({"sqlite_autoincrement": True},)
    number: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    signed: Mapped[bytes] = mapped_column(LargeBinary)
    gateway: Mapped[str]
    controller: Mapped[str]
    door: Mapped[str] = mapped_column(index=True)
    at: Mapped[datetime] = mapped_column(Moment)
    operator: Mapped[str]
    identity: Mapped[str]
    firmware: Mapped[str]
    address: Mapped[int]
    baud: Mapped[int] = mapped_column(RowNumber)
    passed: Mapped[str]
    recorded_at: Mapped[datetime] = mapped_column(Moment)


class CommissioningRecords:
    """The repository of commissioning records."""

    def __init__(self, session: Session) -> None:
        """Work in a session."""
        self._session = session

    def known(self, digest: bytes) -> bool:
        """Say whether a record is here."""
        query = select(CommissioningRow.number).where(CommissioningRow.digest == digest)
        return self._session.scalar(query) is not None

    def add(self, found: Commissioned, signed: bytes) -> None:
        """Keep a record that is not here yet."""
        record = found.record
        self._session.add(
            CommissioningRow(
                digest=found.digest,
                signed=signed,
                gateway=found.gateway,
                controller=record.controller,
                door=record.door,
                at=record.at,
                operator=record.operator,
                identity=record.identity,
                firmware=record.firmware,
                address=record.address,
                baud=record.baud,
                passed=" ".join(check for check in Check if check in record.passed),
                recorded_at=found.recorded_at,
            )
        )
        self._session.flush()

    def all(self, door: str | None = None) -> list[Commissioned]:
        """Return the records of a door, or of all doors, the oldest first."""
        query = select(CommissioningRow).order_by(
            CommissioningRow.at, CommissioningRow.number
        )
        if door is not None:
            query = query.where(CommissioningRow.door == door)
        return [_commissioned(row) for row in self._session.scalars(query)]


def _commissioned(row: CommissioningRow) -> Commissioned:
    record = CommissioningRecord(
        ControllerId(row.controller),
        DoorId(row.door),
        row.at,
        row.operator,
        row.identity,
        row.firmware,
        row.address,
        row.baud,
        frozenset(map(Check, row.passed.split())),
    )
    return Commissioned(row.gateway, record, row.digest, row.recorded_at)
