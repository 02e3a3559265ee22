"""Whose cards walk through a synthetic street, and where they should not."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from controller.vocabulary import Reason
from registry.domain.credential import (
    CardState,
    Credential,
    CredentialChange,
    CredentialState,
)
from registry.domain.occupancy import Basis, Occupancy
from registry.domain.parties import Party
from registry.domain.permits import FAR_FUTURE, FAR_PAST
from registry.domain.places import Unit, UnitUse
from registry.persistence.credentials import Recorded
from registry.persistence.unit_of_work import UnitOfWork
from registry.synthetic.planted import MADE, Making, units
from registry.synthetic.stays import Changed
from registry.synthetic.walks import Walker

MEDIAN_TAPS, SPREAD = 1.2, 0.6
"""Taps of a card on a day: log-normal, assumed."""
CANCELLED, COPIED, STIRRED = 0.002, 0.0005, 0.02
"""Shares of cards that are cancelled and tried, or seen at two places at once, and of
empty homes where a card is used."""
FIRST_SPARE_CARD = 4_100_000_000
Doors = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Pair:
    """A card that is seen at two far doors within a minute."""

    walker: Walker
    doors: tuple[str, str]


def gather(
    uow: UnitOfWork, changed: Changed, making: Making
) -> tuple[list[Walker], list[Pair]]:
    """Return who walks, and which cards are seen at two places."""
    doors: dict[str, list[str]] = defaultdict(list)
    for door in uow.hardware.doors():
        doors[door.building].append(door.id)
    homes = {stay.party: stay for stay in uow.occupancies.find()}
    walkers, pairs = [], []
    for credential in sorted(uow.credentials.every(), key=lambda c: c.id):
        home = homes.get(credential.party)
        if home is None or credential.party in changed.silent:
            continue
        walker = _walker(credential, home, doors, making)
        if credential.party in changed.going_on:
            walker = replace(walker, until=making.today)
        chance = making.luck.random()
        if chance < CANCELLED:
            walker = _cancelled(uow, walker, making)
        elif chance < CANCELLED + COPIED:
            pairs += _copied(walker, home.building, doors, making)
        walkers.append(walker)
    return walkers + _in_empty_homes(uow, doors, making), pairs


def _walker(
    credential: Credential, home: Occupancy, doors: Doors, making: Making
) -> Walker:
    return Walker(
        credential.card,
        credential.id,
        credential.party,
        home.unit,
        tuple(doors[home.building]),
        making.luck.lognormvariate(0, SPREAD) * MEDIAN_TAPS,
        home.start or FAR_PAST.date(),
        min(home.end or FAR_FUTURE.date(), making.today),
    )


def _cancelled(uow: UnitOfWork, walker: Walker, making: Making) -> Walker:
    """Cancel a card some weeks ago and let it be tried a few times since."""
    ended = making.now - timedelta(days=20)
    change = CredentialChange(CredentialState.CANCELLED, ended)
    told = Recorded(MADE, making.now, "synthetic")
    uow.credentials.change(walker.credential, change, told)
    making.planted.real["H9"].add(walker.unit)
    return replace(
        walker,
        rate=0.5,
        since=making.today - timedelta(days=15),
        state=CardState.CANCELLED,
        reason=Reason.UNKNOWN_CARD,
    )


def _copied(walker: Walker, home: str, doors: Doors, making: Making) -> list[Pair]:
    far = [door for where in sorted(doors) if where != home for door in doors[where]]
    if not far:
        return []
    making.planted.real["H10"].add(walker.unit)
    return [Pair(walker, (walker.doors[0], making.luck.choice(far)))]


def _in_empty_homes(uow: UnitOfWork, doors: Doors, making: Making) -> list[Walker]:
    """Let the cards of people long gone be used at some empty homes."""
    lived_in = {stay.unit for stay in uow.occupancies.find()}
    chosen = [
        unit
        for unit in units(uow)
        if unit.code not in lived_in
        and unit.use is UnitUse.VACANT
        and making.luck.random() < STIRRED
    ]
    making.planted.real["H4"] |= {unit.code for unit in chosen}
    uow.parties.add(Party(_gone(unit)) for unit in chosen)
    uow.occupancies.add([_past(unit, making) for unit in chosen], MADE, making.now)
    cards = {FIRST_SPARE_CARD + n: _gone(unit) for n, unit in enumerate(chosen)}
    uow.credentials.add(cards.items(), making.now - timedelta(days=300))
    held = {card.party: card for card in uow.credentials.of_cards(cards)}
    return [
        Walker(
            held[_gone(unit)].card,
            held[_gone(unit)].id,
            _gone(unit),
            unit.code,
            tuple(doors[unit.building]),
            2.5,
            making.today - timedelta(days=10),
            making.today,
        )
        for unit in chosen
    ]


def _gone(unit: Unit) -> str:
    return f"{unit.code}.gone"


def _past(unit: Unit, making: Making) -> Occupancy:
    left = making.today - timedelta(days=70)
    return Occupancy(
        _gone(unit),
        _gone(unit),
        unit.code,
        unit.building,
        Basis.TENANT,
        left - timedelta(days=300),
        left,
    )
