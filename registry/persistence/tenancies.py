"""Parties, tenancies and occupancies as rows; no name is among them."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, datetime

from sqlalchemy import Boolean, ForeignKey, Select, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.domain.tenancy import Basis, Occupancy, Tenancy
from registry.persistence.houses import UnitRow
from registry.persistence.rows import Moment, Record, RowNumber, add_rows


class PartyRow(Record):
    """A party."""

    __tablename__ = "parties"
    id: Mapped[str] = mapped_column(primary_key=True)


class TenancyRow(Record):
    """A tenancy."""

    __tablename__ = "tenancies"
    id: Mapped[str] = mapped_column(primary_key=True)
    unit: Mapped[str] = mapped_column(ForeignKey("units.code"), index=True)
    room: Mapped[str | None] = mapped_column(ForeignKey("rooms.code"))
    landlord: Mapped[str | None] = mapped_column(ForeignKey("parties.id"))
    start: Mapped[date]
    end: Mapped[date]
    filed: Mapped[bool] = mapped_column(Boolean(create_constraint=False))
    recorded_at: Mapped[datetime] = mapped_column(Moment)


class OccupancyRow(Record):
    """An occupancy."""

    __tablename__ = "occupancies"
    id: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    party: Mapped[str] = mapped_column(ForeignKey("parties.id"), index=True)
    unit: Mapped[str] = mapped_column(ForeignKey("units.code"), index=True)
    basis: Mapped[str]
    start: Mapped[date | None]
    end: Mapped[date | None]
    tenancy: Mapped[str | None] = mapped_column(ForeignKey("tenancies.id"), index=True)
    recorded_at: Mapped[datetime] = mapped_column(Moment)


class Tenancies:
    """The repository of who lives where."""

    def __init__(self, session: Session) -> None:
        """Work in a session."""
        self._session = session

    def add_parties(self, ids: Iterable[str]) -> None:
        """Add parties by their opaque ids."""
        rows = [{"id": id_} for id_ in ids]
        add_rows(self._session, PartyRow, rows)

    def parties(self) -> set[str]:
        """Return the ids of every party."""
        return set(self._session.scalars(select(PartyRow.id)))

    def has_party(self, id_: str) -> bool:
        """Say whether a party is on record."""
        return self._session.get(PartyRow, id_) is not None

    def add(self, tenancies: Iterable[Tenancy], now: datetime) -> None:
        """Add tenancies."""
        rows = [asdict(tenancy) | {"recorded_at": now} for tenancy in tenancies]
        add_rows(self._session, TenancyRow, rows)

    def ids(self) -> set[str]:
        """Return the ids of every tenancy."""
        return set(self._session.scalars(select(TenancyRow.id)))

    def get(self, id_: str) -> Tenancy | None:
        """Return a tenancy."""
        row = self._session.get(TenancyRow, id_)
        return None if row is None else _tenancy(row)

    def of_units(self, units: Iterable[str]) -> list[Tenancy]:
        """Return the tenancies of units, the latest first."""
        query = (
            select(TenancyRow)
            .where(TenancyRow.unit.in_(list(units)))
            .order_by(TenancyRow.start.desc(), TenancyRow.id)
        )
        return [_tenancy(row) for row in self._session.scalars(query)]

    def of_building(self, building: str) -> list[Tenancy]:
        """Return the tenancies of a building's units."""
        units = select(UnitRow.code).where(UnitRow.building == building)
        query = select(TenancyRow).where(TenancyRow.unit.in_(units))
        return [_tenancy(row) for row in self._session.scalars(query)]

    def every(self) -> list[Tenancy]:
        """Return all tenancies."""
        return [_tenancy(row) for row in self._session.scalars(select(TenancyRow))]

    def end(self, id_: str, day: date) -> None:
        """Let a tenancy and the occupancies under it end on a day."""
        self._session.execute(
            update(TenancyRow).where(TenancyRow.id == id_).values(end=day)
        )
        self._session.execute(
            update(OccupancyRow).where(OccupancyRow.tenancy == id_).values(end=day)
        )

    def add_occupancies(self, occupancies: Iterable[Occupancy], now: datetime) -> None:
        """Add occupancies."""
        rows = [
            {
                "party": o.party,
                "unit": o.unit,
                "basis": o.basis,
                "start": o.start,
                "end": o.end,
                "tenancy": o.tenancy,
                "recorded_at": now,
            }
            for o in occupancies
        ]
        add_rows(self._session, OccupancyRow, rows)

    def occupancies(self) -> list[Occupancy]:
        """Return all occupancies."""
        return self._occupancies(_OCCUPANCIES)

    def occupancies_of_parties(self, parties: Iterable[str]) -> list[Occupancy]:
        """Return the occupancies of parties."""
        return self._occupancies(
            _OCCUPANCIES.where(OccupancyRow.party.in_(list(parties)))
        )

    def occupancies_of_unit(self, unit: str) -> list[Occupancy]:
        """Return the occupancies of a unit."""
        return self._occupancies(_OCCUPANCIES.where(OccupancyRow.unit == unit))

    def occupancies_of_building(self, building: str) -> list[Occupancy]:
        """Return the occupancies of a building."""
        return self._occupancies(_OCCUPANCIES.where(UnitRow.building == building))

    def occupancies_of_tenancy(self, tenancy: str) -> list[Occupancy]:
        """Return the occupancies under a tenancy."""
        return self._occupancies(_OCCUPANCIES.where(OccupancyRow.tenancy == tenancy))

    def _occupancies(self, query: Select[OccupancyRow, str]) -> list[Occupancy]:
        return [
            Occupancy(
                row.party,
                row.unit,
                building,
                Basis(row.basis),
                row.start,
                row.end,
                row.tenancy,
            )
            for row, building in self._session.execute(query)
        ]


_OCCUPANCIES = (
    select(OccupancyRow, UnitRow.building)
    .join(UnitRow, UnitRow.code == OccupancyRow.unit)
    .order_by(OccupancyRow.id)
)


def _tenancy(row: TenancyRow) -> Tenancy:
    return Tenancy(
        row.id, row.unit, row.room, row.landlord, row.start, row.end, row.filed
    )
