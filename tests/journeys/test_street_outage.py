from pathlib import Path

import pytest

from firmware_sim.habits import DAY
from firmware_sim.plan import Size
from firmware_sim.stage import Options
from tests.support.street import LiveStreet, open_street, tell
from tests.support.street_uplink import poor_line

CROWDED = Options(
    Size(2300, 20, readers=4, board_doors=5, esp_doors=1), seed=3, speed=4000
)
"""A day passes in 22 seconds, with more taps than fit one lane of the outbox."""
LARGE = 5_500
"""Passages; from here on the gateway opens a second lane."""
NARROW = 20_000.0
"""Bytes a second: one batch takes three seconds, the backlog half a minute."""


@pytest.mark.slow
def test_a_day_without_registry_is_made_good_and_delays_nobody(tmp_path: Path) -> None:
    with open_street(tmp_path, CROWDED) as street, poor_line(street) as line:
        street.wait_online()
        locks = street.doors_of("smart_door")
        home = next(n for n in street.neighbours() if locks.issuperset(n.doors))
        street.kill("registry")
        spend_a_day(street)
        backlog = street.outbox()
        status = street.simulator.get("/status")
        line.bytes_per_second = NARROW
        street.start("registry")
        street.wait(lambda: still(street, backlog - 1))
        live = street.tap(home.doors[0], home.card)
        passage = street.passage_of(live)
        missing = street.outbox()
        line.bytes_per_second = 0
        account = street.settle(120)
    tell(f"{status}; backlog {backlog}, live passage with {missing} still missing")
    tell(f"{account.taps} taps, {account.passages} passages")
    assert backlog > LARGE
    assert missing > backlog / 2
    assert passage["granted"]


def spend_a_day(street: LiveStreet) -> None:
    """Let the habits of one whole day pass."""
    began = street.simulator.get("/status")["street_time"]
    street.traffic(running=True)

    def missing() -> str:
        passed = street.simulator.get("/status")["street_time"] - began
        return "" if passed >= DAY else f"only {passed:.0f} s of the day have passed"

    street.wait(missing, 60)
    street.traffic(running=False)
    taps = street.simulator.get("/status")
    settled = taps["granted"] + taps["refused"]
    street.wait(lambda: below(street, settled), 60)


def below(street: LiveStreet, settled: int) -> str:
    """Say how many settled taps the gateway's outbox does not hold."""
    depth = street.outbox()
    return "" if depth >= settled else f"{depth} of {settled} taps are in the outbox"


def still(street: LiveStreet, most: int) -> str:
    depth = street.outbox()
    return "" if depth <= most else f"{depth} passages wait, none has gone"
