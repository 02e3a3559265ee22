"""The street by area, building and unit, as the register has it."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from registry.audit.trail import EXAMPLE
from registry.domain.errors import NotFound
from registry.domain.hardware import DoorStatus
from registry.domain.house import (
    AreaSummary,
    BuildingMatrix,
    BuildingSummary,
    UnitCell,
    UnitDetail,
    UnitRegister,
    UnitState,
    Whereabouts,
)
from registry.domain.occupancy import Occupancy
from registry.domain.places import Area, AreaKind, Building
from registry.domain.policy import Policy
from registry.domain.tenancy import Tenancy
from registry.persistence.audit_entries import AuditEntries
from registry.persistence.unit_of_work import UnitOfWork
from registry.services.permits import PermitService
from registry.services.policy_in_force import on_record


@dataclass(frozen=True, slots=True)
class Figures:
    """The street in numbers; `passages` counts every one ever stored."""

    communities: int
    grids: int
    buildings: int
    units: int
    doors: int
    doors_online: int
    doors_waiting: int
    passages: int
    gaps: int
    holes: int
    forks: int
    revision: int


class Housing:
    """Reads the register of places; names are never among its answers."""

    def __init__(
        self, permits: PermitService, policy: Policy, clock: Callable[[], datetime]
    ) -> None:
        """Read under a policy."""
        self._permits = permits
        self._policy = policy
        self._clock = clock

    def street(self, uow: UnitOfWork) -> Area:
        """Return the street itself."""
        found = uow.houses.areas(AreaKind.STREET)
        if not found:
            raise NotFound("no street is on record: import one with `seed`")
        return found[0]

    def example(self, uow: UnitOfWork) -> bool:
        """Say whether invented records were imported into the street."""
        return any(
            entry.reason == EXAMPLE
            for street in uow.houses.areas(AreaKind.STREET)
            for entry in AuditEntries(uow.session).of_subject(f"street:{street.code}")
        )

    def communities(self, uow: UnitOfWork) -> tuple[AreaSummary, ...]:
        """Return the communities of the street with what lies in them."""
        communities = uow.houses.areas(AreaKind.COMMUNITY)
        above = {grid.code: grid.parent or "" for grid in self._grids(uow)}
        return _summaries(uow, communities, above)

    def grids(self, uow: UnitOfWork, community: str) -> tuple[AreaSummary, ...]:
        """Return the grids of a community with what lies in them."""
        self.area(uow, community)
        grids = uow.houses.areas(AreaKind.GRID, community)
        return _summaries(uow, grids, {grid.code: grid.code for grid in grids})

    def area(self, uow: UnitOfWork, code: str) -> Area:
        """Return an area."""
        area = uow.houses.area(code)
        if area is None:
            raise NotFound(f"there is no area {code!r}")
        return area

    def buildings(self, uow: UnitOfWork, grid: str) -> tuple[BuildingSummary, ...]:
        """Return the buildings of a grid with the states of their units."""
        self.area(uow, grid)
        return tuple(
            self._summary(uow, building) for building in uow.houses.buildings(grid)
        )

    def building(self, uow: UnitOfWork, code: str) -> BuildingMatrix:
        """Return a building floor by floor."""
        building = self._building(uow, code)
        grid = self.area(uow, building.grid)
        cells = self._cells(uow, building)
        floors = groupby(reversed(cells), key=lambda cell: cell.unit.floor)
        return BuildingMatrix(
            building,
            grid,
            self.area(uow, grid.parent or ""),
            tuple((floor, tuple(reversed(list(row)))) for floor, row in floors),
            tuple(uow.hardware.statuses(code)),
        )

    def whereabouts(self, uow: UnitOfWork, code: str) -> Whereabouts:
        """Return a building and the areas it lies in."""
        building = self._building(uow, code)
        grid = self.area(uow, building.grid)
        return Whereabouts(building, grid, self.area(uow, grid.parent or ""))

    def unit(self, uow: UnitOfWork, code: str) -> UnitDetail:
        """Return everything the register says about a unit."""
        unit = uow.houses.unit(code)
        if unit is None:
            raise NotFound(f"there is no unit {code!r}")
        tenancies = uow.tenancies.of_units([code])
        occupancies = uow.occupancies.of_unit(code)
        credentials = uow.credentials.of_parties({o.party for o in occupancies})
        filing = uow.filings.live(code)
        register = UnitRegister(unit, tenancies, occupancies, filing is not None)
        doors = uow.hardware.statuses(unit.building)
        here = {status.door.id for status in doors}
        policy = on_record(uow, self._policy)
        permits = self._permits.of_cards(uow, {c.card for c in credentials})
        return UnitDetail(
            unit,
            self._building(uow, unit.building),
            register.state(self.today(), policy.due_window.days),
            tuple(uow.houses.rooms(code)),
            tuple(tenancies),
            tuple(occupancies),
            tuple(credentials),
            tuple(p for p in permits if p.door.door.id in here),
            tuple(doors),
            filing,
        )

    def doors(self, uow: UnitOfWork) -> tuple[DoorStatus, ...]:
        """Return every door as last reported."""
        return tuple(uow.hardware.statuses())

    def door(self, uow: UnitOfWork, id_: str) -> DoorStatus:
        """Return a door as last reported."""
        status = uow.hardware.status(id_)
        if status is None:
            raise NotFound(f"there is no door {id_!r}")
        return status

    def figures(self, uow: UnitOfWork) -> Figures:
        """Return the street in numbers."""
        doors = uow.hardware.statuses()
        units = uow.houses.unit_counts()
        return Figures(
            communities=len(uow.houses.areas(AreaKind.COMMUNITY)),
            grids=len(self._grids(uow)),
            buildings=len(uow.houses.buildings()),
            units=sum(units.values()),
            doors=len(doors),
            doors_online=sum(status.online for status in doors),
            doors_waiting=sum(s.acknowledged < s.wanted for s in doors),
            passages=uow.passages.last_number(),
            gaps=uow.passages.gap_count(),
            holes=uow.records.hole_count(),
            forks=uow.records.fork_count(),
            revision=uow.permits.revision(),
        )

    def today(self) -> date:
        """Return the day it is in the street."""
        return self._policy.today()

    def _grids(self, uow: UnitOfWork) -> list[Area]:
        return uow.houses.areas(AreaKind.GRID)

    def _building(self, uow: UnitOfWork, code: str) -> Building:
        building = uow.houses.building(code)
        if building is None:
            raise NotFound(f"there is no building {code!r}")
        return building

    def _summary(self, uow: UnitOfWork, building: Building) -> BuildingSummary:
        states: dict[UnitState, int] = defaultdict(int)
        for cell in self._cells(uow, building):
            states[cell.state] += 1
        doors = uow.hardware.statuses(building.code)
        online = sum(status.online for status in doors)
        return BuildingSummary(building, dict(states), len(doors), online)

    def _cells(self, uow: UnitOfWork, building: Building) -> list[UnitCell]:
        tenancies: dict[str, list[Tenancy]] = defaultdict(list)
        for tenancy in uow.tenancies.of_building(building.code):
            tenancies[tenancy.unit].append(tenancy)
        occupancies: dict[str, list[Occupancy]] = defaultdict(list)
        for occupancy in uow.occupancies.of_building(building.code):
            occupancies[occupancy.unit].append(occupancy)
        filed = uow.filings.filed_in(building.code)
        near = on_record(uow, self._policy).due_window.days
        return [
            self._cell(
                UnitRegister(
                    unit,
                    tenancies[unit.code],
                    occupancies[unit.code],
                    unit.code in filed,
                ),
                near,
            )
            for unit in uow.houses.units([building.code])
        ]

    def _cell(self, register: UnitRegister, near: int) -> UnitCell:
        today = self.today()
        running = [t for t in register.tenancies if t.holds(today)]
        return UnitCell(
            register.unit,
            register.state(today, near),
            sum(occupancy.holds(today) for occupancy in register.occupancies),
            min((t.until for t in running if t.until is not None), default=None),
        )


def _summaries(
    uow: UnitOfWork, areas: Iterable[Area], area_of_grid: dict[str, str]
) -> tuple[AreaSummary, ...]:
    """Count what lies in each area, given the area each grid counts for."""
    buildings = {
        b.code: area_of_grid[b.grid]
        for b in uow.houses.buildings()
        if b.grid in area_of_grid
    }
    units = uow.houses.unit_counts()
    doors = uow.hardware.statuses()
    return tuple(
        AreaSummary(
            area,
            sum(code == area.code for code in buildings.values()),
            sum(units.get(b, 0) for b, code in buildings.items() if code == area.code),
            sum(buildings.get(s.door.building) == area.code for s in doors),
            sum(
                buildings.get(s.door.building) == area.code and s.online for s in doors
            ),
        )
        for area in areas
    )
