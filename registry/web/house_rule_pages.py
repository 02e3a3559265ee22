"""The rules houses are asked by: how often each is right, and its switch."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from registry.domain.errors import Invalid
from registry.domain.history import Channel
from registry.domain.house_rules.rule import RuleId
from registry.domain.principals import Principal, Role
from registry.domain.responsibility import read_responsible
from registry.domain.suppression import told
from registry.web import case_words as words
from registry.web.desk import ACTOR, desk
from registry.web.faults import change_texts
from registry.web.forms import SEE_OTHER, Form, text_of
from registry.web.problems import PageRoute
from registry.web.security import form_token, keep_token

router = APIRouter(route_class=PageRoute, include_in_schema=False)
FIELDS = ("operator", "reason", "confirm")
EMPTY = dict.fromkeys(FIELDS, "")


@router.get("/house-rules")
def rules(request: Request, done: str | None = None) -> Response:
    """Show every rule with its precision and whether it is on."""
    at = desk(request)
    with at.services.store.reading() as uow:
        found = at.services.house_cases.overview(uow)
    context = {
        "section": "cases",
        "rules": found,
        "told": told,
        "notice": "已记录，从下一次检查起生效。" if done else None,
    }
    return at.answer(request, "house_rules.html", context)


@router.get("/house-rules/{rule}")
def rule(request: Request, rule: RuleId) -> Response:
    """Show a rule: what it asks, what holds it back, and its switch."""
    return _page(request, rule, EMPTY, {})


@router.post("/house-rules/{rule}/switch")
def switch(request: Request, rule: RuleId, form: Form) -> Response:
    """Switch a rule on or off, in somebody's name and for a reason."""
    at, typed = desk(request), {name: text_of(form, name) for name in FIELDS}
    errors = {} if typed["confirm"] else {"confirm": "请勾选确认"}
    try:
        who = read_responsible(typed["operator"], typed["reason"], ACTOR)
    except Invalid as error:
        errors |= change_texts(error.fields)
    if errors:
        return _page(request, rule, typed, errors, 422)
    signed = Principal(Role.OPERATOR, who.signature, channel=Channel.COUNTER)
    on = text_of(form, "on") == "yes"
    with at.services.store.writing() as uow:
        at.services.house_cases.switch(uow, signed, rule, on=on, reason=who.reason)
    return RedirectResponse("/house-rules?done=1", SEE_OTHER)


def _page(
    request: Request,
    rule: RuleId,
    typed: dict[str, str],
    errors: dict[str, str],
    status: int = 200,
) -> Response:
    at, token = desk(request), form_token(request)
    with at.services.store.reading() as uow:
        found = at.services.house_cases.overview(uow)
    each = next(one for one in found if one.rule.id is rule)
    policy = at.services.policy
    values = [policy.book.known(key, policy.today()) for key in each.rule.keys]
    context = {
        "section": "cases",
        "each": each,
        "told": told,
        "values": [value for value in values if value is not None],
        "words": words,
        "form": typed,
        "errors": errors,
        "token": token,
    }
    page = at.answer(request, "house_rule.html", context, status)
    keep_token(page, token)
    return page
