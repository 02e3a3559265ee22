"""Rental filings: begun, handed in, decided on, renewed and ended."""

from collections.abc import Callable
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
from registry.domain.filing import (
    FilingEvent,
    FilingState,
    LettingMode,
    RentalFiling,
)
from registry.domain.letting_forms import NewFiling
from registry.domain.principals import Role
from registry.persistence.unit_of_work import UnitOfWork
from registry.services.filings import Asked

router = APIRouter(prefix="/api/filings", tags=["filings"])
LESSORS = open_to(Role.LANDLORD)
Mode = Annotated[LettingMode, Field(strict=False)]


class FilingBody(Body):
    """A filing to begin; a landlord may leave the lessor out."""

    unit: Text
    mode: Mode
    lessor: Text | None = None
    manager: Text | None = None


class CorrectionBody(Body):
    """What a filing says, whole."""

    mode: Mode
    manager: Text | None = None


class EffectBody(Body):
    """The day something takes effect, today where it is left out."""

    on: Day | None = None


class ReasonedBody(EffectBody):
    """Why, in a few words; the street must say it."""

    reason: Text = ""


class OrderBody(EffectBody):
    """The number of the order that suspends a filing."""

    order: Text


class TransferBody(EffectBody):
    """Who lets the unit from now on."""

    lessor: Text


class FilingRecord(Shown):
    """A filing of one dwelling; `live` ones count as filed, also while pending."""

    id: str
    unit: str
    lessor: str | None
    mode: LettingMode
    state: FilingState
    live: bool
    manager: str | None
    number: str | None
    submitted_on: date | None
    accepted_on: date | None
    renews_on: date | None
    reason: str | None
    successor: str | None


class TransferRecord(Shown):
    """A filing closed, the draft that follows it, and by when to hand that in."""

    closed: FilingRecord
    successor: FilingRecord
    file_by: date


class Moving:
    """One request to change a filing."""

    def __init__(self, registry: Registry, change: Changing) -> None:
        """Take what every such request has."""
        self.filings = registry.filings
        self.change: Change = change

    def move(self, asked: Asked) -> FilingRecord:
        """Let an event happen once and tell the filing after it."""
        who = self.change.who
        return self.tell(lambda uow: self.filings.move(uow, who, asked))

    def tell(self, action: Callable[[UnitOfWork], RentalFiling]) -> FilingRecord:
        """Do something once and tell the filing after it."""
        return self.change.make(
            FilingRecord, lambda uow: FilingRecord.model_validate(action(uow))
        )


Move = Annotated[Moving, Depends()]


@router.post(
    "",
    summary="Begin a filing",
    status_code=HTTPStatus.CREATED,
    openapi_extra=LESSORS,
)
def draft(move: Move, body: FilingBody) -> FilingRecord:
    """Begin a filing; the street hears of it when it is submitted."""
    wish = NewFiling(body.unit, body.mode, body.lessor, body.manager)
    return move.tell(lambda uow: move.filings.draft(uow, move.change.who, wish))


@router.get("", summary="List filings", openapi_extra=LESSORS)
def filings(
    registry: Registry,
    at: AtDays,
    turn: Turning,
    unit: str | None = None,
    state: FilingState | None = None,
) -> Page[FilingRecord]:
    """Return filings, of a unit or in a state or all of them, by id."""
    lookup = registry.filings.lookup
    return at.page(lookup, FilingRecord, turn, unit=unit, state=state)


@router.get("/{filing}", summary="Show a filing", openapi_extra=LESSORS)
def one(registry: Registry, at: AtDays, filing: str) -> FilingRecord:
    """Return a filing."""
    return at.one(registry.filings.lookup, FilingRecord, filing)


@router.get(
    "/{filing}/history", summary="Show every version of a filing", openapi_extra=LESSORS
)
def history(registry: Registry, at: AtDays, filing: str) -> History[FilingRecord]:
    """Return what was said of a filing, for which days, when and by whom."""
    return at.history(registry.filings.lookup, FilingRecord, filing)


@router.post(
    "/{filing}/correct", summary="Correct an open filing", openapi_extra=LESSORS
)
def correct(move: Move, filing: str, body: CorrectionBody) -> FilingRecord:
    """Change what a draft, or a filing that was sent back, says."""
    who, mode, manager = move.change.who, body.mode, body.manager
    return move.tell(lambda uow: move.filings.correct(uow, who, filing, mode, manager))


@router.post("/{filing}/submit", summary="Submit a filing", openapi_extra=LESSORS)
def submit(move: Move, filing: str, body: EffectBody) -> FilingRecord:
    """Hand a filing in: from this day on the dwelling counts as filed."""
    return move.move(Asked(filing, FilingEvent.SUBMITTED, body.on))


@router.post(
    "/{filing}/send-back", summary="Send a filing back", openapi_extra=open_to()
)
def send_back(move: Move, filing: str, body: ReasonedBody) -> FilingRecord:
    """Ask the lessor to correct a filing; it still counts as filed."""
    return move.move(Asked(filing, FilingEvent.SENT_BACK, body.on, body.reason))


@router.post("/{filing}/accept", summary="Accept a filing", openapi_extra=open_to())
def accept(move: Move, filing: str, body: EffectBody) -> FilingRecord:
    """Give a filing its number and the day to renew it by."""
    return move.move(Asked(filing, FilingEvent.ACCEPTED, body.on))


@router.post("/{filing}/renew", summary="Renew a filing", openapi_extra=LESSORS)
def renew(move: Move, filing: str, body: EffectBody) -> FilingRecord:
    """Say that a filing due for renewal still holds."""
    return move.move(Asked(filing, FilingEvent.RENEWED, body.on))


@router.post("/{filing}/suspend", summary="Suspend a filing", openapi_extra=open_to())
def suspend(move: Move, filing: str, body: OrderBody) -> FilingRecord:
    """Suspend a filing by an order; nobody is locked out by it."""
    return move.move(Asked(filing, FilingEvent.SUSPENDED, body.on, body.order))


@router.post("/{filing}/restore", summary="Restore a filing", openapi_extra=open_to())
def restore(move: Move, filing: str, body: EffectBody) -> FilingRecord:
    """End the suspension of a filing, with time left to renew it."""
    return move.move(Asked(filing, FilingEvent.RESTORED, body.on))


@router.post("/{filing}/withdraw", summary="Withdraw a filing", openapi_extra=LESSORS)
def withdraw(move: Move, filing: str, body: ReasonedBody) -> FilingRecord:
    """Say that the dwelling is no longer let."""
    return move.move(Asked(filing, FilingEvent.WITHDRAWN, body.on, body.reason))


@router.post("/{filing}/transfer", summary="Transfer a filing", openapi_extra=LESSORS)
def transfer(move: Move, filing: str, body: TransferBody) -> TransferRecord:
    """Close a filing for a new lessor, who gets a draft and time to hand it in."""
    who = move.change.who

    def act(uow: UnitOfWork) -> TransferRecord:
        done = move.filings.transfer(uow, who, filing, body.lessor, body.on)
        return TransferRecord.model_validate(done)

    return move.change.make(TransferRecord, act)
