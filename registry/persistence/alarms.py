"""Alarms as rows: written as gateways tell of them, read by state and door."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Index, and_, delete, func, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from controller.vocabulary import AlarmKind
from registry.domain.alarms import Acknowledgement, Alarm, AlarmState, Spans
from registry.persistence.locks import Lock, take
from registry.persistence.rows import Moment, Record, RowNumber


class AlarmRow(Record):
    """An alarm, named by its door, its kind and when it was raised.

    `changed` is a number of its own for every change of any alarm.
    """

    __tablename__ = "alarms"
    __table_args__ = (
        Index("uq_alarms_name", "door", "kind", "raised_at", unique=True),
        {"sqlite_autoincrement": True},
    )
    number: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    door: Mapped[str]
    kind: Mapped[str]
    raised_at: Mapped[datetime] = mapped_column(Moment)
    cleared_at: Mapped[datetime | None] = mapped_column(Moment, index=True)
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    gateway: Mapped[str]
    epoch: Mapped[int] = mapped_column(RowNumber)
    seq: Mapped[int] = mapped_column(RowNumber)
    acknowledged_at: Mapped[datetime | None] = mapped_column(Moment, index=True)
    acknowledged_by: Mapped[str | None]
    note: Mapped[str | None]
    changed: Mapped[int] = mapped_column(RowNumber, index=True)


@dataclass(frozen=True, slots=True)
class Told:
    """The line that tells of an alarm, and when it was recorded here."""

    gateway: str
    epoch: int
    seq: int
    recorded_at: datetime


ACTIVE, NEW = AlarmRow.cleared_at.is_(None), AlarmRow.acknowledged_at.is_(None)
OPEN = or_(ACTIVE, NEW)
STATES: dict[AlarmState, ColumnElement[bool]] = {
    AlarmState.RAISED: and_(ACTIVE, NEW),
    AlarmState.ACKNOWLEDGED: and_(ACTIVE, ~NEW),
    AlarmState.CLEARED: and_(~ACTIVE, NEW),
    AlarmState.CLOSED: and_(~ACTIVE, ~NEW),
}


class Alarms:
    """The repository of alarms."""

    def __init__(self, session: Session) -> None:
        """Work in a session."""
        self._session = session

    def around(self, door: str, kind: AlarmKind, at: datetime) -> Spans:
        """Return the alarm that began at a moment, and those beside it."""
        here = and_(AlarmRow.door == door, AlarmRow.kind == kind)
        span = select(AlarmRow.raised_at, AlarmRow.cleared_at).where(here)
        began = AlarmRow.raised_at
        queries = (
            span.where(began == at),
            span.where(began < at).order_by(began.desc()).limit(1),
            span.where(began > at).order_by(began).limit(1),
        )
        return dict(
            row for query in queries for row in self._session.execute(query).all()
        )

    def put(self, door: str, kind: AlarmKind, spans: Spans, told: Told) -> None:
        """Store spans that are new or other."""
        take(self._session, Lock.ALARMS)
        for raised_at, cleared_at in spans.items():
            number = self._session.scalar(
                select(AlarmRow.number).where(
                    AlarmRow.door == door,
                    AlarmRow.kind == kind,
                    AlarmRow.raised_at == raised_at,
                )
            )
            if number is not None:
                self._change(number, cleared_at=cleared_at)
                continue
            self._session.add(
                AlarmRow(
                    door=door,
                    kind=kind,
                    raised_at=raised_at,
                    cleared_at=cleared_at,
                    recorded_at=told.recorded_at,
                    gateway=told.gateway,
                    epoch=told.epoch,
                    seq=told.seq,
                    changed=self.last_change() + 1,
                )
            )
            self._session.flush()

    def acknowledge(self, number: int, acknowledgement: Acknowledgement) -> None:
        """Note who took an alarm on."""
        take(self._session, Lock.ALARMS)
        self._change(
            number,
            acknowledged_at=acknowledgement.at,
            acknowledged_by=acknowledgement.by,
            note=acknowledgement.note,
        )

    def get(self, number: int) -> Alarm | None:
        """Return an alarm."""
        row = self._session.get(AlarmRow, number)
        return None if row is None else _alarm(row)

    def after(
        self, number: int, limit: int, state: AlarmState | None, door: str | None
    ) -> list[Alarm]:
        """Return alarms in the order they were stored, of a state, of a door."""
        query = select(AlarmRow).where(AlarmRow.number > number)
        if state is not None:
            query = query.where(STATES[state])
        if door is not None:
            query = query.where(AlarmRow.door == door)
        return self._all(
            self._session.scalars(query.order_by(AlarmRow.number).limit(limit)).all()
        )

    def open(self, limit: int, doors: Collection[str] | None = None) -> list[Alarm]:
        """Return the newest alarms that are not closed, everywhere or at doors."""
        query = select(AlarmRow).where(OPEN)
        if doors is not None:
            query = query.where(AlarmRow.door.in_(doors))
        newest = query.order_by(AlarmRow.raised_at.desc(), AlarmRow.number.desc())
        return self._all(self._session.scalars(newest.limit(limit)).all())

    def closed(self, limit: int) -> list[Alarm]:
        """Return the newest alarms that are closed."""
        query = select(AlarmRow).where(STATES[AlarmState.CLOSED])
        newest = query.order_by(AlarmRow.number.desc()).limit(limit)
        return self._all(self._session.scalars(newest).all())

    def active(self, kind: AlarmKind) -> dict[str, datetime]:
        """Return the doors where alarms of a kind last, and since when."""
        query = select(AlarmRow.door, AlarmRow.raised_at).where(
            ACTIVE, AlarmRow.kind == kind
        )
        return dict(self._session.execute(query.order_by(AlarmRow.raised_at)).all())

    def forget(self, before: datetime) -> int:
        """Delete the alarms that were closed before a moment; return how many.

        The one that changed last is left: the number of its change must not come again.
        """
        old = and_(
            AlarmRow.cleared_at < before,
            AlarmRow.acknowledged_at < before,
            AlarmRow.changed < self.last_change(),
        )
        count = select(func.count()).select_from(AlarmRow).where(old)
        found = self._session.scalar(count) or 0
        self._session.execute(delete(AlarmRow).where(old))
        return found

    def counts(self) -> dict[AlarmState, int]:
        """Return how many alarms are in each state but closed."""
        return {
            state: self._session.scalar(
                select(func.count()).select_from(AlarmRow).where(condition)
            )
            or 0
            for state, condition in STATES.items()
            if state is not AlarmState.CLOSED
        }

    def last_change(self) -> int:
        """Return the number of the newest change of any alarm."""
        return self._session.scalar(select(func.max(AlarmRow.changed))) or 0

    def _change(self, number: int, **values: object) -> None:
        values["changed"] = self.last_change() + 1
        self._session.execute(
            update(AlarmRow).where(AlarmRow.number == number).values(**values)
        )

    def _all(self, rows: Sequence[AlarmRow]) -> list[Alarm]:
        return [_alarm(row) for row in rows]


def _alarm(row: AlarmRow) -> Alarm:
    taken_on = None
    if row.acknowledged_at is not None:
        by = row.acknowledged_by or ""
        taken_on = Acknowledgement(by, row.acknowledged_at, row.note)
    return Alarm(
        number=row.number,
        door=row.door,
        kind=AlarmKind(row.kind),
        raised_at=row.raised_at,
        cleared_at=row.cleared_at,
        recorded_at=row.recorded_at,
        gateway=row.gateway,
        epoch=row.epoch,
        seq=row.seq,
        acknowledgement=taken_on,
    )
