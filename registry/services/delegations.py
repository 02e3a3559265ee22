"""Delegations: a lessor lets somebody act in the lessor's name, until a word."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from registry.audit.trail import Action, Deed, record
from registry.domain.errors import Conflict, FieldError, Forbidden, Invalid
from registry.domain.letting_forms import NewDelegation
from registry.domain.parties import fresh_id
from registry.domain.policy import Policy
from registry.domain.principals import Principal, Role
from registry.domain.registration import missing
from registry.domain.rights import Delegation
from registry.persistence.lettings import DelegationRow, RightRow
from registry.persistence.unit_of_work import UnitOfWork
from registry.services import letting_reach
from registry.services.lookups import Lookup
from registry.services.standing import party_faults, place_faults
from registry.services.street_days import StreetDays


class DelegationService:
    """Grants and revokes powers; who has them by a right of their own grants them.

    What somebody was granted they cannot pass on: it rests on no right of theirs.
    """

    def __init__(self, policy: Policy, clock: Callable[[], datetime]) -> None:
        """Work by the street's days."""
        self._days = StreetDays(policy.zone, clock)
        self.lookup: Lookup[Delegation] = Lookup(
            "delegation",
            lambda uow: uow.delegations,
            DelegationRow,
            letting_reach.delegations,
            self._days.today,
        )

    def grant(self, uow: UnitOfWork, who: Principal, wish: NewDelegation) -> Delegation:
        """Let a party act for another until a day, or until it is revoked."""
        self._require_grantor(who, wish.grantor)
        if errors := self._faults(uow, who, wish):
            raise Invalid(errors)
        today = self._days.today()
        rights = uow.rights.find(RightRow.party == wish.grantor)
        held = {right.unit for right in rights if right.holds(today)}
        if not held or wish.unit not in {None, *held}:
            where = "any unit" if wish.unit is None else wish.unit
            kind = Conflict if who.staff else Forbidden
            raise kind(f"the grantor has no right to let {where} on record for {today}")
        given = Delegation(
            fresh_id("D"),
            wish.grantor,
            wish.delegate,
            wish.powers,
            wish.start,
            wish.end,
            wish.unit,
        )
        now = self._days.now()
        uow.delegations.add([given], who.source, now)
        self._audit(uow, who, Action.DELEGATION_GRANTED, given.id, now)
        return given

    def revoke(self, uow: UnitOfWork, who: Principal, id_: str) -> Delegation:
        """Take powers back at once, before anything else is done with them."""
        given = self.lookup.get(uow, who, id_)
        self._require_grantor(who, given.grantor)
        today = self._days.today()
        if given.revoked_on is not None or given.end <= today:
            raise Conflict(f"it ended on {given.revoked_on or given.end} already")
        revoked, now = replace(given, revoked_on=today), self._days.now()
        uow.delegations.revise(revoked, who.source, now)
        self._audit(uow, who, Action.DELEGATION_REVOKED, id_, now)
        return revoked

    def _require_grantor(self, who: Principal, grantor: str) -> None:
        own = who.role is Role.LANDLORD and who.party == grantor
        if not who.staff and not own:
            raise Forbidden("only the street, or who grants them, deals in powers")

    def _faults(
        self, uow: UnitOfWork, who: Principal, wish: NewDelegation
    ) -> list[FieldError]:
        errors = wish.faults()
        errors += party_faults(uow, grantor=wish.grantor, delegate=wish.delegate)
        if wish.unit is not None:
            errors += place_faults(uow, who, wish.unit, self._days.today())
        elif who.area is not None:
            errors.append(missing("unit", "name a unit of your area"))
        return errors

    def _audit(
        self, uow: UnitOfWork, who: Principal, action: Action, id_: str, now: datetime
    ) -> None:
        record(uow, [Deed(who.name, action, f"delegation:{id_}")], now)
