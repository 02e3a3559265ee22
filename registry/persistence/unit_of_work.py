"""One transaction and the repositories that work in it."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from registry.domain.external_filing import ExternalFiling
from registry.domain.rights import Contract, Delegation, RightToLet
from registry.persistence.access import Access
from registry.persistence.address_corrections import AddressCorrections
from registry.persistence.addresses import Addresses
from registry.persistence.alarms import Alarms
from registry.persistence.cases import Cases, Hazards, Switches
from registry.persistence.commissioning import CommissioningRecords
from registry.persistence.credentials import Credentials
from registry.persistence.daily_use import DailyUse
from registry.persistence.database import WRITES
from registry.persistence.door_rules import RuleBooks
from registry.persistence.exchange import Exchange
from registry.persistence.grants import Grants
from registry.persistence.hardware import Hardware
from registry.persistence.holders import Holders
from registry.persistence.houses import Houses
from registry.persistence.imports import Imports
from registry.persistence.key_warnings import KeyWarnings
from registry.persistence.ledger import Ledger
from registry.persistence.lettings import (
    ContractRow,
    DelegationRow,
    ExternalFilingRow,
    Filings,
    RightRow,
)
from registry.persistence.locks import Lock, take
from registry.persistence.merge_cases import MergeCases
from registry.persistence.orders import Orders
from registry.persistence.passages import Passages
from registry.persistence.permits import Permits
from registry.persistence.policy_values import PolicyValues
from registry.persistence.records import Records
from registry.persistence.tenancies import Occupancies, Parties, Tenancies
from registry.persistence.visits import Visits


class UnitOfWork:
    """Everything a service does, it does in one of these; it never commits."""

    def __init__(self, session: Session) -> None:
        """Open the repositories on a session."""
        self.session = session
        self.houses = Houses(session)
        self.addresses = Addresses(session)
        self.address_corrections = AddressCorrections(session)
        self.parties = Parties(session)
        self.rights = Ledger(session, RightToLet, RightRow)
        self.delegations = Ledger(session, Delegation, DelegationRow)
        self.filings = Filings(session)
        self.contracts = Ledger(session, Contract, ContractRow)
        self.tenancies = Tenancies(session)
        self.occupancies = Occupancies(session)
        self.external_filings = Ledger(session, ExternalFiling, ExternalFilingRow)
        self.merge_cases = MergeCases(session)
        self.exchange = Exchange(session)
        self.grants = Grants(session)
        self.visits = Visits(session)
        self.hazards = Hazards(session)
        self.cases = Cases(session)
        self.switches = Switches(session)
        self.credentials = Credentials(session)
        self.key_warnings = KeyWarnings(session)
        self.holders = Holders(session)
        self.hardware = Hardware(session)
        self.permits = Permits(session)
        self.passages = Passages(session)
        self.daily_use = DailyUse(session)
        self.records = Records(session)
        self.alarms = Alarms(session)
        self.rule_books = RuleBooks(session)
        self.orders = Orders(session)
        self.access = Access(session)
        self.imports = Imports(session)
        self.commissioning = CommissioningRecords(session)
        self.policy_values = PolicyValues(session)


class Store:
    """Where the edge opens units of work, and commits them by leaving the block."""

    def __init__(self, engine: Engine) -> None:
        """Work on an engine."""
        self._reader = engine
        if engine.dialect.name == "postgresql":
            self._reader = engine.execution_options(isolation_level="REPEATABLE READ")
        self._writer = engine.execution_options(**{WRITES: True})

    @contextmanager
    def reading(self) -> Iterator[UnitOfWork]:
        """Open a unit of work that sees one state and changes nothing."""
        with Session(self._reader) as session:
            yield UnitOfWork(session)

    @contextmanager
    def writing(self) -> Iterator[UnitOfWork]:
        """Open a unit of work that is committed unless the block fails.

        One at a time: what it reads stays true until it is committed.
        """
        with self.recording() as uow:
            take(uow.session, Lock.REGISTER)
            yield uow

    @contextmanager
    def recording(self) -> Iterator[UnitOfWork]:
        """Open one for what gateways tell and for looks at names.

        On PostgreSQL these go on beside each other and beside one that is writing:
        the repositories lock the rows and numbers that such a unit of work changes.
        """
        with Session(self._writer) as session, session.begin():
            yield UnitOfWork(session)

    @property
    def writers(self) -> int:
        """How many units of work may usefully be recording at once in a process.

        While PostgreSQL stores one batch the next is made ready.
        """
        return 2 if self._reader.dialect.name == "postgresql" else 1

    def close(self) -> None:
        """Let the connections go."""
        self._reader.dispose()
