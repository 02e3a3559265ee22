"""What a principal may see and touch: staff by area, others what is their own."""

from collections.abc import Iterable
from datetime import date

from registry.domain.errors import NotFound
from registry.domain.principals import Principal, Role
from registry.domain.rights import Power
from registry.persistence.lettings import DelegationRow, FilingRow, RightRow
from registry.persistence.tenancies import OccupancyRow, TenancyRow
from registry.persistence.unit_of_work import UnitOfWork


def require_unit(uow: UnitOfWork, who: Principal, unit: str, today: date) -> None:
    """Raise NotFound unless the unit exists and the principal may see it.

    Others learn nothing: what is not theirs is as if it were not there.
    """
    if not may_see(uow, who, unit, today):
        raise NotFound(f"there is no unit {unit!r}")


def may_see(uow: UnitOfWork, who: Principal, unit: str, today: date) -> bool:
    """Say whether a unit exists for a principal."""
    found = uow.houses.unit(unit)
    if found is None:
        return False
    if who.staff:
        return who.area is None or who.area in uow.houses.areas_of(found.building)
    return unit in own_units(uow, who, today)


def require_area(uow: UnitOfWork, who: Principal, area: str) -> None:
    """Raise NotFound unless an area exists and lies in that of the principal."""
    if not who.staff or who.area not in {None, *uow.houses.areas_above(area)}:
        raise NotFound(f"there is no area {area!r}")


def require_building(uow: UnitOfWork, who: Principal, building: str) -> None:
    """Raise NotFound unless a building exists and lies in the principal's area."""
    if not who.staff or who.area not in {None, *uow.houses.areas_of(building)}:
        raise NotFound(f"there is no building {building!r}")


def require_party(uow: UnitOfWork, who: Principal, party: str, today: date) -> None:
    """Raise NotFound unless a party exists and the staff member's area knows them.

    An area knows who lives or lived in it, and who lets there.
    """
    known = who.staff and uow.parties.get(party) is not None
    if known and who.area is not None:
        stays = uow.occupancies.find(OccupancyRow.party == party)
        units = {stay.unit for stay in stays} | let_by(uow, {party}, today)
        known = any(may_see(uow, who, unit, today) for unit in units)
    if not known:
        raise NotFound(f"there is no party {party!r}")


def own_units(uow: UnitOfWork, who: Principal, today: date) -> set[str]:
    """Return the units a landlord lets or may act for, or a tenant lives in."""
    if who.party is None:
        return set()
    if who.role is Role.TENANT:
        stays = uow.occupancies.find(OccupancyRow.party == who.party)
        # Nobody looks into a house by saying alone that they live there.
        return {stay.unit for stay in stays if stay.opens and stay.holds(today)}
    return let_by(uow, {who.party}, today) | _delegated(uow, who.party, today)


def let_by(uow: UnitOfWork, parties: Iterable[str], today: date) -> set[str]:
    """Return the units that parties may let, have filed, or let at present."""
    those = list(parties)
    rights = uow.rights.find(RightRow.party.in_(those))
    filings = uow.filings.find(FilingRow.lessor.in_(those))
    tenancies = uow.tenancies.find(TenancyRow.landlord.in_(those))
    return (
        {right.unit for right in rights if right.holds(today)}
        | {filing.unit for filing in filings if filing.live}
        | {tenancy.unit for tenancy in tenancies if tenancy.holds(today)}
    )


def may_act(
    uow: UnitOfWork, who: Principal, power: Power, unit: str, today: date
) -> bool:
    """Say whether a principal may do something in a unit on the landlord's side.

    Staff may where they may see; a landlord in what they let; a delegate within their
    powers.
    """
    if who.staff:
        return may_see(uow, who, unit, today)
    if who.role is not Role.LANDLORD or who.party is None:
        return False
    if unit in let_by(uow, {who.party}, today):
        return True
    grantors = {
        d.grantor
        for d in uow.delegations.find(DelegationRow.delegate == who.party)
        if d.allows(power, unit, today)
    }
    return bool(grantors) and unit in let_by(uow, grantors, today)


def _delegated(uow: UnitOfWork, party: str, today: date) -> set[str]:
    """Return the units somebody may act in for others, with any power."""
    units: set[str] = set()
    for delegation in uow.delegations.find(DelegationRow.delegate == party):
        theirs = let_by(uow, {delegation.grantor}, today)
        units |= {
            unit
            for unit in theirs
            if any(delegation.allows(power, unit, today) for power in Power)
        }
    return units
