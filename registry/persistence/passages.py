"""Passages and gaps as rows: written by the batch, read by place and time."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Boolean, Index, Select, and_, func, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from controller.vocabulary import Direction, Reason
from registry.domain.credential import CardState
from registry.domain.timeline import RecordedGap, RecordedPassage, RecordedUnwatched
from registry.persistence.hardware import DoorRow
from registry.persistence.locks import Lock, take
from registry.persistence.rows import Moment, Record, RowNumber, Unsigned, add_rows

Values = Mapping[str, object]
Place = tuple[datetime, int]
"""A time and a number: where a passage stands among others of the same time."""


class PassageRow(Record):
    """A passage.

    No foreign keys: a passage is kept even when nobody knows its door or its card.
    Unless the door is the reporting gateway's `own`, no timeline tells of it.
    De-duplication is the record's place (gateway, epoch, seq), not an index here.
    """

    __tablename__ = "passages"
    __table_args__ = (
        Index("ix_passages_door_at", "door", "at"),
        Index("ix_passages_card_at", "card", "at"),
        Index("ix_passages_unit_at", "unit", "at"),
        {"sqlite_autoincrement": True},
    )
    number: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    gateway: Mapped[str]
    epoch: Mapped[int] = mapped_column(RowNumber)
    seq: Mapped[int] = mapped_column(RowNumber)
    door: Mapped[str]
    at: Mapped[datetime] = mapped_column(Moment)
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    granted: Mapped[bool] = mapped_column(Boolean)
    reason: Mapped[str]
    direction: Mapped[str]
    card: Mapped[int | None] = mapped_column(Unsigned)
    card_state: Mapped[str | None]
    credential: Mapped[int | None] = mapped_column(RowNumber)
    party: Mapped[str | None]
    unit: Mapped[str | None]
    permit: Mapped[int | None] = mapped_column(RowNumber)
    controller: Mapped[str | None]
    controller_epoch: Mapped[int | None] = mapped_column(RowNumber)
    controller_index: Mapped[int | None] = mapped_column(RowNumber)
    controller_at: Mapped[datetime | None] = mapped_column(Moment)
    uncertainty: Mapped[float]
    own: Mapped[bool] = mapped_column(Boolean)


class GapRow(Record):
    """Events a controller lost, told by its `own` gateway or by another."""

    __tablename__ = "gaps"
    __table_args__ = ({"sqlite_autoincrement": True},)
    number: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    gateway: Mapped[str]
    epoch: Mapped[int] = mapped_column(RowNumber)
    seq: Mapped[int] = mapped_column(RowNumber)
    controller: Mapped[str] = mapped_column(index=True)
    controller_epoch: Mapped[int] = mapped_column(RowNumber)
    first: Mapped[int] = mapped_column(RowNumber)
    last: Mapped[int] = mapped_column(RowNumber)
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    own: Mapped[bool] = mapped_column(Boolean)


class UnwatchedRow(Record):
    """A span in which a door may have been used unseen, told by its `own` gateway."""

    __tablename__ = "unwatched"
    __table_args__ = ({"sqlite_autoincrement": True},)
    number: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    gateway: Mapped[str]
    epoch: Mapped[int] = mapped_column(RowNumber)
    seq: Mapped[int] = mapped_column(RowNumber)
    controller: Mapped[str] = mapped_column(index=True)
    since: Mapped[datetime] = mapped_column(Moment)
    until: Mapped[datetime] = mapped_column(Moment)
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    own: Mapped[bool] = mapped_column(Boolean)


Lost = TypeVar("Lost", GapRow, UnwatchedRow)


class Passages:
    """The repository of passages, gaps and unwatched spans."""

    def __init__(self, session: Session) -> None:
        """Work in a session."""
        self._session = session

    def append(self, gaps: Sequence[Values], unwatched: Sequence[Values]) -> None:
        """Store what else a batch tells beside passages."""
        if gaps or unwatched:
            take(self._session, Lock.LINES)
            add_rows(self._session, GapRow, gaps)
            add_rows(self._session, UnwatchedRow, unwatched)

    def last_number(self) -> int:
        """Return the number of the newest passage."""
        return self._session.scalar(select(func.max(PassageRow.number))) or 0

    def gap_count(self) -> int:
        """Return how many gaps there are."""
        return self._session.scalar(select(func.count()).select_from(GapRow)) or 0

    def after(
        self, number: int, limit: int, *, own: bool = False
    ) -> list[RecordedPassage]:
        """Return passages in the order they were stored, all or gateways' own."""
        query = select(PassageRow).where(PassageRow.number > number)
        if own:
            query = query.where(PassageRow.own)
        return self._all(query.order_by(PassageRow.number).limit(limit))

    def of_unit(
        self, unit: str, before: Place | None, limit: int
    ) -> list[RecordedPassage]:
        """Return the newest passages of a unit's people before a place."""
        return self._newest(
            select(PassageRow).where(PassageRow.unit == unit), before, limit
        )

    def of_door(
        self, door: str, before: Place | None, limit: int
    ) -> list[RecordedPassage]:
        """Return the newest passages its own gateway told of a door."""
        return self._newest(
            select(PassageRow).where(PassageRow.door == door, PassageRow.own),
            before,
            limit,
        )

    def held_between(
        self, since: datetime, until: datetime, limit: int
    ) -> list[RecordedPassage]:
        """Return what gateways told of their own doors and of cards somebody held."""
        query = select(PassageRow).where(
            PassageRow.at >= since,
            PassageRow.at < until,
            PassageRow.own,
            PassageRow.credential.is_not(None),
        )
        return self._all(query.order_by(PassageRow.number).limit(limit))

    def gaps_of_controller(self, controller: str) -> list[RecordedGap]:
        """Return the gaps its own gateway told of a controller."""
        query = _own(GapRow).where(GapRow.controller == controller)
        return [
            RecordedGap(
                row.number, door, row.controller, row.first, row.last, row.recorded_at
            )
            for row, door in self._session.execute(query)
        ]

    def unwatched_of_controller(self, controller: str) -> list[RecordedUnwatched]:
        """Return when its own gateway did not hear a controller."""
        return self._unwatched(
            _own(UnwatchedRow).where(UnwatchedRow.controller == controller)
        )

    def unwatched_after(self, number: int, limit: int) -> list[RecordedUnwatched]:
        """Return what gateways told of their own doors, in the order it was stored."""
        later = _own(UnwatchedRow).where(UnwatchedRow.number > number)
        return self._unwatched(later.order_by(UnwatchedRow.number).limit(limit))

    def _unwatched(
        self, query: Select[UnwatchedRow, str | None]
    ) -> list[RecordedUnwatched]:
        return [
            RecordedUnwatched(
                row.number, door, row.controller, row.since, row.until, row.recorded_at
            )
            for row, door in self._session.execute(query)
        ]

    def _newest(
        self, query: Select[PassageRow], before: Place | None, limit: int
    ) -> list[RecordedPassage]:
        if before is not None:
            at, number = before
            same_moment = and_(PassageRow.at == at, PassageRow.number < number)
            query = query.where(or_(PassageRow.at < at, same_moment))
        newest_first = query.order_by(PassageRow.at.desc(), PassageRow.number.desc())
        return self._all(newest_first.limit(limit))

    def _all(self, query: Select[PassageRow]) -> list[RecordedPassage]:
        rows: Iterable[PassageRow] = self._session.scalars(query)
        return [_passage(row) for row in rows]


def _own(table: type[Lost]) -> Select[Lost, str | None]:
    """Return what gateways told of their own controllers, each with its door."""
    return (
        select(table, DoorRow.id)
        .outerjoin(DoorRow, DoorRow.controller == table.controller)
        .where(table.own)
    )


def _passage(row: PassageRow) -> RecordedPassage:
    return RecordedPassage(
        number=row.number,
        gateway=row.gateway,
        epoch=row.epoch,
        seq=row.seq,
        door=row.door,
        at=row.at,
        recorded_at=row.recorded_at,
        granted=row.granted,
        reason=Reason(row.reason),
        direction=Direction(row.direction),
        card=row.card,
        card_state=None if row.card_state is None else CardState(row.card_state),
        credential=row.credential,
        party=row.party,
        unit=row.unit,
        permit=row.permit,
        controller=row.controller,
        controller_epoch=row.controller_epoch,
        controller_index=row.controller_index,
        uncertainty=row.uncertainty,
        own=row.own,
    )
