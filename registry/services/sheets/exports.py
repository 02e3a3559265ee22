"""The register as sheets, such that a sheet read back says the same."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime

from registry.audit.trail import Action, Deed, record
from registry.domain.occupancy import OccupancyState
from registry.domain.places import Building
from registry.domain.rights import Contract
from registry.domain.sheets import words
from registry.domain.sheets.jobs import BATCH
from registry.domain.sheets.kinds import SheetKind
from registry.persistence.unit_of_work import UnitOfWork
from registry.services.identity import Identity
from registry.services.sheets.sheet_files import headers
from registry.services.sheets.staged import batches

Names = Mapping[str, str]
"""What parties are called, by their ids."""
NOBODY: Names = {}
Table = Iterator[list[str]]


class SheetExports:
    """Writes tables; names are among them only for a reason, and each look is noted."""

    def __init__(self, identity: Identity, clock: Callable[[], datetime]) -> None:
        """Open names by the identity service alone."""
        self._identity = identity
        self._clock = clock

    def begin(
        self, uow: UnitOfWork, kind: SheetKind, actor: str, reason: str | None = None
    ) -> Names:
        """Note that somebody takes a sheet; return the names when a reason is given.

        Needs a writing unit of work: nothing may leave before the note is committed.
        """
        names = NOBODY
        if reason is not None:
            names = {
                party: name
                for batch in batches(sorted(_parties(uow, kind)), BATCH)
                for party, name in self._identity.reveal(
                    uow, batch, actor, reason
                ).items()
            }
        deed = Deed(actor, Action.SHEET_EXPORTED, f"sheet:{kind}", reason)
        record(uow, [deed], self._clock())
        return names

    def table(self, uow: UnitOfWork, kind: SheetKind, names: Names = NOBODY) -> Table:
        """Return the register's rows of a kind, with the names that are given."""
        yield headers(kind)
        yield from TABLES[kind](uow, names)


def _parties(uow: UnitOfWork, kind: SheetKind) -> set[str]:
    if kind is SheetKind.LANDLORDS:
        return {right.party for right in uow.rights.find()}
    if kind is SheetKind.OCCUPANTS:
        return {stay.party for stay in uow.occupancies.find()}
    if kind is SheetKind.TENANCIES:
        return {contract.tenant for contract in uow.contracts.find()}
    return set()


def _units(uow: UnitOfWork, _names: Names) -> Table:
    for unit in uow.houses.units(sorted(uow.houses.codes(Building))):
        area = "" if unit.area is None else f"{unit.area:.2f}"
        yield [
            unit.code,
            unit.building,
            unit.number,
            str(unit.floor),
            words.USES[unit.use],
            area,
        ]


def _landlords(uow: UnitOfWork, names: Names) -> Table:
    for right in uow.rights.find():
        yield [
            right.unit,
            right.party,
            names.get(right.party, ""),
            words.RIGHTS[right.basis],
            *_days(right.start, right.end),
        ]


def _tenancies(uow: UnitOfWork, names: Names) -> Table:
    contracts = {contract.id: contract for contract in uow.contracts.find()}
    for tenancy in uow.tenancies.find():
        contract = contracts.get(tenancy.contract or "")
        yield [
            tenancy.id,
            tenancy.unit,
            tenancy.room or "",
            tenancy.landlord or "",
            *_tenant(contract, names),
            *_days(tenancy.start, tenancy.until),
            *_days(None if contract is None else contract.signed_on),
        ]


def _tenant(contract: Contract | None, names: Names) -> tuple[str, str]:
    if contract is None:
        return "", ""
    return contract.tenant, names.get(contract.tenant, "")


def _occupants(uow: UnitOfWork, names: Names) -> Table:
    for stay in uow.occupancies.find():
        if stay.state is OccupancyState.VOID:
            continue
        yield [
            stay.unit,
            stay.room or "",
            stay.party,
            names.get(stay.party, ""),
            words.BASES[stay.basis],
            *_days(stay.start, stay.end),
            stay.tenancy or words.NONE,
        ]


def _cards(uow: UnitOfWork, _names: Names) -> Table:
    for held in uow.credentials.every():
        if held.opens:
            yield [str(held.card), held.party]


def _days(*days: date | None) -> Iterable[str]:
    return ("" if day is None else day.isoformat() for day in days)


TABLES: Mapping[SheetKind, Callable[[UnitOfWork, Names], Table]] = {
    SheetKind.UNITS: _units,
    SheetKind.LANDLORDS: _landlords,
    SheetKind.TENANCIES: _tenancies,
    SheetKind.OCCUPANTS: _occupants,
    SheetKind.CARDS: _cards,
}
