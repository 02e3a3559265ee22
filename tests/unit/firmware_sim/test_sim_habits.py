from collections import Counter

import pytest

from firmware_sim.habits import DAY, HOUR, Movement, movements
from firmware_sim.neighbours import Neighbour
from firmware_sim.population import FOREIGN_CARDS

PEOPLE = tuple(
    Neighbour(1_000_000_000 + n, (f"door-{n % 50}", f"back-{n % 50}"))
    for n in range(1000)
)
HOMES = {person.card: person.doors for person in PEOPLE}


@pytest.fixture(scope="module")
def day() -> list[Movement]:
    return movements(PEOPLE, 7, 0, 4)


def test_a_day_is_in_order_and_repeatable(day: list[Movement]) -> None:
    assert [move.second for move in day] == sorted(move.second for move in day)
    assert all(0 <= move.second < DAY for move in day)
    assert movements(PEOPLE, 7, 0, 4) == day
    assert movements(PEOPLE, 7, 1, 4) != day
    assert movements(PEOPLE, 8, 0, 4) != day


@pytest.mark.parametrize("taps", [0.5, 2, 4, 11])
def test_people_move_as_often_as_asked(taps: float) -> None:
    moves = movements(PEOPLE, 7, 0, taps)
    assert len(moves) / len(PEOPLE) == pytest.approx(taps, rel=0.2)


def test_most_movements_are_residents_at_home(day: list[Movement]) -> None:
    kinds = Counter(kind_of(move) for move in day)
    assert kinds["home"] > 0.9 * len(day)
    assert 0.01 < kinds["stranger"] / len(day) < 0.04
    assert 0.002 < kinds["visitor"] / len(day) < 0.02
    assert 0.01 < kinds["button"] / len(day) < 0.05


def test_mornings_and_evenings_are_busy_and_nights_are_not(day: list[Movement]) -> None:
    hours = Counter(int(move.second // HOUR) for move in day)
    assert hours[7] + hours[8] > 0.2 * len(day)
    assert hours[18] + hours[19] + hours[20] > 0.2 * len(day)
    assert sum(hours[hour] for hour in range(1, 5)) < 0.03 * len(day)


def test_everybody_comes_back_after_leaving() -> None:
    moves = movements(PEOPLE, 7, 0, 2)
    by_person = Counter(move.card for move in moves if kind_of(move) == "home")
    buttons = sum(kind_of(move) == "button" for move in moves)
    once = sum(count % 2 for count in by_person.values())
    assert once <= buttons * 1.5


def test_an_empty_street_is_quiet() -> None:
    assert movements((), 7, 0, 4) == []


def kind_of(move: Movement) -> str:
    if move.card is None:
        return "button"
    if move.card in FOREIGN_CARDS:
        return "stranger"
    return "home" if move.door in HOMES[move.card] else "visitor"
