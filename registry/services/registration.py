"""At the counter: record a tenancy, end it, end a card."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from registry.audit.trail import Action, Deed, record
from registry.domain.credential import CredentialEvent, CredentialState
from registry.domain.errors import FieldError, Invalid
from registry.domain.filing import FilingState, LettingMode, RentalFiling
from registry.domain.history import Channel, Source
from registry.domain.occupancy import Basis, Occupancy
from registry.domain.parties import Party, fresh_id
from registry.domain.principals import Principal, Role
from registry.domain.registration import (
    TenancyDraft,
    TenancyForm,
    let_already,
    missing,
    read,
    unknown,
)
from registry.domain.tenancy import Tenancy
from registry.persistence.unit_of_work import UnitOfWork
from registry.services.cards import CardService, taken
from registry.services.identity import Identity
from registry.services.permits import PermitService
from registry.services.tenancies import TenancyService

ENDINGS = {
    CredentialState.LOST: CredentialEvent.GIVEN_UP,
    CredentialState.CANCELLED: CredentialEvent.CANCELLED,
    CredentialState.RETURNED: CredentialEvent.RETURNED,
}
"""How a card ends at the counter."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A tenancy as recorded, who moves in, and the revision of the permits."""

    tenancy: Tenancy
    party: str
    revision: int


class Registration:
    """Checks what is asked, records it and publishes the permits that follow."""

    def __init__(
        self,
        identity: Identity,
        permits: PermitService,
        cards: CardService,
        tenancies: TenancyService,
        clock: Callable[[], datetime],
    ) -> None:
        """Work with the services a registration needs."""
        self._identity = identity
        self._permits = permits
        self._cards = cards
        self._tenancies = tenancies
        self._clock = clock

    def record_tenancy(
        self, uow: UnitOfWork, form: TenancyForm, actor: str
    ) -> Recorded:
        """Record a tenancy, who moves in and the card they get.

        Raises Invalid with every fault at once; then nothing was changed. A form
        sent twice with one key gives the same tenancy twice.
        """
        draft = read(form)
        known = uow.tenancies.get(_tenancy_id(draft.key)) if draft.key else None
        if known is not None:
            return self._repeated(uow, known)
        errors = [*draft.errors, *_register_errors(uow, draft)]
        if errors or draft.start is None or draft.end is None:
            raise Invalid(errors)
        now = self._clock()
        party, tenancy = _fresh(draft, draft.start, draft.end)
        unit = uow.houses.unit(draft.unit)
        building = "" if unit is None else unit.building
        source = Source(actor)
        uow.parties.add([Party(party)])
        self._identity.keep(uow, {party: draft.occupant})
        uow.tenancies.add([tenancy], source, now)
        occupancy = Occupancy(
            fresh_id("O"),
            party,
            draft.unit,
            building,
            Basis.TENANT,
            draft.start,
            draft.end,
            tenancy.id,
            draft.room,
        )
        uow.occupancies.add([occupancy], source, now)
        if draft.filed and uow.filings.live(draft.unit) is None:
            uow.filings.add([_filing(draft, draft.start)], source, now)
        deed = Deed(actor, Action.TENANCY_RECORDED, f"tenancy:{tenancy.id}")
        record(uow, [deed], now)
        if draft.card is not None:
            self._cards.issue(uow, source, draft.card, party)
        cards = [] if draft.card is None else [draft.card]
        return Recorded(tenancy, party, self._permits.rederive(uow, cards))

    def _repeated(self, uow: UnitOfWork, tenancy: Tenancy) -> Recorded:
        (occupancy,) = uow.occupancies.of_tenancy(tenancy.id)
        return Recorded(tenancy, occupancy.party, uow.permits.revision())

    def end_tenancy(self, uow: UnitOfWork, tenancy: str, day: date, actor: str) -> int:
        """Let a tenancy end on a day; return the revision of the permits."""
        return self._tenancies.end(uow, _counter(actor), tenancy, day)

    def end_card(
        self,
        uow: UnitOfWork,
        card: int,
        state: CredentialState,
        reason: str,
        actor: str,
    ) -> int:
        """Let a card be lost, cancelled or returned; return the revision."""
        event = ENDINGS[state]
        return self._cards.change(uow, _counter(actor), card, event, reason).revision


def _counter(actor: str) -> Principal:
    return Principal(Role.OPERATOR, actor, channel=Channel.COUNTER)


def _fresh(draft: TenancyDraft, start: date, end: date) -> tuple[str, Tenancy]:
    return fresh_id("P"), Tenancy(
        _tenancy_id(draft.key or secrets.token_hex(16)),
        draft.unit,
        draft.room,
        draft.landlord,
        start,
        end,
    )


def _filing(draft: TenancyDraft, day: date) -> RentalFiling:
    return RentalFiling(
        fresh_id("F"),
        draft.unit,
        draft.landlord,
        LettingMode.WHOLE if draft.room is None else LettingMode.ROOM,
        FilingState.ACCEPTED,
        accepted_on=day,
    )


def _tenancy_id(key: str) -> str:
    return f"T-{key}"


def _register_errors(uow: UnitOfWork, draft: TenancyDraft) -> list[FieldError]:
    """Say what contradicts the register."""
    errors = []
    if not draft.unit:
        errors.append(missing("unit", "choose a unit"))
    elif uow.houses.unit(draft.unit) is None:
        errors.append(unknown("unit", "the unit", "choose a unit of the street"))
    elif draft.room is not None:
        room = uow.houses.room(draft.room)
        if room is None or room.unit != draft.unit:
            errors.append(unknown("room", "the room", "choose a room of the unit"))
    if draft.landlord is not None and uow.parties.get(draft.landlord) is None:
        errors.append(
            unknown("landlord", "the landlord", "choose a party or leave it empty")
        )
    if draft.card is not None and uow.credentials.live(draft.card) is not None:
        errors.append(taken("card"))
    return [*errors, *_overlap_errors(uow, draft)]


def _overlap_errors(uow: UnitOfWork, draft: TenancyDraft) -> list[FieldError]:
    if draft.start is None or draft.end is None:
        return []
    others = uow.tenancies.of_units([draft.unit])
    return let_already(others, draft.room, draft.start, draft.end)
