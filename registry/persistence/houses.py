"""Areas, buildings, units and rooms as rows."""

from collections.abc import Iterable
from dataclasses import asdict
from itertools import groupby

from sqlalchemy import (
    ForeignKey,
    Select,
    delete,
    func,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.domain.places import (
    Area,
    AreaKind,
    Building,
    Room,
    RoomKind,
    Unit,
    UnitUse,
)
from registry.persistence.rows import Choice, Record, add_rows


class AreaRow(Record):
    """An area."""

    __tablename__ = "areas"
    code: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    name: Mapped[str]
    parent: Mapped[str | None] = mapped_column(ForeignKey("areas.code"), index=True)


class BuildingRow(Record):
    """A building."""

    __tablename__ = "buildings"
    code: Mapped[str] = mapped_column(primary_key=True)
    grid: Mapped[str] = mapped_column(ForeignKey("areas.code"), index=True)
    name: Mapped[str]
    address: Mapped[str]
    storeys: Mapped[int]


class UnitRow(Record):
    """A unit."""

    __tablename__ = "units"
    code: Mapped[str] = mapped_column(primary_key=True)
    building: Mapped[str] = mapped_column(ForeignKey("buildings.code"), index=True)
    number: Mapped[str]
    floor: Mapped[int]
    use: Mapped[str]
    area: Mapped[float | None]


class RoomRow(Record):
    """A room."""

    __tablename__ = "rooms"
    code: Mapped[str] = mapped_column(primary_key=True)
    unit: Mapped[str] = mapped_column(ForeignKey("units.code"), index=True)
    name: Mapped[str]
    kind: Mapped[RoomKind] = mapped_column(Choice(RoomKind))
    area: Mapped[float | None]


PLACES: dict[type, type[Record]] = {
    Area: AreaRow,
    Building: BuildingRow,
    Unit: UnitRow,
    Room: RoomRow,
}


def buildings_within(area: str) -> Select[str]:
    """Return the query for the codes of all buildings in an area of any level."""
    communities = select(AreaRow.code).where(AreaRow.parent == area)
    grids = select(AreaRow.code).where(
        or_(
            AreaRow.code == area,
            AreaRow.parent == area,
            AreaRow.parent.in_(communities),
        )
    )
    return select(BuildingRow.code).where(BuildingRow.grid.in_(grids))


def units_within(area: str) -> Select[str]:
    """Return the query for the codes of all units in an area of any level."""
    return select(UnitRow.code).where(UnitRow.building.in_(buildings_within(area)))


class Houses:
    """The repository of places."""

    def __init__(self, session: Session) -> None:
        """Work in a session."""
        self._session = session

    def add(self, places: Iterable[Area | Building | Unit | Room]) -> None:
        """Add places; what a place lies in must come before it."""
        for kind, group in groupby(places, key=type):
            add_rows(self._session, PLACES[kind], [asdict(place) for place in group])

    def replace(self, building: Building) -> None:
        """Let a building be what it has become."""
        self._session.execute(
            update(BuildingRow)
            .where(BuildingRow.code == building.code)
            .values(**asdict(building))
        )

    def codes(self, kind: type) -> set[str]:
        """Return the codes of every place of a kind."""
        column = PLACES[kind].__table__.c.code
        return set(self._session.scalars(select(column)))

    def area(self, code: str) -> Area | None:
        """Return an area."""
        row = self._session.get(AreaRow, code)
        return None if row is None else _area(row)

    def areas(self, kind: AreaKind, parent: str | None = None) -> list[Area]:
        """Return the areas of a kind, of one parent when it is named."""
        query = select(AreaRow).where(AreaRow.kind == kind).order_by(AreaRow.code)
        if parent is not None:
            query = query.where(AreaRow.parent == parent)
        return [_area(row) for row in self._session.scalars(query)]

    def areas_of(self, building: str) -> set[str]:
        """Return the codes of every area a building lies in."""
        found = self._session.get(BuildingRow, building)
        return set() if found is None else self.areas_above(found.grid)

    def areas_above(self, code: str) -> set[str]:
        """Return the codes of an area and of every area it lies in."""
        area = self._session.get(AreaRow, code)
        codes = set()
        while area is not None:
            codes.add(area.code)
            area = self._session.get(AreaRow, area.parent) if area.parent else None
        return codes

    def building(self, code: str) -> Building | None:
        """Return a building."""
        row = self._session.get(BuildingRow, code)
        return None if row is None else _building(row)

    def buildings(self, grid: str | None = None) -> list[Building]:
        """Return the buildings of a grid, or all of them."""
        query = select(BuildingRow).order_by(BuildingRow.code)
        if grid is not None:
            query = query.where(BuildingRow.grid == grid)
        return [_building(row) for row in self._session.scalars(query)]

    def unit(self, code: str) -> Unit | None:
        """Return a unit."""
        row = self._session.get(UnitRow, code)
        return None if row is None else _unit(row)

    def units(self, buildings: Iterable[str]) -> list[Unit]:
        """Return the units of buildings, the lowest floor first."""
        row = UnitRow
        query = (
            select(row.code, row.building, row.number, row.floor, row.use, row.area)
            .where(UnitRow.building.in_(list(buildings)))
            .order_by(UnitRow.building, UnitRow.floor, UnitRow.number)
        )
        return [
            Unit(code, building, number, floor, UnitUse(use), area)
            for code, building, number, floor, use, area in self._session.execute(query)
        ]

    def units_of_codes(self, codes: Iterable[str]) -> list[Unit]:
        """Return the units that have one of some codes."""
        query = select(UnitRow).where(UnitRow.code.in_(list(codes)))
        return [_unit(row) for row in self._session.scalars(query)]

    def units_at(self, doors: Iterable[tuple[str, str]]) -> list[Unit]:
        """Return the units found in a building under a number, for many of them."""
        place = tuple_(UnitRow.building, UnitRow.number)
        query = select(UnitRow).where(place.in_(list(doors)))
        return [_unit(row) for row in self._session.scalars(query)]

    def remove_units(self, codes: Iterable[str]) -> None:
        """Delete units that nothing mentions."""
        self._session.execute(delete(UnitRow).where(UnitRow.code.in_(list(codes))))

    def unit_counts(self) -> dict[str, int]:
        """Return how many units each building has."""
        query = select(UnitRow.building, func.count()).group_by(UnitRow.building)
        return dict(self._session.execute(query).all())

    def room(self, code: str) -> Room | None:
        """Return a room."""
        row = self._session.get(RoomRow, code)
        return None if row is None else _room(row)

    def rooms_of_units(self, units: Iterable[str]) -> list[Room]:
        """Return the rooms of several units."""
        query = select(RoomRow).where(RoomRow.unit.in_(list(units)))
        return [_room(row) for row in self._session.scalars(query)]

    def rooms(self, unit: str) -> list[Room]:
        """Return the rooms of a unit."""
        query = select(RoomRow).where(RoomRow.unit == unit).order_by(RoomRow.code)
        rows = self._session.scalars(query)
        return [_room(row) for row in rows]


def _area(row: AreaRow) -> Area:
    return Area(row.code, AreaKind(row.kind), row.name, row.parent)


def _building(row: BuildingRow) -> Building:
    return Building(row.code, row.grid, row.name, row.address, row.storeys)


def _unit(row: UnitRow) -> Unit:
    use = UnitUse(row.use)
    return Unit(row.code, row.building, row.number, row.floor, use, row.area)


def _room(row: RoomRow) -> Room:
    return Room(row.code, row.unit, row.name, row.kind, row.area)
