"""At the counter: record a tenancy, watch its permits arrive, end it."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from registry.domain.errors import Conflict, Fault, FieldError, Invalid, NotFound
from registry.domain.house import UnitDetail
from registry.domain.registration import TenancyForm, day_of
from registry.domain.tenancy import Tenancy, TenancyState
from registry.persistence.unit_of_work import UnitOfWork
from registry.web.delivery import permit_rows
from registry.web.desk import ACTOR, Desk, desk
from registry.web.faults import texts
from registry.web.forms import KEY, Typed, fresh_key, text_of
from registry.web.pages import unit_link
from registry.web.problems import PageRoute
from registry.web.security import check_form, form_token, keep_token
from registry.web.unit import NAMELESS, in_force
from registry.web.words import TENANCY_STATES

router = APIRouter(route_class=PageRoute, include_in_schema=False)

SEE_OTHER = 303
UNCONFIRMED = FieldError("confirm", Fault.MISSING, "not confirmed", "confirm it")
Context = dict[str, object]


async def read_form(request: Request) -> FormData:
    """Return the fields of a form that a page of ours sent."""
    form = await request.form()
    check_form(request, text_of(form, "token"))
    return form


Form = Annotated[FormData, Depends(read_form)]


@router.get("/tenancies/new")
def blank(request: Request, unit: str = "") -> Response:
    """Show the form, for a unit when one was chosen."""
    return _form(request, Typed(unit=unit), {}, fresh_key())


@router.post("/tenancies/new")
def record(request: Request, form: Form) -> Response:
    """Record what was typed, once, or show what is wrong with it."""
    at = desk(request)
    typed, key = Typed.of(form), text_of(form, "key")
    if not KEY.fullmatch(key):
        raise Invalid([FieldError("key", Fault.MALFORMED, "not a key", "reload")])
    try:
        tenancy = _recorded(at, typed, key)
    except Invalid as error:
        return _form(request, typed, texts(error.fields), key, 422)
    return RedirectResponse(f"{_link(tenancy)}?done=1", SEE_OTHER)


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
    return at.answer(request, "tenancy.html", _frame(detail) | context)


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


def _recorded(at: Desk, typed: Typed, key: str) -> str:
    """Record a confirmed form and return the tenancy's id, or raise every fault."""
    unconfirmed = () if typed.confirm else (UNCONFIRMED,)
    asked = TenancyForm(
        unit=typed.unit,
        occupant=typed.occupant,
        start=typed.start,
        end=typed.end,
        card=typed.card,
        room=typed.room,
        landlord=typed.landlord,
        filed=bool(typed.filed),
        key=key,
    )
    with at.services.store.writing() as uow:
        try:
            done = at.services.registration.record_tenancy(uow, asked, ACTOR)
        except Invalid as error:
            raise Invalid([*error.fields, *unconfirmed]) from error
        if unconfirmed:
            raise Invalid(unconfirmed)
    return done.tenancy.id


def _form(
    request: Request, typed: Typed, errors: dict[str, str], key: str, status: int = 200
) -> Response:
    at, detail = desk(request), None
    with at.services.store.reading() as uow:
        if typed.unit and uow.houses.unit(typed.unit) is not None:
            detail = at.services.housing.unit(uow, typed.unit)
    token = form_token(request)
    context: Context = {
        "section": "tenancy",
        "form": typed,
        "errors": errors,
        "key": key,
        "token": token,
        "landlords": {},
        "rooms": (),
        "unit": None,
    }
    if detail is not None:
        landlords = {t.landlord for t in detail.tenancies if t.landlord}
        context |= _frame(detail) | {"landlords": at.holders(landlords)}
        context |= {"section": "tenancy", "rooms": detail.rooms}
    page = at.answer(request, "tenancy_new.html", context, status)
    keep_token(page, token)
    return page


def _end_form(
    request: Request, id_: str, day: str, errors: dict[str, str], status: int = 200
) -> Response:
    at = desk(request)
    with at.services.store.reading() as uow:
        tenancy, detail = _found(at, uow, id_)
    if not _may_end(at, tenancy):
        raise Conflict("the tenancy has ended")
    token = form_token(request)
    context = _frame(detail) | {
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
    return tenancy.state(at.services.housing.today()) is not TenancyState.ENDED


def _frame(detail: UnitDetail) -> Context:
    place = f"{detail.building.name} {detail.unit.number} 房"
    return {"section": "street", "unit": detail.unit, "place": place}


def _permits(tenancy: Tenancy, detail: UnitDetail) -> Context:
    living = {o.party for o in detail.occupancies if o.tenancy == tenancy.id}
    cards = {c.card for c in detail.credentials if c.party in living}
    rows = permit_rows(p for p in detail.permits if p.card in cards)
    waiting = sum(not row.in_force for row in rows)
    return {
        "tenancy": tenancy,
        "permits": rows,
        "waiting": waiting,
        "settled": not waiting,
    }


def _link(tenancy: str) -> str:
    return f"/tenancies/{quote(tenancy, safe='')}"
