"""For which side of a stay somebody may speak."""

from datetime import date

from registry.domain.errors import Fault, FieldError, Invalid, NotFound
from registry.domain.occupancy import Occupancy, Side
from registry.domain.principals import Principal, Role
from registry.domain.rights import Power
from registry.persistence.unit_of_work import UnitOfWork
from registry.services.scopes import may_act, may_see


def side_in(
    uow: UnitOfWork, who: Principal, stay: Occupancy, said: Side | None, today: date
) -> Side:
    """Return the side whose word somebody brings about a stay; raises NotFound.

    Staff speak for the street, or write down the word of a side that came to the
    counter (`said`). Everybody else speaks for themselves.
    """
    if who.staff:
        found = may_see(uow, who, stay.unit, today)
    elif who.role is Role.TENANT:
        found = who.party == stay.party
    else:
        found = may_act(uow, who, Power.CONFIRM, stay.unit, today)
    if not found:
        raise NotFound(f"there is no stay {stay.id!r}")
    return own_side(who, said)


def own_side(who: Principal, said: Side | None) -> Side:
    """Return the side somebody speaks for; raises Invalid where it is not theirs."""
    if said is None or (who.staff or said is who.side):
        return who.side if said is None else said
    raise Invalid(
        [
            FieldError(
                "side",
                Fault.CONTRADICTION,
                f"you speak for the {who.side}",
                "leave the side out, or let the other side say so themselves",
            )
        ]
    )
