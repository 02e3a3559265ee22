"""Tenancies without their occupants: recorded, renewed, held over."""

from datetime import date
from http import HTTPStatus

from fastapi import APIRouter
from pydantic import BaseModel

from registry.api.access import Caller, Registry, open_to
from registry.api.changes import Changing
from registry.api.days import Day
from registry.api.tenancies import Body, Text
from registry.domain.principals import Role
from registry.domain.tenancy import Tenancy
from registry.services.tenancies import Renewal, TenancyDone, TenancyWish

router = APIRouter(prefix="/api", tags=["tenancies"])
LANDLORDS = open_to(Role.LANDLORD)
BOTH_SIDES = open_to(Role.LANDLORD, Role.TENANT)


class TermBody(Body):
    """A tenancy from `start` until, not including, `end`, or until further notice."""

    start: Day
    end: Day | None = None
    room: Text | None = None
    landlord: Text | None = None
    contract: Text | None = None


class RenewalBody(Body):
    """The term that follows; without `start` it begins where the one before ends."""

    start: Day | None = None
    end: Day | None = None
    contract: Text | None = None


class HoldoverBody(Body):
    """Nothing is to be said but that somebody stays on."""


class TermRecord(BaseModel):
    """A tenancy as it is known now."""

    tenancy: str
    unit: str
    room: str | None
    landlord: str | None
    start: date
    end: date | None
    contract: str | None
    ended_on: date | None
    holdover_since: date | None
    renewed_by: str | None


class TermChanged(BaseModel):
    """A tenancy after a change, and the revision of the permits that follow."""

    tenancy: TermRecord
    revision: int


@router.post(
    "/units/{unit}/tenancies",
    summary="Record a tenancy without occupants",
    status_code=HTTPStatus.CREATED,
    openapi_extra=LANDLORDS,
)
def add(registry: Registry, change: Changing, unit: str, body: TermBody) -> TermChanged:
    """Record that a unit is let; who lives there is declared by either side."""
    wish = TenancyWish(
        unit, body.start, body.end, body.room, body.landlord, body.contract
    )
    return change.make(
        TermChanged, lambda uow: _told(registry.tenancies.add(uow, change.who, wish))
    )


@router.get("/tenancies/{tenancy}", summary="Show a tenancy", openapi_extra=BOTH_SIDES)
def show(registry: Registry, who: Caller, tenancy: str) -> TermRecord:
    """Return a tenancy to whom it concerns."""
    with registry.store.reading() as uow:
        return _record(registry.tenancies.show(uow, who, tenancy))


@router.post(
    "/tenancies/{tenancy}/renew", summary="Renew a tenancy", openapi_extra=LANDLORDS
)
def renew(
    registry: Registry, change: Changing, tenancy: str, body: RenewalBody
) -> TermChanged:
    """Record the tenancy that follows; whoever lives there stays on under it."""
    renewal = Renewal(body.start, body.end, body.contract)
    tenancies, who = registry.tenancies, change.who
    return change.make(
        TermChanged, lambda uow: _told(tenancies.renew(uow, who, tenancy, renewal))
    )


@router.post(
    "/tenancies/{tenancy}/hold-over",
    summary="Stay on after the end of a tenancy",
    openapi_extra=BOTH_SIDES,
)
def hold_over(
    registry: Registry,
    change: Changing,
    tenancy: str,
    body: HoldoverBody,  # noqa: ARG001 - taken so that other sites cannot send it
) -> TermChanged:
    """Say that somebody stays on: lawful until it is decided, doors go on opening."""
    tenancies, who = registry.tenancies, change.who
    return change.make(
        TermChanged, lambda uow: _told(tenancies.hold_over(uow, who, tenancy))
    )


def _told(done: TenancyDone) -> TermChanged:
    return TermChanged(tenancy=_record(done.tenancy), revision=done.revision)


def _record(tenancy: Tenancy) -> TermRecord:
    return TermRecord(
        tenancy=tenancy.id,
        unit=tenancy.unit,
        room=tenancy.room,
        landlord=tenancy.landlord,
        start=tenancy.start,
        end=tenancy.end,
        contract=tenancy.contract,
        ended_on=tenancy.ended_on,
        holdover_since=tenancy.holdover_since,
        renewed_by=tenancy.renewed_by,
    )
