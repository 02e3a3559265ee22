"""Published permits, every change to them, and each gateway's set, as rows."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    ForeignKey,
    Index,
    LargeBinary,
    bindparam,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from controller.encoding import digest_bytes, permit_weight
from controller.schedule import Validity
from controller.vocabulary import CardNumber, DoorId, Permit, PermitId
from registry.persistence.hardware import GatewayRow
from registry.persistence.rows import Moment, Record, RowNumber, Unsigned, add_rows


class PermitRow(Record):
    """A permit as published; `revision` is that of its last change."""

    __tablename__ = "permits"
    id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=False)
    card: Mapped[int] = mapped_column(Unsigned, index=True)
    door: Mapped[str] = mapped_column(ForeignKey("doors.id"), index=True)
    gateway: Mapped[str] = mapped_column(ForeignKey("gateways.id"), index=True)
    starts_at: Mapped[datetime] = mapped_column(Moment)
    ends_at: Mapped[datetime] = mapped_column(Moment)
    revision: Mapped[int]


class PermitChangeRow(Record):
    """At this revision this permit was put or removed."""

    __tablename__ = "permit_changes"
    __table_args__ = (Index("ix_permit_changes_gateway", "gateway", "revision"),)
    revision: Mapped[int] = mapped_column(primary_key=True)
    permit: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    gateway: Mapped[str] = mapped_column(ForeignKey("gateways.id"))


class GatewayRevisionRow(Record):
    """The digest of a gateway's set of permits at a revision."""

    __tablename__ = "gateway_revisions"
    gateway: Mapped[str] = mapped_column(ForeignKey("gateways.id"), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary)


class RevisionRow(Record):
    """The one global revision, which only rises."""

    __tablename__ = "revision"
    id: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[int]


@dataclass(frozen=True, slots=True)
class PublishedPermit:
    """A permit, where it went and the revision of its last change."""

    permit: Permit
    gateway: str
    revision: int


@dataclass(frozen=True, slots=True)
class PermitSet:
    """A gateway's set of permits: its revision and its digest."""

    revision: int
    digest: bytes


class Permits:
    """The repository of permits."""

    def __init__(self, session: Session) -> None:
        """Work in a session."""
        self._session = session

    def revision(self) -> int:
        """Return the global revision."""
        return self._session.scalar(select(RevisionRow.value)) or 0

    def next_revision(self) -> int:
        """Raise the global revision and return it."""
        self._session.execute(update(RevisionRow).values(value=RevisionRow.value + 1))
        return self.revision()

    def every(self) -> list[PublishedPermit]:
        """Return all permits."""
        return [_published(row) for row in self._session.scalars(select(PermitRow))]

    def of_cards(self, cards: Iterable[int]) -> list[PublishedPermit]:
        """Return the permits of cards."""
        query = select(PermitRow).where(PermitRow.card.in_(list(cards)))
        rows = self._session.scalars(query.order_by(PermitRow.door, PermitRow.id))
        return [_published(row) for row in rows]

    def of_gateway(self, gateway: str) -> list[Permit]:
        """Return the permits of a gateway."""
        query = select(PermitRow).where(PermitRow.gateway == gateway)
        return [_permit(row) for row in self._session.scalars(query)]

    def ended(self, now: datetime) -> list[int]:
        """Return the cards whose permits have ended."""
        query = select(PermitRow.card).where(PermitRow.ends_at <= now).distinct()
        return list(self._session.scalars(query))

    def set_of(self, gateway: str) -> PermitSet:
        """Return the state of a gateway's set."""
        query = select(GatewayRow.revision, GatewayRow.digest)
        revision, digest = self._session.execute(
            query.where(GatewayRow.id == gateway)
        ).one()
        return PermitSet(revision, digest)

    def digest_at(self, gateway: str, revision: int) -> bytes | None:
        """Return the digest a gateway's set had at a revision, if it had one."""
        row = self._session.get(GatewayRevisionRow, (gateway, revision))
        return None if row is None else row.digest

    def changed_since(
        self, gateway: str, revision: int
    ) -> tuple[list[PermitId], list[Permit]]:
        """Return what was removed and what was put after a revision, on balance."""
        changed = select(PermitChangeRow.permit).where(
            PermitChangeRow.gateway == gateway, PermitChangeRow.revision > revision
        )
        put = {
            row.id: _permit(row)
            for row in self._session.scalars(
                select(PermitRow).where(PermitRow.id.in_(changed))
            )
        }
        touched = set(self._session.scalars(changed))
        return [PermitId(id_) for id_ in sorted(touched - put.keys())], list(
            put.values()
        )

    def publish(
        self,
        removed: Iterable[PublishedPermit],
        put: Iterable[PublishedPermit],
        revision: int,
    ) -> None:
        """Take permits away, put others (anew or in another form), and log both."""
        gone, new = list(removed), list(put)
        changed = {p.permit.id: p.gateway for p in (*gone, *new)}
        # Row by row: a single statement could not hold ids without bound.
        self._session.connection().execute(
            delete(PermitRow).where(PermitRow.id == bindparam("gone")),
            [{"gone": id_} for id_ in changed],
        )
        add_rows(self._session, PermitRow, [_values(p) for p in new])
        add_rows(
            self._session,
            PermitChangeRow,
            [
                {"revision": revision, "permit": permit, "gateway": gateway}
                for permit, gateway in changed.items()
            ],
        )

    def advance(self, gateway: str, revision: int, shift: int) -> None:
        """Move a gateway's set to a revision; `shift` is the change in its weight."""
        total = int.from_bytes(self.set_of(gateway).digest) + shift
        digest = digest_bytes(total)
        self._session.execute(
            update(GatewayRow)
            .where(GatewayRow.id == gateway)
            .values(revision=revision, digest=digest)
        )
        add_rows(
            self._session,
            GatewayRevisionRow,
            [{"gateway": gateway, "revision": revision, "digest": digest}],
        )

    def counts(self) -> dict[str, int]:
        """Return how many permits each door has."""
        query = select(PermitRow.door, func.count()).group_by(PermitRow.door)
        return dict(self._session.execute(query).all())


def weight_shift(removed: Iterable[Permit], put: Iterable[Permit]) -> int:
    """Return how much the weight of a set changes."""
    return sum(map(permit_weight, put)) - sum(map(permit_weight, removed))


def _permit(row: PermitRow) -> Permit:
    return Permit(
        PermitId(row.id),
        CardNumber(row.card),
        DoorId(row.door),
        Validity(row.starts_at, row.ends_at),
    )


def _published(row: PermitRow) -> PublishedPermit:
    return PublishedPermit(_permit(row), row.gateway, row.revision)


def _values(published: PublishedPermit) -> dict[str, object]:
    permit = published.permit
    return {
        "id": permit.id,
        "card": permit.card.value,
        "door": permit.door,
        "gateway": published.gateway,
        "starts_at": permit.validity.start,
        "ends_at": permit.validity.end,
        "revision": published.revision,
    }
