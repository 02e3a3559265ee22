"""At the counter: the holder of a card chooses its PIN, or gives it up."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from registry.domain.errors import Fault, FieldError, Invalid
from registry.domain.responsibility import read_responsible
from registry.web.cards import held
from registry.web.desk import ACTOR, desk
from registry.web.faults import change_texts
from registry.web.forms import SEE_OTHER, Attempt, Form, text_of
from registry.web.pages import unit_link
from registry.web.problems import PageRoute
from registry.web.security import form_token, keep_token
from registry.web.timeline import masked
from registry.web.unit import frame

router = APIRouter(route_class=PageRoute, include_in_schema=False)
SHOWN_AGAIN = ("operator", "reason", "remove")
"""What a refused form still shows; a PIN is typed anew."""
DIFFERENT = FieldError("again", Fault.CONTRADICTION, "not the same", "type both anew")


@router.get("/units/{unit}/cards/{id_}/pin")
def ask(request: Request, unit: str, id_: int) -> Response:
    """Ask for a card's new PIN, or whether it shall have none."""
    return _form(request, unit, id_, Attempt(dict.fromkeys(SHOWN_AGAIN, "")))


@router.post("/units/{unit}/cards/{id_}/pin")
def change(request: Request, unit: str, id_: int, form: Form) -> Response:
    """Keep what the PIN is checked against, or forget it."""
    at = desk(request)
    typed = {name: text_of(form, name) for name in SHOWN_AGAIN}
    pin = text_of(form, "pin")
    try:
        responsible = read_responsible(typed["operator"], typed["reason"], ACTOR)
        if not typed["remove"]:
            _check_same(pin, text_of(form, "again"))
        with at.services.store.writing() as uow:
            credential, detail = held(at, uow, unit, id_)
            if typed["remove"]:
                at.services.card_pins.remove(uow, credential.card, responsible)
            else:
                at.services.card_pins.set_pin(uow, credential.card, pin, responsible)
    except Invalid as error:
        wrong = Attempt(typed, change_texts(error.fields), 422)
        return _form(request, unit, id_, wrong)
    where = unit_link(detail.building.code, detail.unit.number)
    return RedirectResponse(f"{where}?done=pin", SEE_OTHER)


def _check_same(pin: str, again: str) -> None:
    if pin != again:
        raise Invalid([DIFFERENT])


def _form(
    request: Request, unit: str, id_: int, attempt: Attempt[dict[str, str]]
) -> Response:
    at = desk(request)
    with at.services.store.reading() as uow:
        credential, detail = held(at, uow, unit, id_)
        has_pin = uow.rule_books.has_pin(credential.id)
    token = form_token(request)
    context: dict[str, object] = {
        **frame(detail),
        "credential": credential,
        "card": masked(credential.card),
        "has_pin": has_pin,
        "form": attempt.typed | {"pin": "", "again": ""},
        "errors": attempt.errors,
        "token": token,
    }
    page = at.answer(request, "card_pin.html", context, attempt.status)
    keep_token(page, token)
    return page
