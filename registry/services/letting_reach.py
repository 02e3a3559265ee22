"""Whose rights, delegations, filings and contracts a principal may see."""

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, select, true

from registry.domain.external_filing import ExternalKind
from registry.domain.principals import Principal, Role
from registry.domain.rights import Power
from registry.persistence.houses import units_within
from registry.persistence.lettings import (
    ContractRow,
    DelegationRow,
    ExternalFilingRow,
    FilingRow,
    RightRow,
)
from registry.persistence.tenancies import OccupancyRow
from registry.persistence.unit_of_work import UnitOfWork
from registry.services.scopes import own_units

Condition = ColumnElement[bool]
LESSORS_BUSINESS = frozenset(ExternalKind) - {ExternalKind.RESIDENCE_PERMIT}
"""What a landlord must see done; a residence permit is its holder's own."""


def rights(uow: UnitOfWork, who: Principal, today: date) -> Condition:
    """Own rights and those of whom one acts for."""
    if who.staff:
        return _within(who, RightRow.unit)
    return _for_lessor(uow, who, today, RightRow.party, RightRow.unit)


def delegations(_uow: UnitOfWork, who: Principal, _today: date) -> Condition:
    """Powers one gave or was given; one for all units is where its grantor lets."""
    if who.staff:
        lets = select(RightRow.party).where(_within(who, RightRow.unit))
        general = and_(DelegationRow.unit.is_(None), DelegationRow.grantor.in_(lets))
        within = _within(who, DelegationRow.unit)
        return true() if who.area is None else or_(within, general)
    if who.party is None:
        return false()
    return or_(DelegationRow.grantor == who.party, DelegationRow.delegate == who.party)


def filings(uow: UnitOfWork, who: Principal, today: date) -> Condition:
    """Own filings and those of whom one acts for."""
    if who.staff:
        return _within(who, FilingRow.unit)
    return _for_lessor(uow, who, today, FilingRow.lessor, FilingRow.unit)


def contracts(uow: UnitOfWork, who: Principal, today: date) -> Condition:
    """Contracts one is a party to, or that are of whom one acts for."""
    if who.staff:
        return _within(who, ContractRow.unit)
    as_lessor = _for_lessor(uow, who, today, ContractRow.lessor, ContractRow.unit)
    return or_(as_lessor, ContractRow.tenant == who.party)


def elsewhere(uow: UnitOfWork, who: Principal, today: date) -> Condition:
    """Tell a landlord what must be done in own units, a tenant what is their own."""
    if who.staff:
        return _within(who, ExternalFilingRow.unit)
    if who.role is Role.LANDLORD:
        return and_(
            ExternalFilingRow.unit.in_(own_units(uow, who, today)),
            ExternalFilingRow.kind.in_(LESSORS_BUSINESS),
        )
    own = own_affairs(uow, who)
    return or_(ExternalFilingRow.occupancy.in_(own), ExternalFilingRow.tenancy.in_(own))


def own_affairs(uow: UnitOfWork, who: Principal) -> set[str]:
    """Return one's own stays, and the tenancies they are under by another's word."""
    stays = uow.occupancies.find(OccupancyRow.party == who.party)
    under = {stay.tenancy for stay in stays if stay.opens and stay.tenancy is not None}
    return {stay.id for stay in stays} | under


def _within(who: Principal, unit: Any) -> Condition:  # noqa: ANN401 - a column of any table
    return true() if who.area is None else unit.in_(units_within(who.area))


def _for_lessor(
    uow: UnitOfWork,
    who: Principal,
    today: date,
    lessor: Any,  # noqa: ANN401 - a column of any table
    unit: Any,  # noqa: ANN401 - the same
) -> Condition:
    """Return the condition for own records and those of whom one has powers from."""
    if who.role is not Role.LANDLORD or who.party is None:
        return false()
    mine: list[Condition] = [lessor == who.party]
    for given in uow.delegations.find(DelegationRow.delegate == who.party):
        if any(given.allows(power, given.unit or "", today) for power in Power):
            place = true() if given.unit is None else unit == given.unit
            mine.append(and_(lessor == given.grantor, place))
    return or_(*mine)
