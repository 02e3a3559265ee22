"""Alarms of doors: listed by state, acknowledged in somebody's name."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query

from controller.vocabulary import AlarmKind
from registry.api.access import COUNTER, Registry
from registry.api.passages import After
from registry.api.tenancies import Body, Text
from registry.domain.alarms import Alarm, AlarmState

router = APIRouter(prefix="/api", tags=["alarms"])
MOST = 1000
Number = Annotated[int, Path(ge=1, le=2**63 - 1)]
Limit = Annotated[int, Query(ge=1, le=MOST)]


@dataclass(frozen=True, slots=True)
class AlarmRecord:
    """An alarm: where, what, since when, and who took it on."""

    number: int
    door: str
    kind: AlarmKind
    state: AlarmState
    raised_at: datetime
    cleared_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    note: str | None
    recorded_at: datetime
    gateway: str
    epoch: int
    seq: int


@dataclass(frozen=True, slots=True)
class AlarmPage:
    """Some alarms and the `after` to go on with."""

    alarms: list[AlarmRecord]
    next: int


class AcknowledgementBody(Body):
    """Who takes an alarm on, and a note of theirs."""

    operator: Text
    note: Text = ""


@router.get("/alarms", summary="List alarms after a number")
def alarms(
    registry: Registry,
    state: AlarmState | None = None,
    door: str | None = None,
    after: After = 0,
    limit: Limit = 100,
) -> AlarmPage:
    """Return alarms of a state, of a door or all of them, the first stored first."""
    with registry.store.reading() as uow:
        if door is not None:
            registry.housing.door(uow, door)
        found = uow.alarms.after(after, limit, state, door)
    return AlarmPage(
        [_record(alarm) for alarm in found], found[-1].number if found else after
    )


@router.post("/alarms/{number}/acknowledge", summary="Acknowledge an alarm")
def acknowledge(
    registry: Registry, number: Number, body: AcknowledgementBody
) -> AlarmRecord:
    """Take an alarm on; it is closed once its cause is gone as well."""
    with registry.store.writing() as uow:
        alarm = registry.alarms.acknowledge(
            uow, number, body.operator, body.note, COUNTER
        )
    return _record(alarm)


def _record(alarm: Alarm) -> AlarmRecord:
    taken_on = alarm.acknowledgement
    return AlarmRecord(
        number=alarm.number,
        door=alarm.door,
        kind=alarm.kind,
        state=alarm.state,
        raised_at=alarm.raised_at,
        cleared_at=alarm.cleared_at,
        acknowledged_at=None if taken_on is None else taken_on.at,
        acknowledged_by=None if taken_on is None else taken_on.by,
        note=None if taken_on is None else taken_on.note,
        recorded_at=alarm.recorded_at,
        gateway=alarm.gateway,
        epoch=alarm.epoch,
        seq=alarm.seq,
    )
