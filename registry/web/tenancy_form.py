"""At the counter: a tenancy, who moves in and their card, recorded once."""

from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from registry.domain.errors import Fault, FieldError, Invalid
from registry.domain.registration import TenancyForm
from registry.web.desk import ACTOR, Desk, desk
from registry.web.faults import texts
from registry.web.forms import KEY, SEE_OTHER, Form, Typed, fresh_key, text_of
from registry.web.problems import PageRoute
from registry.web.security import form_token, keep_token
from registry.web.unit import frame

router = APIRouter(route_class=PageRoute, include_in_schema=False)

UNCONFIRMED = FieldError("confirm", Fault.MISSING, "not confirmed", "confirm it")


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
    return RedirectResponse(f"/tenancies/{quote(tenancy)}?done=1", SEE_OTHER)


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
    context: dict[str, object] = {
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
        context |= frame(detail) | {"landlords": at.holders(landlords)}
        context |= {"section": "tenancy", "rooms": detail.rooms}
    page = at.answer(request, "tenancy_new.html", context, status)
    keep_token(page, token)
    return page
