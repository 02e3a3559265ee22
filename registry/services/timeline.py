"""Timelines of units and doors, a page at a time."""

import re
from collections.abc import Callable
from datetime import datetime

from controller.cbor import EPOCH, FIRST_MOMENT, LAST_MOMENT, MICROSECOND, microseconds
from registry.domain.errors import Fault, FieldError, Invalid, NotFound
from registry.domain.policy import Policy
from registry.domain.timeline import (
    Timeline,
    TimelineEntry,
    before_passages,
    of_credential,
    of_gap,
    of_occupancy,
    of_passage,
    of_tenancy,
    of_unwatched,
    page,
)
from registry.persistence.unit_of_work import UnitOfWork

MOST_ENTRIES = 200
NUMBER = re.compile(r"-?[0-9]{1,18}")
Place = tuple[datetime, str]


class Timelines:
    """Reads what happened, newest first; names are never among its answers."""

    def __init__(self, policy: Policy, clock: Callable[[], datetime]) -> None:
        """Read days in the policy's time zone."""
        self._policy = policy
        self._clock = clock

    def of_unit(
        self, uow: UnitOfWork, unit: str, before: str | None = None, limit: int = 50
    ) -> Timeline:
        """Return what happened at a unit before a cursor of an earlier page."""
        if uow.houses.unit(unit) is None:
            raise NotFound(f"there is no unit {unit!r}")
        occupancies = uow.occupancies.of_unit(unit)
        milestones = [
            *(
                e
                for t in uow.tenancies.of_units([unit])
                for e in of_tenancy(t, self._policy)
            ),
            *(e for o in occupancies for e in of_occupancy(o, self._policy)),
            *(
                e
                for c in uow.credentials.of_parties({o.party for o in occupancies})
                for e in of_credential(c)
            ),
        ]
        place, limit = _place(before), _bounded(limit)
        passages = uow.passages.of_unit(
            unit, place and before_passages(place), limit + 1
        )
        return self._page([*milestones, *map(of_passage, passages)], place, limit)

    def of_door(
        self, uow: UnitOfWork, door: str, before: str | None = None, limit: int = 50
    ) -> Timeline:
        """Return what happened at a door before a cursor of an earlier page."""
        status = uow.hardware.status(door)
        if status is None:
            raise NotFound(f"there is no door {door!r}")
        gaps = uow.passages.gaps_of_controller(status.door.controller)
        spans = uow.passages.unwatched_of_controller(status.door.controller)
        place, limit = _place(before), _bounded(limit)
        passages = uow.passages.of_door(
            door, place and before_passages(place), limit + 1
        )
        entries = [
            *map(of_gap, gaps),
            *map(of_unwatched, spans),
            *map(of_passage, passages),
        ]
        return self._page(entries, place, limit)

    def _page(
        self, entries: list[TimelineEntry], place: Place | None, limit: int
    ) -> Timeline:
        shown, more = page(entries, self._clock(), place, limit)
        return Timeline(tuple(shown), _cursor(shown[-1]) if more else None)


def _bounded(limit: int) -> int:
    return max(1, min(limit, MOST_ENTRIES))


def _cursor(entry: TimelineEntry) -> str:
    return f"{microseconds(entry.at)}.{entry.key}"


def _place(cursor: str | None) -> Place | None:
    if cursor is None:
        return None
    moment, dot, key = cursor.partition(".")
    number = int(moment) if dot and NUMBER.fullmatch(moment) else LAST_MOMENT + 1
    if FIRST_MOMENT <= number <= LAST_MOMENT:
        return EPOCH + number * MICROSECOND, key
    raise Invalid(
        [
            FieldError(
                "before",
                Fault.MALFORMED,
                "this is not a place in a timeline",
                "take `next` of the page before, or leave it out",
            )
        ]
    )
