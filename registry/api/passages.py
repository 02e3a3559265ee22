"""Passages in the order they were stored, without the holder; and what is missing."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query

from controller.vocabulary import Reason
from registry.api.access import Registry
from registry.domain.credential import CardState
from registry.domain.timeline import RecordedPassage

router = APIRouter(prefix="/api", tags=["passages"])
MOST = 5000


@dataclass(frozen=True, slots=True)
class PassageRecord:
    """A passage: where, when, which card; not who."""

    number: int
    gateway: str
    epoch: int
    seq: int
    door: str
    at: datetime
    recorded_at: datetime
    granted: bool
    reason: Reason
    card: int | None
    card_state: CardState | None
    controller: str | None
    controller_epoch: int | None
    controller_index: int | None
    own: bool


@dataclass(frozen=True, slots=True)
class PassagePage:
    """Some passages and the `after` to go on with."""

    passages: list[PassageRecord]
    next: int


@dataclass(frozen=True, slots=True)
class HoleRecord:
    """Lines of a gateway's record that are missing here, and why."""

    number: int
    gateway: str
    epoch: int
    first: int
    last: int
    recorded_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class HolePage:
    """Some holes and the `after` to go on with."""

    holes: list[HoleRecord]
    next: int


@dataclass(frozen=True, slots=True)
class UnwatchedRecord:
    """A span in which a door may have been used unseen: nobody heard its controller."""

    number: int
    door: str | None
    controller: str
    since: datetime
    until: datetime
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class UnwatchedPage:
    """Some spans and the `after` to go on with."""

    unwatched: list[UnwatchedRecord]
    next: int


After = Annotated[int, Query(ge=0, le=2**63 - 1)]
Limit = Annotated[int, Query(ge=1, le=MOST)]


@router.get("/passages", summary="List passages after a number")
def passages(registry: Registry, after: After = 0, limit: Limit = 1000) -> PassagePage:
    """Return passages, the first stored first."""
    with registry.store.reading() as uow:
        found = uow.passages.after(after, limit)
    records = [_record(passage) for passage in found]
    return PassagePage(records, records[-1].number if records else after)


@router.get("/holes", summary="List what is missing in gateways' records")
def holes(registry: Registry, after: After = 0, limit: Limit = 1000) -> HolePage:
    """Return lines that gateways lost or that could not be read."""
    with registry.store.reading() as uow:
        found = uow.records.holes(after, limit)
    records = [
        HoleRecord(number, h.gateway, h.epoch, h.first, h.last, h.recorded_at, h.reason)
        for number, h in found
    ]
    return HolePage(records, records[-1].number if records else after)


@router.get("/unwatched", summary="List when doors may have been used unseen")
def unwatched(
    registry: Registry, after: After = 0, limit: Limit = 1000
) -> UnwatchedPage:
    """Return spans in which gateways did not hear doors that keep no record."""
    with registry.store.reading() as uow:
        found = uow.passages.unwatched_after(after, limit)
    spans = [
        UnwatchedRecord(s.number, s.door, s.controller, s.since, s.until, s.recorded_at)
        for s in found
    ]
    return UnwatchedPage(spans, spans[-1].number if spans else after)


def _record(p: RecordedPassage) -> PassageRecord:
    return PassageRecord(
        p.number,
        p.gateway,
        p.epoch,
        p.seq,
        p.door,
        p.at,
        p.recorded_at,
        p.granted,
        p.reason,
        p.card,
        p.card_state,
        p.controller,
        p.controller_epoch,
        p.controller_index,
        p.own,
    )
