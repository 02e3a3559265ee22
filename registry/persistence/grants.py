"""Grants as rows: doors opened for work or a visit."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.types import TypeDecorator

from registry.domain.grant import Grant, GrantReason
from registry.domain.history import LATEST, AsOf
from registry.domain.occupancy import Side
from registry.persistence.ledger import Ledger, VersionColumns
from registry.persistence.rows import Choice, Moment, Record

SEPARATOR = "\n"


class Keys(TypeDecorator[frozenset[str]]):
    """Some keys of records, stored in one text in order."""

    impl = String
    cache_ok = True

    def process_bind_param(
        self,
        value: frozenset[str] | None,
        dialect: Dialect,  # noqa: ARG002 - every dialect stores the same
    ) -> str | None:
        """Store keys."""
        return None if value is None else SEPARATOR.join(sorted(value))

    def process_result_value(
        self,
        value: str | None,
        dialect: Dialect,  # noqa: ARG002 - every dialect stores the same
    ) -> frozenset[str] | None:
        """Read keys."""
        return (
            None if value is None else frozenset(filter(None, value.split(SEPARATOR)))
        )


class GrantRow(VersionColumns, Record):
    """A grant."""

    __tablename__ = "grant_versions"
    party: Mapped[str] = mapped_column(ForeignKey("parties.id"), index=True)
    building: Mapped[str] = mapped_column(ForeignKey("buildings.code"), index=True)
    unit: Mapped[str | None] = mapped_column(ForeignKey("units.code"), index=True)
    doors: Mapped[frozenset[str]] = mapped_column(Keys)
    reason: Mapped[GrantReason] = mapped_column(Choice(GrantReason))
    start: Mapped[datetime] = mapped_column(Moment)
    end: Mapped[datetime] = mapped_column(Moment)
    given_by: Mapped[Side] = mapped_column(Choice(Side))
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)
    revision: Mapped[int]


class Grants(Ledger[Grant]):
    """The repository of grants."""

    def __init__(self, session: Session) -> None:
        """Work in a session."""
        super().__init__(session, Grant, GrantRow)

    def of_parties(self, parties: Iterable[str], at: AsOf = LATEST) -> list[Grant]:
        """Return the grants of parties."""
        return self.find(GrantRow.party.in_(list(parties)), at=at)

    def of_unit(self, unit: str, at: AsOf = LATEST) -> list[Grant]:
        """Return the grants given on behalf of a unit."""
        return self.find(GrantRow.unit == unit, at=at)

    def running(self, now: datetime) -> list[Grant]:
        """Return every grant that opens doors now or will."""
        return self.find(GrantRow.revoked_at.is_(None), GrantRow.end > now)
