"""A house at a glance: one state for every unit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from registry.domain.credential import Credential
from registry.domain.filing import RentalFiling
from registry.domain.hardware import Delivery, DoorStatus
from registry.domain.occupancy import Basis, Occupancy
from registry.domain.places import Area, Building, Room, Unit, UnitUse
from registry.domain.tenancy import Tenancy, TenancyState


class UnitState(StrEnum):
    """What a register of a unit says, the most pressing first."""

    UNFILED = "unfiled"
    OCCUPANT_MISSING = "occupant_missing"
    DUE = "due"
    LET_REGISTERED = "let_registered"
    OWNER = "owner"
    SHOP = "shop"
    VACANT = "vacant"


@dataclass(frozen=True, slots=True)
class UnitRegister:
    """What a unit's state is read from; `filed` counts from the submission on."""

    unit: Unit
    tenancies: Sequence[Tenancy]
    occupancies: Sequence[Occupancy]
    filed: bool

    def state(self, today: date, near: int) -> UnitState:
        """Return the state of the unit on a day; due in the last `near` days."""
        running = [t for t in self.tenancies if t.holds(today)]
        living = [o for o in self.occupancies if o.holds(today)]
        if self.unit.use is UnitUse.SHOP:
            return UnitState.SHOP
        if running:
            return self._let_state(running, living, today, near)
        owned = any(o.basis is Basis.OWNER for o in living)
        if self.unit.use is UnitUse.OWNER or owned:
            return UnitState.OWNER
        return UnitState.VACANT

    def _let_state(
        self,
        running: list[Tenancy],
        living: list[Occupancy],
        today: date,
        near: int,
    ) -> UnitState:
        declared = {occupancy.tenancy for occupancy in living}
        if not self.filed:
            return UnitState.UNFILED
        # Who stays on under a new tenancy is declared under that one already.
        if any(declared.isdisjoint({t.id, t.renewed_by} - {None}) for t in running):
            return UnitState.OCCUPANT_MISSING
        if any(t.state(today, near) is TenancyState.ENDING for t in running):
            return UnitState.DUE
        return UnitState.LET_REGISTERED


@dataclass(frozen=True, slots=True)
class UnitCell:
    """A unit in the matrix of its building."""

    unit: Unit
    state: UnitState
    occupants: int
    next_end: date | None


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """A building and the areas it lies in."""

    building: Building
    grid: Area
    community: Area


@dataclass(frozen=True, slots=True)
class BuildingMatrix:
    """A building floor by floor, the highest first, and its doors."""

    building: Building
    grid: Area
    community: Area
    floors: tuple[tuple[int, tuple[UnitCell, ...]], ...]
    doors: tuple[DoorStatus, ...]


@dataclass(frozen=True, slots=True)
class AreaSummary:
    """An area with what lies in it."""

    area: Area
    buildings: int
    units: int
    doors: int
    doors_online: int


@dataclass(frozen=True, slots=True)
class BuildingSummary:
    """A building of a grid with what lies in it."""

    building: Building
    states: dict[UnitState, int]
    doors: int
    doors_online: int


@dataclass(frozen=True, slots=True)
class PermitView:
    """A published permit at one door and how far it has come."""

    id: int
    card: int
    door: DoorStatus
    starts_at: datetime
    ends_at: datetime
    revision: int
    delivery: Delivery


@dataclass(frozen=True, slots=True)
class UnitDetail:
    """Everything the register says about one unit, names excepted."""

    unit: Unit
    building: Building
    state: UnitState
    rooms: tuple[Room, ...]
    tenancies: tuple[Tenancy, ...]
    occupancies: tuple[Occupancy, ...]
    credentials: tuple[Credential, ...]
    permits: tuple[PermitView, ...]
    doors: tuple[DoorStatus, ...]
    filing: RentalFiling | None = None
