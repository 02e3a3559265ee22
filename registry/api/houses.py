"""Areas, buildings and units as the register has them; no names."""

from dataclasses import dataclass

from fastapi import APIRouter

from registry.api.access import Caller, Registry, open_to
from registry.api.days import Day
from registry.domain.house import (
    AreaSummary,
    BuildingMatrix,
    BuildingSummary,
    UnitDetail,
)
from registry.domain.places import Area
from registry.domain.principals import Role
from registry.services.house_truth import HouseTruth
from registry.services.scopes import require_area, require_building, require_unit

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


@router.get(
    "/communities/{code}",
    summary="Show a community and its grids",
    openapi_extra=open_to(),
)
def community(registry: Registry, who: Caller, code: str) -> CommunityRecord:
    """Return a community."""
    with registry.store.reading() as uow:
        housing = registry.housing
        require_area(uow, who, code)
        return CommunityRecord(housing.area(uow, code), housing.grids(uow, code))


@router.get(
    "/grids/{code}", summary="Show a grid and its buildings", openapi_extra=open_to()
)
def grid(registry: Registry, who: Caller, code: str) -> GridRecord:
    """Return a grid."""
    with registry.store.reading() as uow:
        housing = registry.housing
        require_area(uow, who, code)
        return GridRecord(housing.area(uow, code), housing.buildings(uow, code))


@router.get(
    "/buildings/{code}/truth",
    summary="Show what is true of each unit, from the right to let to the door",
    openapi_extra=open_to(),
)
def truth(
    registry: Registry,
    who: Caller,
    code: str,
    as_of: Day | None = None,
    as_known_on: Day | None = None,
) -> HouseTruth:
    """Return the seven columns of every unit, as of a day, as known on a day."""
    with registry.store.reading() as uow:
        require_building(uow, who, code)
        building = registry.housing.whereabouts(uow, code).building
        return registry.house_truths.of_building(uow, building, as_of, as_known_on)


@router.get(
    "/buildings/{code}",
    summary="Show a building floor by floor",
    openapi_extra=open_to(),
)
def building(registry: Registry, who: Caller, code: str) -> BuildingMatrix:
    """Return a building."""
    with registry.store.reading() as uow:
        require_building(uow, who, code)
        return registry.housing.building(uow, code)


@router.get(
    "/units/{code}",
    summary="Show everything on record about a unit",
    openapi_extra=open_to(Role.LANDLORD, Role.TENANT),
)
def unit(registry: Registry, who: Caller, code: str) -> UnitDetail:
    """Return a unit."""
    with registry.store.reading() as uow:
        require_unit(uow, who, code, registry.housing.today())
        return registry.housing.unit(uow, code)
