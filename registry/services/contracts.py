"""Contracts as signed: recorded, and looked at twice where something is odd."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from registry.audit.trail import Action, Deed, record
from registry.domain.contract_warnings import ContractWarning, warnings
from registry.domain.errors import Fault, FieldError, Forbidden, Invalid
from registry.domain.history import LATEST, AsOf
from registry.domain.letting_forms import NewContract
from registry.domain.parties import fresh_id
from registry.domain.policy import Policy
from registry.domain.principals import Principal
from registry.domain.registration import unknown
from registry.domain.rights import Contract
from registry.persistence.lettings import ContractRow
from registry.persistence.unit_of_work import UnitOfWork
from registry.services import letting_reach
from registry.services.lookups import Lookup
from registry.services.standing import (
    files_for,
    holds_right,
    party_faults,
    place_faults,
)
from registry.services.street_days import StreetDays


@dataclass(frozen=True, slots=True)
class Signed:
    """A contract on record and what to ask its parties about."""

    contract: Contract
    warnings: tuple[ContractWarning, ...]


class ContractService:
    """Records contracts; a contract is not yet a tenancy and files nothing."""

    def __init__(self, policy: Policy, clock: Callable[[], datetime]) -> None:
        """Work by the street's days."""
        self._days = StreetDays(policy.zone, clock)
        self.lookup: Lookup[Contract] = Lookup(
            "contract",
            lambda uow: uow.contracts,
            ContractRow,
            letting_reach.contracts,
            self._days.today,
        )

    def record(self, uow: UnitOfWork, who: Principal, wish: NewContract) -> Signed:
        """Record a contract; the lessor, who files for them, or the street does."""
        today = self._days.today()
        if errors := self._faults(uow, who, wish):
            raise Invalid(errors)
        if not who.staff and not files_for(uow, who, wish.lessor, wish.unit, today):
            raise Forbidden("only the lessor, or whom the lessor lets file, does this")
        contract = Contract(
            fresh_id("C"),
            wish.unit,
            wish.lessor,
            wish.tenant,
            wish.start,
            wish.end,
            wish.signed_on,
            wish.parent,
            wish.evidence,
            wish.rent,
            wish.deposit,
        )
        now = self._days.now()
        uow.contracts.add([contract], who.source, now)
        subject = f"contract:{contract.id}"
        record(uow, [Deed(who.name, Action.CONTRACT_RECORDED, subject)], now)
        return Signed(contract, self.warnings(uow, contract))

    def get(
        self, uow: UnitOfWork, who: Principal, id_: str, at: AsOf = LATEST
    ) -> Signed:
        """Return a contract, and what to ask about it by the register today."""
        contract = self.lookup.get(uow, who, id_, at)
        return Signed(contract, self.warnings(uow, contract))

    def warnings(
        self, uow: UnitOfWork, contract: Contract
    ) -> tuple[ContractWarning, ...]:
        """Return what a contract makes one look at twice, by the register today."""
        parent = contract.parent
        head = None if parent is None else uow.contracts.get(parent)
        right = holds_right(uow, contract.lessor, contract.unit, contract.start)
        return warnings(contract, head, right=right)

    def _faults(
        self, uow: UnitOfWork, who: Principal, wish: NewContract
    ) -> list[FieldError]:
        errors = [
            *wish.faults(),
            *place_faults(uow, who, wish.unit, self._days.today()),
            *party_faults(uow, lessor=wish.lessor, tenant=wish.tenant),
        ]
        if wish.signed_on > self._days.today():
            errors.append(
                FieldError(
                    "signed_on",
                    Fault.CONTRADICTION,
                    "this day has not come yet",
                    "give the day it was signed",
                )
            )
        head = None if wish.parent is None else uow.contracts.get(wish.parent)
        if wish.parent is not None and (head is None or head.unit != wish.unit):
            errors.append(
                unknown("parent", "the head lease", "name a contract of this unit")
            )
        return errors
