"""Passages in the order they were stored; the holder is never among them."""

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


@dataclass(frozen=True, slots=True)
class PassagePage:
    """Some passages and the `after` to go on with."""

    passages: list[PassageRecord]
    next: int


@router.get("/passages", summary="List passages after a number")
def passages(
    registry: Registry,
    after: Annotated[int, Query(ge=0, le=2**63 - 1)] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 1000,
) -> PassagePage:
    """Return passages, the first stored first."""
    with registry.store.reading() as uow:
        found = uow.passages.after(after, limit)
    records = [_record(passage) for passage in found]
    return PassagePage(records, records[-1].number if records else after)


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
    )
