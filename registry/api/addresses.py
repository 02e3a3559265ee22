"""What places are called, finding them by it, and correcting addresses."""

from dataclasses import dataclass
from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from registry.api.access import Caller, Registry, open_to
from registry.api.changes import Changing
from registry.api.days import Day
from registry.api.paging import Page, Turning
from registry.api.tenancies import Body, EndBody, Text
from registry.domain.address_corrections import (
    AddressCorrection,
    CorrectionEvent,
    CorrectionState,
)
from registry.domain.address_search import FoundBy, PlaceKind
from registry.domain.addresses import (
    AddressAlias,
    CodeScheme,
    ExternalCode,
    Validity,
)
from registry.domain.grid_membership import GridMembership
from registry.domain.principals import Role
from registry.persistence.addresses import KeptCode
from registry.persistence.unit_of_work import UnitOfWork
from registry.services.registry_services import Services

router = APIRouter(prefix="/api", tags=["addresses"])
LARGEST_NUMBER = 2**62
Asked = Annotated[str, Query(max_length=200)]
Number = Annotated[int, Path(ge=1, le=LARGEST_NUMBER)]


class DatedBody(Body):
    """Who says so, and from which day until, not including, which other."""

    source: Text
    valid_from: Day | None = None
    valid_to: Day | None = None


class CodeBody(DatedBody):
    """The code another register has for a place."""

    scheme: CodeScheme = Field(strict=False)
    value: Text


class AliasBody(DatedBody):
    """What people call a place."""

    text: Text


class GridBody(Body):
    """The grid a building belongs to from a day on."""

    grid: Text
    start: Day
    source: Text


class CorrectionBody(Body):
    """The address a building should have."""

    address: Text


class DecisionBody(Body):
    """What becomes of a reported address; a rejection has a reason."""

    decision: CorrectionEvent = Field(strict=False)
    reason: Text = ""


@dataclass(frozen=True, slots=True)
class FoundPlace:
    """A place and what it was found by."""

    place: str
    kind: PlaceKind
    by: FoundBy


@dataclass(frozen=True, slots=True)
class FoundPlaces:
    """The places a text means, the surest first."""

    places: list[FoundPlace]


@dataclass(frozen=True, slots=True)
class CodeRecord:
    """A code, its days and its source; `number` is what to end it by."""

    number: int
    scheme: CodeScheme
    value: str
    source: str
    valid_from: date | None
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class AliasRecord:
    """A name in use, its days and its source."""

    text: str
    source: str
    valid_from: date | None
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class GridOfBuilding:
    """A grid of a building, its days and its source."""

    grid: str
    source: str
    valid_from: date | None
    valid_to: date | None


class CalledRecord(BaseModel):
    """What a place is or was called, and the grids of a building that was moved."""

    place: str
    codes: list[CodeRecord]
    aliases: list[AliasRecord]
    grids: list[GridOfBuilding]


@dataclass(frozen=True, slots=True)
class StepRecord:
    """Something that happened to a correction."""

    event: CorrectionEvent
    by: str
    at: datetime
    reason: str | None


class CorrectionRecord(BaseModel):
    """A correction and what happened to it."""

    id: str
    building: str
    wrong: str
    right: str
    state: CorrectionState
    reported_by: str
    reported_at: datetime
    steps: list[StepRecord]


@router.get(
    "/addresses/search",
    summary="Find a building or unit by an address, a name in use or a code",
    openapi_extra=open_to(Role.LANDLORD, Role.TENANT),
)
def search(
    registry: Registry, who: Caller, q: Asked, on: Day | None = None
) -> FoundPlaces:
    """Return what the caller may see; a unit's number may follow an address."""
    with registry.store.reading() as uow:
        found = registry.addresses.search(uow, who, q, on)
    return FoundPlaces([FoundPlace(m.place, m.kind, m.by) for m in found])


@router.get(
    "/places/{code}/called",
    summary="Show what a place is and was called",
    openapi_extra=open_to(),
)
def called(registry: Registry, who: Caller, code: str) -> CalledRecord:
    """Return codes of other registers, names in use and grids over time."""
    with registry.store.reading() as uow:
        return _called(registry, uow, who, code)


@router.post(
    "/places/{code}/codes",
    summary="Record another register's code of a place",
    status_code=HTTPStatus.CREATED,
    openapi_extra=open_to(),
)
def add_code(
    registry: Registry, change: Changing, code: str, body: CodeBody
) -> CalledRecord:
    """Keep a code; one code is one place's on a day."""
    valid = Validity(body.valid_from, body.valid_to)
    new = ExternalCode(code, body.scheme, body.value.strip(), body.source, valid)

    def add(uow: UnitOfWork) -> CalledRecord:
        registry.addresses.add_code(uow, change.who, new)
        return _called(registry, uow, change.who, code)

    return change.make(CalledRecord, add)


