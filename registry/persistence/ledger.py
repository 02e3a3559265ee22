"""Versioned records as rows: appended and superseded, never rewritten."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Select,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.domain.errors import Conflict
from registry.domain.history import (
    ALWAYS,
    LATEST,
    AsOf,
    Channel,
    Source,
    Span,
    Version,
    revise,
)
from registry.persistence.rows import Choice, Moment, Record, RowNumber, add_rows

INSTANT = timedelta(microseconds=1)
"""By how much later knowledge is later where a clock was set back."""


class EntityRow(Record):
    """Every id there is and what it names, so that references hold."""

    __tablename__ = "entities"
    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]


class Entity(Protocol):
    """What a ledger keeps: a frozen dataclass with an id."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def id(self) -> str:
        """The id all its versions share."""


class VersionColumns:
    """The columns every kind of version has beside those of its content."""

    version: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    id: Mapped[str] = mapped_column(ForeignKey("entities.id"), index=True)
    valid_from: Mapped[datetime | None] = mapped_column(Moment)
    valid_to: Mapped[datetime | None] = mapped_column(Moment)
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    superseded_at: Mapped[datetime | None] = mapped_column(Moment)
    actor: Mapped[str]
    channel: Mapped[Channel] = mapped_column(Choice(Channel))


ABOUT = (
    "version",
    "valid_from",
    "valid_to",
    "recorded_at",
    "superseded_at",
    "actor",
    "channel",
)
"""What is read of a version beside its content, in this order.

Columns are read, not objects: it is faster, and nothing goes stale.
"""
T = TypeVar("T", bound=Entity)


@dataclass(frozen=True, slots=True)
class Stored(Generic[T]):
    """A version and the number of its row."""

    row: int
    version: Version[T]


