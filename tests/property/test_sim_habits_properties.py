"""Any street, any day: people move as their habits say, and only where they may."""

from collections import Counter
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_sim.habits import DAY, movements
from firmware_sim.hardware import Site, wire_up
from firmware_sim.journal import quantile
from firmware_sim.neighbours import Neighbour
from firmware_sim.plan import Size, plan_street
from firmware_sim.population import CARDS, FOREIGN_CARDS
from firmware_sim.street import Protocol
from firmware_sim.traffic import StreetClock

DOORS = [f"door-{n}" for n in range(9)]
PEOPLE = st.lists(
    st.builds(
        Neighbour,
        st.integers(CARDS.start, CARDS.stop - 1),
        st.lists(st.sampled_from(DOORS), min_size=1, max_size=3).map(tuple),
    ),
    max_size=40,
    unique_by=lambda person: person.card,
)
SEEDS, DAYS, TAPS = st.integers(), st.integers(0, 400), st.floats(0, 12)


@given(PEOPLE, SEEDS, DAYS, TAPS)
def test_a_day_has_an_order_and_nobody_who_is_not_there(
    people: list[Neighbour], seed: int, day: int, taps: float
) -> None:
    moves = movements(people, seed, day, taps)
    assert moves == movements(people, seed, day, taps)
    seconds = [move.second for move in moves]
    assert seconds == sorted(seconds)
    assert all(0 <= second < DAY for second in seconds)
    doors = {door for person in people for door in person.doors}
    cards = {person.card for person in people}
    for move in moves:
        assert move.door in doors
        assert move.card is None or move.card in cards or move.card in FOREIGN_CARDS


@given(PEOPLE, SEEDS, DAYS, TAPS)
def test_nobody_leaves_without_coming_back(
    people: list[Neighbour], seed: int, day: int, taps: float
) -> None:
    moves = movements(people, seed, day, taps)
    buttons = sum(move.card is None for move in moves)
    visits = round(len(moves) * 0.01)
    by_card = Counter(move.card for move in moves)
    odd = sum(by_card[person.card] % 2 for person in people)
    assert odd <= buttons + visits
    for person in people:
        assert by_card[person.card] <= taps + 2 + visits


@given(st.floats(-1e6, 1e6), st.floats(0, DAY), st.floats(0.1, 1e4), st.floats(0, 1e6))
def test_the_street_s_clock_reads_the_same_both_ways(
    origin: float, start: float, speed: float, later: float
) -> None:
    clock = StreetClock(origin, start, speed)
    moment = origin + later
    assert abs(clock.reaches(clock.shows(moment)) - moment) < 1e-5
    assert clock.shows(origin) == start


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 99), st.integers(1, 60), st.integers(1, 60), st.data())
def test_every_controller_is_wired_once_and_buses_are_small(
    seed: int, doors: int, residents: int, data: st.DataObject
) -> None:
    readers = data.draw(st.integers(0, doors))
    street = plan_street(seed, Size(residents, doors, readers), date(2026, 3, 1))
    hardware = wire_up(street, Site("127.0.0.1:1883", 60000, 60001))
    on_buses = [fitting for bus in hardware.buses for fitting in bus.readers]
    on_boards = [fitting for board in hardware.boards for fitting in board.doors]
    everything = (*on_buses, *hardware.locks, *on_boards, *hardware.esps)
    fitted = sorted((each.id, each.door) for each in everything)
    assert fitted == sorted((door.controller, door.id) for door in street.doors)
    kinds = Counter(controller.protocol for controller in street.controllers)
    assert (len(on_buses), kinds[Protocol.OSDP]) == (readers, readers)
    for bus in hardware.buses:
        assert [each.address for each in bus.readers] == list(range(len(bus.readers)))
        assert 1 <= len(bus.readers) <= 4
    names = [bus.name for bus in hardware.buses]
    assert len(set(names)) == len(names)


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0, 1))
def test_a_quantile_is_one_of_the_values_and_rises_with_its_share(
    values: list[float], share: float
) -> None:
    values.sort()
    found = quantile(values, share)
    assert found in values
    low, high = quantile(values, 0.0), quantile(values, 1.0)
    assert low is not None
    assert high is not None
    assert low <= found <= high
