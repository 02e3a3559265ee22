import sqlite3
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from firmware_sim.installation import GATEWAY_DATA
from firmware_sim.observer import NoAnswer
from firmware_sim.plan import dice
from tests.support.street import LiveStreet, open_street, tell
from tests.support.street_crowd import crowd
from tests.support.street_uplink import poor_line

KILLS = 50
LONGEST_LIFE = 1.0
BUSY = 30.0


@pytest.mark.slow
def test_fifty_kills_of_the_gateway_lose_and_double_nothing(tmp_path: Path) -> None:
    chance = dice(50, "kills")
    phases: Counter[str] = Counter()
    with open_street(tmp_path) as street, poor_line(street) as line:
        line.latency = 0.2
        with crowd(street, BUSY, seed=50):
            for number in range(KILLS):
                if number % 2:
                    street.wait(lambda: "" if street.gateway() else "gateway")
                time.sleep(chance.uniform(0, LONGEST_LIFE))
                phases.update(killed(street))
                street.start("gateway")
        street.wait_online()
        account = street.settle()
    tell(f"{dict(phases)}, {account.taps} taps, {account.passages} passages")
    tell(f"maybe unseen while the gateway was away: {account.unseen}")
    assert account.taps > KILLS * 10
    assert phases["someone at a door"] >= KILLS / 2
    assert phases["passages without receipt"] >= KILLS / 4
    assert phases["starting"] >= KILLS / 10
    assert phases["serving"] >= KILLS / 10


def killed(street: LiveStreet) -> list[str]:
    """Kill the gateway and return what that struck."""
    under_way = street.simulator.get("/status")["under_way"]
    try:
        street.gateway()
        phase = "serving"
    except NoAnswer:
        phase = "starting"
    street.kill("gateway")
    struck = {"someone at a door": under_way, "passages without receipt": kept(street)}
    return [phase, *(what for what, count in struck.items() if count)]


def kept(street: LiveStreet) -> int:
    """Return how many passages a dead gateway's disk holds."""
    return sum(map(rows, (street.folder / GATEWAY_DATA / "outbox").glob("*.db")))


def rows(segment: Path) -> int:
    with closing(sqlite3.connect(segment)) as database:
        count: int = database.execute("SELECT count(*) FROM entry").fetchone()[0]
        return count


@pytest.mark.slow
def test_kills_of_the_registry_lose_and_double_nothing(tmp_path: Path) -> None:
    chance = dice(5, "kills")
    with open_street(tmp_path) as street:
        with crowd(street, BUSY, seed=5):
            for _ in range(3):
                time.sleep(chance.uniform(0, 2))
                street.kill("registry")
                street.wait(lambda: outbox_grows(street, 20))
                street.start("registry")
                street.wait(lambda: "" if street.registry.get("/livez") else "registry")
        account = street.settle()
    tell(f"{account.taps} taps, {account.passages} passages")
    assert account.taps > 100


@pytest.mark.slow
def test_doors_do_without_a_broker_and_nothing_is_lost(tmp_path: Path) -> None:
    with open_street(tmp_path) as street:
        locks = street.doors_of("smart_door")
        on_broker = locks | street.doors_of("esp_rfid")
        home = next(n for n in street.neighbours() if locks.issuperset(n.doors))
        alone: list[dict[str, Any]] = []
        all_of_them = len(street.doors())
        with crowd(street, BUSY, seed=4):
            for _ in range(3):
                street.wait(lambda: connected(street, all_of_them))
                street.kill("broker")
                street.wait(lambda: connected(street, all_of_them - len(on_broker)))
                alone.append(street.tap(home.doors[0], home.card))
                life_goes_on(street, 20)
                street.start("broker")
            street.wait_online()
        account = street.settle()
        assert [tap["outcome"] for tap in alone] == ["granted"] * 3
        for tap in alone:
            passage = street.passage_of(tap)
            assert (passage["granted"], passage["reason"]) == (True, "permit")
    tell(f"{account.taps} taps, {account.passages} passages, unseen {account.unseen}")
    assert account.taps > 100
    assert account.unseen, "doors without a memory say so"


def outbox_grows(street: LiveStreet, wanted: int) -> str:
    depth = street.outbox()
    return "" if depth >= wanted else f"the outbox has {depth} of {wanted} passages"


def connected(street: LiveStreet, wanted: int) -> str:
    doors = street.simulator.get("/status")["doors_connected"]
    return "" if doors == wanted else f"{doors} doors are connected, not {wanted}"


def life_goes_on(street: LiveStreet, taps: int) -> None:
    before = street.simulator.get("/status")["taps"]

    def missing() -> str:
        made = street.simulator.get("/status")["taps"] - before
        return "" if made >= taps else f"{made} of {taps} taps were made"

    street.wait(missing)
