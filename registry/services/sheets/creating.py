"""From accepted rows to records: what each kind of sheet creates."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from registry.domain.history import Channel, Source
from registry.domain.occupancy import Occupancy
from registry.domain.parties import Party, fresh_id
from registry.domain.places import Unit
from registry.domain.rights import Contract, RightToLet
from registry.domain.sheets.checks import Outcome
from registry.domain.sheets.kinds import (
    CardDraft,
    Draft,
    LandlordDraft,
    OccupantDraft,
    SheetKind,
    TenancyDraft,
    UnitDraft,
)
from registry.domain.sheets.known import Known, code_of
from registry.domain.tenancy import Tenancy
from registry.persistence.unit_of_work import UnitOfWork
from registry.services.identity import Identity

References = list[tuple[str, ...]]
"""For each row the records it made, such as `tenancy:T-1`."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What records are made with."""

    uow: UnitOfWork
    identity: Identity
    known: Known
    actor: str
    now: datetime

    @property
    def source(self) -> Source:
        """How what is made is signed."""
        return Source(self.actor, Channel.IMPORT)


def create(kind: SheetKind, desk: Desk, accepted: Sequence[Outcome]) -> References:
    """Record what rows tell."""
    return CREATES[kind](desk, accepted)


def affected(uow: UnitOfWork, kind: SheetKind, accepted: Sequence[Outcome]) -> set[int]:
    """Return the cards whose permits may follow from rows."""
    if kind is SheetKind.CARDS:
        return {o.draft.card for o in accepted if isinstance(o.draft, CardDraft)}
    if kind is not SheetKind.OCCUPANTS:
        return set()
    parties = {o.party for o in accepted if o.party is not None}
    return {c.card for c in uow.credentials.of_parties(parties)}


def _units(desk: Desk, accepted: Sequence[Outcome]) -> References:
    drafts = [o.draft for o in accepted if isinstance(o.draft, UnitDraft)]
    desk.uow.houses.add(
        Unit(code_of(d), d.building, d.number, d.floor, d.use, d.area) for d in drafts
    )
    return [(f"unit:{code_of(d)}",) for d in drafts]


def _landlords(desk: Desk, accepted: Sequence[Outcome]) -> References:
    named = _people(desk, accepted)
    rights = [
        RightToLet(fresh_id("R"), o.party or "", d.unit, d.basis, d.start, d.end)
        for o in accepted
        if isinstance(d := o.draft, LandlordDraft)
    ]
    desk.uow.rights.add(rights, desk.source, desk.now)
    return [
        (f"right:{right.id}", *new) for right, new in zip(rights, named, strict=True)
    ]


def _tenancies(desk: Desk, accepted: Sequence[Outcome]) -> References:
    named = _people(desk, accepted)
    drafts = [o.draft for o in accepted if isinstance(o.draft, TenancyDraft)]
    contracts = [_contract(o.draft, o.party) for o in accepted]
    signed = [contract for contract in contracts if contract is not None]
    desk.uow.contracts.add(signed, desk.source, desk.now)
    tenancies = [
        Tenancy(
            d.tenancy or fresh_id("T"),
            d.unit,
            d.room,
            d.landlord,
            d.start,
            d.end,
            None if contract is None else contract.id,
        )
        for d, contract in zip(drafts, contracts, strict=True)
    ]
    again = desk.known.withdrawn
    fresh = [tenancy for tenancy in tenancies if tenancy.id not in again]
    desk.uow.tenancies.add(fresh, desk.source, desk.now)
    for tenancy in tenancies:
        if tenancy.id in again:
            desk.uow.tenancies.revise(tenancy, desk.source, desk.now)
    return [
        (f"tenancy:{t.id}", *([f"contract:{t.contract}"] if t.contract else []), *new)
        for t, new in zip(tenancies, named, strict=True)
    ]


def _contract(draft: Draft, tenant: str | None) -> Contract | None:
    if not isinstance(draft, TenancyDraft) or tenant is None:
        return None
    if draft.signed_on is None or draft.landlord is None:
        return None
    return Contract(
        fresh_id("C"),
        draft.unit,
        draft.landlord,
        tenant,
        draft.start,
        draft.end,
        draft.signed_on,
    )


def _occupants(desk: Desk, accepted: Sequence[Outcome]) -> References:
    named = _people(desk, accepted)
    stays = [
        Occupancy(
            fresh_id("O"),
            o.party or "",
            d.unit,
            desk.known.units[d.unit].building,
            d.basis,
            d.start,
            d.end,
            d.tenancy,
            d.room,
        )
        for o in accepted
        if isinstance(d := o.draft, OccupantDraft)
    ]
    desk.uow.occupancies.add(stays, desk.source, desk.now)
    return [
        (f"occupancy:{stay.id}", *new) for stay, new in zip(stays, named, strict=True)
    ]


def _cards(desk: Desk, accepted: Sequence[Outcome]) -> References:
    holders = {
        o.draft.card: o.party or "" for o in accepted if isinstance(o.draft, CardDraft)
    }
    desk.uow.credentials.add(holders.items(), desk.now)
    issued = {c.card: c.id for c in desk.uow.credentials.held(holders)}
    return [(f"credential:{issued[card]}",) for card in holders]


def _people(desk: Desk, accepted: Sequence[Outcome]) -> References:
    """Add the people nobody knew, keep the names nobody had; say who, row by row."""
    fresh: dict[str, Party] = {}
    names: dict[str, str] = {}
    made: References = []
    for outcome in accepted:
        party, draft = outcome.party or "", outcome.draft
        name = getattr(draft, "name", None)
        known = party in desk.known.parties
        nameless = not known or party in desk.known.nameless
        if name is None or not nameless or party in names:
            made.append(())
            continue
        names[party] = name
        if not known:
            fresh[party] = Party(party)
        made.append((f"party:{party}",))
    desk.uow.parties.add(fresh.values())
    desk.identity.keep(desk.uow, names)
    return made


CREATES: Mapping[SheetKind, Callable[[Desk, Sequence[Outcome]], References]] = {
    SheetKind.UNITS: _units,
    SheetKind.LANDLORDS: _landlords,
    SheetKind.TENANCIES: _tenancies,
    SheetKind.OCCUPANTS: _occupants,
    SheetKind.CARDS: _cards,
}
