"""Card to relay in virtual time: the wire is slow, our side adds nothing to it."""

import pytest

from tests.support.osdp_timing import BusPlan, Latencies, measure

TAPS = 150
SLACK = 1.02


@pytest.mark.parametrize(
    ("plan", "goal"),
    [
        (BusPlan(4, 9600, secure=False), 0.150),
        (BusPlan(2, 9600), 0.150),
        (BusPlan(4, 19200), 0.150),
        (BusPlan(8, 115200), 0.070),
    ],
)
def test_goals(plan: BusPlan, goal: float) -> None:
    p99 = measure(plan, TAPS).percentile(0.99)
    assert p99 <= goal
    assert p99 <= plan.least(0.99) * SLACK


def test_four_secured_readers_at_9600_baud_take_what_the_wire_takes() -> None:
    plan = BusPlan(4, 9600)
    assert plan.least(0.99) > 0.150, "no control side can do it in 150 ms"
    assert measure(plan, TAPS).percentile(0.99) <= plan.least(0.99) * SLACK


def test_a_reader_that_dies_costs_its_neighbours_little_from_its_first_minute() -> None:
    alive = measure(BusPlan(4, 9600), TAPS).percentile(0.99)
    deaths = [measure(BusPlan(4, 9600, dying=1), 70, seed) for seed in range(6)]
    first_minutes = Latencies(tuple(sorted(t for each in deaths for t in each.sorted)))
    assert first_minutes.percentile(0.99) <= alive * 1.2


def test_one_dead_reader_costs_its_neighbours_little() -> None:
    alive = measure(BusPlan(4, 9600), TAPS).percentile(0.99)
    beside_a_dead_one = measure(BusPlan(4, 9600, dead=1), 400).percentile(0.99)
    assert beside_a_dead_one <= alive * 1.2
