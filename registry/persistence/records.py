"""How far each gateway's record is here, and where it is torn, as rows."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import LargeBinary, func, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from controller.cbor import microseconds
from controller.vocabulary import GatewayId
from registry.persistence.locks import Lock, take
from registry.persistence.rows import Moment, Record, RowNumber, add_rows


class RecordRow(Record):
    """The high-water mark of one epoch of a gateway's record."""

    __tablename__ = "gateway_records"
    gateway: Mapped[str] = mapped_column(primary_key=True)
    epoch: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=False)
    upto: Mapped[int] = mapped_column(RowNumber)
    chain: Mapped[bytes] = mapped_column(LargeBinary)
    updated_at: Mapped[datetime] = mapped_column(Moment)


class HoleRow(Record):
    """Lines that are missing here: lost before they came, or not readable."""

    __tablename__ = "holes"
    __table_args__ = ({"sqlite_autoincrement": True},)
    number: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    gateway: Mapped[str]
    epoch: Mapped[int] = mapped_column(RowNumber)
    first: Mapped[int] = mapped_column(RowNumber)
    last: Mapped[int] = mapped_column(RowNumber)
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    reason: Mapped[str]
    line: Mapped[bytes | None] = mapped_column(LargeBinary)


class ForkRow(Record):
    """A batch that was refused because it did not continue the record."""

    __tablename__ = "forks"
    __table_args__ = ({"sqlite_autoincrement": True},)
    number: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    gateway: Mapped[str]
    epoch: Mapped[int] = mapped_column(RowNumber)
    first: Mapped[int] = mapped_column(RowNumber)
    upto: Mapped[int] = mapped_column(RowNumber)
    expected: Mapped[bytes] = mapped_column(LargeBinary)
    offered: Mapped[bytes] = mapped_column(LargeBinary)
    recorded_at: Mapped[datetime] = mapped_column(Moment)


@dataclass(frozen=True, slots=True)
class HighWater:
    """Everything of an epoch up to a line is here; `chain` is the hash there."""

    gateway: GatewayId
    epoch: int
    upto: int
    chain: bytes


LOST = "the gateway lost it"


@dataclass(frozen=True, slots=True)
class Hole:
    """Lines that are missing and why; `line` is one that came but is not readable.

    It is kept because its receipt lets the gateway forget it.
    """

    gateway: str
    epoch: int
    first: int
    last: int
    recorded_at: datetime
    reason: str = LOST
    line: bytes | None = None


# Both databases say it like this, and the mapper would look first.
_ADVANCE = text("""
INSERT INTO gateway_records (gateway, epoch, upto, chain, updated_at)
VALUES (:gateway, :epoch, :upto, :chain, :updated_at)
ON CONFLICT (gateway, epoch) DO UPDATE
SET upto = excluded.upto, chain = excluded.chain, updated_at = excluded.updated_at
""")


class Records:
    """The repository of gateway records."""

    def __init__(self, session: Session) -> None:
        """Work in a session."""
        self._session = session

    def high_water(self, gateway: GatewayId, epoch: int) -> HighWater | None:
        """Return the mark of an epoch, locked until the transaction ends.

        Where there is none yet, nobody else starts this epoch before that.
        """
        known = self._locked(gateway, epoch)
        if known is None:
            take(self._session, Lock.NEW_EPOCH)
            known = self._locked(gateway, epoch)
        return known

    def _locked(self, gateway: GatewayId, epoch: int) -> HighWater | None:
        query = select(RecordRow.upto, RecordRow.chain).where(
            RecordRow.gateway == gateway, RecordRow.epoch == epoch
        )
        row = self._session.execute(query.with_for_update()).first()
        return None if row is None else HighWater(gateway, epoch, row.upto, row.chain)

    def advance(self, mark: HighWater, now: datetime) -> None:
        """Move the mark of an epoch, or set its first one."""
        values = asdict(mark) | {"updated_at": microseconds(now)}
        self._session.connection().execute(_ADVANCE, values)

    def add_holes(self, holes: Iterable[Hole]) -> None:
        """Note what is missing."""
        rows = [asdict(hole) for hole in holes]
        if rows:
            take(self._session, Lock.LINES)
            add_rows(self._session, HoleRow, rows)

    def holes(self, after: int, limit: int) -> list[tuple[int, Hole]]:
        """Return holes with their numbers, the first noted first."""
        query = select(HoleRow).where(HoleRow.number > after)
        rows = self._session.scalars(query.order_by(HoleRow.number).limit(limit))
        return [(row.number, _hole(row)) for row in rows]

    def add_fork(
        self, mark: HighWater, first: int, offered: bytes, now: datetime
    ) -> None:
        """Note that a batch contradicts the mark."""
        add_rows(
            self._session,
            ForkRow,
            [
                {
                    "gateway": mark.gateway,
                    "epoch": mark.epoch,
                    "first": first,
                    "upto": mark.upto,
                    "expected": mark.chain,
                    "offered": offered,
                    "recorded_at": now,
                }
            ],
        )

    def hole_count(self) -> int:
        """Return how many holes there are."""
        return self._session.scalar(select(func.count()).select_from(HoleRow)) or 0

    def fork_count(self) -> int:
        """Return how many batches were refused."""
        return self._session.scalar(select(func.count()).select_from(ForkRow)) or 0


def _hole(row: HoleRow) -> Hole:
    return Hole(
        row.gateway,
        row.epoch,
        row.first,
        row.last,
        row.recorded_at,
        row.reason,
        row.line,
    )
