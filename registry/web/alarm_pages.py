"""The board of alarms, live, and the form in which somebody takes one on."""

import asyncio
from collections.abc import AsyncIterator, Collection
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse

from registry.domain.alarms import Alarm
from registry.domain.errors import Conflict, Invalid
from registry.persistence.unit_of_work import UnitOfWork
from registry.web.alarms import Places, row, rows
from registry.web.desk import ACTOR, Desk, desk
from registry.web.faults import texts
from registry.web.forms import SEE_OTHER, Form, text_of
from registry.web.live import BEAT_SECONDS, HEADERS, MEDIA_TYPE, event
from registry.web.problems import PageRoute
from registry.web.security import form_token, keep_token

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Number = Annotated[int, Path(ge=1, le=2**63 - 1)]
Context = dict[str, object]
TAKEN_ON = "已确认。原因消除后，这条报警自动结束。"
BEAT = "event: beat\ndata:\n\n"


@router.get("/alarms")
def board(request: Request, done: str | None = None) -> Response:
    """Show what is to be done and what was done last."""
    at = desk(request)
    notice = TAKEN_ON if done else None
    context = _board(at) | {"section": "alarms", "notice": notice}
    return at.answer(request, "alarms.html", context)


@router.get("/live/alarms")
async def live(request: Request) -> StreamingResponse:
    """Stream the board whenever it reads differently."""
    return StreamingResponse(
        _stream(desk(request)), media_type=MEDIA_TYPE, headers=HEADERS
    )


@router.get("/alarms/{number}/acknowledge")
def confirm(request: Request, number: Number) -> Response:
    """Ask who takes an alarm on."""
    return _form(request, number, {"operator": "", "note": ""}, {})


@router.post("/alarms/{number}/acknowledge")
def acknowledge(request: Request, number: Number, form: Form) -> Response:
    """Take an alarm on, or show what is wrong with the form."""
    at = desk(request)
    typed = {name: text_of(form, name) for name in ("operator", "note")}
    try:
        with at.services.store.writing() as uow:
            at.services.alarms.acknowledge(uow, number, **typed, actor=ACTOR)
    except Invalid as error:
        return _form(request, number, typed, texts(error.fields), 422)
    return RedirectResponse("/alarms?done=1", SEE_OTHER)


def at_doors(at: Desk, uow: UnitOfWork, doors: Collection[str]) -> Context:
    """Return the alarms of doors that are not closed, for the page they are on."""
    alarms = at.services.alarms.at_doors(uow, doors)
    return {"alarm_rows": rows(alarms, _places(at, uow), at.services.clock())}


def _board(at: Desk) -> Context:
    with at.services.store.reading() as uow:
        found = at.services.alarms.board(uow)
        places, now = _places(at, uow), at.services.clock()
    return {
        "board": found,
        "alarms": found.unacknowledged,
        "open_rows": rows(found.open, places, now),
        "closed_rows": rows(found.closed, places, now),
        "hidden": sum(found.counts.values()) - len(found.open),
    }


async def _stream(at: Desk) -> AsyncIterator[str]:
    changes, told = at.services.changes, None
    while not changes.closing:
        seen = changes.marks
        text = await asyncio.to_thread(_text, at)
        yield BEAT if text == told else event(text)
        told = text
        await changes.wait(seen, BEAT_SECONDS)


def _text(at: Desk) -> str:
    return at.pages.text("_board.html", {**_board(at), "swap": True})


def _form(
    request: Request,
    number: int,
    typed: dict[str, str],
    errors: dict[str, str],
    status: int = 200,
) -> Response:
    at = desk(request)
    with at.services.store.reading() as uow:
        alarm = _waiting(at, uow, number)
        places = _places(at, uow)
    token = form_token(request)
    context: Context = {
        "section": "alarms",
        "row": row(alarm, places, at.services.clock()),
        "form": typed,
        "errors": errors,
        "token": token,
    }
    page = at.answer(request, "alarm.html", context, status)
    keep_token(page, token)
    return page


def _waiting(at: Desk, uow: UnitOfWork, number: int) -> Alarm:
    """Return an alarm nobody has taken on yet."""
    alarm = at.services.alarms.get(uow, number)
    if alarm.acknowledgement is not None:
        raise Conflict("somebody has taken it on already")
    return alarm


def _places(at: Desk, uow: UnitOfWork) -> Places:
    doors = {status.door.id: status for status in at.services.housing.doors(uow)}
    return Places(doors, {b.code: b.name for b in uow.houses.buildings()})
