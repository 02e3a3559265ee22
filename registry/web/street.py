"""The street and its communities."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import Response

from registry.domain.errors import NotFound
from registry.domain.house import AreaSummary, BuildingSummary
from registry.domain.places import AreaKind, Building
from registry.web.desk import desk
from registry.web.matrix import TO_CHECK
from registry.web.problems import PageRoute
from registry.web.words import UNIT_STATES, Badge

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a building's strip: so many units in one state."""

    badge: Badge
    x: int
    count: int


@dataclass(frozen=True, slots=True)
class Tile:
    """A building in a list, with the states of its units as a strip."""

    building: Building
    units: int
    to_check: int
    doors: int
    doors_online: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class GridTiles:
    """A grid and its buildings."""

    area: AreaSummary
    tiles: tuple[Tile, ...]


def tile(summary: BuildingSummary) -> Tile:
    """Return a building as a tile."""
    x, parts = 0, []
    for state, badge in UNIT_STATES.items():
        count = summary.states.get(state, 0)
        if count:
            parts.append(Part(badge, x, count))
        x += count
    return Tile(
        building=summary.building,
        units=x,
        to_check=sum(summary.states.get(state, 0) for state in TO_CHECK),
        doors=summary.doors,
        doors_online=summary.doors_online,
        parts=tuple(parts),
    )


@router.get("/")
def overview(request: Request) -> Response:
    """Show the street and its communities."""
    at = desk(request)
    housing = at.services.housing
    with at.services.store.reading() as uow:
        try:
            name = housing.street(uow).name
        except NotFound:
            return at.answer(request, "empty.html", {"section": "street"})
        context: dict[str, object] = {
            "section": "street",
            "street": name,
            "communities": housing.communities(uow),
            "figures": housing.figures(uow),
        }
    return at.answer(request, "street.html", context)


@router.get("/communities/{code}")
def community(request: Request, code: str) -> Response:
    """Show the grids of a community and their buildings."""
    at = desk(request)
    housing = at.services.housing
    with at.services.store.reading() as uow:
        area = housing.area(uow, code)
        if area.kind is not AreaKind.COMMUNITY:
            raise NotFound(f"{code!r} is not a community")
        grids = tuple(
            GridTiles(grid, tuple(map(tile, housing.buildings(uow, grid.area.code))))
            for grid in housing.grids(uow, code)
        )
    context: dict[str, object] = {
        "section": "street",
        "community": area,
        "grids": grids,
        "legend": UNIT_STATES.values(),
    }
    return at.answer(request, "community.html", context)