class Ledger(Generic[T]):
    """The versions of one kind of record; columns are named as its fields are."""

    def __init__(
        self, session: Session, kind: type[T], row: type[VersionColumns]
    ) -> None:
        """Keep records of a kind as rows of a table."""
        self._session = session
        self._kind = kind
        self._row: Any = row
        self._fields = tuple(field.name for field in fields(kind))
        self._content = tuple(getattr(row, name) for name in self._fields)
        self._about = tuple(getattr(row, name) for name in ABOUT)

    def add(
        self,
        records: Sequence[T],
        source: Source,
        now: datetime,
        since: datetime | None = None,
    ) -> None:
        """Add records that are new, each as true since a moment, or always."""
        names = self._row.__tablename__
        add_rows(
            self._session, EntityRow, [{"id": r.id, "kind": names} for r in records]
        )
        span = Span(since)
        versions = [Version(record, span, source, now) for record in records]
        self._append(versions)

    def revise(
        self,
        record: T,
        source: Source,
        now: datetime,
        span: Span = ALWAYS,
    ) -> None:
        """Record what is now known of a record over a span of real time."""
        rows = self._stored(
            self._query(LATEST, every=True).where(self._row.id == record.id)
        )
        last = max((n.version.recorded_at for n in rows), default=now)
        now = now if last <= now else last + INSTANT
        revision = revise([n.version for n in rows], record, span, source, now)
        gone = [n.row for n in rows if n.version in revision.superseded]
        # The condition on superseded_at makes the slower of two writers fail.
        done = self._session.execute(
            update(self._row)
            .where(self._row.version.in_(gone), self._row.superseded_at.is_(None))
            .values(superseded_at=now)
            .execution_options(synchronize_session=False)
        )
        if done.rowcount != len(gone):  # type: ignore[attr-defined]
            raise Conflict("somebody else changed this record just now: look again")
        self._append(revision.added)

    def withdraw(self, ids: Collection[str], source: Source, now: datetime) -> None:
        """Take back records that should not have been made: they held at no time.

        What was said of them stays in their history, and who took it back.
        """
        rows = self._stored(
            self._query(LATEST, every=True).where(self._row.id.in_(list(ids)))
        )
        last = {n.version.content.id: n.version.content for n in rows}
        self._session.execute(
            update(self._row)
            .where(self._row.version.in_([n.row for n in rows]))
            .values(superseded_at=now)
            .execution_options(synchronize_session=False)
        )
        never = Span(now, now)
        self._append([Version(record, never, source, now) for record in last.values()])

    def taken(self, ids: Collection[str]) -> set[str]:
        """Return those of some ids that name a record, of whatever kind."""
        query = select(EntityRow.id).where(EntityRow.id.in_(list(ids)))
        return set(self._session.scalars(query))

    def withdrawn(self, ids: Collection[str]) -> set[str]:
        """Return those of some records that were taken back and not made again."""
        row = self._row
        query = select(row.id).where(
            row.id.in_(list(ids)),
            row.superseded_at.is_(None),
            row.valid_from == row.valid_to,
        )
        return set(self._session.scalars(query))

    def changed(self, ids: Collection[str]) -> set[str]:
        """Return those of some imported records that somebody changed since."""
        row = self._row
        query = select(row.id).where(row.id.in_(list(ids)), row.superseded_at.is_(None))
        imported = func.count().filter(row.channel == Channel.IMPORT)
        query = query.group_by(row.id).having(func.count() == 1, imported == 1)
        return set(ids) - set(self._session.scalars(query))

    def get(self, id_: str, at: AsOf = LATEST) -> T | None:
        """Return a record as it is, or as it was at a point of both times."""
        found = self.find(self._row.id == id_, at=at)
        return found[0] if found else None

    def version(self, id_: str) -> int | None:
        """Return the number of a record's latest version."""
        latest = self._query(LATEST).with_only_columns(func.max(self._row.version))
        return self._session.scalar(latest.where(self._row.id == id_))

    def find(
        self,
        *where: ColumnElement[bool],
        at: AsOf = LATEST,
        order: Sequence[Any] = (),
        limit: int | None = None,
    ) -> list[T]:
        """Return the records that meet conditions, one version of each."""
        query = self._ordered(self._query(at).where(*where), order, limit)
        kind = self._kind
        rows = self._session.execute(query.with_only_columns(*self._content))
        return [kind(*row) for row in rows]

    def versions(
        self,
        *where: ColumnElement[bool],
        at: AsOf = LATEST,
        order: Sequence[Any] = (),
        limit: int | None = None,
    ) -> list[Version[T]]:
        """Return the versions in force of the records that meet conditions."""
        query = self._ordered(self._query(at).where(*where), order, limit)
        return [stored.version for stored in self._stored(query)]

    def ids(self) -> set[str]:
        """Return the id of every record."""
        return set(self._session.scalars(select(self._row.id).distinct()))

    def history(self, id_: str) -> list[Version[T]]:
        """Return every version of a record, the first recorded first."""
        query = select(self._row).where(self._row.id == id_)
        return [n.version for n in self._stored(query.order_by(self._row.version))]

    def _query(self, at: AsOf, *, every: bool = False) -> Select[Any]:
        row, query = self._row, select(self._row)
        if at.known is None:
            query = query.where(row.superseded_at.is_(None))
        else:
            query = query.where(
                row.recorded_at <= at.known,
                or_(row.superseded_at.is_(None), row.superseded_at > at.known),
            )
        if every:
            return query
        if at.valid is None:
            return query.where(row.valid_to.is_(None))
        return query.where(
            or_(row.valid_from.is_(None), row.valid_from <= at.valid),
            or_(row.valid_to.is_(None), row.valid_to > at.valid),
        )

    def _ordered(
        self, query: Select[Any], order: Sequence[Any], limit: int | None
    ) -> Select[Any]:
        return query.order_by(*(order or (self._row.id,))).limit(limit)

    def _stored(self, query: Select[Any]) -> list[Stored[T]]:
        columns = query.with_only_columns(*self._about, *self._content)
        return [self._read(row) for row in self._session.execute(columns)]

    def _read(self, row: Sequence[Any]) -> Stored[T]:
        number, start, end, recorded, superseded, actor, channel, *content = row
        version = Version(
            self._kind(*content),
            Span(start, end),
            Source(actor, channel),
            recorded,
            superseded,
        )
        return Stored(number, version)

    def _append(self, versions: Iterable[Version[T]]) -> None:
        rows = [
            {name: getattr(version.content, name) for name in self._fields}
            | {
                "valid_from": version.span.start,
                "valid_to": version.span.end,
                "recorded_at": version.recorded_at,
                "actor": version.source.actor,
                "channel": version.source.channel,
            }
            for version in versions
        ]
        if rows:
            self._session.connection().execute(insert(self._row), rows)
