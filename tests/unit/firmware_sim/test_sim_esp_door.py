"""esp-rfid doors as the street sees them: a reader that takes its time."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from random import Random

import pytest

from controller.protocols.esp_rfid.device import DeviceSettings, Flash
from controller.protocols.esp_rfid.topics import read_address
from controller.session import Contact
from firmware_sim import esp_door
from firmware_sim.broker import free_ports
from firmware_sim.esp_door import EspStreetDoor
from firmware_sim.esp_rfid import EspDoor, Nearby
from firmware_sim.faults import WireFaults
from firmware_sim.reader import MOST_WAITING, Busy
from firmware_sim.taps import Outcome, Settled, Tap
from tests.support.waiting import until


@dataclass
class Rig:
    door: EspStreetDoor
    device: EspDoor
    settled: list[Settled] = field(default_factory=list)
    made: int = 0

    def tap(self, card: int | None = 7) -> None:
        self.made += 1
        now = time.monotonic()
        self.door.tap(Tap(self.made, "door-1", card, datetime.now(UTC), now))


@pytest.fixture
async def rig(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Rig]:
    monkeypatch.setattr(esp_door, "COOLDOWN", 0.05)
    monkeypatch.setattr(esp_door, "_OPENS_AFTER", 0.01)
    monkeypatch.setattr(esp_door, "_STAYS_OPEN", 0.02)
    near = Nearby("127.0.0.1", free_ports(1)[0], Random(1))  # noqa: S311 - repeatable
    settings = DeviceSettings(read_address("rfid/esp-1"), "esp-1")
    device = EspDoor(settings, Flash(), "10.0.0.1", near)
    settled: list[Settled] = []
    rig = Rig(EspStreetDoor("esp-1", device, settled.append), device, settled)
    yield rig
    rig.door.close()


async def test_one_card_after_the_other_and_no_crowd(rig: Rig) -> None:
    for _ in range(1 + MOST_WAITING):
        rig.tap()
    assert (len(rig.settled), rig.door.waiting) == (1, MOST_WAITING)
    with pytest.raises(Busy):
        rig.tap()
    await until(lambda: not rig.door.waiting)
    assert [each.tap.number for each in rig.settled] == [1, 2, 3, 4, 5]
    moments = [each.tap.began for each in rig.settled]
    pauses = [b - a for a, b in pairwise(moments)]
    assert min(pauses) >= esp_door.COOLDOWN
    for each in rig.settled:
        assert (each.outcome, each.controller) == (Outcome.REFUSED, "esp-1")
        assert (each.epoch, each.index, each.asked) == (None, None, False)


async def test_the_button_waits_for_no_card_and_opens_the_door(rig: Rig) -> None:
    rig.tap()
    rig.tap()
    rig.tap(None)
    assert [each.outcome for each in rig.settled] == [Outcome.REFUSED, Outcome.GRANTED]
    assert rig.device.device.openings == 1


async def test_in_the_dark_nobody_answers(rig: Rig) -> None:
    rig.device.flash.files["7"] = b"{}"
    rig.door.cut_power(600)
    rig.tap()
    rig.tap(None)
    assert [each.outcome for each in rig.settled] == [Outcome.UNANSWERED] * 2
    assert rig.device.flash.files, "files outlive the power"
    assert rig.device.device.openings == 0
    assert not rig.door.connected


async def test_who_still_waits_goes_home_when_the_street_closes(rig: Rig) -> None:
    rig.tap()
    rig.tap()
    rig.door.close()
    assert (len(rig.settled), rig.door.waiting) == (1, 1)


async def test_other_deeds_reach_the_device(rig: Rig) -> None:
    rig.door.fall_silent(600)
    rig.door.disturb(WireFaults(drop=1.0))
    for contact in (Contact.DOOR, Contact.TAMPER, Contact.POWER):
        rig.door.set_contact(contact, active=True)
    rig.tap()
    assert rig.settled[0].outcome is Outcome.REFUSED
