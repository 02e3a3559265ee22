"""Cases of houses: the list, one case with its reasons, and the forms to answer it."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from registry.domain.cases import (
    CASES,
    OPEN,
    REASONS,
    Case,
    CaseEvent,
    CaseState,
    CloseReason,
    Step,
)
from registry.domain.errors import Invalid
from registry.domain.history import Channel
from registry.domain.house_rules import RULES
from registry.domain.house_rules.rule import RuleId
from registry.domain.principals import Principal, Role
from registry.persistence.cases import Wanted
from registry.persistence.unit_of_work import UnitOfWork
from registry.web import case_words as words
from registry.web.desk import ACTOR, desk
from registry.web.faults import texts
from registry.web.forms import SEE_OTHER, Attempt, Form, text_of
from registry.web.pages import unit_link
from registry.web.problems import PageRoute
from registry.web.security import form_token, keep_token
from registry.web.words import Badge

router = APIRouter(route_class=PageRoute, include_in_schema=False)

Context = dict[str, object]
COUNTER = Principal(Role.OPERATOR, ACTOR, channel=Channel.COUNTER)
MOST = 100
"""How many cases a page shows."""
EMPTY = {"text": "", "paper": "", "choice": "", "reason": ""}


@dataclass(frozen=True, slots=True)
class Row:
    """A case with the words for its state and its place."""

    case: Case
    badge: Badge
    question: str
    place: str
    house: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A step the street may take now."""

    value: str
    word: str
    hint: str


@router.get("/cases")
def board(request: Request, rule: str = "", state: str = "") -> Response:
    """Show cases, those to do unless others are asked for."""
    at = desk(request)
    chosen = RuleId(rule) if rule in set(RuleId) else None
    states = {CaseState(state)} if state in set(CaseState) else OPEN
    with at.services.store.reading() as uow:
        wanted = Wanted(states, chosen, limit=MOST + 1)
        found = at.services.house_cases.listed(uow, COUNTER, wanted)
        rows = _rows(uow, found[:MOST])
        off = [r.rule for r in at.services.house_cases.overview(uow) if not r.on]
    context: Context = {
        "section": "cases",
        "rows": rows,
        "more": len(found) > MOST,
        "form": {"rule": rule, "state": state},
        "rules": RULES,
        "states": words.STATES,
        "off": off,
    }
    return at.answer(request, "cases.html", context)


@router.get("/cases/{id_}")
def one(request: Request, id_: str) -> Response:
    """Show a case: why, by which numbers, by which rule, and what may be done."""
    return _page(request, id_, Attempt(EMPTY))


@router.post("/cases/{id_}/objection")
def objection(request: Request, id_: str, form: Form) -> Response:
    """Write down what a resident has to say against a case."""
    typed = EMPTY | {"text": text_of(form, "text")}
    return _taken(request, id_, Step(CaseEvent.OBJECTED, text=typed["text"]), typed)


@router.post("/cases/{id_}/step")
def step(request: Request, id_: str, form: Form) -> Response:
    """Take a step of the street."""
    typed = EMPTY | {name: text_of(form, name) for name in ("choice", "note", "paper")}
    event, _, reason = typed["choice"].partition(":")
    if event not in set(CaseEvent) or reason not in {"", *CloseReason}:
        return _page(request, id_, Attempt(typed, {"choice": "请选择下一步"}, 422))
    taken = Step(
        CaseEvent(event),
        CloseReason(reason) if reason else None,
        typed["note"] or None,
        typed["paper"] or None,
    )
    return _taken(request, id_, taken, typed)


@router.post("/cases/{id_}/people")
def people(request: Request, id_: str, form: Form) -> Response:
    """Show who lives there, for a reason that goes into the audit trail."""
    at, reason = desk(request), text_of(form, "reason")
    if not reason:
        wrong = {"reason": "请写明为什么要看"}
        return _page(request, id_, Attempt(EMPTY, wrong, 422))
    with at.services.store.writing() as uow:
        case = at.services.house_cases.get(uow, COUNTER, id_)
        today = at.services.house_cases.today()
        stays = [] if case.unit is None else uow.occupancies.of_unit(case.unit)
        parties = {stay.party for stay in stays if stay.holds(today)}
        names = at.services.identity.reveal(uow, parties, ACTOR, reason)
    return _page(request, id_, Attempt(EMPTY), sorted(names.values()))


def at_unit(uow: UnitOfWork, unit: str) -> list[Row]:
    """Return the open cases of a unit, for the pages it is on."""
    return _rows(uow, uow.cases.open_at(unit))


def _taken(request: Request, id_: str, step: Step, typed: dict[str, str]) -> Response:
    at = desk(request)
    try:
        with at.services.store.writing() as uow:
            at.services.house_cases.take(uow, COUNTER, id_, step)
    except Invalid as error:
        return _page(request, id_, Attempt(typed, texts(error.fields), 422))
    return RedirectResponse(f"/cases/{id_}?done=1", SEE_OTHER)


def _page(
    request: Request,
    id_: str,
    attempt: Attempt[dict[str, str]],
    names: list[str] | None = None,
) -> Response:
    at, token = desk(request), form_token(request)
    with at.services.store.reading() as uow:
        case = at.services.house_cases.get(uow, COUNTER, id_)
        (row,) = _rows(uow, [case])
        place = _link(uow, case)
    done = request.query_params.get("done")
    context: Context = {
        "section": "cases",
        "row": row,
        "link": place,
        "rule": RULES[case.rule],
        "words": words,
        "choices": _choices(case),
        "objects": CASES.allows(case.state, CaseEvent.OBJECTED),
        "form": attempt.typed,
        "errors": attempt.errors,
        "names": names,
        "notice": "已记录。" if done else None,
        "token": token,
    }
    page = at.answer(request, "case.html", context, attempt.status)
    keep_token(page, token)
    return page


def _choices(case: Case) -> list[Choice]:
    """Return the steps the street may take, one for each reason to close by."""
    found = []
    for event, word in words.EVENTS.items():
        if not CASES.allows(case.state, event):
            continue
        for reason in REASONS.get(event, ()):
            if reason is not CloseReason.NO_LONGER_SO:
                told = words.REASONS[reason]
                found.append(Choice(f"{event}:{reason}", f"{word}：{told}", ""))
        if event not in REASONS:
            found.append(Choice(f"{event}:", word, "案件继续"))
    return found


def _rows(uow: UnitOfWork, cases: list[Case]) -> list[Row]:
    houses = {b.code: b.name for b in uow.houses.buildings()} if cases else {}
    return [
        Row(
            case,
            words.STATES[case.state],
            RULES[case.rule].question,
            _place(uow, case),
            houses[case.building],
        )
        for case in cases
    ]


def _place(uow: UnitOfWork, case: Case) -> str:
    unit = None if case.unit is None else uow.houses.unit(case.unit)
    return "整栋楼" if unit is None else f"{unit.number} 房"


def _link(uow: UnitOfWork, case: Case) -> str:
    unit = None if case.unit is None else uow.houses.unit(case.unit)
    if unit is None:
        return f"/buildings/{case.building}"
    return f"{unit_link(case.building, unit.number)}/truth"
