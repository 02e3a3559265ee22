"""Landlords, clerks and what they put on record about a letting."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from registry.domain.external_filing import (
    ExternalFiling,
    ExternalKind,
    ExternalState,
)
from registry.domain.filing import (
    FilingEvent,
    FilingState,
    LettingMode,
    RentalFiling,
)
from registry.domain.history import Source
from registry.domain.letting_forms import NewDelegation, NewFiling, NewRight
from registry.domain.parties import Party
from registry.domain.principals import Principal, Role
from registry.domain.rights import (
    Contract,
    Delegation,
    Power,
    RightBasis,
    RightToLet,
)
from registry.persistence.unit_of_work import UnitOfWork
from registry.services.filings import Asked
from tests.support.postgresql import IN_THE_FOLDER, NewDatabase
from tests.support.registry_bench import NOW, Bench, registry

LAST_YEAR, TODAY, NEXT_YEAR = date(2025, 1, 1), date(2026, 6, 1), date(2027, 1, 1)
FREE, OTHER = "B2-0101", "B1-0202"
"""Units without a filing, in two grids."""
CLERK = Principal(Role.CLERK, "clerk")
OFFICER = Principal(Role.GRID_OFFICER, "officer", area="G001")
LANDLORDS = ("L1", "L2", "L3")


def landlord(party: str) -> Principal:
    return Principal(Role.LANDLORD, f"token of {party}", party)


def tenant(party: str) -> Principal:
    return Principal(Role.TENANT, f"token of {party}", party)


def right(party: str, unit: str = FREE, end: date | None = None) -> NewRight:
    return NewRight(party, unit, RightBasis.TITLE, LAST_YEAR, end)


def wish(unit: str = FREE, lessor: str | None = None) -> NewFiling:
    return NewFiling(unit, LettingMode.WHOLE, lessor)


def powers(
    grantor: str, delegate: str, *given: Power, unit: str | None = FREE
) -> NewDelegation:
    return NewDelegation(
        grantor, delegate, frozenset(given or {Power.FILE}), TODAY, NEXT_YEAR, unit
    )


class Letting:
    """A small street with three landlords, the first of whom owns the free unit."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.filings = bench.services.filings
        with self.writing() as uow:
            uow.parties.add(map(Party, LANDLORDS))
            bench.services.rights.record(uow, CLERK, right("L1"))

    @contextmanager
    def writing(self) -> Iterator[UnitOfWork]:
        with self.bench.services.store.writing() as uow:
            yield uow

    @contextmanager
    def reading(self) -> Iterator[UnitOfWork]:
        with self.bench.services.store.reading() as uow:
            yield uow

    def begin(self, lessor: str = "L1", unit: str = FREE) -> str:
        """Draft a filing and return its id."""
        with self.writing() as uow:
            return self.filings.draft(uow, landlord(lessor), wish(unit)).id

    def move(
        self,
        id_: str,
        event: FilingEvent,
        who: Principal = CLERK,
        on: date | None = None,
        reason: str | None = None,
    ) -> RentalFiling:
        """Let something happen to a filing."""
        with self.writing() as uow:
            return self.filings.move(uow, who, Asked(id_, event, on, reason))

    def accepted(self) -> RentalFiling:
        """Draft, submit and accept a filing for the free unit."""
        id_ = self.begin()
        self.move(id_, FilingEvent.SUBMITTED, landlord("L1"))
        return self.move(id_, FilingEvent.ACCEPTED)

    def now(self, id_: str) -> RentalFiling:
        with self.reading() as uow:
            found = uow.filings.get(id_)
        assert found is not None
        return found


@contextmanager
def letting(folder: Path, database: NewDatabase = IN_THE_FOLDER) -> Iterator[Letting]:
    """Open a registry with landlords in it."""
    with registry(folder, database) as bench:
        yield Letting(bench)


def record_letting(uow: UnitOfWork, unit: str, lessor: str, tenant: str) -> None:
    """Put one record of each kind on record, each with the number 1."""
    who = Source("test")
    uow.rights.add(
        [RightToLet("R-1", lessor, unit, RightBasis.TITLE, LAST_YEAR)], who, NOW
    )
    powers = frozenset({Power.FILE})
    given = Delegation("D-1", lessor, tenant, powers, TODAY, NEXT_YEAR)
    uow.delegations.add([given], who, NOW)
    filing = RentalFiling("F-1", unit, lessor, LettingMode.WHOLE, FilingState.DRAFT)
    uow.filings.add([filing], who, NOW)
    lease = Contract("C-1", unit, lessor, tenant, TODAY, NEXT_YEAR, TODAY)
    uow.contracts.add([lease], who, NOW)
    kind, state = ExternalKind.CONTRACT_FILING, ExternalState.NOT_DUE
    uow.external_filings.add([ExternalFiling("E-1", kind, unit, state)], who, NOW)
