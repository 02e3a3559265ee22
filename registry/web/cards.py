"""At the counter: a card is lost, cancelled or returned."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from registry.domain.credential import Credential, CredentialState
from registry.domain.errors import Conflict, Fault, FieldError, NotFound
from registry.domain.house import UnitDetail
from registry.persistence.unit_of_work import UnitOfWork
from registry.web.desk import ACTOR, Desk, desk
from registry.web.faults import texts
from registry.web.forms import SEE_OTHER, Form, text_of
from registry.web.pages import unit_link
from registry.web.problems import PageRoute
from registry.web.security import form_token, keep_token
from registry.web.timeline import masked
from registry.web.unit import frame
from registry.web.words import CREDENTIAL_ENDINGS

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/units/{unit}/cards/{id_}/end")
def confirm(request: Request, unit: str, id_: int) -> Response:
    """Ask why a card ends; its number is in no address."""
    return _form(request, unit, id_, {})


@router.post("/units/{unit}/cards/{id_}/end")
def end(request: Request, unit: str, id_: int, form: Form) -> Response:
    """End a card; its permits are withdrawn from every door."""
    at = desk(request)
    try:
        state = CredentialState(text_of(form, "state"))
        word, _ = CREDENTIAL_ENDINGS[state]
    except (ValueError, KeyError):
        missing = FieldError("state", Fault.MISSING, "no reason", "choose one")
        return _form(request, unit, id_, texts([missing]), 422)
    with at.services.store.writing() as uow:
        credential, detail = held(at, uow, unit, id_)
        end_card = at.services.registration.end_card
        end_card(uow, credential.card, state, word, ACTOR)
    where = unit_link(detail.building.code, detail.unit.number)
    return RedirectResponse(f"{where}?done=card", SEE_OTHER)


def _form(
    request: Request, unit: str, id_: int, errors: dict[str, str], status: int = 200
) -> Response:
    at = desk(request)
    with at.services.store.reading() as uow:
        credential, detail = held(at, uow, unit, id_)
    token = form_token(request)
    context: dict[str, object] = {
        **frame(detail),
        "credential": credential,
        "card": masked(credential.card),
        "endings": CREDENTIAL_ENDINGS,
        "errors": errors,
        "token": token,
    }
    page = at.answer(request, "card_end.html", context, status)
    keep_token(page, token)
    return page


def held(
    at: Desk, uow: UnitOfWork, unit: str, id_: int
) -> tuple[Credential, UnitDetail]:
    """Return a card in force of somebody of the unit."""
    detail = at.services.housing.unit(uow, unit)
    for credential in detail.credentials:
        if credential.id == id_:
            if credential.ended_at is not None:
                raise Conflict("the card has ended")
            return credential, detail
    raise NotFound(f"nobody of {unit!r} holds card record {id_}")
