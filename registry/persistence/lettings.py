"""Rights, delegations, filings, contracts and filings elsewhere as rows.

No name is among them: parties are ids.
"""

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    Text,
    and_,
    or_,
    select,
    text,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.domain.errors import Conflict
from registry.domain.external_filing import ExternalKind, ExternalState
from registry.domain.filing import LIVE, FilingState, LettingMode, RentalFiling
from registry.domain.history import LATEST, AsOf, Version
from registry.domain.occupancy import Exemption
from registry.domain.rights import Power, RightBasis
from registry.persistence.houses import UnitRow
from registry.persistence.ledger import Ledger, VersionColumns
from registry.persistence.rows import Choice, Choices, Record

LIVE_WORDS = ", ".join(f"'{state}'" for state in sorted(LIVE))
LIVE_KEY = "uq_filing_versions_live"
LIVE_FILING = text(
    f"state IN ({LIVE_WORDS}) AND superseded_at IS NULL AND valid_to IS NULL"
)


ONE_LIVING = "this dwelling has a living filing already"


class RightRow(VersionColumns, Record):
    """A right to let."""

    __tablename__ = "right_versions"
    party: Mapped[str] = mapped_column(ForeignKey("parties.id"), index=True)
    unit: Mapped[str] = mapped_column(ForeignKey("units.code"), index=True)
    basis: Mapped[RightBasis] = mapped_column(Choice(RightBasis))
    start: Mapped[date]
    end: Mapped[date | None]
    evidence: Mapped[str | None]


class DelegationRow(VersionColumns, Record):
    """A delegation."""

    __tablename__ = "delegation_versions"
    grantor: Mapped[str] = mapped_column(ForeignKey("parties.id"), index=True)
    delegate: Mapped[str] = mapped_column(ForeignKey("parties.id"), index=True)
    powers: Mapped[frozenset[Power]] = mapped_column(Choices(Power))
    start: Mapped[date]
    end: Mapped[date]
    unit: Mapped[str | None] = mapped_column(ForeignKey("units.code"))
    revoked_on: Mapped[date | None]


class FilingRow(VersionColumns, Record):
    """A rental filing; the key over living ones is what keeps a dwelling to one."""

    __tablename__ = "filing_versions"
    __table_args__ = (
        Index(
            LIVE_KEY,
            "unit",
            unique=True,
            sqlite_where=LIVE_FILING,
            postgresql_where=LIVE_FILING,
        ),
    )
    unit: Mapped[str] = mapped_column(ForeignKey("units.code"), index=True)
    lessor: Mapped[str | None] = mapped_column(ForeignKey("parties.id"), index=True)
    mode: Mapped[LettingMode] = mapped_column(Choice(LettingMode))
    state: Mapped[FilingState] = mapped_column(Choice(FilingState))
    manager: Mapped[str | None] = mapped_column(ForeignKey("parties.id"))
    number: Mapped[str | None]
    submitted_on: Mapped[date | None]
    accepted_on: Mapped[date | None]
    renews_on: Mapped[date | None]
    reason: Mapped[str | None] = mapped_column(Text)
    successor: Mapped[str | None] = mapped_column(ForeignKey("entities.id"))


class FilingNumberRow(Record):
    """How many numbers were given to filings accepted in a year."""

    __tablename__ = "filing_numbers"
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    taken: Mapped[int]


NEXT_NUMBER = text(
    "INSERT INTO filing_numbers (year, taken) VALUES (:year, 1) ON CONFLICT (year) "
    "DO UPDATE SET taken = filing_numbers.taken + 1 RETURNING taken"
)
"""One statement, so that nobody else takes the same number."""


class ContractRow(VersionColumns, Record):
    """A contract."""

    __tablename__ = "contract_versions"
    unit: Mapped[str] = mapped_column(ForeignKey("units.code"), index=True)
    lessor: Mapped[str] = mapped_column(ForeignKey("parties.id"), index=True)
    tenant: Mapped[str] = mapped_column(ForeignKey("parties.id"), index=True)
    start: Mapped[date]
    end: Mapped[date | None]
    signed_on: Mapped[date]
    parent: Mapped[str | None] = mapped_column(ForeignKey("entities.id"))
    evidence: Mapped[str | None]
    rent: Mapped[int | None]
    deposit: Mapped[int | None]


