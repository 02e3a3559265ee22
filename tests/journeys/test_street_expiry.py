from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from registry.domain.policy import Policy
from tests.support.street import LiveStreet, open_street
from tests.support.street_clock import next_midnight, shifted

LEAD = timedelta(seconds=80)
"""From the start of the processes to their midnight: enough to set the street up."""
CARDS = {
    "osdp": 4_123_000_001,
    "smart_door": 4_123_000_002,
    "uhppote": 4_123_000_003,
    "esp_rfid": 4_123_000_004,
}
REASONS = dict.fromkeys(CARDS, "ended") | {"uhppote": "outside_hours"}
"""A board has one reason for dates and for hours."""
YEAR = timedelta(days=365)


@pytest.mark.slow
def test_a_permit_ends_at_midnight_though_the_registry_is_away(tmp_path: Path) -> None:
    midnight = next_midnight()
    shift = midnight - datetime.now(UTC) - LEAD
    with open_street(
        tmp_path, environment=shifted(tmp_path / "clock", shift)
    ) as street:
        doors = {protocol: move_in(street, protocol, midnight) for protocol in CARDS}
        before = [taps(street, p, doors[p]) for p in CARDS]
        assert datetime.now(UTC) + shift < midnight, "the street took too long to start"
        street.kill("registry")

        def still_today() -> str:
            left = midnight - datetime.now(UTC) - shift
            return f"{left} to midnight" if left > timedelta() else ""

        street.wait(still_today, LEAD.total_seconds())
        after = [taps(street, p, doors[p]) for p in CARDS]
        street.start("registry")
        reasons = {
            protocol: {street.passage_of(tap)["reason"] for tap in group}
            for protocol, group in zip(CARDS, after, strict=True)
        }
        account = street.settle()
    assert {tap["outcome"] for group in before for tap in group} == {"granted"}
    assert {tap["outcome"] for group in after for tap in group} == {"refused"}
    assert reasons == {protocol: {why} for protocol, why in REASONS.items()}
    assert account.exact


def move_in(street: LiveStreet, protocol: str, midnight: datetime) -> tuple[str, ...]:
    """Record a tenancy whose grace ends at midnight; returns doors that hold it."""
    unit, doors = street.vacancy(protocol)
    end = midnight.date() - Policy().door_grace.period
    street.move_in(unit, CARDS[protocol], end - YEAR, end)
    return doors


def taps(
    street: LiveStreet, protocol: str, doors: tuple[str, ...]
) -> list[dict[str, object]]:
    return [street.tap(door, CARDS[protocol]) for door in doors]
