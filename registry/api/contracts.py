"""Contracts as signed, with what to look at twice."""

from datetime import date
from http import HTTPStatus

from fastapi import APIRouter

from registry.api.access import Registry, open_to
from registry.api.changes import Changing
from registry.api.days import Day
from registry.api.paging import Page, Turning
from registry.api.tenancies import Body, Text
from registry.api.versions import AtDays, History, Shown
from registry.domain.contract_warnings import ContractWarning
from registry.domain.letting_forms import NewContract
from registry.domain.principals import Role
from registry.persistence.unit_of_work import UnitOfWork

router = APIRouter(prefix="/api/contracts", tags=["contracts"])
LESSORS = open_to(Role.LANDLORD)
PARTIES = open_to(Role.LANDLORD, Role.TENANT)


class ContractBody(Body):
    """A lease; money is in fen and may be left out, `parent` is a head lease."""

    unit: Text
    lessor: Text
    tenant: Text
    start: Day
    signed_on: Day
    end: Day | None = None
    parent: Text | None = None
    evidence: Text | None = None
    rent: int | None = None
    deposit: int | None = None


class ContractRecord(Shown):
    """A lease on record."""

    id: str
    unit: str
    lessor: str
    tenant: str
    start: date
    end: date | None
    signed_on: date
    parent: str | None
    evidence: str | None
    rent: int | None
    deposit: int | None


class SignedRecord(Shown):
    """A lease on record and what to ask its parties about."""

    contract: ContractRecord
    warnings: list[ContractWarning]


@router.post(
    "",
    summary="Record a contract",
    status_code=HTTPStatus.CREATED,
    openapi_extra=LESSORS,
)
def record_contract(
    registry: Registry, change: Changing, body: ContractBody
) -> SignedRecord:
    """Record a contract; what is odd about it is told and does not stop it."""
    wish = NewContract(**body.model_dump())

    def act(uow: UnitOfWork) -> SignedRecord:
        done = registry.contracts.record(uow, change.who, wish)
        return SignedRecord.model_validate(done)

    return change.make(SignedRecord, act)


@router.get("", summary="List contracts", openapi_extra=PARTIES)
def contracts(
    registry: Registry, at: AtDays, turn: Turning, unit: str | None = None
) -> Page[ContractRecord]:
    """Return contracts, of a unit or all of them, by id."""
    return at.page(registry.contracts.lookup, ContractRecord, turn, unit=unit)


@router.get("/{contract}", summary="Show a contract", openapi_extra=PARTIES)
def one_contract(registry: Registry, at: AtDays, contract: str) -> SignedRecord:
    """Return a contract and what to look at twice by the register today."""
    return at.one(registry.contracts, SignedRecord, contract)


@router.get(
    "/{contract}/history",
    summary="Show every version of a contract",
    openapi_extra=PARTIES,
)
def history_of_contract(
    registry: Registry, at: AtDays, contract: str
) -> History[ContractRecord]:
    """Return what was said of a contract, when and by whom."""
    return at.history(registry.contracts.lookup, ContractRecord, contract)
