"""New passages as server-sent events.

WHATWG HTML, "Server-sent events": an event's id comes back as Last-Event-ID, so a
browser that was away misses nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse

from registry.domain.hardware import DoorStatus
from registry.domain.timeline import RecordedPassage, of_passage
from registry.web.desk import Desk, desk
from registry.web.problems import PageRoute

router = APIRouter(route_class=PageRoute, include_in_schema=False)

BEAT_SECONDS = 5.0
"""A stream that has nothing to tell says so; pages rely on it."""
MEDIA_TYPE = "text/event-stream"
MOST = 200
LARGEST = 2**63 - 1
Wanted = Callable[[RecordedPassage], bool]
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class Place(StrEnum):
    """What a stream tells about."""

    UNIT = "unit"
    DOOR = "door"
    BUILDING = "building"


@router.get("/live/{place}/{code}")
async def live(
    request: Request,
    place: Place,
    code: str,
    after: Annotated[int, Query(ge=0, le=LARGEST)],
    last_event_id: Annotated[int | None, Header(ge=0, le=LARGEST)] = None,
) -> StreamingResponse:
    """Stream the passages of a place as they are recorded."""
    at = desk(request)
    doors = await asyncio.to_thread(_doors, at)
    buildings = {status.door.id: status.door.building for status in doors}

    def wanted(passage: RecordedPassage) -> bool:
        match place:
            case Place.UNIT:
                return passage.unit == code
            case Place.DOOR:
                return passage.door == code
            case Place.BUILDING:
                return buildings.get(passage.door) == code

    start = after if last_event_id is None else last_event_id
    return StreamingResponse(
        _stream(at, wanted, doors, start),
        media_type=MEDIA_TYPE,
        headers=HEADERS,
    )


def _doors(at: Desk) -> tuple[DoorStatus, ...]:
    with at.services.store.reading() as uow:
        return at.services.housing.doors(uow)


async def _stream(
    at: Desk, wanted: Wanted, doors: tuple[DoorStatus, ...], number: int
) -> AsyncIterator[str]:
    changes = at.services.changes
    while not changes.closing:
        seen = changes.marks
        reached, events = await asyncio.to_thread(_events, at, wanted, doors, number)
        for told in events or [f"event: beat\nid: {reached}\ndata:\n\n"]:
            yield told
        if reached == number:
            await changes.wait(seen, BEAT_SECONDS)
        number = reached


def _events(
    at: Desk, wanted: Wanted, doors: tuple[DoorStatus, ...], number: int
) -> tuple[int, list[str]]:
    """Return the passages recorded after a number as events, and the last number."""
    with at.services.store.reading() as uow:
        fresh = at.traffic.after(uow, number, MOST)
    shown = [passage for passage in fresh if wanted(passage)]
    lines = at.lines(map(of_passage, shown), doors)
    events = [
        event(at.pages.text("_line.html", {"line": line}), passage.number)
        for passage, line in zip(shown, lines, strict=True)
    ]
    return (fresh[-1].number if fresh else number), events


def event(text: str, number: int | None = None) -> str:
    """Return a part of a page as an event, with its place in the stream if any."""
    place = "" if number is None else f"id: {number}\n"
    data = "".join(f"data: {line}\n" for line in text.splitlines() if line.strip())
    return f"{place}{data}\n"
