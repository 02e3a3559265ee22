"""Doors of a board as the street sees them, on a real endpoint that nobody asks."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random

import pytest

from controller.protocols.uhppote.messages.events import EventReason, GetStatus
from controller.session import Contact
from firmware_sim import board_door
from firmware_sim.board_door import BoardDoor, Cabinet
from firmware_sim.faults import NO_FAULTS, WireFaults
from firmware_sim.taps import Outcome, Settled, Tap
from firmware_sim.uhppote_board.endpoint import BoardEndpoint
from firmware_sim.uhppote_board.wire import respond
from tests.support.uhppote_board import CARD, SERIAL, new_board
from tests.support.waiting import until


@dataclass
class Rig:
    endpoint: BoardEndpoint
    cabinet: Cabinet
    doors: list[BoardDoor]
    settled: list[Settled] = field(default_factory=list)

    def tap(self, card: int | None = CARD.number, door: int = 0) -> Settled:
        number = len(self.settled) + 1
        now = time.monotonic()
        self.doors[door].tap(Tap(number, f"door-{door}", card, datetime.now(UTC), now))
        return self.settled[-1]

    def connected(self) -> list[bool]:
        return [door.connected for door in self.doors]

    def reasons(self) -> list[int]:
        ring = self.cabinet.board.memory.events
        return [ring.get(index).reason for index in range(1, ring.last.index + 1)]


@pytest.fixture
async def rig(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Rig]:
    monkeypatch.setattr(board_door, "_OPENS_AFTER", 0.01)
    monkeypatch.setattr(board_door, "_STAYS_OPEN", 0.05)
    monkeypatch.setattr(board_door, "_PRESSED_FOR", 0.01)
    board = new_board(size=2)
    board.memory.cards.put(CARD)
    board.memory.settings.special_events = True
    endpoint = await BoardEndpoint.open([board], Random(1))  # noqa: S311 - repeatable
    cabinet = Cabinet(board, endpoint)
    rig = Rig(endpoint, cabinet, [])
    rig.doors += [BoardDoor(cabinet, number, rig.settled.append) for number in (1, 2)]
    yield rig
    await endpoint.close()


async def test_every_tap_names_the_record_it_left(rig: Rig) -> None:
    assert [door.waiting for door in rig.doors] == [0, 0]
    first, other, button = rig.tap(), rig.tap(7, door=1), rig.tap(None)
    outcomes = [(each.outcome, each.index) for each in (first, other, button)]
    assert outcomes == [
        (Outcome.GRANTED, 1),
        (Outcome.REFUSED, 2),
        (Outcome.GRANTED, 3),
    ]
    assert {(s.controller, s.epoch, s.asked) for s in rig.settled} == {
        (f"uhppote-{SERIAL}", None, False)
    }


async def test_a_door_that_is_let_go_swings_and_falls_shut(rig: Rig) -> None:
    rig.tap()
    await until(lambda: EventReason.DOOR_CLOSED in rig.reasons())
    rig.tap(None, door=1)
    await until(lambda: rig.reasons().count(EventReason.DOOR_CLOSED) == 2)
    swings = [EventReason.DOOR_OPENED, EventReason.DOOR_CLOSED]
    assert rig.reasons() == [EventReason.SWIPE, *swings, EventReason.BUTTON, *swings]
    assert not rig.cabinet.board.doors[2].button


async def test_a_button_that_opens_nothing_answers_nothing(rig: Rig) -> None:
    rig.cabinet.board.doors[1].button_off = True
    pressed = rig.tap(None)
    assert (pressed.outcome, pressed.index) == (Outcome.UNANSWERED, None)
    assert rig.reasons() == [EventReason.BUTTON_DISABLED]


async def test_an_older_alarm_is_no_record_of_a_tap(rig: Rig) -> None:
    board = rig.cabinet.board
    board.memory.settings.special_events = False
    board.open_remotely(1, rig.cabinet.now - 90)
    board.open_door(1, rig.cabinet.now - 90)
    pressed = rig.tap(None)
    assert rig.reasons() == [EventReason.REMOTE_OPEN, EventReason.HELD_OPEN]
    assert (pressed.outcome, pressed.index) == (Outcome.GRANTED, None)


async def test_a_power_cut_takes_all_doors_of_a_board(rig: Rig) -> None:
    rig.doors[0].cut_power(0.2)
    rig.doors[1].cut_power(0.01)
    for door, card in ((0, CARD.number), (1, CARD.number), (1, None)):
        dark = rig.tap(card, door)
        assert (dark.outcome, dark.index) == (Outcome.UNANSWERED, None)
    assert rig.connected() == [False, False]
    await until(lambda: rig.cabinet.board.powered)
    assert rig.reasons() == [EventReason.POWER_ON], "once, when the longer cut ended"
    assert rig.tap(door=1).index == 2


async def test_a_board_is_connected_while_somebody_asks(rig: Rig) -> None:
    board = rig.cabinet.board
    assert rig.connected() == [False, False]
    assert respond(board, GetStatus(SERIAL).encode(), rig.cabinet.now)
    assert rig.connected() == [True, True]
    board.heard_host(rig.cabinet.now - 6)
    assert rig.connected() == [False, False]


async def test_an_unplugged_board_hears_nobody_and_goes_on(rig: Rig) -> None:
    request = GetStatus(SERIAL).encode()
    rig.doors[1].fall_silent(600)
    rig.endpoint.datagram_received(request, ("127.0.0.1", rig.endpoint.port))
    assert rig.connected() == [False, False]
    assert rig.tap().outcome is Outcome.GRANTED
    rig.doors[1].fall_silent(0)
    rig.endpoint.datagram_received(request, ("127.0.0.1", rig.endpoint.port))
    assert rig.connected() == [True, True]


async def test_a_door_is_moved_by_hand_and_faults_strike_all_boards(rig: Rig) -> None:
    rig.doors[0].set_contact(Contact.DOOR, active=True)
    rig.doors[0].set_contact(Contact.TAMPER, active=True)
    rig.doors[0].set_contact(Contact.DOOR, active=False)
    assert rig.reasons() == [EventReason.FORCED_OPEN, EventReason.DOOR_CLOSED]
    assert rig.endpoint.faults == NO_FAULTS
    rig.doors[1].disturb(WireFaults(drop=0.5))
    assert rig.endpoint.faults == WireFaults(drop=0.5)
