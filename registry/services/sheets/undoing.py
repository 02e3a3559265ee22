"""Taking back what an import created, unless somebody changed it since."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from registry.domain.credential import (
    CREDENTIALS,
    CredentialChange,
    CredentialEvent,
)
from registry.domain.history import Channel, Source
from registry.persistence.credentials import Recorded
from registry.persistence.ledger import Ledger
from registry.persistence.references import mentioned
from registry.persistence.tenancies import OccupancyRow
from registry.persistence.unit_of_work import UnitOfWork
from registry.services.identity import Identity

TARGETS = {
    "unit": "units.code",
    "party": "parties.id",
    "right": "entities.id",
    "tenancy": "entities.id",
    "contract": "entities.id",
    "occupancy": "entities.id",
}
"""The column by which others mention a record."""


def in_the_way(
    uow: UnitOfWork, created: Iterable[str], mine: Collection[str]
) -> set[str]:
    """Return those of some created records that were changed or used since.

    `mine` are the ids of everything the import created: it may use its own.
    """
    blocked: set[str] = set()
    for prefix, ids in _by_prefix(created).items():
        found: set[str] = set()
        if prefix in TARGETS:
            # A unit is deleted, so that even past mentions of it hold it.
            past = prefix == "unit"
            found |= mentioned(uow.session, TARGETS[prefix], ids, mine, history=past)
        ledger = _ledgers(uow).get(prefix)
        if ledger is not None:
            found |= ledger.changed(ids)
        if prefix == "credential":
            found |= _cards_changed(uow, ids)
        blocked |= {f"{prefix}:{id_}" for id_ in found}
    return blocked


def take_back(
    uow: UnitOfWork,
    identity: Identity,
    created: Iterable[str],
    actor: str,
    now: datetime,
) -> set[int]:
    """Take records back; return the cards whose permits may follow."""
    source = Source(actor, Channel.IMPORT)
    groups = _by_prefix(created)
    cards = _cards_of(uow, groups)
    for prefix, ids in groups.items():
        ledger = _ledgers(uow).get(prefix)
        if ledger is not None:
            ledger.withdraw(ids, source, now)
    uow.houses.remove_units(groups.get("unit", []))
    identity.forget(uow, groups.get("party", []))
    for held in uow.credentials.in_use(map(int, groups.get("credential", []))):
        # A card whose binding is undone is blank again, and no reason for a warning.
        state = CREDENTIALS.after(held.state, CredentialEvent.UNBOUND)
        change = CredentialChange(state, now)
        uow.credentials.change(held.id, change, Recorded(source, now))
    return cards


def ids_of(created: Iterable[str]) -> set[str]:
    """Return the ids among references."""
    return {reference.partition(":")[2] for reference in created}


def _by_prefix(created: Iterable[str]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = defaultdict(list)
    for reference in created:
        prefix, _, id_ = reference.partition(":")
        groups[prefix].append(id_)
    return dict(groups)


def _ledgers(uow: UnitOfWork) -> dict[str, Ledger[Any]]:
    return {
        "right": uow.rights,
        "tenancy": uow.tenancies,
        "contract": uow.contracts,
        "occupancy": uow.occupancies,
    }


def _cards_changed(uow: UnitOfWork, ids: Collection[str]) -> set[str]:
    """Return the credentials that were reported lost, have ended or got a PIN."""
    with_pin = uow.rule_books.cards_with_pin()
    held = uow.credentials.in_use(map(int, ids))
    as_it_was = {str(c.id) for c in held if c.opens and c.card not in with_pin}
    return set(ids) - as_it_was


def _cards_of(uow: UnitOfWork, groups: dict[str, list[str]]) -> set[int]:
    issued = uow.credentials.in_use(map(int, groups.get("credential", [])))
    stays = uow.occupancies.find(OccupancyRow.id.in_(groups.get("occupancy", [])))
    held = uow.credentials.of_parties({stay.party for stay in stays})
    return {c.card for c in (*issued, *held)}
