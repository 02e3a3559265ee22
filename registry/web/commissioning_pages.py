"""The list of doors by how they were brought into service, and one of them."""

import math
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from registry.domain.commissioning import ServiceState
from registry.domain.places import AreaKind
from registry.web.commissioning import (
    ServiceFilter,
    ServiceRow,
    matches,
    record_row,
    row,
)
from registry.web.desk import desk
from registry.web.problems import PageRoute
from registry.web.words import SERVICE_STATES

router = APIRouter(route_class=PageRoute, include_in_schema=False)

PER_PAGE = 30
PATH = "/commissioning"
URGENCY = {state: place for place, state in enumerate(ServiceState)}
Page = Annotated[int, Query(ge=1)]
Context = dict[str, object]


@router.get(PATH)
def all_doors(
    request: Request,
    state: ServiceFilter = ServiceFilter.ALL,
    community: str | None = None,
    page: Page = 1,
) -> Response:
    """List the doors of the street, what needs attention first."""
    at = desk(request)
    with at.services.store.reading() as uow:
        doors = at.services.commissioning.doors(uow)
        buildings = {b.code: b.name for b in uow.houses.buildings()}
        communities = {a.code: a.name for a in uow.houses.areas(AreaKind.COMMUNITY)}
    rows = [row(service, buildings) for service in doors]
    rows.sort(key=lambda r: (URGENCY[r.service.state], r.id))
    community = community if community in communities else None
    shown = [r for r in rows if matches(r, state, community)]
    pages = max(1, math.ceil(len(shown) / PER_PAGE))
    page = min(page, pages)
    context: Context = {
        "section": "commissioning",
        "states": _states(rows, state, community),
        "communities": _communities(rows, state, community, communities),
        "rows": shown[(page - 1) * PER_PAGE : page * PER_PAGE],
        "total": len(shown),
        "doors": len(rows),
        "page": page,
        "pages": pages,
        "before": _link(state, community, page - 1),
        "after": _link(state, community, page + 1),
    }
    return at.answer(request, "commissioning.html", context)


@router.get(PATH + "/{id_}")
def one_door(request: Request, id_: str) -> Response:
    """Show how a door was brought into service, each time."""
    at = desk(request)
    with at.services.store.reading() as uow:
        service, records = at.services.commissioning.door(uow, id_)
        buildings = {b.code: b.name for b in uow.houses.buildings()}
    rows = [record_row(found) for found in records]
    context: Context = {
        "section": "commissioning",
        "row": row(service, buildings),
        "last": rows[0] if rows else None,
        "earlier": rows[1:],
    }
    return at.answer(request, "commissioned.html", context)


def _states(
    rows: list[ServiceRow], chosen: ServiceFilter, community: str | None
) -> list[Context]:
    words = {ServiceFilter.ALL: "全部"} | {
        ServiceFilter(state): badge.word for state, badge in SERVICE_STATES.items()
    }
    return [
        {
            "word": word,
            "count": sum(matches(r, key, community) for r in rows),
            "chosen": key is chosen,
            "link": _link(key, community),
        }
        for key, word in words.items()
    ]


def _communities(
    rows: list[ServiceRow],
    state: ServiceFilter,
    chosen: str | None,
    names: dict[str, str],
) -> list[Context]:
    words: dict[str | None, str] = {None: "全街"} | names
    return [
        {
            "word": word,
            "count": sum(matches(r, state, key) for r in rows),
            "chosen": key == chosen,
            "link": _link(state, key),
        }
        for key, word in words.items()
    ]


def _link(state: ServiceFilter, community: str | None, page: int = 1) -> str:
    wishes = {
        "state": None if state is ServiceFilter.ALL else state.value,
        "community": community,
        "page": None if page == 1 else page,
    }
    query = urlencode({key: wish for key, wish in wishes.items() if wish is not None})
    return f"{PATH}?{query}" if query else PATH
