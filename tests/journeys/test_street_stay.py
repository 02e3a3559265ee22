import subprocess
import sys
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from firmware_sim.street import ZONE
from registry.domain.principals import Role
from tests.support.street import LiveStreet, open_street

CARDS = {"smart_door": 4_123_470_001, "osdp": 4_123_470_002}
LEFT = {"smart_door": 1, "osdp": 5}
"""Days ago that each tenant left: one within the grace of three days, one beyond."""
DAY, YEAR = timedelta(days=1), timedelta(days=365)


@pytest.mark.slow
def test_two_sides_agree_on_a_stay_and_the_door_follows(tmp_path: Path) -> None:
    with open_street(tmp_path) as street:
        homes = {protocol: settle_in(street, protocol) for protocol in CARDS}
        street.wait_held()
        assert outcomes(street, homes) == {"smart_door": "refused", "osdp": "refused"}
        for home in homes.values():
            home.say("landlord", "confirm", {})
        street.wait_held()
        assert outcomes(street, homes) == {"smart_door": "granted", "osdp": "granted"}
        for home in homes.values():
            told = home.say("landlord", "leave", {"on": home.day(20)})
            assert told["stay"]["state"] == "leave_declared"
        street.wait_held()
        assert outcomes(street, homes) == {"smart_door": "granted", "osdp": "granted"}
        for protocol, home in homes.items():
            told = home.say("tenant", "leave/confirm", {"on": home.day(LEFT[protocol])})
            assert told["stay"]["state"] == "ended"
        street.wait_held()
        assert outcomes(street, homes) == {"smart_door": "granted", "osdp": "refused"}
        ended = street.registry.get(f"/api/units/{homes['osdp'].unit}")["tenancies"]
        assert ended[0]["ended_on"] == homes["osdp"].day(LEFT["osdp"])
        assert street.settle().exact


class Home:
    """A unit with its doors, and the two who speak of who lives there."""

    def __init__(
        self, street: LiveStreet, unit: str, doors: tuple[str, ...], tenant: str
    ) -> None:
        self.unit, self.doors = unit, doors
        self._street = street
        landlord = street.plan()["tenancies"][0]["landlord"]
        self.landlord = str(landlord)
        self._tokens = {
            "landlord": token(street, Role.LANDLORD, self.landlord),
            "tenant": token(street, Role.TENANT, tenant),
        }
        self.stay = ""

    def post(self, who: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = httpx.post(
            f"http://127.0.0.1:{self._street.stage.registry_port}/api/{path}",
            json=body,
            headers={"Authorization": f"Bearer {self._tokens[who]}"},
        )
        told: dict[str, Any] = answer.raise_for_status().json()
        return told

    def say(self, who: str, what: str, body: dict[str, Any]) -> dict[str, Any]:
        return self.post(who, f"occupancies/{self.stay}/{what}", body)

    def day(self, ago: int) -> str:
        return (today() - ago * DAY).isoformat()


def settle_in(street: LiveStreet, protocol: str) -> Home:
    """File and let a unit, let a tenant declare their stay, and give them a card."""
    unit, doors = street.vacancy(protocol)
    plan = street.plan()
    elsewhere = [
        tenancy["occupants"][0]
        for tenancy in plan["tenancies"]
        if tenancy["occupants"] and tenancy["unit"][:4] != unit[:4]
    ]
    home = Home(street, unit, doors, elsewhere[list(CARDS).index(protocol)])
    began = (today() - YEAR).isoformat()
    right = {"party": home.landlord, "unit": unit, "basis": "title", "start": began}
    street.registry.post("/api/rights", right)
    filing = home.post("landlord", "filings", {"unit": unit, "mode": "whole"})
    home.post("landlord", f"filings/{filing['id']}/submit", {})
    term = {"start": began, "end": (today() + YEAR).isoformat()}
    tenancy = home.post("landlord", f"units/{unit}/tenancies", term)["tenancy"]
    assert tenancy["landlord"] == home.landlord
    body = {"tenancy": tenancy["tenancy"]}
    stay = home.post("tenant", f"units/{unit}/occupancies", body)["stay"]
    assert not stay["opens"]
    home.stay = stay["occupancy"]
    card = {"card": CARDS[protocol]}
    home.post("landlord", f"parties/{stay['party']}/credentials", card)
    return home


def outcomes(street: LiveStreet, homes: dict[str, Home]) -> dict[str, str]:
    """Hold each card to a door of its house; returns what the door did."""
    return {
        protocol: str(street.tap(home.doors[0], CARDS[protocol])["outcome"])
        for protocol, home in homes.items()
    }


def token(street: LiveStreet, role: Role, party: str) -> str:
    program = Path(sys.executable).with_name("menhu-registry")
    data = f"--data={street.folder / 'registry-data'}"
    asked = [str(program), data, "token", "issue", f"--role={role}", f"--party={party}"]
    done = subprocess.run(asked, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def today() -> date:
    return datetime.now(ZoneInfo(ZONE)).date()
