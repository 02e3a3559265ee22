"""The rules of a door: in words on its page, and the form that changes them."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from controller.door_rules import MOST_CARDS_TOGETHER, DoorMode
from controller.vocabulary import Direction
from registry.domain.credential import Credential
from registry.domain.errors import FieldError, Invalid
from registry.domain.responsibility import read_responsible
from registry.persistence.unit_of_work import UnitOfWork
from registry.services.door_rules import DoorView
from registry.web.desk import ACTOR, Desk, desk
from registry.web.faults import change_texts
from registry.web.forms import SEE_OTHER, Attempt, Form, text_of
from registry.web.problems import PageRoute
from registry.web.rule_words import (
    DIRECTIONS,
    MODE_TEXTS,
    RulesPart,
    moment_words,
    rule_lines,
    rules_part,
)
from registry.web.rules_form import (
    Row,
    TypedRules,
    document_of,
    filled,
    in_form,
    typed_rules,
    with_spare_rows,
)
from registry.web.security import form_token, keep_token
from registry.web.timeline import masked
from registry.web.words import DOOR_MODES, ORDER_STATES

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Context = dict[str, object]
RECENT_ORDERS = 5
RECORD = re.compile("[0-9]{1,18}")
PRESETS: Mapping[str, tuple[str, str, tuple[Row, ...]]] = {
    "controlled": ("全天受控", "始终凭卡开门", ()),
    "office": (
        "工作日白天常开",
        "适合办事大厅",
        (Row(DoorMode.UNLOCKED, "工作日 08:00-18:00"),),
    ),
    "night": (
        "夜间锁闭",
        "适合库房，不用于住户楼门",
        (Row(DoorMode.LOCKED, "每天 23:00-次日06:00"),),
    ),
}
"""What a schedule may start from: its name, what it suits, and its lines."""


@router.get("/doors/{id_}/behaviour")
def behaviour(request: Request, id_: str) -> Response:
    """Show how a door behaves by now, and how far its rules have come."""
    at = desk(request)
    with at.services.store.reading() as uow:
        context = part(at, uow, id_)
    return at.pages.answer(request, "_rules.html", context)


def part(at: Desk, uow: UnitOfWork, door: str) -> Context:
    """Return the rules of a door and its newest orders, for its own page."""
    now = at.services.clock()
    view = at.services.door_rules.of_door(uow, door)
    orders = at.services.orders.of_door(uow, door, RECENT_ORDERS)
    return {
        "rules": _words(at, uow, view),
        "orders": [(order, ORDER_STATES[order.state(now)]) for order in orders],
    }


@router.get("/doors/{id_}/rules")
def show(
    request: Request,
    id_: str,
    preset: str | None = None,
    version: Annotated[int | None, Query(ge=1)] = None,
) -> Response:
    """Show the form: as the rules are, with a preset's hours, or an older version."""
    at = desk(request)
    with at.services.store.reading() as uow:
        view = at.services.door_rules.of_door(uow, id_)
        older = next((v for v in view.versions if v.number == version), None)
        rules = view.rules if older is None else at.services.door_rules.read(older)
        first = rules.first_card
        cards = () if first is None else sorted(first.holders)
        live = [uow.credentials.live(card.value) for card in cards]
    typed = filled(rules, [each.id for each in live if each is not None])
    if preset is not None and preset in PRESETS:
        rows = PRESETS[preset][2]
        typed = replace(typed, mode=DoorMode.CONTROLLED.value, rows=rows)
    if older is not None:
        typed = replace(typed, reason="恢复以前的规则")
    return _form(request, view, Attempt(typed), str(view.revision))


@router.post("/doors/{id_}/rules")
def change(request: Request, id_: str, form: Form) -> Response:
    """Put what was typed in force, whole, or show what is wrong with it."""
    at, typed = desk(request), typed_rules(form)
    replaces = text_of(form, "replaces")
    with at.services.store.reading() as uow:
        view = at.services.door_rules.of_door(uow, id_)
        held = {str(c.id): c.card for c in _credentials(uow, typed)}
    try:
        document, faults = document_of(typed, held), list[FieldError]()
    except Invalid as error:
        document, faults = None, list(error.fields)
    try:
        responsible = read_responsible(typed.operator, typed.reason, ACTOR)
        if document is not None:
            seen = int(replaces) if replaces.isdecimal() else 0
            with at.services.store.writing() as uow:
                at.services.door_rules.replace(uow, id_, document, responsible, seen)
    except Invalid as error:
        faults += in_form(error.fields, typed)
    if faults:
        return _form(request, view, Attempt(typed, change_texts(faults), 422), replaces)
    return RedirectResponse(f"/doors/{quote(id_, safe='')}?done=rules", SEE_OTHER)


def _form(
    request: Request,
    view: DoorView,
    attempt: Attempt[TypedRules],
    replaces: str,
) -> Response:
    at, door, typed = desk(request), view.status.door, attempt.typed
    with at.services.store.reading() as uow:
        house = at.services.housing.building(uow, door.building)
        words = _words(at, uow, view)
        holders = [(c.id, masked(c.card)) for c in _credentials(uow, typed)]
        others = _others(at, uow, view, typed)
        names = {
            each.door.id: each.door.name for each in at.services.housing.doors(uow)
        }
    token = form_token(request)
    context: Context = {
        "section": "doors",
        "building": house.building,
        "door": door,
        "rules": words,
        "form": typed,
        "rows": with_spare_rows(typed),
        "modes": {mode: (DOOR_MODES[mode], MODE_TEXTS[mode]) for mode in DoorMode},
        "holders": holders,
        "others": others,
        "most_cards": MOST_CARDS_TOGETHER,
        "directions": {way: DIRECTIONS[way] for way in Direction},
        "presets": PRESETS,
        "versions": _versions(at, view, names),
        "replaces": replaces,
        "errors": attempt.errors,
        "token": token,
    }
    page = at.answer(request, "door_rules.html", context, attempt.status)
    keep_token(page, token)
    return page


def _words(at: Desk, uow: UnitOfWork, view: DoorView) -> RulesPart:
    statuses = at.services.housing.doors(uow) if view.rules.interlock else ()
    names = {each.door.id: each.door.name for each in statuses}
    return rules_part(view, names, at.services.clock(), at.services.policy.zone)


def _credentials(uow: UnitOfWork, typed: TypedRules) -> list[Credential]:
    """Return the cards that the form's records of first cards still stand for."""
    ids = [int(each) for each in typed.holders if RECORD.fullmatch(each)]
    return uow.credentials.in_use(ids)


def _others(
    at: Desk, uow: UnitOfWork, view: DoorView, typed: TypedRules
) -> list[tuple[str, str]]:
    """Return the doors an interlock may name: of this house, and those it names."""
    here = view.status
    return [
        (status.door.id, status.door.name)
        for status in at.services.housing.doors(uow)
        if status.gateway == here.gateway
        and status.door.id != here.door.id
        and (
            status.door.building == here.door.building
            or status.door.id in typed.interlock
        )
    ]


def _versions(at: Desk, view: DoorView, names: Mapping[str, str]) -> list[Context]:
    now, zone = at.services.clock(), at.services.policy.zone
    return [
        {
            "stored": stored,
            "at": moment_words(stored.changed_at, now, zone),
            "lines": list(rule_lines(at.services.door_rules.read(stored), names)),
        }
        for stored in view.versions
    ]
