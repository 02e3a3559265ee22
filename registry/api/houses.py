"""Areas, buildings and units as the register has them; no names."""

from dataclasses import dataclass

from fastapi import APIRouter

from registry.api.access import Registry
from registry.domain.house import (
    AreaSummary,
    BuildingMatrix,
    BuildingSummary,
    UnitDetail,
)
from registry.domain.places import Area

router = APIRouter(prefix="/api", tags=["houses"])


@dataclass(frozen=True, slots=True)
class StreetRecord:
    """The street and its communities."""

    street: Area
    communities: tuple[AreaSummary, ...]


@dataclass(frozen=True, slots=True)
class CommunityRecord:
    """A community and its grids."""

    community: Area
    grids: tuple[AreaSummary, ...]


@dataclass(frozen=True, slots=True)
class GridRecord:
    """A grid and its buildings."""

    grid: Area
    buildings: tuple[BuildingSummary, ...]


@router.get("/street", summary="Show the street and its communities")
def street(registry: Registry) -> StreetRecord:
    """Return the street."""
    with registry.store.reading() as uow:
        housing = registry.housing
        return StreetRecord(housing.street(uow), housing.communities(uow))


@router.get("/communities/{code}", summary="Show a community and its grids")
def community(registry: Registry, code: str) -> CommunityRecord:
    """Return a community."""
    with registry.store.reading() as uow:
        housing = registry.housing
        return CommunityRecord(housing.area(uow, code), housing.grids(uow, code))


@router.get("/grids/{code}", summary="Show a grid and its buildings")
def grid(registry: Registry, code: str) -> GridRecord:
    """Return a grid."""
    with registry.store.reading() as uow:
        housing = registry.housing
        return GridRecord(housing.area(uow, code), housing.buildings(uow, code))


@router.get("/buildings/{code}", summary="Show a building floor by floor")
def building(registry: Registry, code: str) -> BuildingMatrix:
    """Return a building."""
    with registry.store.reading() as uow:
        return registry.housing.building(uow, code)


@router.get("/units/{code}", summary="Show everything on record about a unit")
def unit(registry: Registry, code: str) -> UnitDetail:
    """Return a unit."""
    with registry.store.reading() as uow:
        return registry.housing.unit(uow, code)
