"""Stays: declared by one side, confirmed by the other, ended by who lives there."""

from datetime import date
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from registry.api.access import Caller, Registry, open_to
from registry.api.changes import Changing
from registry.api.days import Day
from registry.api.tenancies import Body, OccupantBody, Text
from registry.domain.occupancy import (
    Basis,
    Exemption,
    Occupancy,
    OccupancyState,
    Side,
)
from registry.domain.principals import Role
from registry.services.stays import StayDone, StayWish

router = APIRouter(prefix="/api", tags=["stays"])
BOTH_SIDES = open_to(Role.LANDLORD, Role.TENANT)
SideWord = Annotated[Side, Field(strict=False)]


class StayRecord(BaseModel):
    """A stay as it is known now: who by an opaque id, and what each side said."""

    occupancy: str
    party: str
    unit: str
    room: str | None
    tenancy: str | None
    basis: Basis
    state: OccupancyState
    start: date | None
    end: date | None
    declared_by: Side
    declared_on: date | None
    confirmed_by: Side | None
    confirmed_on: date | None
    leave_by: Side | None
    leave_on: date | None
    exemption: Exemption | None
    opens: bool
    """Whether doors open for it: somebody beside who lives there vouched for it."""


class StayChanged(BaseModel):
    """A stay after a change, and the revision of the permits that follow."""

    stay: StayRecord
    revision: int


class StayBody(Body):
    """Who lives there since when; a tenant leaves `party` and `occupant` out.

    Dates that are left out are those of the tenancy. Staff may say whose word it is.
    """

    start: Day | None = None
    end: Day | None = None
    basis: Annotated[Basis, Field(strict=False)] = Basis.TENANT
    party: Text | None = None
    occupant: OccupantBody | None = None
    room: Text | None = None
    tenancy: Text | None = None
    exemption: Annotated[Exemption, Field(strict=False)] | None = None
    side: SideWord | None = None


class WordBody(Body):
    """Whose word it is, where staff write down that of a side."""

    side: SideWord | None = None


class LeaveBody(WordBody):
    """The day from which somebody no longer lives there."""

    on: Day


class LeaveConfirmedBody(WordBody):
    """The day, if it is another one than was said."""

    on: Day | None = None


class ExemptionBody(Body):
    """Why a stay need not be registered as residence; null that it must be."""

    exemption: Annotated[Exemption, Field(strict=False)] | None


@router.post(
    "/units/{unit}/occupancies",
    summary="Declare a stay",
    status_code=HTTPStatus.CREATED,
    openapi_extra=BOTH_SIDES,
)
def declare(
    registry: Registry, change: Changing, unit: str, body: StayBody
) -> StayChanged:
    """Say that somebody lives in a unit.

    No side needs the other's leave to say so. Doors open once it is not the
    occupant's word alone.
    """
    wish = StayWish(
        unit,
        body.start,
        body.end,
        body.basis,
        body.party,
        None if body.occupant is None else body.occupant.name,
        body.room,
        body.tenancy,
        body.exemption,
        body.side,
    )
    return change.make(
        StayChanged, lambda uow: told(registry.stays.declare(uow, change.who, wish))
    )


@router.get("/occupancies/{occupancy}", summary="Show a stay", openapi_extra=BOTH_SIDES)
def show(registry: Registry, who: Caller, occupancy: str) -> StayRecord:
    """Return a stay to whom it concerns."""
    with registry.store.reading() as uow:
        return as_record(registry.stays.show(uow, who, occupancy))


@router.post(
    "/occupancies/{occupancy}/confirm",
    summary="Confirm a stay",
    openapi_extra=BOTH_SIDES,
)
def confirm(
    registry: Registry, change: Changing, occupancy: str, body: WordBody
) -> StayChanged:
    """Confirm what the other side declared."""
    stays, who = registry.stays, change.who
    return change.make(
        StayChanged, lambda uow: told(stays.confirm(uow, who, occupancy, body.side))
    )


