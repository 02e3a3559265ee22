"""Grants: doors opened for work or a visit, and how far each has come."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, BeforeValidator, Field

from registry.api.access import Caller, Registry, open_to
from registry.api.changes import Changing
from registry.api.tenancies import Body, ReasonBody, Text
from registry.domain.grant import GrantReason, GrantState
from registry.domain.occupancy import Side
from registry.domain.principals import Role
from registry.services.grants import GrantDone, GrantWish

router = APIRouter(prefix="/api", tags=["grants"])
LANDLORDS = open_to(Role.LANDLORD)
MOST_DOORS = 64


def _text(value: object) -> object:
    """Refuse numbers, which would be read as seconds since 1970."""
    return value if isinstance(value, str) else None


Moment = Annotated[AwareDatetime, BeforeValidator(_text), Field(strict=False)]


class GrantBody(Body):
    """Who may pass, why, and from when until when; without `doors` by all of them."""

    party: Text
    reason: Annotated[GrantReason, Field(strict=False)]
    start: Moment
    end: Moment
    doors: list[Text] = Field(default=[], max_length=MOST_DOORS)


class GrantRecord(BaseModel):
    """A grant, and how far it or its revocation has come at each door."""

    grant: str
    party: str
    unit: str | None
    reason: GrantReason
    start: datetime
    end: datetime
    given_by: Side
    revoked_at: datetime | None
    doors: dict[str, GrantState]


class GrantChanged(BaseModel):
    """A grant after a change, and the revision of the permits that follow."""

    grant: GrantRecord
    revision: int


class GrantList(BaseModel):
    """The grants given on behalf of a unit."""

    grants: list[GrantRecord]


@router.get(
    "/units/{unit}/grants", summary="List the grants of a unit", openapi_extra=LANDLORDS
)
def grants(registry: Registry, who: Caller, unit: str) -> GrantList:
    """Return who may pass on behalf of a unit; not whether they did."""
    with registry.store.reading() as uow:
        found = registry.grants.of_unit(uow, who, unit)
    return GrantList(grants=[_record(done) for done in found])


@router.get("/grants/{grant}", summary="Show a grant", openapi_extra=LANDLORDS)
def show(registry: Registry, who: Caller, grant: str) -> GrantRecord:
    """Return a grant and how far it has come at each door."""
    with registry.store.reading() as uow:
        return _record(registry.grants.show(uow, who, grant))


@router.post(
    "/units/{unit}/grants",
    summary="Give a grant",
    status_code=HTTPStatus.CREATED,
    openapi_extra=LANDLORDS,
)
def give(
    registry: Registry, change: Changing, unit: str, body: GrantBody
) -> GrantChanged:
    """Let a party pass for a time: a delegate, a visitor, or somebody at work."""
    wish = GrantWish(
        unit, body.party, body.reason, body.start, body.end, frozenset(body.doors)
    )
    return change.make(
        GrantChanged, lambda uow: _told(registry.grants.give(uow, change.who, wish))
    )


@router.post(
    "/grants/{grant}/revoke", summary="Revoke a grant", openapi_extra=LANDLORDS
)
def revoke(
    registry: Registry, change: Changing, grant: str, body: ReasonBody
) -> GrantChanged:
    """End a grant at once; where its holder lives, doors go on opening."""
    given, who = registry.grants, change.who
    return change.make(
        GrantChanged, lambda uow: _told(given.revoke(uow, who, grant, body.reason))
    )


def _told(done: GrantDone) -> GrantChanged:
    return GrantChanged(grant=_record(done), revision=done.revision)


def _record(done: GrantDone) -> GrantRecord:
    grant = done.grant
    return GrantRecord(
        grant=grant.id,
        party=grant.party,
        unit=grant.unit,
        reason=grant.reason,
        start=grant.start,
        end=grant.end,
        given_by=grant.given_by,
        revoked_at=grant.revoked_at,
        doors=done.doors,
    )
