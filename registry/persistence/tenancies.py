"""Parties, tenancies and occupancies as rows; no name is among them."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.domain.history import LATEST, AsOf
from registry.domain.occupancy import (
    Basis,
    Exemption,
    Occupancy,
    OccupancyState,
    Side,
)
from registry.domain.parties import Party, PartyKind
from registry.domain.tenancy import Tenancy
from registry.persistence.houses import UnitRow
from registry.persistence.ledger import Ledger, VersionColumns
from registry.persistence.rows import Choice, Record, add_rows


class PartyRow(Record):
    """A party."""

    __tablename__ = "parties"
    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[PartyKind] = mapped_column(Choice(PartyKind))


class TenancyRow(VersionColumns, Record):
    """A tenancy."""

    __tablename__ = "tenancy_versions"
    unit: Mapped[str] = mapped_column(ForeignKey("units.code"), index=True)
    room: Mapped[str | None] = mapped_column(ForeignKey("rooms.code"))
    landlord: Mapped[str | None] = mapped_column(ForeignKey("parties.id"), index=True)
    start: Mapped[date]
    end: Mapped[date | None]
    contract: Mapped[str | None] = mapped_column(ForeignKey("entities.id"))
    ended_on: Mapped[date | None]
    holdover_since: Mapped[date | None]
    renewed_by: Mapped[str | None] = mapped_column(ForeignKey("entities.id"))


class OccupancyRow(VersionColumns, Record):
    """An occupancy; a unit never moves, so its building is kept beside it."""

    __tablename__ = "occupancy_versions"
    party: Mapped[str] = mapped_column(ForeignKey("parties.id"), index=True)
    unit: Mapped[str] = mapped_column(ForeignKey("units.code"), index=True)
    building: Mapped[str] = mapped_column(ForeignKey("buildings.code"), index=True)
    basis: Mapped[Basis] = mapped_column(Choice(Basis))
    start: Mapped[date | None]
    end: Mapped[date | None]
    tenancy: Mapped[str | None] = mapped_column(ForeignKey("entities.id"), index=True)
    room: Mapped[str | None] = mapped_column(ForeignKey("rooms.code"))
    state: Mapped[OccupancyState] = mapped_column(Choice(OccupancyState))
    declared_by: Mapped[Side] = mapped_column(Choice(Side))
    declared_on: Mapped[date | None]
    confirmed_by: Mapped[Side | None] = mapped_column(Choice(Side))
    confirmed_on: Mapped[date | None]
    leave_by: Mapped[Side | None] = mapped_column(Choice(Side))
    leave_on: Mapped[date | None]
    leave_declared_on: Mapped[date | None]
    exemption: Mapped[Exemption | None] = mapped_column(Choice(Exemption))


class Parties:
    """The repository of parties."""

    def __init__(self, session: Session) -> None:
        """Work in a session."""
        self._session = session

    def add(self, parties: Iterable[Party]) -> None:
        """Add parties by their opaque ids."""
        rows = [{"id": party.id, "kind": party.kind} for party in parties]
        add_rows(self._session, PartyRow, rows)

    def ids(self) -> set[str]:
        """Return the ids of every party."""
        return set(self._session.scalars(select(PartyRow.id)))

    def of_ids(self, ids: Iterable[str]) -> set[str]:
        """Return those of some ids that are a party's."""
        return set(
            self._session.scalars(select(PartyRow.id).where(PartyRow.id.in_(list(ids))))
        )

    def get(self, id_: str) -> Party | None:
        """Return a party."""
        row = self._session.get(PartyRow, id_)
        return None if row is None else Party(row.id, row.kind)


class Tenancies(Ledger[Tenancy]):
    """The repository of tenancies."""

    def __init__(self, session: Session) -> None:
        """Work in a session."""
        super().__init__(session, Tenancy, TenancyRow)

    def of_units(self, units: Iterable[str], at: AsOf = LATEST) -> list[Tenancy]:
        """Return the tenancies of units, the latest first."""
        order = (TenancyRow.start.desc(), TenancyRow.id)
        return self.find(TenancyRow.unit.in_(list(units)), at=at, order=order)

    def of_building(self, building: str, at: AsOf = LATEST) -> list[Tenancy]:
        """Return the tenancies of a building's units."""
        units = select(UnitRow.code).where(UnitRow.building == building)
        return self.find(TenancyRow.unit.in_(units), at=at)


class Occupancies(Ledger[Occupancy]):
    """The repository of who lives where."""

    def __init__(self, session: Session) -> None:
        """Work in a session."""
        super().__init__(session, Occupancy, OccupancyRow)

    def of_parties(self, parties: Iterable[str], at: AsOf = LATEST) -> list[Occupancy]:
        """Return the occupancies of parties."""
        return self.find(OccupancyRow.party.in_(list(parties)), at=at)

    def of_unit(self, unit: str, at: AsOf = LATEST) -> list[Occupancy]:
        """Return the occupancies of a unit."""
        return self.find(OccupancyRow.unit == unit, at=at)

    def of_building(self, building: str, at: AsOf = LATEST) -> list[Occupancy]:
        """Return the occupancies of a building."""
        return self.find(OccupancyRow.building == building, at=at)

    def of_tenancy(self, tenancy: str, at: AsOf = LATEST) -> list[Occupancy]:
        """Return the occupancies under a tenancy."""
        return self.find(OccupancyRow.tenancy == tenancy, at=at)