@router.post(
    "/occupancies/{occupancy}/contest",
    summary="Contest a stay",
    openapi_extra=BOTH_SIDES,
)
def contest(
    registry: Registry, change: Changing, occupancy: str, body: WordBody
) -> StayChanged:
    """Say that what the other side declared is not so: somebody will go and look."""
    stays, who = registry.stays, change.who
    return change.make(
        StayChanged, lambda uow: told(stays.contest(uow, who, occupancy, body.side))
    )


@router.post(
    "/occupancies/{occupancy}/withdraw",
    summary="Take a declared stay back",
    openapi_extra=BOTH_SIDES,
)
def withdraw(
    registry: Registry, change: Changing, occupancy: str, body: WordBody
) -> StayChanged:
    """Take back what one declared oneself, before anybody moved in."""
    stays, who = registry.stays, change.who
    return change.make(
        StayChanged, lambda uow: told(stays.withdraw(uow, who, occupancy, body.side))
    )


@router.post(
    "/occupancies/{occupancy}/leave",
    summary="Say that somebody leaves",
    openapi_extra=BOTH_SIDES,
)
def leave(
    registry: Registry, change: Changing, occupancy: str, body: LeaveBody
) -> StayChanged:
    """Say that a stay ends: who lives there decides, others only claim it."""
    stays, who = registry.stays, change.who
    return change.make(
        StayChanged,
        lambda uow: told(stays.leave(uow, who, occupancy, body.on, body.side)),
    )


@router.post(
    "/occupancies/{occupancy}/leave/confirm",
    summary="Confirm that one leaves",
    openapi_extra=BOTH_SIDES,
)
def confirm_leave(
    registry: Registry, change: Changing, occupancy: str, body: LeaveConfirmedBody
) -> StayChanged:
    """Confirm what another said of one's leaving."""
    stays, who = registry.stays, change.who
    return change.make(
        StayChanged,
        lambda uow: told(stays.confirm_leave(uow, who, occupancy, body.on, body.side)),
    )


@router.post(
    "/occupancies/{occupancy}/leave/dispute",
    summary="Say that one stays",
    openapi_extra=BOTH_SIDES,
)
def dispute_leave(
    registry: Registry, change: Changing, occupancy: str, body: WordBody
) -> StayChanged:
    """Say that one stays, against another's word or one's own of before."""
    stays, who = registry.stays, change.who
    return change.make(
        StayChanged,
        lambda uow: told(stays.dispute_leave(uow, who, occupancy, body.side)),
    )


@router.post(
    "/occupancies/{occupancy}/exemption",
    summary="Exempt a stay from registration",
    openapi_extra=BOTH_SIDES,
)
def exempt(
    registry: Registry, change: Changing, occupancy: str, body: ExemptionBody
) -> StayChanged:
    """Say why a stay need not be registered as residence; nobody is sent to ask."""
    stays, who = registry.stays, change.who
    return change.make(
        StayChanged,
        lambda uow: told(stays.exempt(uow, who, occupancy, body.exemption)),
    )


def told(done: StayDone) -> StayChanged:
    """Return a change of a stay as it is answered."""
    return StayChanged(stay=as_record(done.stay), revision=done.revision)


def as_record(stay: Occupancy) -> StayRecord:
    """Return a stay as it is told."""
    return StayRecord(
        occupancy=stay.id,
        party=stay.party,
        unit=stay.unit,
        room=stay.room,
        tenancy=stay.tenancy,
        basis=stay.basis,
        state=stay.state,
        start=stay.start,
        end=stay.end,
        declared_by=stay.declared_by,
        declared_on=stay.declared_on,
        confirmed_by=stay.confirmed_by,
        confirmed_on=stay.confirmed_on,
        leave_by=stay.leave_by,
        leave_on=stay.leave_on,
        exemption=stay.exemption,
        opens=stay.opens,
    )
