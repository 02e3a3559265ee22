"""Filings with other offices, by receipts, answers and days."""

from datetime import date
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import Field

from registry.api.access import Registry, open_to
from registry.api.changes import Change, Changing
from registry.api.days import Day
from registry.api.paging import Page, Turning
from registry.api.tenancies import Body, Text
from registry.api.versions import AtDays, History, Shown
from registry.domain.external_filing import (
    ExternalEvent,
    ExternalKind,
    ExternalState,
)
from registry.domain.letting_forms import NewElsewhere
from registry.domain.occupancy import Exemption
from registry.domain.principals import Role
from registry.persistence.unit_of_work import UnitOfWork
from registry.services.elsewhere import Told

router = APIRouter(prefix="/api/external-filings", tags=["external filings"])
PEOPLE = open_to(Role.LANDLORD, Role.TENANT)


class ExternalFilingBody(Body):
    """A filing to make elsewhere: of a lease (`tenancy`) or a stay (`occupancy`)."""

    kind: Annotated[ExternalKind, Field(strict=False)]
    unit: Text
    tenancy: Text | None = None
    occupancy: Text | None = None
    due: Day | None = None


class ReceiptBody(Body):
    """What was handed in: to which office, under which number, on which day."""

    office: Text
    receipt: Text
    on: Day | None = None


class GrantBody(Body):
    """The day of the answer, and when it has to be done again."""

    on: Day | None = None
    due: Day | None = None


class RefusalBody(Body):
    """The day of the answer and its reason."""

    reason: Text
    on: Day | None = None


class ExemptionBody(Body):
    """Why it need not be made: one of the known reasons, or another in words."""

    exemption: Annotated[Exemption | None, Field(strict=False)] = None
    reason: Text | None = None
    on: Day | None = None


class DutyBody(Body):
    """Since when it has to be made after all, and by when."""

    on: Day | None = None
    due: Day | None = None


class ExternalFilingRecord(Shown):
    """A filing elsewhere; `on` is the day of its latest paper."""

    id: str
    kind: ExternalKind
    unit: str
    state: ExternalState
    tenancy: str | None
    occupancy: str | None
    office: str | None
    receipt: str | None
    on: date | None
    due: date | None
    exemption: Exemption | None
    reason: str | None


class Telling:
    """One request to record what a paper says of a filing elsewhere."""

    def __init__(self, registry: Registry, change: Changing) -> None:
        """Take what every such request has."""
        self._elsewhere = registry.elsewhere
        self._change: Change = change

    def tell(self, told: Told) -> ExternalFilingRecord:
        """Record it once and tell the filing after it."""
        who = self._change.who

        def act(uow: UnitOfWork) -> ExternalFilingRecord:
            done = self._elsewhere.tell(uow, who, told)
            return ExternalFilingRecord.model_validate(done)

        return self._change.make(ExternalFilingRecord, act)


Tell = Annotated[Telling, Depends()]


@router.post(
    "",
    summary="Keep a filing elsewhere in sight",
    status_code=HTTPStatus.CREATED,
    openapi_extra=PEOPLE,
)
def record_elsewhere(
    registry: Registry, change: Changing, body: ExternalFilingBody
) -> ExternalFilingRecord:
    """Record that something has to be, or was, filed with another office."""
    wish = NewElsewhere(**body.model_dump())

    def act(uow: UnitOfWork) -> ExternalFilingRecord:
        done = registry.elsewhere.record(uow, change.who, wish)
        return ExternalFilingRecord.model_validate(done)

    return change.make(ExternalFilingRecord, act)


@router.get("", summary="List filings elsewhere", openapi_extra=PEOPLE)
def elsewhere(  # noqa: PLR0913, PLR0917 - each is a parameter of the query
    registry: Registry,
    at: AtDays,
    turn: Turning,
    unit: str | None = None,
    kind: ExternalKind | None = None,
    state: ExternalState | None = None,
) -> Page[ExternalFilingRecord]:
    """Return filings elsewhere, of a unit, kind or state or all of them, by id."""
    wanted = {"unit": unit, "kind": kind, "state": state}
    return at.page(registry.elsewhere.lookup, ExternalFilingRecord, turn, **wanted)


@router.get("/{filing}", summary="Show a filing elsewhere", openapi_extra=PEOPLE)
def one_elsewhere(registry: Registry, at: AtDays, filing: str) -> ExternalFilingRecord:
    """Return a filing elsewhere."""
    return at.one(registry.elsewhere.lookup, ExternalFilingRecord, filing)


@router.get(
    "/{filing}/history",
    summary="Show every version of a filing elsewhere",
    openapi_extra=PEOPLE,
)
def history_of_elsewhere(
    registry: Registry, at: AtDays, filing: str
) -> History[ExternalFilingRecord]:
    """Return what was said of a filing elsewhere, for which days, when and by whom."""
    return at.history(registry.elsewhere.lookup, ExternalFilingRecord, filing)


@router.post(
    "/{filing}/submit",
    summary="Record a receipt of another office",
    openapi_extra=PEOPLE,
)
def submitted(tell: Tell, filing: str, body: ReceiptBody) -> ExternalFilingRecord:
    """Record that it was handed in."""
    event = ExternalEvent.SUBMITTED
    return tell.tell(Told(filing, event, body.on, body.office, body.receipt))


@router.post(
    "/{filing}/grant", summary="Record that an office granted", openapi_extra=open_to()
)
def granted(tell: Tell, filing: str, body: GrantBody) -> ExternalFilingRecord:
    """Record the answer of the office."""
    return tell.tell(Told(filing, ExternalEvent.GRANTED, body.on, due=body.due))


@router.post(
    "/{filing}/refuse", summary="Record that an office refused", openapi_extra=open_to()
)
def refused(tell: Tell, filing: str, body: RefusalBody) -> ExternalFilingRecord:
    """Record the answer of the office; it may be handed in again."""
    return tell.tell(Told(filing, ExternalEvent.REFUSED, body.on, reason=body.reason))


@router.post("/{filing}/exempt", summary="Record an exemption", openapi_extra=open_to())
def exempted(tell: Tell, filing: str, body: ExemptionBody) -> ExternalFilingRecord:
    """Record that it need not be made, and why."""
    event, why = ExternalEvent.EXEMPTED, body.exemption
    return tell.tell(Told(filing, event, body.on, exemption=why, reason=body.reason))


@router.post(
    "/{filing}/require",
    summary="Record that an exemption is over",
    openapi_extra=open_to(),
)
def no_longer_exempt(tell: Tell, filing: str, body: DutyBody) -> ExternalFilingRecord:
    """Record that it has to be made after all."""
    event = ExternalEvent.NO_LONGER_EXEMPT
    return tell.tell(Told(filing, event, body.on, due=body.due))
