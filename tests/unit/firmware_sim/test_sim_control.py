"""The control API over real HTTP, on doors that only note what is done to them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request

from controller.session import Contact
from firmware_sim.control import Control, control_app
from firmware_sim.faults import WireFaults
from firmware_sim.habits import HOUR
from firmware_sim.journal import Journal
from firmware_sim.reader import Busy
from firmware_sim.simulator import Simulator, Street
from firmware_sim.taps import Tap
from firmware_sim.traffic import StreetClock, Traffic

Client = TestClient[Request, Application]


@dataclass
class NotingDoor:
    """Fulfils `SimulatedDoor`."""

    connected: bool = True
    waiting: int = 0
    full: bool = False
    done: list[Any] = field(default_factory=list)

    def tap(self, tap: Tap) -> None:
        if self.full:
            raise Busy
        self.done.append((tap.number, tap.door, tap.card))

    def cut_power(self, seconds: float) -> None:
        self.done.append(("power", seconds))

    def fall_silent(self, seconds: float) -> None:
        self.done.append(("silent", seconds))

    def set_contact(self, contact: Contact, *, active: bool) -> None:
        self.done.append((contact, active))

    def disturb(self, faults: WireFaults) -> None:
        self.done.append(faults)


@dataclass
class Rig:
    client: Client
    door: NotingDoor
    traffic: Traffic

    async def post(self, path: str, body: object) -> tuple[int, Any]:
        async with self.client.post(path, json=body) as response:
            text = "json" in response.content_type
            return response.status, await (response.json() if text else response.text())


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    door = NotingDoor()
    journal = Journal(tmp_path / "taps.jsonl")
    doors = {"door-1": door, "door-2": NotingDoor(connected=False)}
    street = Street(doors, {}, AsyncExitStack().aclose)
    simulator = Simulator(street, journal)
    traffic = Traffic(StreetClock(0.0, 7 * HOUR, 60), lambda _: [], lambda _: None)
    app = control_app(Control(simulator, traffic, lambda: 60.0))
    async with TestClient(TestServer(app)) as client:
        yield Rig(client, door, traffic)
    journal.close()


async def test_taps_are_numbered(rig: Rig) -> None:
    assert await rig.post("/taps", {"door": "door-1", "card": 77}) == (202, {"tap": 1})
    assert await rig.post("/taps", {"door": "door-1", "card": None}) == (
        202,
        {"tap": 2},
    )
    assert rig.door.done == [(1, "door-1", 77), (2, "door-1", None)]


async def test_a_crowd_is_told_to_come_back(rig: Rig) -> None:
    rig.door.full = True
    status, _ = await rig.post("/taps", {"door": "door-1", "card": 77})
    assert status == 409
    rig.door.full = False
    assert await rig.post("/taps", {"door": "door-1", "card": 77}) == (202, {"tap": 1})


@pytest.mark.parametrize(
    ("path", "body", "field_name"),
    [
        ("/taps", {"door": "door-9", "card": 1}, "door"),
        ("/taps", {"card": 1}, "door"),
        ("/taps", {"door": ["door-1"], "card": 1}, "door"),
        ("/taps", {"door": "door-1", "card": 0}, "card"),
        ("/taps", {"door": "door-1", "card": 2**32}, "card"),
        ("/taps", {"door": "door-1", "card": "7"}, "card"),
        ("/taps", {"door": "door-1", "card": 7.5}, "card"),
        ("/taps", {"door": "door-1", "card": True}, "card"),
        ("/taps", {"door": "door-1", "card": [7]}, "card"),
        ("/taps", {"door": "door-1", "card": -(10**400)}, "card"),
        ("/taps", {"door": None, "card": 7}, "door"),
        ("/taps", [1], "body"),
        ("/taps", None, "body"),
        ("/taps", "door-1", "body"),
        ("/traffic", {}, "running"),
        ("/traffic", {"running": 1}, "running"),
        ("/traffic", [True], "body"),
        ("/doors/door-1/faults", [], "body"),
        ("/doors/door-1/faults", {"power_cut": float("nan")}, "power_cut"),
        ("/doors/door-1/faults", {"power_cut": 3601}, "power_cut"),
        ("/doors/door-1/faults", {"power_cut": None}, "power_cut"),
        ("/doors/door-1/faults", {"silent": "3"}, "silent"),
        ("/doors/door-1/faults", {"tamper": 1}, "tamper"),
        ("/doors/door-1/faults", {"fire": 1}, "fire"),
        ("/doors/door-1/faults", {"open": "yes"}, "open"),
        ("/doors/door-1/faults", {"wire": None}, "wire"),
        ("/doors/door-1/faults", {"wire": [0.5]}, "wire"),
        ("/doors/door-1/faults", {"wire": {"drop": "x"}}, "wire"),
        ("/doors/door-1/faults", {"wire": {"delay": float("nan")}}, "wire"),
        ("/traffic", {"running": "no"}, "running"),
        ("/doors/door-9/faults", {}, "door"),
        ("/doors/door-1/faults", {"power_cut": -1}, "power_cut"),
        ("/doors/door-1/faults", {"silent": True}, "silent"),
        ("/doors/door-1/faults", {"wire": {"drop": 2}}, "wire"),
        ("/doors/door-1/faults", {"wire": {"lose": 1}}, "wire"),
        ("/doors/door-1/faults", {"clock_error": 3}, "clock_error"),
        ("/doors/door-1/faults", {"explode": 1}, "explode"),
        ("/doors/door-1/faults", {"power_cut": 1, "explode": 1}, "explode"),
    ],
)
async def test_bad_requests_name_the_field_and_do_nothing(
    rig: Rig, path: str, body: object, field_name: str
) -> None:
    status, problem = await rig.post(path, body)
    assert status == problem["status"] == 422
    assert [error["field"] for error in problem["errors"]] == [field_name]
    assert problem["errors"][0]["remedy"]
    assert rig.door.done == []


@pytest.mark.parametrize("body", [b"", b"\xff{", b"{", b"[" * 100_000, b"\x00"])
async def test_a_body_that_is_no_json_is_refused(rig: Rig, body: bytes) -> None:
    async with rig.client.post("/taps", data=body) as response:
        assert response.status == 422
        assert response.content_type == "application/problem+json"


async def test_faults_reach_the_door(rig: Rig) -> None:
    body = {
        "power_cut": 2,
        "silent": 3.5,
        "tamper": True,
        "open": True,
        "fire": True,
        "wire": {"drop": 0.5},
    }
    status, answer = await rig.post("/doors/door-1/faults", body)
    assert (status, answer["faults"]) == (200, list(body))
    assert rig.door.done == [
        ("power", 2.0),
        ("silent", 3.5),
        (Contact.TAMPER, True),
        (Contact.DOOR, True),
        (Contact.FIRE, True),
        WireFaults(drop=0.5),
    ]


async def test_the_status_tells_the_figures(rig: Rig) -> None:
    rig.door.waiting = 3
    async with rig.client.get("/status") as response:
        assert await response.json() == {
            "doors": 2,
            "doors_connected": 1,
            "taps": 3,
            "under_way": 3,
            "granted": 0,
            "refused": 0,
            "unanswered": 0,
            "unlock_p50_ms": None,
            "unlock_p99_ms": None,
            "running": False,
            "street_time": 8 * HOUR,
        }


async def test_stopping_the_traffic_waits_for_those_at_the_doors(rig: Rig) -> None:
    status, figures = await rig.post("/traffic", {"running": True})
    assert (status, figures["running"]) == (200, True)
    rig.door.waiting = 1
    stopping = asyncio.create_task(rig.post("/traffic", {"running": False}))
    await asyncio.sleep(0.15)
    assert not stopping.done()
    assert not rig.traffic.running
    rig.door.waiting = 0
    _, figures = await stopping
    assert (figures["running"], figures["under_way"]) == (False, 0)
