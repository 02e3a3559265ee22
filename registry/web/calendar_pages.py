"""The calendar: public holidays, make-up workdays, and the street's own days."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import RedirectResponse, Response

from registry.domain.errors import Fault, FieldError, Invalid
from registry.domain.registration import FIRST_YEAR, LAST_YEAR, day_of, missing
from registry.domain.responsibility import read_responsible
from registry.domain.special_days import DayKind
from registry.services.special_days import with_span
from registry.web.desk import ACTOR, desk
from registry.web.faults import change_texts
from registry.web.forms import SEE_OTHER, Attempt, Form, text_of
from registry.web.hours import WEEK
from registry.web.problems import PageRoute
from registry.web.security import form_token, keep_token
from registry.web.words import DAY_KINDS

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Year = Annotated[int, Path(ge=FIRST_YEAR, le=LAST_YEAR)]
GIVEN_BACK = "library"
"""The choice that takes the street's own word for a day back."""
FIELDS = ("first", "last", "kind", "operator", "reason")
BLANK = dict.fromkeys(FIELDS, "")
SAVED = "已保存。今年和明年的日子会随规则下发到每个网关。"


@router.get("/calendar")
def this_year(request: Request) -> Response:
    """Show the special days of this year."""
    return show(request, desk(request).services.special_days.this_year())


@router.get("/calendar/{year}")
def show(request: Request, year: Year, done: str | None = None) -> Response:
    """Show the special days of a year, and a form for the street's own."""
    return _page(request, year, Attempt(BLANK), SAVED if done else None)


@router.post("/calendar/{year}")
def change(request: Request, year: Year, form: Form) -> Response:
    """Set what the street makes of some days, or show what is wrong with the form."""
    at = desk(request)
    typed = {name: text_of(form, name) for name in FIELDS}
    faults: list[FieldError] = []
    try:
        responsible = read_responsible(typed["operator"], typed["reason"], ACTOR)
    except Invalid as error:
        faults += error.fields
    span = _span(typed, year, faults)
    if typed["kind"] not in {*DayKind, GIVEN_BACK}:
        faults.append(missing("kind", "choose one"))
    if faults or span is None:
        return _page(request, year, Attempt(typed, change_texts(faults), 422))
    kind = None if typed["kind"] == GIVEN_BACK else DayKind(typed["kind"])
    with at.services.store.writing() as uow:
        days = with_span(uow.rule_books.special_days(year), *span, kind)
        at.services.special_days.replace(uow, year, days, responsible)
    return RedirectResponse(f"/calendar/{year}?done=1", SEE_OTHER)


def _span(
    typed: dict[str, str], year: int, faults: list[FieldError]
) -> tuple[date, date] | None:
    first, last = (day_of(typed[name]) for name in ("first", "last"))
    if not typed["first"]:
        faults.append(missing("first", "give a date"))
    elif first is None or first.year != year:
        faults.append(_wrong("first", Fault.MALFORMED))
    if typed["last"] and (last is None or last.year != year):
        faults.append(_wrong("last", Fault.MALFORMED))
    elif first is not None and last is not None and last < first:
        faults.append(_wrong("last", Fault.CONTRADICTION))
    return None if first is None else (first, last or first)


def _wrong(field: str, fault: Fault) -> FieldError:
    return FieldError(field, fault, "no day of this year", "give a date of this year")


def _page(
    request: Request,
    year: int,
    attempt: Attempt[dict[str, str]],
    notice: str | None = None,
) -> Response:
    at = desk(request)
    now = at.services.special_days.this_year()
    with at.services.store.reading() as uow:
        table = at.services.special_days.year(uow, year)
    token = form_token(request)
    context: dict[str, object] = {
        "section": "doors",
        "notice": notice,
        "table": table,
        "years": sorted({now - 1, now, now + 1, year}),
        "in_books": year in {now, now + 1},
        "kinds": DAY_KINDS,
        "given_back": GIVEN_BACK,
        "week": WEEK,
        "form": attempt.typed,
        "errors": attempt.errors,
        "token": token,
    }
    page = at.answer(request, "calendar.html", context, attempt.status)
    keep_token(page, token)
    return page
