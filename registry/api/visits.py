"""Visits of the street: listed by area and day, assigned, closed with a finding."""

from datetime import date
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from registry.api.access import Caller, Registry, open_to
from registry.api.changes import Changing
from registry.api.paging import Page, Turning
from registry.api.tenancies import Body, Text
from registry.domain.errors import Fault, FieldError, Invalid
from registry.domain.registration import day_of
from registry.domain.visit import DUE, Finding, Purpose, Severity, Visit, VisitState
from registry.persistence.visits import Wanted
from registry.services.visits import Report

router = APIRouter(prefix="/api", tags=["visits"])
STAFF_ONLY = open_to()


class VisitRecord(BaseModel):
    """A visit: where, why, by when, by whom, and what was found."""

    visit: str
    unit: str
    building: str
    purpose: Purpose
    due: date
    occupancy: str | None
    severity: Severity
    state: VisitState
    assignee: str | None
    attempts: int
    finding: Finding | None
    evidence: str | None
    closed_by: str | None
    closed_on: date | None


class VisitBody(Body):
    """How much depends on a visit that nobody's stay is the reason of."""

    severity: Annotated[Severity, Field(strict=False)] = Severity.NORMAL


class AssignmentBody(Body):
    """Who goes there, by the name they sign with; left out, whoever asks."""

    assignee: Text | None = None


class FindingBody(Body):
    """What was found, and the SHA-256 of a document that shows it."""

    finding: Annotated[Finding, Field(strict=False)]
    evidence: Text | None = None


class UnansweredBody(Body):
    """Nothing is to be said but that nobody opened."""


@router.get("/visits", summary="List visits by day", openapi_extra=STAFF_ONLY)
def visits(
    registry: Registry,
    who: Caller,
    turn: Turning,
    area: str | None = None,
    state: VisitState | None = None,
) -> Page[VisitRecord]:
    """Return visits of an area, the first due first; without a state, those to make."""
    states = DUE if state is None else frozenset({state})
    wanted = Wanted(area, states, _place(turn.after), turn.limit + 1)
    with registry.store.reading() as uow:
        found = registry.visits.listed(uow, who, wanted)
    return turn.page([as_record(visit) for visit in found], _key)


@router.get("/visits/{visit}", summary="Show a visit", openapi_extra=STAFF_ONLY)
def show(registry: Registry, who: Caller, visit: str) -> VisitRecord:
    """Return a visit in one's area."""
    with registry.store.reading() as uow:
        return as_record(registry.visits.get(uow, who, visit))


@router.post(
    "/units/{unit}/visits",
    summary="Open a visit",
    status_code=HTTPStatus.CREATED,
    openapi_extra=STAFF_ONLY,
)
def add(
    registry: Registry, change: Changing, unit: str, body: VisitBody
) -> VisitRecord:
    """Have somebody go to a unit and look."""
    kept, who = registry.visits, change.who
    return change.make(
        VisitRecord, lambda uow: as_record(kept.open(uow, who, unit, body.severity))
    )


@router.post(
    "/visits/{visit}/assign", summary="Assign a visit", openapi_extra=STAFF_ONLY
)
def assign(
    registry: Registry, change: Changing, visit: str, body: AssignmentBody
) -> VisitRecord:
    """Give a visit to somebody of the street, or take it oneself."""
    kept, who = registry.visits, change.who
    return change.make(
        VisitRecord, lambda uow: as_record(kept.assign(uow, who, visit, body.assignee))
    )


@router.post(
    "/visits/{visit}/unanswered",
    summary="Record that nobody opened",
    openapi_extra=STAFF_ONLY,
)
def unanswered(
    registry: Registry,
    change: Changing,
    visit: str,
    body: UnansweredBody,  # noqa: ARG001 - taken so that other sites cannot send it
) -> VisitRecord:
    """Record a visit in vain; it is due again later."""
    kept, who = registry.visits, change.who
    return change.make(
        VisitRecord, lambda uow: as_record(kept.nobody_answered(uow, who, visit))
    )


@router.post("/visits/{visit}/close", summary="Close a visit", openapi_extra=STAFF_ONLY)
def close(
    registry: Registry, change: Changing, visit: str, body: FindingBody
) -> VisitRecord:
    """Record what was found; the stay in question follows it at once."""
    report = Report(body.finding, body.evidence)
    kept, who = registry.visits, change.who
    return change.make(
        VisitRecord, lambda uow: as_record(kept.close(uow, who, visit, report))
    )


def as_record(visit: Visit) -> VisitRecord:
    """Return a visit as it is told."""
    return VisitRecord(
        visit=visit.id,
        unit=visit.unit,
        building=visit.building,
        purpose=visit.purpose,
        due=visit.due,
        occupancy=visit.occupancy,
        severity=visit.severity,
        state=visit.state,
        assignee=visit.assignee,
        attempts=visit.attempts,
        finding=visit.finding,
        evidence=visit.evidence,
        closed_by=visit.closed_by,
        closed_on=visit.closed_on,
    )


def _key(visit: VisitRecord) -> str:
    return f"{visit.due.isoformat()} {visit.visit}"


def _place(after: str) -> tuple[date, str] | None:
    """Read where a list of visits goes on."""
    if not after:
        return None
    text, _, id_ = after.partition(" ")
    day = day_of(text)
    if day is None:
        message, remedy = "this is not a place in the list", "take `next` as it came"
        raise Invalid([FieldError("cursor", Fault.MALFORMED, message, remedy)])
    return day, id_
