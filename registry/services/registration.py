"""At the counter: record a tenancy, end it, end a card."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime

from registry.audit.trail import Action, Deed, record
from registry.domain.credential import CredentialState
from registry.domain.errors import Conflict, Fault, FieldError, Invalid, NotFound
from registry.domain.filing import FilingState, LettingMode, RentalFiling
from registry.domain.history import Source
from registry.domain.occupancy import (
    OCCUPANCIES,
    Basis,
    Occupancy,
    OccupancyEvent,
)
from registry.domain.parties import Party, fresh_id
from registry.domain.registration import (
    TenancyDraft,
    TenancyForm,
    missing,
    overlapping,
    read,
    unknown,
)
from registry.domain.tenancy import Tenancy
from registry.persistence.unit_of_work import UnitOfWork
from registry.services.identity import Identity
from registry.services.permits import PermitService

LONGEST_REASON = 200


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
        clock: Callable[[], datetime],
    ) -> None:
        """Work with the two services a registration needs."""
        self._identity = identity
        self._permits = permits
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
        deeds = [Deed(actor, Action.TENANCY_RECORDED, f"tenancy:{tenancy.id}")]
        if draft.card is not None:
            uow.credentials.add([(draft.card, party)], now)
            deeds.append(Deed(actor, Action.CARD_ISSUED, f"party:{party}"))
        record(uow, deeds, now)
        cards = [] if draft.card is None else [draft.card]
        return Recorded(tenancy, party, self._permits.rederive(uow, cards))

    def _repeated(self, uow: UnitOfWork, tenancy: Tenancy) -> Recorded:
        (occupancy,) = uow.occupancies.of_tenancy(tenancy.id)
        return Recorded(tenancy, occupancy.party, uow.permits.revision())

    def end_tenancy(self, uow: UnitOfWork, tenancy: str, day: date, actor: str) -> int:
        """Let a tenancy end on a day; return the revision of the permits."""
        found = uow.tenancies.get(tenancy)
        if found is None:
            raise NotFound(f"there is no tenancy {tenancy!r}")
        until = found.until or date.max
        if not found.start <= day <= until:
            raise Invalid(
                [
                    FieldError(
                        "end",
                        Fault.CONTRADICTION,
                        f"the tenancy runs {found.term}",
                        "give a day within it; a longer one is a new tenancy",
                    )
                ]
            )
        source, now = Source(actor), self._clock()
        living = uow.occupancies.of_tenancy(tenancy)
        uow.tenancies.revise(replace(found, ended_on=day), source, now)
        for occupancy in living:
            uow.occupancies.revise(_ended(occupancy, day), source, now)
        deed = Deed(actor, Action.TENANCY_ENDED, f"tenancy:{tenancy}")
        record(uow, [deed], now)
        parties = {o.party for o in living}
        cards = {c.card for c in uow.credentials.of_parties(parties)}
        return self._permits.rederive(uow, cards)

    def end_card(
        self,
        uow: UnitOfWork,
        card: int,
        state: CredentialState,
        reason: str,
        actor: str,
    ) -> int:
        """Let a card be lost, cancelled or returned; return the revision."""
        reason = _reason(reason)
        credential = uow.credentials.live(card)
        if credential is None:
            if uow.credentials.of_cards([card]):
                raise Conflict("the card has ended already")
            raise NotFound("nobody was ever issued this card")
        now = self._clock()
        uow.credentials.end(credential.id, state, now)
        if uow.rule_books.forget_pin(credential.id):
            uow.rule_books.rise(sorted(uow.rule_books.gateways_of_card(card)))
        subject = f"credential:{credential.id}"
        record(uow, [Deed(actor, Action.CARD_ENDED, subject, reason)], now)
        return self._permits.rederive(uow, [card])


def _reason(text: str) -> str:
    reason = text.strip()
    if not reason:
        raise Invalid([missing("reason", "say in a few words why")])
    if len(reason) > LONGEST_REASON:
        raise Invalid(
            [
                FieldError(
                    "reason",
                    Fault.MALFORMED,
                    f"a reason has at most {LONGEST_REASON} characters",
                    "say it shorter",
                )
            ]
        )
    return reason


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


def _ended(occupancy: Occupancy, day: date) -> Occupancy:
    state = occupancy.state
    if OCCUPANCIES.allows(state, OccupancyEvent.ENDED):
        state = OCCUPANCIES.after(state, OccupancyEvent.ENDED)
    return replace(occupancy, end=day, state=state)


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
        errors.append(
            FieldError(
                "card",
                Fault.TAKEN,
                "somebody holds this card already",
                "cancel it for its holder first, or take another card",
            )
        )
    return [*errors, *_overlap_errors(uow, draft)]


def _overlap_errors(uow: UnitOfWork, draft: TenancyDraft) -> list[FieldError]:
    if draft.start is None or draft.end is None:
        return []
    others = uow.tenancies.of_units([draft.unit])
    other = overlapping(others, draft.room, draft.start, draft.end)
    if other is None:
        return []
    return [
        FieldError(
            "start",
            Fault.CONTRADICTION,
            f"it is let already {other.term}",
            "end that tenancy first, or choose other dates or another room",
        )
    ]