class ExternalFilingRow(VersionColumns, Record):
    """A filing with another office."""

    __tablename__ = "external_filing_versions"
    kind: Mapped[ExternalKind] = mapped_column(Choice(ExternalKind))
    unit: Mapped[str] = mapped_column(ForeignKey("units.code"), index=True)
    state: Mapped[ExternalState] = mapped_column(Choice(ExternalState))
    tenancy: Mapped[str | None] = mapped_column(ForeignKey("entities.id"), index=True)
    occupancy: Mapped[str | None] = mapped_column(ForeignKey("entities.id"), index=True)
    office: Mapped[str | None]
    receipt: Mapped[str | None]
    on: Mapped[date | None]
    due: Mapped[date | None]
    exemption: Mapped[Exemption | None] = mapped_column(Choice(Exemption))
    reason: Mapped[str | None] = mapped_column(Text)


def waiting_elsewhere(near: date, today: date) -> ColumnElement[bool]:
    """Return the condition for filings elsewhere that days have passed over.

    They are not due yet but have to be made by `near`, or are due and were not made.
    """
    coming = and_(
        ExternalFilingRow.state == ExternalState.NOT_DUE, ExternalFilingRow.due <= near
    )
    missed = and_(
        ExternalFilingRow.state == ExternalState.DUE, ExternalFilingRow.due < today
    )
    return or_(coming, missed)


class Filings(Ledger[RentalFiling]):
    """Filings by dwelling."""

    def __init__(self, session: Session) -> None:
        """Work in a session."""
        super().__init__(session, RentalFiling, FilingRow)

    def of_units(self, units: Iterable[str], at: AsOf = LATEST) -> list[RentalFiling]:
        """Return every filing of units."""
        return self.find(FilingRow.unit.in_(list(units)), at=at)

    def live(self, unit: str, at: AsOf = LATEST) -> RentalFiling | None:
        """Return a dwelling's living filing."""
        found = self.find(FilingRow.unit == unit, FilingRow.state.in_(LIVE), at=at)
        return found[0] if found else None

    def living_since(self, unit: str, moment: datetime) -> set[str]:
        """Return the filings of a dwelling that are said to live after a moment."""
        query = self._query(LATEST, every=True).where(
            FilingRow.unit == unit,
            FilingRow.state.in_(LIVE),
            or_(FilingRow.valid_to.is_(None), FilingRow.valid_to > moment),
        )
        return {stored.version.content.id for stored in self._stored(query)}

    def filed_in(self, building: str, at: AsOf = LATEST) -> set[str]:
        """Return the units of a building that have a living filing."""
        units = select(UnitRow.code).where(UnitRow.building == building)
        query = self._query(at).with_only_columns(FilingRow.unit)
        living = query.where(FilingRow.unit.in_(units), FilingRow.state.in_(LIVE))
        return set(self._session.scalars(living))

    def drafts(self, unit: str, lessor: str) -> list[RentalFiling]:
        """Return what a lessor has begun to file for a dwelling."""
        return self.find(
            FilingRow.unit == unit,
            FilingRow.lessor == lessor,
            FilingRow.state == FilingState.DRAFT,
        )

    def overtaken(self, nearing: date, today: date, limit: int) -> list[RentalFiling]:
        """Return some filings that days have passed over, the longest passed first.

        They are accepted and to be renewed by `nearing`, or due and were to be renewed
        before today.
        """
        accepted = and_(
            FilingRow.state == FilingState.ACCEPTED, FilingRow.renews_on <= nearing
        )
        due = and_(
            FilingRow.state == FilingState.DUE_RENEWAL, FilingRow.renews_on < today
        )
        order = (FilingRow.renews_on, FilingRow.id)
        return self.find(or_(accepted, due), order=order, limit=limit)

    def next_number(self, year: int) -> int:
        """Take the next number of a year, from 1 on."""
        number: int = self._session.execute(NEXT_NUMBER, {"year": year}).scalar_one()
        return number

    def _append(self, versions: Iterable[Version[RentalFiling]]) -> None:
        try:
            super()._append(versions)
        except IntegrityError as error:
            # SQLite names the column of the key, PostgreSQL the key itself.
            told = str(error.orig)
            if LIVE_KEY not in told and f"{FilingRow.__tablename__}.unit" not in told:
                raise
            raise Conflict(ONE_LIVING) from error
