"""The list of doors, and a door by itself."""

import math
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from registry.web import alarm_pages, chart, rules_pages
from registry.web.desk import desk
from registry.web.doors import FILTERS, DoorFilter, matches, row
from registry.web.house import NEWEST, live_link
from registry.web.live import Place
from registry.web.problems import PageRoute

router = APIRouter(route_class=PageRoute, include_in_schema=False)

PER_PAGE = 30
RULES_SAVED = "规则已保存，正在送往网关。要撤销，请在“修改规则”页恢复上一版。"


@router.get("/doors")
def all_doors(
    request: Request,
    state: DoorFilter = DoorFilter.ALL,
    page: Annotated[int, Query(ge=1)] = 1,
) -> Response:
    """List the doors of the street, what needs attention first."""
    at = desk(request)
    with at.services.store.reading() as uow:
        doors = at.services.housing.doors(uow)
        names = {b.code: b.name for b in uow.houses.buildings()}
    rows = [row(status, names) for status in doors]
    rows.sort(key=lambda r: (r.status.online and not r.pending, r.status.door.id))
    shown = [r for r in rows if matches(r, state)]
    pages = max(1, math.ceil(len(shown) / PER_PAGE))
    page = min(page, pages)
    context: dict[str, object] = {
        "section": "doors",
        "choices": [
            {"key": key, "word": word, "count": sum(matches(r, key) for r in rows)}
            for key, word in FILTERS.items()
        ],
        "chosen": state,
        "rows": shown[(page - 1) * PER_PAGE : page * PER_PAGE],
        "total": len(shown),
        "page": page,
        "pages": pages,
        "show_building": True,
        "no_doors": "没有符合条件的门。",
    }
    return at.answer(request, "doors.html", context)


@router.get("/doors/{id_}")
def one_door(
    request: Request, id_: str, before: str | None = None, done: str | None = None
) -> Response:
    """Show how a door is and who passed it."""
    at = desk(request)
    with at.services.store.reading() as uow:
        status = at.services.housing.door(uow, id_)
        house = at.services.housing.building(uow, status.door.building)
        (permits,) = at.services.permits.of_doors(uow, id_)
        timeline = at.services.timelines.of_door(uow, id_, before, NEWEST)
        after = at.traffic.newest(uow)
        hours = at.traffic.last_day(uow, [id_])
        parts = alarm_pages.at_doors(at, uow, [id_]) | rules_pages.part(at, uow, id_)
    context: dict[str, object] = {
        **parts,
        "section": "doors",
        "building": house.building,
        "row": row(status, {house.building.code: house.building.name}),
        "notice": RULES_SAVED if done else None,
        "permits": permits.permits,
        "chart": chart.draw(hours),
        "timeline_of": status.door.name,
        "timeline_title": "通行记录",
        "lines": at.lines(timeline.entries, [status]),
        "live": live_link(Place.DOOR, id_, after),
        "older": timeline.next and f"?before={timeline.next}",
    }
    return at.answer(request, "door.html", context)
