import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from firmware_sim.neighbours import Neighbour
from firmware_sim.plan import Size
from firmware_sim.stage import Options
from tests.support.street import LiveStreet, open_street, tell

WHOLE = Options(Size(residents=3000, doors=171), seed=7, speed=60)
PROTOCOLS = ("osdp", "smart_door", "uhppote", "esp_rfid")
HOMES_OF_EACH = 3
SOON = 10.0
"""Seconds no door needs, however busy the machine is: docs/performance.md says how long
it takes. A door that waited for the next question or snapshot would need longer."""


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """One door's way to a withdrawn card; seconds from the request's commit."""

    door: str
    protocol: str
    pushed: float
    acknowledged: float
    shown: float

    def __str__(self) -> str:
        return (
            f"{self.door} {self.protocol:<10} pushed {self.pushed:.3f} s,"
            f" acknowledged {self.acknowledged:.3f} s, shown {self.shown:.3f} s"
        )


@pytest.mark.slow
def test_a_cancelled_card_opens_no_door_from_then_on(tmp_path: Path) -> None:
    withdrawals: list[Withdrawal] = []
    with open_street(tmp_path, WHOLE) as street:
        street.traffic(running=True)
        for home in homes(street):
            withdrawn = cancel(street, home)
            withdrawals += withdrawn
            if "uhppote" in {row.protocol for row in withdrawn}:
                street.let_the_second_pass()
            for door in home.doors:
                tap = street.tap(door, home.card)
                passage = street.passage_of(tap)
                assert tap["outcome"] == "refused"
                assert not passage["granted"]
                assert passage["card_state"] == "cancelled"
        account = street.settle()
    tell("\n".join(map(str, withdrawals)))
    assert account.exact
    assert {row.protocol for row in withdrawals} == set(PROTOCOLS)
    assert max(row.acknowledged for row in withdrawals) < SOON


def homes(street: LiveStreet) -> Iterator[Neighbour]:
    """Choose people of several houses behind doors of each kind."""
    for protocol in PROTOCOLS:
        doors = street.doors_of(protocol)
        fitting = (n for n in street.neighbours() if doors.issuperset(n.doors))
        yield from islice(fitting, HOMES_OF_EACH)


def cancel(street: LiveStreet, home: Neighbour) -> list[Withdrawal]:
    """Cancel a card and watch its doors until all have acknowledged."""
    path = f"/api/credentials/{home.card}/cancel"
    revision = street.registry.post(path, {"reason": "returned"})["revision"]
    committed = time.monotonic()
    shown: dict[str, float] = {}

    def missing() -> str:
        doors = street.doors()
        for name in home.doors:
            if doors[name]["acknowledged"] >= revision:
                shown.setdefault(name, time.monotonic() - committed)
        left = set(home.doors) - shown.keys()
        return f"revision {revision} is not acknowledged by {left}" if left else ""

    street.wait(missing)
    rows = street.doors()
    return [withdrawal(rows[name], shown[name]) for name in home.doors]


def withdrawal(door: dict[str, Any], shown: float) -> Withdrawal:
    wanted, pushed, acknowledged = (
        datetime.fromisoformat(door[f"{stage}_at"]).timestamp()
        for stage in ("wanted", "pushed", "acknowledged")
    )
    return Withdrawal(
        door["id"], door["protocol"], pushed - wanted, acknowledged - wanted, shown
    )
