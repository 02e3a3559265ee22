"""Rights to let: recorded by the street on the evidence of a document."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime

from registry.audit.trail import Action, Deed, record
from registry.domain.errors import Fault, FieldError, Forbidden, Invalid
from registry.domain.letting_forms import NewRight
from registry.domain.parties import fresh_id
from registry.domain.policy import Policy
from registry.domain.principals import Principal
from registry.domain.rights import RightToLet
from registry.persistence.lettings import RightRow
from registry.persistence.unit_of_work import UnitOfWork
from registry.services import letting_reach
from registry.services.lookups import Lookup
from registry.services.standing import party_faults, place_faults, require_staff
from registry.services.street_days import StreetDays


class RightService:
    """Records who may let what; a right opens the unit's register to its party."""

    def __init__(self, policy: Policy, clock: Callable[[], datetime]) -> None:
        """Work by the street's days."""
        self._days = StreetDays(policy.zone, clock)
        self.lookup: Lookup[RightToLet] = Lookup(
            "right to let",
            lambda uow: uow.rights,
            RightRow,
            letting_reach.rights,
            self._days.today,
        )

    def record(self, uow: UnitOfWork, who: Principal, wish: NewRight) -> RightToLet:
        """Record a right that somebody of the street saw the evidence of."""
        require_staff(who)
        errors = [
            *wish.faults(),
            *place_faults(uow, who, wish.unit, self._days.today()),
            *party_faults(uow, party=wish.party),
            *_repeated(uow, wish),
        ]
        if errors:
            raise Invalid(errors)
        right = RightToLet(
            fresh_id("R"),
            wish.party,
            wish.unit,
            wish.basis,
            wish.start,
            wish.end,
            wish.evidence,
        )
        now = self._days.now()
        uow.rights.add([right], who.source, now)
        record(uow, [Deed(who.name, Action.RIGHT_RECORDED, f"right:{right.id}")], now)
        return right

    def end(self, uow: UnitOfWork, who: Principal, id_: str, day: date) -> RightToLet:
        """Let a right end on a day within its term; its party may say so too."""
        right = self.lookup.get(uow, who, id_)
        if not who.staff and who.party != right.party:
            raise Forbidden("only the street, or whose right it is, ends it")
        if not right.start <= day <= (right.end or date.max):
            until = right.end or "further notice"
            message = f"the right holds from {right.start} until {until}"
            remedy = "give a day within it"
            raise Invalid([FieldError("end", Fault.CONTRADICTION, message, remedy)])
        ended, now = replace(right, end=day), self._days.now()
        uow.rights.revise(ended, who.source, now)
        record(uow, [Deed(who.name, Action.RIGHT_ENDED, f"right:{id_}")], now)
        return ended


def _repeated(uow: UnitOfWork, wish: NewRight) -> list[FieldError]:
    """Say whether the party has the same right for some of the same days."""
    same = uow.rights.find(
        RightRow.party == wish.party,
        RightRow.unit == wish.unit,
        RightRow.basis == wish.basis,
    )
    last = wish.end or date.max
    if not any(
        max(right.start, wish.start) < min(right.end or date.max, last)
        for right in same
    ):
        return []
    return [
        FieldError(
            "start",
            Fault.CONTRADICTION,
            "the party has this right in these days already",
            "end that one first, or give other days",
        )
    ]
