"""Reads what the rules ask of a house: one building at a time."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

from controller.door_rules import DoorMode
from registry.domain.credential import Credential, CredentialState
from registry.domain.hardware import DoorStatus
from registry.domain.house_rules.inputs import (
    CardDay,
    DoorCondition,
    HeldCard,
    HouseInputs,
    Jump,
)
from registry.domain.occupancy import Occupancy
from registry.domain.parties import PartyKind
from registry.domain.places import Building, Unit
from registry.domain.rights import Contract
from registry.persistence.door_condition import heard_share
from registry.persistence.lettings import (
    ContractRow,
    ExternalFilingRow,
    RightRow,
)
from registry.persistence.unit_of_work import UnitOfWork

USE_DAYS = 92
"""How far back use is read: longer than any rule looks."""
CONDITION_DAYS = 28


class InUnit(Protocol):
    """What every record of a unit has."""

    @property
    def unit(self) -> str:
        """The unit's code."""


F = TypeVar("F", bound=InUnit)


@dataclass(frozen=True, slots=True)
class Street:
    """What is the same for every house: the day, the zone, and how the doors are."""

    today: date
    zone: ZoneInfo
    doors: Mapping[str, DoorCondition]
    building_of: Mapping[str, str]


def street_on(
    uow: UnitOfWork, today: date, zone: ZoneInfo, clock: Callable[[], datetime]
) -> Street:
    """Return the street as its doors were heard of lately."""
    now = clock()
    statuses = uow.hardware.statuses()
    grids = {b.code: b.grid for b in uow.houses.buildings()}
    share = heard_share(uow.session, now - timedelta(days=CONDITION_DAYS), now)
    rules = uow.rule_books.in_force([s.door.id for s in statuses])
    free = {r.door for r in rules if r.document.get("mode") == DoorMode.UNLOCKED}
    doors = {
        s.door.id: _condition(s, grids[s.door.building], share, free) for s in statuses
    }
    return Street(today, zone, doors, {s.door.id: s.door.building for s in statuses})


def _condition(
    status: DoorStatus, grid: str, share: Mapping[str, int], free: set[str]
) -> DoorCondition:
    """Judge a door; one that never reported was not seen at all."""
    door = status.door.id
    return DoorCondition(
        grid=grid,
        online=0 if status.reported_at is None else share.get(door, 100),
        skew=round(status.clock_offset or 0),
        delivered=status.acknowledged >= status.wanted,
        free=door in free,
        own=False,
    )


def read_house(
    uow: UnitOfWork, street: Street, building: Building
) -> list[HouseInputs]:
    """Return the inputs of every unit of a building."""
    units = uow.houses.units([building.code])
    codes = [unit.code for unit in units]
    rooms = _by_unit(uow.houses.rooms_of_units(codes))
    rights = _by_unit(uow.rights.find(RightRow.unit.in_(codes)))
    filings = _by_unit(uow.filings.of_units(codes))
    contracts = uow.contracts.find(ContractRow.unit.in_(codes))
    by_unit = _by_unit(contracts)
    tenancies = _by_unit(uow.tenancies.of_building(building.code))
    stays = _by_unit(uow.occupancies.of_building(building.code))
    elsewhere = _by_unit(uow.external_filings.find(ExternalFilingRow.unit.in_(codes)))
    hazards = _by_unit(uow.hazards.of_units(codes))
    holders = {
        unit: {o.party for o in stays[unit]} | {r.party for r in rights[unit]}
        for unit in codes
    }
    cards = _Cards.read(uow, street, units, holders)
    companies = _organisations(uow, contracts)
    return [
        HouseInputs(
            unit,
            street.today,
            tuple(rooms[unit.code]),
            tuple(rights[unit.code]),
            tuple(filings[unit.code]),
            tuple(by_unit[unit.code]),
            tuple(tenancies[unit.code]),
            tuple(stays[unit.code]),
            tuple(elsewhere[unit.code]),
            tuple(hazards[unit.code]),
            cards.held(holders[unit.code]),
            cards.days(unit.code, holders[unit.code]),
            cards.jumps(stays[unit.code]),
            cards.doors,
            companies,
        )
        for unit in units
    ]


