"""Who may speak for a lessor, and who has the right to let."""

from datetime import date

from registry.domain.errors import Conflict, FieldError, Forbidden
from registry.domain.principals import Principal, Role
from registry.domain.registration import unknown
from registry.domain.rights import Power
from registry.persistence.lettings import DelegationRow, RightRow
from registry.persistence.unit_of_work import UnitOfWork
from registry.services.scopes import may_see


def holds_right(uow: UnitOfWork, party: str | None, unit: str, day: date) -> bool:
    """Say whether a party has a right to let a unit that is in force on a day."""
    found = uow.rights.find(RightRow.party == party, RightRow.unit == unit)
    return any(right.holds(day) for right in found)


def require_right(
    uow: UnitOfWork, who: Principal, lessor: str | None, unit: str, day: date
) -> None:
    """Refuse what needs a right to let where the lessor has none in force."""
    if not holds_right(uow, lessor, unit, day):
        kind = Conflict if who.staff else Forbidden
        raise kind(
            f"the lessor has no right to let {unit} on record for {day}: "
            "the street records it on the evidence of a document"
        )


def files_for(
    uow: UnitOfWork, who: Principal, lessor: str | None, unit: str, day: date
) -> bool:
    """Say whether a principal is a lessor, or may file for one in a unit."""
    if who.role is not Role.LANDLORD or who.party is None or lessor is None:
        return False
    if who.party == lessor:
        return True
    given = uow.delegations.find(
        DelegationRow.delegate == who.party, DelegationRow.grantor == lessor
    )
    return any(delegation.allows(Power.FILE, unit, day) for delegation in given)


def require_staff(who: Principal) -> None:
    """Refuse what only the street does."""
    if not who.staff:
        raise Forbidden("only the street does this")


def place_faults(
    uow: UnitOfWork, who: Principal, unit: str, today: date
) -> list[FieldError]:
    """Say whether a unit is not there for a principal."""
    if may_see(uow, who, unit, today):
        return []
    return [unknown("unit", "the unit", "choose a unit of yours")]


def party_faults(uow: UnitOfWork, **parties: str | None) -> list[FieldError]:
    """Say which of some parties are not on record; None is nobody."""
    return [
        unknown(field, f"the {field}", "give the id of a party")
        for field, party in parties.items()
        if party is not None and uow.parties.get(party) is None
    ]
