"""Opening a door from afar: who and why, once more to be sure, and what came of it."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Request
from fastapi.responses import RedirectResponse, Response

from registry.domain.errors import Invalid, NotFound, TooSoon
from registry.domain.orders import SETTLED, OpenOrder
from registry.domain.responsibility import read_responsible
from registry.web.desk import ACTOR, Desk, desk
from registry.web.doors import row
from registry.web.faults import change_texts
from registry.web.forms import SEE_OTHER, Attempt, Form, text_of
from registry.web.pages import wants_part
from registry.web.problems import PageRoute
from registry.web.security import form_token, keep_token
from registry.web.words import ORDER_STATES

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Number = Annotated[int, Path(ge=1, le=2**63 - 1)]
Context = dict[str, object]
BLANK = {"operator": "", "reason": ""}


@router.get("/doors/{id_}/open")
def ask(request: Request, id_: str) -> Response:
    """Ask who opens the door, and why."""
    return _form(request, id_, Attempt(BLANK))


@router.post("/doors/{id_}/open")
def order(request: Request, id_: str, form: Form) -> Response:
    """Show once more what will happen; once that is confirmed, order it."""
    at = desk(request)
    typed = {name: text_of(form, name) for name in BLANK}
    try:
        responsible = read_responsible(**typed, actor=ACTOR)
        if not text_of(form, "confirmed"):
            return _form(request, id_, Attempt(typed), sure=True)
        with at.services.store.writing() as uow:
            made = at.services.orders.open_door(uow, id_, responsible)
    except Invalid as error:
        return _form(request, id_, Attempt(typed, change_texts(error.fields), 422))
    except TooSoon as error:
        text = f"这扇门刚刚远程开过，请 {error.seconds} 秒后再试"
        return _form(request, id_, Attempt(typed, {"reason": text}, 429))
    where = f"/doors/{quote(id_, safe='')}/open/{made.number}"
    return RedirectResponse(where, SEE_OTHER)


@router.get("/doors/{id_}/open/{number}")
def outcome(request: Request, id_: str, number: Number) -> Response:
    """Show what became of an order, live until it is known."""
    at = desk(request)
    with at.services.store.reading() as uow:
        found = at.services.orders.get(uow, number)
    if found.door != id_:
        raise NotFound(f"order {number} is not for {id_!r}")
    context = _outcome(at, found)
    if wants_part(request):
        return at.pages.answer(request, "_order.html", context)
    return at.answer(request, "door_order.html", _place(at, id_) | context)


def _outcome(at: Desk, order: OpenOrder) -> Context:
    state = order.state(at.services.clock())
    return {
        "order": order,
        "state": state.value,
        "badge": ORDER_STATES[state],
        "settled": state in SETTLED,
    }


def _place(at: Desk, id_: str) -> Context:
    with at.services.store.reading() as uow:
        status = at.services.housing.door(uow, id_)
        building = at.services.housing.building(uow, status.door.building).building
    return {
        "section": "doors",
        "building": building,
        "row": row(status, {building.code: building.name}),
    }


def _form(
    request: Request,
    id_: str,
    attempt: Attempt[dict[str, str]],
    *,
    sure: bool = False,
) -> Response:
    at, token = desk(request), form_token(request)
    context = _place(at, id_) | {
        "form": attempt.typed,
        "errors": attempt.errors,
        "sure": sure,
        "token": token,
    }
    page = at.answer(request, "door_open.html", context, attempt.status)
    keep_token(page, token)
    return page
