"""People's daily habits as movements at doors."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from random import Random

from firmware_sim.neighbours import Neighbour
from firmware_sim.plan import dice
from firmware_sim.population import FOREIGN_CARDS

HOUR = 3600.0
DAY = 24 * HOUR
_STRANGERS = 0.02
_VISITS_NEXT_DOOR = 0.01
_LEAVES_BY_BUTTON = 0.05


@dataclass(frozen=True, slots=True)
class Outing:
    """When people leave, give or take, and for how long; all in hours."""

    leaves: float
    spread: float
    lasts: float


class Routine(Enum):
    """How somebody spends a day, the surest outing first."""

    WORKER = (Outing(7.9, 0.7, 10.2), Outing(19.8, 0.6, 1.2))
    PUPIL = (Outing(7.2, 0.2, 4.6), Outing(13.5, 0.2, 3.2))
    AT_HOME = (Outing(7.4, 0.8, 1.1), Outing(15.5, 1.2, 1.5), Outing(19.3, 0.5, 1.3))
    NIGHT_SHIFT = (Outing(21.0, 0.7, 9.6), Outing(16.0, 0.8, 1.0))


_SHARES = {
    Routine.WORKER: 52,
    Routine.PUPIL: 14,
    Routine.AT_HOME: 28,
    Routine.NIGHT_SHIFT: 6,
}
_ERRAND = Outing(13.0, 4.0, 0.7)


@dataclass(frozen=True, slots=True, order=True)
class Movement:
    """A card at a door, or the exit button; `second` is of the day."""

    second: float
    door: str
    card: int | None


def movements(
    people: Sequence[Neighbour], seed: int, day: int, taps: float
) -> list[Movement]:
    """Return one day's movements in order, with some `taps` by each person.

    A few leave by the exit button, a few try the wrong house, and now and then a
    stranger tries a card from somewhere else.
    """
    chance = dice(seed, f"habits {day}")
    moves = [
        move
        for person in people
        for move in _day_of(person, dice(seed, f"habit {person.card}"), chance, taps)
    ]
    houses = [person.doors for person in people]
    moves += _strays(people, houses, chance, len(moves))
    return sorted(moves, key=lambda move: (move.second, move.door, move.card or 0))


def _day_of(
    person: Neighbour, habit: Random, chance: Random, taps: float
) -> Iterator[Movement]:
    routine = habit.choices(list(_SHARES), list(_SHARES.values()))[0]
    outings = int(taps / 2 + chance.random())
    for place in range(outings):
        usual = routine.value
        outing = usual[place] if place < len(usual) else _ERRAND
        left = chance.gauss(outing.leaves, outing.spread)
        back = left + max(0.1, chance.gauss(outing.lasts, outing.lasts / 12))
        button = chance.random() < _LEAVES_BY_BUTTON
        yield Movement(
            _second(left), _door(person, chance), None if button else person.card
        )
        yield Movement(_second(back), _door(person, chance), person.card)


def _strays(
    people: Sequence[Neighbour],
    houses: Sequence[tuple[str, ...]],
    chance: Random,
    count: int,
) -> Iterator[Movement]:
    for _ in range(round(count * _STRANGERS)):
        door = chance.choice(chance.choice(houses))
        yield Movement(
            chance.uniform(6, 24) % 24 * HOUR, door, chance.choice(FOREIGN_CARDS)
        )
    for _ in range(round(count * _VISITS_NEXT_DOOR)):
        door = chance.choice(chance.choice(houses))
        yield Movement(chance.uniform(8, 22) * HOUR, door, chance.choice(people).card)


def _door(person: Neighbour, chance: Random) -> str:
    return chance.choice(person.doors)


def _second(hour: float) -> float:
    return hour * HOUR % DAY
