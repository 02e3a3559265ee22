"""Asking the register for what some rows mention, all of it at once."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Protocol, TypeVar

from registry.domain.occupancy import Occupancy, OccupancyState
from registry.domain.places import Building, Unit
from registry.domain.rights import RightToLet
from registry.domain.sheets.kinds import SheetKind
from registry.domain.sheets.known import Known, Mentions
from registry.persistence.lettings import RightRow
from registry.persistence.tenancies import OccupancyRow
from registry.persistence.unit_of_work import UnitOfWork
from registry.services.identity import Identity


class InUnit(Protocol):
    """What lies in a unit or is about one."""

    @property
    def unit(self) -> str:
        """The code of the unit."""


T = TypeVar("T", bound=InUnit)
LETS = frozenset({SheetKind.TENANCIES, SheetKind.OCCUPANTS})


def facts(
    uow: UnitOfWork, identity: Identity, kind: SheetKind, asked: Mentions
) -> Known:
    """Return what the register knows of everything rows of a kind mention."""
    units = _units(uow, asked)
    told = uow.imports.told([p for p in asked.people if "#" in p])
    named = {party for party, _ in asked.names}
    parties = frozenset(uow.parties.of_ids({*asked.people, *told.values(), *named}))
    lets = kind in LETS
    return Known(
        buildings=frozenset(uow.houses.codes(Building)),
        units=units,
        numbers=frozenset((u.building, u.number) for u in units.values()),
        rooms=_by_unit(uow.houses.rooms_of_units(units)) if lets else {},
        parties=parties,
        nameless=identity.nameless(uow, parties),
        agreed=identity.agreeing(uow, asked.names),
        rows=told,
        entities=frozenset(uow.tenancies.taken(asked.tenancies)),
        withdrawn=frozenset(uow.tenancies.withdrawn(asked.tenancies)),
        rights=_by_unit(_rights(uow, units)) if kind is SheetKind.LANDLORDS else {},
        tenancies=_by_unit(uow.tenancies.of_units(units)) if lets else {},
        occupancies=(
            _by_unit(_stays(uow, units)) if kind is SheetKind.OCCUPANTS else {}
        ),
        cards=frozenset(c.card for c in uow.credentials.held(asked.cards)),
    )


def _units(uow: UnitOfWork, asked: Mentions) -> dict[str, Unit]:
    found = uow.houses.units_of_codes(asked.units) + uow.houses.units_at(asked.doors)
    return {unit.code: unit for unit in found}


def _rights(uow: UnitOfWork, units: Iterable[str]) -> list[RightToLet]:
    return uow.rights.find(RightRow.unit.in_(list(units)))


def _stays(uow: UnitOfWork, units: Iterable[str]) -> list[Occupancy]:
    stays = uow.occupancies.find(OccupancyRow.unit.in_(list(units)))
    return [stay for stay in stays if stay.state is not OccupancyState.VOID]


def _by_unit(records: Iterable[T]) -> Mapping[str, tuple[T, ...]]:
    found: dict[str, list[T]] = defaultdict(list)
    for record in records:
        found[record.unit].append(record)
    return {unit: tuple(those) for unit, those in found.items()}