@dataclass(frozen=True, slots=True)
class _Cards:
    """The cards of a building's people, and what they were used for."""

    by_party: Mapping[str, Sequence[HeldCard]]
    use: Mapping[int, Sequence[tuple[str, CardDay]]]
    moves: Mapping[int, Sequence[Jump]]
    doors: Mapping[str, DoorCondition]
    today: date

    @classmethod
    def read(
        cls,
        uow: UnitOfWork,
        street: Street,
        units: Sequence[Unit],
        holders: Mapping[str, set[str]],
    ) -> "_Cards":
        """Read them."""
        parties = set().union(*holders.values()) if holders else set()
        found = uow.credentials.of_parties(parties)
        by_party: dict[str, list[HeldCard]] = defaultdict(list)
        for credential in uow.credentials.with_changes(found):
            by_party[credential.party].append(_held(credential, street.zone))
        ids = [credential.id for credential in found]
        since = street.today - timedelta(days=USE_DAYS)
        here = {unit.building for unit in units}
        use: dict[int, list[tuple[str, CardDay]]] = defaultdict(list)
        for day in uow.daily_use.of_cards(ids, since):
            if street.building_of.get(day.door) in here:
                told = CardDay(
                    day.credential, day.day, day.door, day.granted, day.refused
                )
                use[day.credential].append((day.unit, told))
        moves: dict[int, list[Jump]] = defaultdict(list)
        for move in uow.daily_use.moves(ids, since):
            moves[move.credential].append(
                Jump(
                    move.credential,
                    move.day,
                    move.from_door,
                    move.to_door,
                    move.seconds,
                )
            )
        touched = {j.from_door for js in moves.values() for j in js}
        touched |= {j.to_door for js in moves.values() for j in js}
        return cls(by_party, use, moves, _near(street, here, touched), street.today)

    def held(self, parties: Iterable[str]) -> tuple[HeldCard, ...]:
        """Return the cards of parties."""
        return tuple(
            card for party in sorted(parties) for card in self.by_party.get(party, ())
        )

    def days(self, unit: str, parties: Iterable[str]) -> tuple[CardDay, ...]:
        """Return the use for a unit, and what nobody could be told it was for."""
        return tuple(
            day
            for card in self.held(parties)
            for where, day in self.use.get(card.credential, ())
            if where in {unit, ""}
        )

    def jumps(self, stays: Iterable[Occupancy]) -> tuple[Jump, ...]:
        """Return the moves of whoever lives there."""
        living = {stay.party for stay in stays if stay.holds(self.today)}
        return tuple(
            jump
            for card in self.held(living)
            for jump in self.moves.get(card.credential, ())
        )


def _near(
    street: Street, here: set[str], touched: set[str]
) -> dict[str, DoorCondition]:
    """Return the doors of a house, and others that its cards went to."""
    near = {}
    for door, condition in street.doors.items():
        own = street.building_of[door] in here
        if own or door in touched:
            near[door] = DoorCondition(
                condition.grid,
                condition.online,
                condition.skew,
                condition.delivered,
                condition.free,
                own,
            )
    return near


def _held(credential: Credential, zone: ZoneInfo) -> HeldCard:
    ended_at = credential.ended_at
    if credential.state is CredentialState.SUSPENDED and credential.changes:
        ended_at = credential.changes[-1].at
    return HeldCard(
        credential.id,
        credential.party,
        credential.issued_at.astimezone(zone).date(),
        credential.state,
        None if ended_at is None else ended_at.astimezone(zone).date(),
    )


def _organisations(uow: UnitOfWork, contracts: Iterable[Contract]) -> frozenset[str]:
    tenants = {contract.tenant for contract in contracts}
    found = {tenant: uow.parties.get(tenant) for tenant in tenants}
    return frozenset(
        id_
        for id_, party in found.items()
        if party is not None and party.kind is PartyKind.ORGANISATION
    )


def _by_unit(records: Iterable[F]) -> dict[str, list[F]]:
    found: dict[str, list[F]] = defaultdict(list)
    for record in records:
        found[record.unit].append(record)
    return found
