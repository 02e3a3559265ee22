"""Cases of houses: listed, read, objected to by residents, answered by the street."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from registry.api.access import Caller, Registry, open_to
from registry.api.changes import Changing
from registry.api.paging import Page, Turning
from registry.api.tenancies import Body, Text
from registry.domain.cases import (
    OPEN,
    Case,
    CaseEvent,
    CaseState,
    CloseReason,
    Step,
)
from registry.domain.house_rules.rule import GuardName, RuleId
from registry.domain.policy.keys import Key
from registry.domain.policy.value import Unit, Verification
from registry.domain.principals import Role
from registry.persistence.cases import Wanted

router = APIRouter(prefix="/api", tags=["cases"])
STAFF_ONLY = open_to()
RESIDENTS = open_to(Role.LANDLORD, Role.TENANT)


@dataclass(frozen=True, slots=True)
class PolicyTold:
    """A policy value as it stood, how far it was checked, and its source."""

    key: Key
    amount: int
    unit: Unit
    verification: Verification
    source: str


@dataclass(frozen=True, slots=True)
class GuardTold:
    """A guard, and whether it held the rule back."""

    guard: GuardName
    excused: bool


class CaseRecord(BaseModel):
    """A case: which rule by which version, the numbers, and why you got this.

    Without a `unit` it is about the house.
    """

    case: str
    rule: RuleId
    version: int
    building: str
    unit: str | None
    state: CaseState
    raised_on: date
    sentence: str
    numbers: dict[str, int | str]
    policy: list[PolicyTold]
    guards: list[GuardTold]
    objection: str | None
    note: str | None
    paper: str | None
    closed_on: date | None
    close_reason: CloseReason | None


class ObjectionBody(Body):
    """Why a case is wrong, in somebody's own words."""

    text: Text


class StepBody(Body):
    """A step of the street; what closes a case has a reason."""

    event: Annotated[CaseEvent, Field(strict=False)]
    reason: Annotated[CloseReason | None, Field(strict=False)] = None
    text: Text | None = None
    paper: Text | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which cases are asked for."""

    area: str | None = None
    rule: RuleId | None = None
    state: CaseState | None = None


Choosing = Annotated[Chosen, Depends()]


@router.get("/cases", summary="List cases of houses", openapi_extra=RESIDENTS)
def cases(
    registry: Registry,
    who: Caller,
    turn: Turning,
    chosen: Choosing,
) -> Page[CaseRecord]:
    """Return cases of an area or of one's own units; without a state, open ones."""
    states = OPEN if chosen.state is None else {chosen.state}
    wanted = Wanted(states, chosen.rule, chosen.area, None, turn.after, turn.limit + 1)
    with registry.store.reading() as uow:
        found = registry.house_cases.listed(uow, who, wanted)
    return turn.page([_record(case) for case in found], lambda record: record.case)


@router.get("/cases/{case}", summary="Show a case", openapi_extra=RESIDENTS)
def case(registry: Registry, who: Caller, case: str) -> CaseRecord:
    """Return a case."""
    with registry.store.reading() as uow:
        return _record(registry.house_cases.get(uow, who, case))


@router.post(
    "/cases/{case}/objections", summary="Object to a case", openapi_extra=RESIDENTS
)
def objection(
    registry: Registry, change: Changing, case: str, body: ObjectionBody
) -> CaseRecord:
    """Stop a case until somebody has looked at an objection."""
    step = Step(CaseEvent.OBJECTED, text=body.text)
    service, who = registry.house_cases, change.who
    return change.make(
        CaseRecord, lambda uow: _record(service.take(uow, who, case, step))
    )


@router.post(
    "/cases/{case}/steps", summary="Take a step in a case", openapi_extra=STAFF_ONLY
)
def step(registry: Registry, change: Changing, case: str, body: StepBody) -> CaseRecord:
    """Look at a case, visit, confirm, close it; a closing has a reason."""
    taken = Step(body.event, body.reason, body.text, body.paper)
    service, who = registry.house_cases, change.who
    return change.make(
        CaseRecord, lambda uow: _record(service.take(uow, who, case, taken))
    )


def _record(case: Case) -> CaseRecord:
    return CaseRecord(
        case=case.id,
        rule=case.rule,
        version=case.rule_version,
        building=case.building,
        unit=case.unit,
        state=case.state,
        raised_on=case.raised_on,
        sentence=case.sentence,
        numbers=dict(case.numbers),
        policy=[PolicyTold(*told) for told in case.policy],
        guards=[GuardTold(*told) for told in case.guards],
        objection=case.objection,
        note=case.note,
        paper=case.paper,
        closed_on=case.closed_on,
        close_reason=case.close_reason,
    )
