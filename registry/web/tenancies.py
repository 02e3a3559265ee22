"""A tenancy: watch its permits arrive, end it."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from registry.domain.errors import Conflict, Fault, FieldError, Invalid, NotFound
from registry.domain.house import UnitDetail
from registry.domain.registration import day_of
from registry.domain.tenancy import Tenancy
from registry.persistence.unit_of_work import UnitOfWork
from registry.web.delivery import permit_rows
from registry.web.desk import ACTOR, Desk, desk
from registry.web.faults import texts
from registry.web.forms import SEE_OTHER, Form, text_of
from registry.web.pages import unit_link
from registry.web.problems import PageRoute
from registry.web.security import form_token, keep_token
from registry.web.unit import NAMELESS, OVER, frame, in_force
from registry.web.words import TENANCY_STATES

router = APIRouter(route_class=PageRoute, include_in_schema=False)

Context = dict[str, object]


@router.get("/tenancies/{id_}")
def show(request: Request, id_: str, done: str | None = None) -> Response:
    """Show a tenancy and how far its permits have come."""
    at = desk(request)
    with at.services.store.reading() as uow:
        tenancy, detail = _found(at, uow, id_)
    living = [o.party for o in detail.occupancies if o.tenancy == id_]
    names, cards = at.holders(living), in_force(detail.credentials)
    context = _permits(tenancy, detail) | {
        "badge": TENANCY_STATES[tenancy.state(at.services.housing.today())],
        "occupants": [names.get(party, NAMELESS) for party in living],
        "cards": [card.number for party in living for card in cards[party]],
        "may_end": _may_end(at, tenancy),
        "notice": "已登记。授权正在送往各扇门。" if done else None,
    }
    return at.answer(request, "tenancy.html", frame(detail) | context)


@router.get("/tenancies/{id_}/permits")
def permits(request: Request, id_: str) -> Response:
    """Show how far the permits of a tenancy have come by now."""
    at = desk(request)
    with at.services.store.reading() as uow:
        context = _permits(*_found(at, uow, id_))
    return at.pages.answer(request, "_permits.html", context)


@router.get("/tenancies/{id_}/end")
def confirm_end(request: Request, id_: str) -> Response:
    """Ask from which day on the tenancy no longer holds."""
    today = desk(request).services.housing.today()
    return _end_form(request, id_, today.isoformat(), {})


@router.post("/tenancies/{id_}/end")
def end(request: Request, id_: str, form: Form) -> Response:
    """End a tenancy."""
    at = desk(request)
    typed = text_of(form, "end")
    day = day_of(typed)
    fault = Fault.MALFORMED if typed else Fault.MISSING
    if day is None:
        errors = texts([FieldError("end", fault, "no date", "give a date")])
        return _end_form(request, id_, typed, errors, 422)
    try:
        with at.services.store.writing() as uow:
            at.services.registration.end_tenancy(uow, id_, day, ACTOR)
            _, detail = _found(at, uow, id_)
    except Invalid as error:
        return _end_form(request, id_, typed, texts(error.fields), 422)
    where = unit_link(detail.building.code, detail.unit.number)
    return RedirectResponse(f"{where}?done=ended", SEE_OTHER)


def _end_form(
    request: Request, id_: str, day: str, errors: dict[str, str], status: int = 200
) -> Response:
    at = desk(request)
    with at.services.store.reading() as uow:
        tenancy, detail = _found(at, uow, id_)
    if not _may_end(at, tenancy):
        raise Conflict("the tenancy has ended")
    token = form_token(request)
    context = frame(detail) | {
        "tenancy": tenancy,
        "form": {"end": day},
        "errors": errors,
        "token": token,
        "grace": at.services.policy.door_grace.days,
    }
    page = at.answer(request, "tenancy_end.html", context, status)
    keep_token(page, token)
    return page


def _found(at: Desk, uow: UnitOfWork, id_: str) -> tuple[Tenancy, UnitDetail]:
    tenancy = uow.tenancies.get(id_)
    if tenancy is None:
        raise NotFound(f"there is no tenancy {id_!r}")
    return tenancy, at.services.housing.unit(uow, tenancy.unit)


def _may_end(at: Desk, tenancy: Tenancy) -> bool:
    return tenancy.state(at.services.housing.today()) not in OVER


def _permits(tenancy: Tenancy, detail: UnitDetail) -> Context:
    living = {o.party for o in detail.occupancies if o.tenancy == tenancy.id}
    cards = {c.card for c in detail.credentials if c.party in living}
    rows = permit_rows(p for p in detail.permits if p.card in cards)
    waiting = sum(not row.in_force for row in rows)
    return {
        "tenancy": tenancy,
        "filing": detail.filing,
        "permits": rows,
        "waiting": waiting,
        "settled": not waiting,
    }
