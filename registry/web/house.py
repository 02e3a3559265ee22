"""The house page: a building's matrix, its doors, its day, and one unit beside it."""

from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import Response

from registry.domain.errors import NotFound
from registry.domain.hardware import DoorStatus
from registry.domain.house import BuildingMatrix, UnitDetail
from registry.domain.timeline import TimelineEntry
from registry.persistence.unit_of_work import UnitOfWork
from registry.web import alarm_pages, chart, matrix, unit
from registry.web.desk import Desk, desk
from registry.web.doors import row
from registry.web.live import Place
from registry.web.pages import unit_link, wants_part
from registry.web.problems import PageRoute
from registry.web.words import UNIT_STATES, UNIT_USES

router = APIRouter(route_class=PageRoute, include_in_schema=False)

NEWEST = 20
NOTICES = {
    "ended": "租约已结束，门的授权会在宽限期满时自动失效。",
    "pin": "密码已保存，正在送往要求输密码的门。",
    "card": "门禁卡已停用，正在从各扇门撤回授权。",
}
Context = dict[str, object]


@router.get("/buildings/{code}")
def building_page(request: Request, code: str) -> Response:
    """Show a building with the newest passages of all its doors."""
    at = desk(request)
    with at.services.store.reading() as uow:
        house = at.services.housing.building(uow, code)
        after = at.traffic.newest(uow)
        entries = _newest(at, uow, house.doors)
        context = _house(at, uow, house)
    context |= {
        "panel": "_building.html",
        "chosen": None,
        "timeline_of": "全楼各门",
        "timeline_title": f"最近 {NEWEST} 条",
        "lines": at.lines(entries, house.doors),
        "live": live_link(Place.BUILDING, code, after),
        "older": None,
    }
    return at.answer(request, "house.html", context)


@router.get("/buildings/{code}/units/{number}")
def unit_page(
    request: Request,
    code: str,
    number: str,
    before: str | None = None,
    done: str | None = None,
) -> Response:
    """Show a building with one unit chosen, or the unit alone to a swap."""
    at = desk(request)
    partial = wants_part(request)
    with at.services.store.reading() as uow:
        house = at.services.housing.building(uow, code)
        detail = at.services.housing.unit(uow, _code(house, number))
        timeline = at.services.timelines.of_unit(uow, detail.unit.code, before, NEWEST)
        after = at.traffic.newest(uow)
        context = {} if partial else _house(at, uow, house)
    context |= _register(at, detail) | {
        "panel": "_unit.html",
        "chosen": number,
        "notice": NOTICES.get(done or ""),
        "timeline_title": "通行与登记记录",
        "lines": at.lines(timeline.entries, detail.doors),
        "live": live_link(Place.UNIT, detail.unit.code, after),
        "older": timeline.next and f"{unit_link(code, number)}?before={timeline.next}",
    }
    return at.answer(request, "_unit.html" if partial else "house.html", context)


@router.get("/buildings/{code}/doors")
def building_doors(request: Request, code: str) -> Response:
    """Show the doors of a building as they are now."""
    at = desk(request)
    with at.services.store.reading() as uow:
        house = at.services.housing.building(uow, code)
    return at.pages.answer(request, "_doors.html", _doors(house))


def live_link(place: Place, code: str, after: int) -> str:
    """Return where the passages of a place recorded after another come from."""
    return f"/live/{place}/{quote(code, safe='')}?after={after}"


def _house(at: Desk, uow: UnitOfWork, house: BuildingMatrix) -> Context:
    ids = [status.door.id for status in house.doors]
    return {
        "section": "street",
        "building": house.building,
        "grid": house.grid,
        "community": house.community,
        "matrix": matrix.draw(house),
        "chart": chart.draw(at.traffic.last_day(uow, ids)),
        **_doors(house),
        **alarm_pages.at_doors(at, uow, ids),
    }


def _doors(house: BuildingMatrix) -> Context:
    names = {house.building.code: house.building.name}
    rows = [row(status, names) for status in house.doors]
    return {"rows": rows, "show_building": False}


def _register(at: Desk, detail: UnitDetail) -> Context:
    today = at.services.housing.today()
    names = at.holders(unit.parties(detail, today))
    living = unit.occupants(detail, names, today)
    return {
        "detail": detail,
        "badge": UNIT_STATES[detail.state],
        "unit_use": UNIT_USES[detail.unit.use],
        "tenancies": unit.tenancies(detail, names, today),
        "occupants": living,
        "cards": [card for occupant in living for card in occupant.cards],
        "deliveries": unit.deliveries(detail.permits),
    }


def _newest(
    at: Desk, uow: UnitOfWork, doors: tuple[DoorStatus, ...]
) -> list[TimelineEntry]:
    """Return the newest entries of several doors."""
    read = at.services.timelines.of_door
    entries = [
        entry
        for status in doors
        for entry in read(uow, status.door.id, limit=NEWEST).entries
    ]
    return sorted(entries, key=lambda entry: entry.place, reverse=True)[:NEWEST]


def _code(house: BuildingMatrix, number: str) -> str:
    for _, cells in house.floors:
        for cell in cells:
            if cell.unit.number == number:
                return cell.unit.code
    raise NotFound(f"{house.building.code} has no unit {number!r}")
