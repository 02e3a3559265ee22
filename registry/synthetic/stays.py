"""What went otherwise in a synthetic street: stays that ended, wait or are not said."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random

from registry.domain.occupancy import Basis, Occupancy, OccupancyState, Side
from registry.domain.tenancy import Tenancy
from registry.synthetic.planted import Making

EXPIRED, RENEWED_UNSAID = 0.01, 0.008
"""Shares of tenancies that are over while cards go on, and of those the reason is
only that nobody recorded the renewal."""
WAITING, ABSENT, FAMILIES = 0.02, 0.01, 0.05


@dataclass(slots=True)
class Changed:
    """Tenancies and stays as they become, and cards that behave differently."""

    tenancies: list[Tenancy]
    stays: list[Occupancy]
    silent: set[str]
    """Parties whose cards open nothing any more."""
    going_on: set[str]
    """Parties whose cards go on after everything ended."""


def go_otherwise(
    tenancies: Sequence[Tenancy],
    stays: Iterable[Occupancy],
    making: Making,
) -> Changed:
    """Choose units for things the rules ask about; each unit gets one at most."""
    changed = Changed([], [], set(), set())
    living: dict[str, list[Occupancy]] = defaultdict(list)
    for stay in stays:
        if stay.tenancy is not None:
            living[stay.tenancy].append(stay)
    for tenancy in tenancies:
        if tenancy.room is not None or not living[tenancy.id]:
            continue
        _choose(tenancy, living[tenancy.id], making, changed)
    return changed


def _choose(
    tenancy: Tenancy, living: Sequence[Occupancy], making: Making, changed: Changed
) -> None:
    today, luck, planted = making.today, making.luck, making.planted
    chance, unit = luck.random(), tenancy.unit
    if chance < EXPIRED + RENEWED_UNSAID:
        over = today - timedelta(days=luck.randint(40, 80))
        start = min(tenancy.start, over - timedelta(days=180))
        changed.tenancies.append(replace(tenancy, start=start, end=over))
        changed.stays += [replace(stay, start=start, end=over) for stay in living]
        changed.going_on |= {stay.party for stay in living}
        where = planted.real if chance < EXPIRED else planted.innocent
        where["H3"].add(unit)
        return
    chance -= EXPIRED + RENEWED_UNSAID
    if chance < WAITING:
        late = chance < WAITING / 2
        said = today - timedelta(days=luck.randint(15, 60) if late else 1)
        changed.stays += [
            replace(
                stay,
                state=OccupancyState.DECLARED,
                declared_by=Side.LANDLORD,
                declared_on=said,
            )
            for stay in living
        ]
        (planted.real if late else planted.innocent)["H5"].add(unit)
        return
    if chance - WAITING < ABSENT:
        changed.silent |= {stay.party for stay in living}
        left = chance - WAITING < ABSENT / 2
        (planted.real if left else planted.innocent)["H7"].add(unit)


def unsaid_families(stays: Iterable[Occupancy], luck: Random) -> list[Occupancy]:
    """Return stays of families that own nothing and let nothing, as they become."""
    owners = [stay for stay in stays if stay.basis is Basis.OWNER]
    return [
        replace(stay, basis=Basis.FAMILY) for stay in owners if luck.random() < FAMILIES
    ]