@router.post(
    "/external-codes/{number}/end",
    summary="Let another register's code end",
    openapi_extra=open_to(),
)
def end_code(
    registry: Registry, change: Changing, number: Number, body: EndBody
) -> CalledRecord:
    """Let a code be its place's no longer from a day on."""

    def end(uow: UnitOfWork) -> CalledRecord:
        ended = registry.addresses.end_code(uow, change.who, number, body.end)
        return _called(registry, uow, change.who, ended.place)

    return change.make(CalledRecord, end)


@router.post(
    "/places/{code}/aliases",
    summary="Record what people call a place",
    status_code=HTTPStatus.CREATED,
    openapi_extra=open_to(),
)
def add_alias(
    registry: Registry, change: Changing, code: str, body: AliasBody
) -> CalledRecord:
    """Keep a name; names, unlike codes, may be shared."""
    valid = Validity(body.valid_from, body.valid_to)
    new = AddressAlias(code, body.text.strip(), body.source, valid)

    def add(uow: UnitOfWork) -> CalledRecord:
        registry.addresses.add_alias(uow, change.who, new)
        return _called(registry, uow, change.who, code)

    return change.make(CalledRecord, add)


@router.post(
    "/buildings/{code}/grid",
    summary="Record that a building belongs to another grid",
    openapi_extra=open_to(),
)
def move(
    registry: Registry, change: Changing, code: str, body: GridBody
) -> CalledRecord:
    """Let a building belong to another grid from a day on; its past stays."""
    new = GridMembership(code, body.grid, body.source, Validity(body.start))

    def act(uow: UnitOfWork) -> CalledRecord:
        registry.addresses.move(uow, change.who, new)
        return _called(registry, uow, change.who, code)

    return change.make(CalledRecord, act)


@router.get(
    "/address-corrections",
    summary="List corrections of addresses",
    openapi_extra=open_to(),
)
def corrections(
    registry: Registry,
    who: Caller,
    turn: Turning,
    state: CorrectionState = CorrectionState.REPORTED,
) -> Page[CorrectionRecord]:
    """Return the corrections of the caller's area in a state, a page at a time."""
    with registry.store.reading() as uow:
        found = uow.address_corrections.page(
            state, who.area, turn.after, turn.limit + 1
        )
    return turn.page([_correction(each) for each in found], lambda each: each.id)


@router.post(
    "/buildings/{code}/address-corrections",
    summary="Report that the address of a building is another one",
    status_code=HTTPStatus.CREATED,
    openapi_extra=open_to(Role.LANDLORD, Role.TENANT),
)
def report(
    registry: Registry, change: Changing, code: str, body: CorrectionBody
) -> CorrectionRecord:
    """Report an address; somebody else decides."""
    return change.make(
        CorrectionRecord,
        lambda uow: _correction(
            registry.addresses.report(uow, change.who, code, body.address)
        ),
    )


@router.post(
    "/address-corrections/{id_}/decide",
    summary="Confirm, reject or carry out a correction of an address",
    openapi_extra=open_to(),
)
def decide(
    registry: Registry, change: Changing, id_: str, body: DecisionBody
) -> CorrectionRecord:
    """Decide what somebody else reported; applied, the old address stays a name."""
    return change.make(
        CorrectionRecord,
        lambda uow: _correction(
            registry.addresses.decide(uow, change.who, id_, body.decision, body.reason)
        ),
    )


def _called(
    registry: Services, uow: UnitOfWork, who: Caller, place: str
) -> CalledRecord:
    found = registry.addresses.called(uow, who, place)
    return CalledRecord(
        place=place,
        codes=[_code(kept) for kept in found.codes],
        aliases=[
            AliasRecord(a.text, a.source, a.valid.start, a.valid.end)
            for a in found.aliases
        ],
        grids=[
            GridOfBuilding(g.grid, g.source, g.valid.start, g.valid.end)
            for g in found.grids
        ],
    )


def _code(kept: KeptCode) -> CodeRecord:
    code = kept.content
    return CodeRecord(
        kept.number,
        code.scheme,
        code.value,
        code.source,
        code.valid.start,
        code.valid.end,
    )


def _correction(found: AddressCorrection) -> CorrectionRecord:
    return CorrectionRecord(
        id=found.id,
        building=found.building,
        wrong=found.wrong,
        right=found.right,
        state=found.state,
        reported_by=found.reported_by,
        reported_at=found.reported_at,
        steps=[StepRecord(s.event, s.by, s.at, s.reason) for s in found.steps],
    )
