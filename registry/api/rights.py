"""Rights to let, and powers granted to others."""

from datetime import date
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter
from pydantic import BeforeValidator, Field

from registry.api.access import Registry, open_to
from registry.api.changes import Changing
from registry.api.days import Day
from registry.api.paging import Page, Turning
from registry.api.tenancies import Body, EndBody, Text
from registry.api.versions import AtDays, History, Shown
from registry.domain.letting_forms import NewDelegation, NewRight
from registry.domain.principals import Role
from registry.domain.rights import Power, RightBasis
from registry.persistence.unit_of_work import UnitOfWork

router = APIRouter(prefix="/api", tags=["rights"])
LESSORS = open_to(Role.LANDLORD)


class RightBody(Body):
    """A right to let; `evidence` is the SHA-256 of its document in hexadecimal."""

    party: Text
    unit: Text
    basis: Annotated[RightBasis, Field(strict=False)]
    start: Day
    end: Day | None = None
    evidence: Text | None = None


class DelegationBody(Body):
    """Powers for another party until a day, in one unit or, without, in all."""

    grantor: Text
    delegate: Text
    powers: Annotated[
        list[Annotated[Power, Field(strict=False)]], Field(max_length=len(Power))
    ]
    start: Day
    end: Day
    unit: Text | None = None


class RevocationBody(Body):
    """Powers are taken back whole and at once: there is nothing to say."""


class RightRecord(Shown):
    """A party may let a unit from `start` until, not including, `end`."""

    id: str
    party: str
    unit: str
    basis: RightBasis
    start: date
    end: date | None
    evidence: str | None


class DelegationRecord(Shown):
    """A party lets another act for it until `end`, or since when no longer."""

    id: str
    grantor: str
    delegate: str
    powers: Annotated[list[Power], BeforeValidator(sorted)]
    start: date
    end: date
    unit: str | None
    revoked_on: date | None


@router.post(
    "/rights",
    summary="Record a right to let",
    status_code=HTTPStatus.CREATED,
    openapi_extra=open_to(),
)
def record_right(registry: Registry, change: Changing, body: RightBody) -> RightRecord:
    """Record a right on the evidence of a document somebody of the street saw."""
    wish = NewRight(
        body.party, body.unit, body.basis, body.start, body.end, body.evidence
    )

    def act(uow: UnitOfWork) -> RightRecord:
        done = registry.rights.record(uow, change.who, wish)
        return RightRecord.model_validate(done)

    return change.make(RightRecord, act)


@router.get("/rights", summary="List rights to let", openapi_extra=LESSORS)
def rights(
    registry: Registry,
    at: AtDays,
    turn: Turning,
    unit: str | None = None,
    party: str | None = None,
) -> Page[RightRecord]:
    """Return rights to let, of a unit or a party or all of them, by id."""
    lookup = registry.rights.lookup
    return at.page(lookup, RightRecord, turn, unit=unit, party=party)


@router.get("/rights/{right}", summary="Show a right to let", openapi_extra=LESSORS)
def one_right(registry: Registry, at: AtDays, right: str) -> RightRecord:
    """Return a right to let."""
    return at.one(registry.rights.lookup, RightRecord, right)


@router.get(
    "/rights/{right}/history",
    summary="Show every version of a right to let",
    openapi_extra=LESSORS,
)
def history_of_right(
    registry: Registry, at: AtDays, right: str
) -> History[RightRecord]:
    """Return what was said of a right, when and by whom."""
    return at.history(registry.rights.lookup, RightRecord, right)


@router.post("/rights/{right}/end", summary="End a right to let", openapi_extra=LESSORS)
def end_right(
    registry: Registry, change: Changing, right: str, body: EndBody
) -> RightRecord:
    """Let a right end on a day; filings that rest on it can be renewed no more."""

    def act(uow: UnitOfWork) -> RightRecord:
        done = registry.rights.end(uow, change.who, right, body.end)
        return RightRecord.model_validate(done)

    return change.make(RightRecord, act)


@router.post(
    "/delegations",
    summary="Grant powers",
    status_code=HTTPStatus.CREATED,
    openapi_extra=LESSORS,
)
def grant(
    registry: Registry, change: Changing, body: DelegationBody
) -> DelegationRecord:
    """Let a party act for a lessor; what was granted cannot be passed on."""
    wish = NewDelegation(
        body.grantor,
        body.delegate,
        frozenset(body.powers),
        body.start,
        body.end,
        body.unit,
    )

    def act(uow: UnitOfWork) -> DelegationRecord:
        done = registry.delegations.grant(uow, change.who, wish)
        return DelegationRecord.model_validate(done)

    return change.make(DelegationRecord, act)


@router.get("/delegations", summary="List delegations", openapi_extra=LESSORS)
def delegations(
    registry: Registry,
    at: AtDays,
    turn: Turning,
    grantor: str | None = None,
    delegate: str | None = None,
) -> Page[DelegationRecord]:
    """Return delegations, from or to a party or all of them, by id."""
    lookup = registry.delegations.lookup
    wanted = {"grantor": grantor, "delegate": delegate}
    return at.page(lookup, DelegationRecord, turn, **wanted)


@router.get(
    "/delegations/{delegation}", summary="Show a delegation", openapi_extra=LESSORS
)
def one_delegation(registry: Registry, at: AtDays, delegation: str) -> DelegationRecord:
    """Return a delegation."""
    return at.one(registry.delegations.lookup, DelegationRecord, delegation)


@router.get(
    "/delegations/{delegation}/history",
    summary="Show every version of a delegation",
    openapi_extra=LESSORS,
)
def history_of_delegation(
    registry: Registry, at: AtDays, delegation: str
) -> History[DelegationRecord]:
    """Return what was said of a delegation, when and by whom."""
    return at.history(registry.delegations.lookup, DelegationRecord, delegation)


@router.post(
    "/delegations/{delegation}/revoke", summary="Revoke powers", openapi_extra=LESSORS
)
def revoke(
    registry: Registry,
    change: Changing,
    delegation: str,
    body: RevocationBody,  # noqa: ARG001 - taken so that other sites cannot send it
) -> DelegationRecord:
    """Take powers back at once."""

    def act(uow: UnitOfWork) -> DelegationRecord:
        done = registry.delegations.revoke(uow, change.who, delegation)
        return DelegationRecord.model_validate(done)

    return change.make(DelegationRecord, act)
