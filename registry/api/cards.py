"""Cards: bound, suspended on a loss, found, ended, replaced; and warnings of keys."""

from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from controller.vocabulary import LARGEST_CARD_NUMBER
from registry.api.access import Caller, Registry, open_to
from registry.api.changes import Change, Changing
from registry.api.tenancies import Body, Card, ReasonBody, Text
from registry.domain.credential import CardState, CredentialEvent, CredentialState
from registry.domain.key_warning import WORDING
from registry.domain.principals import Role
from registry.services.cards import CardDone
from registry.services.registry_services import Services

router = APIRouter(prefix="/api", tags=["cards"])
MOST = 1000
CardNumber = Annotated[int, Field(ge=1, le=LARGEST_CARD_NUMBER, repr=False)]
After = Annotated[int, Query(ge=0, le=2**63 - 1)]
Limit = Annotated[int, Query(ge=1, le=MOST)]
STAFF_ONLY = open_to()
HOLDERS = open_to(Role.TENANT, Role.LANDLORD)


class BindingBody(Body):
    """A card for a party; not `active` while it is not in their hands yet."""

    card: CardNumber
    active: bool = True


class ReplacementBody(Body):
    """The card that takes the place of another, and why."""

    new_card: CardNumber
    reason: Text


class NothingBody(Body):
    """Nothing is to be said."""


class CardChanged(BaseModel):
    """A card's record after a change, and the revision of the permits.

    `until` is the last day of the stays it follows, the grace apart.
    """

    credential: int
    state: CredentialState
    until: date | None
    revision: int


class KeyWarningRecord(BaseModel):
    """A card that was withdrawn was held to a door, for the first time on a day."""

    number: int
    message: str = WORDING
    credential: int
    door: str
    day: date
    at: datetime
    card_state: CardState
    recorded_at: datetime


class KeyWarningPage(BaseModel):
    """Some warnings and the `after` to go on with."""

    warnings: list[KeyWarningRecord]
    next: int


@router.post(
    "/parties/{party}/credentials",
    summary="Bind a card to a party",
    status_code=HTTPStatus.CREATED,
    openapi_extra=open_to(Role.LANDLORD),
)
def bind(
    registry: Registry, change: Changing, party: str, body: BindingBody
) -> CardChanged:
    """Give a party a card; it opens the doors of wherever they live."""
    cards, who = registry.cards, change.who
    return change.make(
        CardChanged,
        lambda uow: _told(cards.bind(uow, who, body.card, party, active=body.active)),
    )


@router.post(
    "/credentials/{card}/activate",
    summary="Put a card to use",
    openapi_extra=STAFF_ONLY,
)
def activate(
    registry: Registry, change: Changing, card: Card, body: ReasonBody
) -> CardChanged:
    """Let an issued card work: it is in its holder's hands."""
    return _change(registry, change, card, CredentialEvent.ACTIVATED, body)


@router.post(
    "/credentials/{card}/extend",
    summary="Say until when a card opens doors",
    openapi_extra=STAFF_ONLY,
)
def extend(
    registry: Registry,
    change: Changing,
    card: Card,
    body: NothingBody,  # noqa: ARG001 - taken so that other sites cannot send it
) -> CardChanged:
    """Let an expired card work again; a card follows the stay of its holder.

    It has no end of its own: renew the tenancy, or record the stay, to extend it.
    """
    cards, who = registry.cards, change.who
    return change.make(CardChanged, lambda uow: _told(cards.extend(uow, who, card)))


@router.post(
    "/credentials/{card}/lose", summary="Report a card lost", openapi_extra=HOLDERS
)
def lose(
    registry: Registry, change: Changing, card: Card, body: ReasonBody
) -> CardChanged:
    """Suspend a card: its permits are withdrawn at once, until it is found."""
    return _change(registry, change, card, CredentialEvent.LOSS_REPORTED, body)


@router.post(
    "/credentials/{card}/find", summary="Report a card found", openapi_extra=HOLDERS
)
def find(
    registry: Registry, change: Changing, card: Card, body: ReasonBody
) -> CardChanged:
    """Let a suspended card work again."""
    return _change(registry, change, card, CredentialEvent.FOUND, body)


@router.post(
    "/credentials/{card}/give-up",
    summary="Give a card up as lost",
    openapi_extra=STAFF_ONLY,
)
def give_up(
    registry: Registry, change: Changing, card: Card, body: ReasonBody
) -> CardChanged:
    """Withdraw a lost card for good, also should it be found."""
    return _change(registry, change, card, CredentialEvent.GIVEN_UP, body)


@router.post(
    "/credentials/{card}/unbind",
    summary="Unbind a card from its holder",
    openapi_extra=STAFF_ONLY,
)
def unbind(
    registry: Registry, change: Changing, card: Card, body: ReasonBody
) -> CardChanged:
    """Undo a binding: the card is blank and can be bound to somebody else."""
    return _change(registry, change, card, CredentialEvent.UNBOUND, body)


@router.post(
    "/credentials/{card}/cancel", summary="Cancel a card", openapi_extra=STAFF_ONLY
)
def cancel(
    registry: Registry, change: Changing, card: Card, body: ReasonBody
) -> CardChanged:
    """Withdraw every permit of a card at once and for good."""
    return _change(registry, change, card, CredentialEvent.CANCELLED, body)


@router.post(
    "/credentials/{card}/return", summary="Take a card back", openapi_extra=STAFF_ONLY
)
def take_back(
    registry: Registry, change: Changing, card: Card, body: ReasonBody
) -> CardChanged:
    """Record that a holder handed a card in."""
    return _change(registry, change, card, CredentialEvent.RETURNED, body)


@router.post(
    "/credentials/{card}/replace",
    summary="Replace a card by another",
    openapi_extra=STAFF_ONLY,
)
def replace(
    registry: Registry, change: Changing, card: Card, body: ReplacementBody
) -> CardChanged:
    """Cancel a card and give its holder another one in its place."""
    cards, who = registry.cards, change.who
    return change.make(
        CardChanged,
        lambda uow: _told(cards.replace(uow, who, card, body.new_card, body.reason)),
    )


@router.get(
    "/key-warnings",
    summary="List warnings that a withdrawn key was presented",
    openapi_extra=STAFF_ONLY,
)
def key_warnings(
    registry: Registry, who: Caller, after: After = 0, limit: Limit = 100
) -> KeyWarningPage:
    """Return warnings of the doors in one's area, the first kept first.

    One for a card, a door and a day; none while the door had not yet been told.
    """
    with registry.store.reading() as uow:
        found = registry.keys.listed(uow, who, after, limit)
    warnings = [
        KeyWarningRecord(
            number=w.number,
            credential=w.credential,
            door=w.door,
            day=w.day,
            at=w.at,
            card_state=w.state,
            recorded_at=w.recorded_at,
        )
        for w in found
    ]
    return KeyWarningPage(
        warnings=warnings, next=warnings[-1].number if warnings else after
    )


def _change(
    registry: Services,
    change: Change,
    card: int,
    event: CredentialEvent,
    body: ReasonBody,
) -> CardChanged:
    cards, who = registry.cards, change.who
    return change.make(
        CardChanged,
        lambda uow: _told(cards.change(uow, who, card, event, body.reason)),
    )


def _told(done: CardDone) -> CardChanged:
    return CardChanged(
        credential=done.credential.id,
        state=done.credential.state,
        until=done.until,
        revision=done.revision,
    )
