from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from tests.support.street import LiveStreet, open_street

CARDS = {
    "smart_door": 4_123_456_789,
    "osdp": 4_123_450_001,
    "uhppote": 4_123_450_002,
    "esp_rfid": 4_123_450_003,
}
YEAR = timedelta(days=365)


@pytest.mark.slow
def test_a_tenant_moves_in_comes_home_and_moves_out(tmp_path: Path) -> None:
    with open_street(tmp_path) as street:
        for protocol, card in CARDS.items():
            stay(street, protocol, card)
        assert street.settle().exact


def stay(street: LiveStreet, protocol: str, card: int) -> None:
    """Live behind doors of a kind for a while, watched by the house page."""
    unit, doors = street.vacancy(protocol)
    today, shown = datetime.now(UTC).date(), f"…{card % 10_000:04}"
    building, _, number = unit.partition("-")
    page = f"/buildings/{building}/units/{number}"
    assert {tap(street, door, card) for door in doors} == {("refused", "unknown_card")}

    with live(street, f"/live/unit/{unit}?after=0") as lines:
        tenancy = street.move_in(unit, card, today - YEAR, today + YEAR)
        if protocol == "uhppote":
            street.let_the_second_pass()
        assert {tap(street, door, card) for door in doors} == {("granted", "permit")}
        told = next(line for line in lines if shown in line)
    assert "样*" in told
    assert told.strip() in text(street, page)
    permits = street.registry.get(f"/api/units/{unit}")["permits"]
    assert {(p["card"], p["door"]["door"]["id"]) for p in permits} == {
        (card, door) for door in doors
    }

    long_ago = (today - YEAR / 2).isoformat()
    path = f"/api/tenancies/{tenancy['tenancy']}/end"
    street.registry.post(path, {"end": long_ago})
    street.wait_held()
    assert {tap(street, door, card)[0] for door in doors} == {"refused"}


def tap(street: LiveStreet, door: str, card: int) -> tuple[str, str]:
    """Hold a card to a door; returns what was shown and why, as recorded."""
    made = street.tap(door, card)
    passage = street.passage_of(made)
    assert passage["granted"] == (made["outcome"] == "granted")
    return made["outcome"], passage["reason"]


def text(street: LiveStreet, path: str) -> str:
    return httpx.get(url(street, path)).raise_for_status().text


@contextmanager
def live(street: LiveStreet, path: str) -> Iterator[Iterator[str]]:
    """Listen to a page's events; each is given without its line breaks."""
    with httpx.stream("GET", url(street, path), timeout=30) as response:
        lines = response.raise_for_status().iter_lines()
        yield (line.removeprefix("data: ") for line in lines)


def url(street: LiveStreet, path: str) -> str:
    return f"http://127.0.0.1:{street.stage.registry_port}{path}"
