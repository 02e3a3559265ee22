"""A reader in virtual time, with the control side of the protocol beside it."""

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from controller.protocols.osdp.control import open_bus
from controller.protocols.osdp.peripheral import Peripheral, ReaderSettings
from controller.protocols.osdp.replies import Identity
from controller.session import (
    CardPresented,
    Contact,
    ContactChanged,
    Event,
    LineSettings,
    Member,
    OpenDoor,
    Packet,
    ShowRefusal,
)
from controller.vocabulary import CardNumber, ControllerId
from controller.wiegand import decode
from firmware_sim.reader import MOST_WAITING, PATIENCE, Busy, Reader
from firmware_sim.taps import Outcome, Settled, Tap

KEY = bytes(range(16))
NAME = ControllerId("reader-1")
START = datetime(2026, 3, 1, 8, tzinfo=UTC)
STEP = 0.01


@dataclass
class Rig:
    """Time passes in steps; the control side answers cards as `answers` says."""

    answers: bool = True
    granted: bool = True
    now: float = 1000.0
    settled: list[Settled] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        settings = ReaderSettings(3, Identity(b"MHU", 1, 1, 1, bytes(3)), KEY)
        self.reader = Reader(
            NAME,
            lambda now: Peripheral(settings, now, os.urandom),
            self.settled.append,
            self.now,
        )
        line = LineSettings((Member(NAME, "3", KEY),))
        self.control = open_bus(line, self.now, os.urandom)
        self.run(1.0)
        assert self.reader.connected

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        while self.now < end:
            self.now += STEP
            if self.reader.deadline() <= self.now:
                self.reader.on_timeout(self.now)
            self.control.on_timeout(self.now)
            for event in self.control.events():
                self.take(event)
            for packet in self.control.data_to_send(self.now):
                for reply in self.reader.hear(packet.data, self.now):
                    self.control.receive_data(Packet(reply), self.now)

    def take(self, event: Event) -> None:
        self.events.append(event)
        pressed = ContactChanged(NAME, Contact.EXIT_BUTTON, active=True)
        if not self.answers:
            return
        if event == pressed or (isinstance(event, CardPresented) and self.granted):
            self.control.send(OpenDoor(NAME, 1.0), self.now)
        elif isinstance(event, CardPresented):
            self.control.send(ShowRefusal(NAME), self.now)

    def tap(self, number: int = 1, card: int | None = 4_000_000_000) -> None:
        at = START + timedelta(seconds=self.now)
        self.reader.tap(Tap(number, "door-1", card, at, self.now), self.now)

    def connected(self) -> bool:
        return self.reader.connected

    def outcomes(self) -> list[tuple[int, Outcome]]:
        return [(one.tap.number, one.outcome) for one in self.settled]


def test_a_card_is_read_as_wiegand_34_and_opens() -> None:
    rig = Rig()
    rig.tap()
    rig.run(1)
    (card,) = [e for e in rig.events if isinstance(e, CardPresented)]
    assert decode(card.bits, card.length) == CardNumber(4_000_000_000)
    (settled,) = rig.settled
    assert (settled.outcome, settled.controller) == (Outcome.GRANTED, "reader-1")
    assert (settled.epoch, settled.index) == (None, None)
    assert 0 < settled.took < 0.5
    assert settled.at - settled.tap.at == timedelta(seconds=settled.took)


def test_a_red_light_is_a_refusal() -> None:
    rig = Rig(granted=False)
    rig.tap()
    rig.run(1)
    assert rig.outcomes() == [(1, Outcome.REFUSED)]


def test_the_door_opens_and_falls_shut() -> None:
    rig = Rig()
    rig.tap()
    rig.run(4)
    moves = [e for e in rig.events if isinstance(e, ContactChanged)]
    assert [(move.contact, move.active) for move in moves][-2:] == [
        (Contact.DOOR, True),
        (Contact.DOOR, False),
    ]


def test_nobody_answers_and_the_next_person_gets_a_turn() -> None:
    rig = Rig(answers=False)
    rig.tap(1)
    rig.tap(2)
    rig.run(PATIENCE - 1)
    assert rig.settled == []
    assert rig.reader.waiting == 2
    rig.answers = True
    rig.run(2)
    assert rig.outcomes() == [(1, Outcome.UNANSWERED), (2, Outcome.GRANTED)]
    assert rig.reader.waiting == 0


def test_the_second_card_is_shown_after_the_first_is_settled() -> None:
    rig = Rig()
    for number in range(1, MOST_WAITING + 1):
        rig.tap(number)
    assert rig.reader.waiting == MOST_WAITING
    with pytest.raises(Busy):
        rig.tap(99)
    rig.run(3)
    numbers = [number for number, _ in rig.outcomes()]
    assert numbers == list(range(1, MOST_WAITING + 1))
    for before, after in zip(rig.settled, rig.settled[1:], strict=False):
        assert after.tap.began >= before.tap.began + before.took
        assert after.tap.at > before.tap.at


def test_the_exit_button_counts_as_a_tap_without_card() -> None:
    rig = Rig(granted=False)
    rig.tap(1, None)
    rig.run(1)
    assert rig.outcomes() == [(1, Outcome.GRANTED)]
    assert rig.settled[0].tap.card is None


def test_without_power_nothing_is_read() -> None:
    rig = Rig()
    rig.reader.cut_power(2.0, rig.now)
    rig.tap()
    rig.run(1.9)
    assert not rig.connected()
    rig.run(PATIENCE)
    assert rig.outcomes() == [(1, Outcome.UNANSWERED)]
    assert rig.connected()
    rig.tap(2)
    rig.run(1)
    assert rig.outcomes()[1:] == [(2, Outcome.GRANTED)]


def test_a_silent_reader_answers_again_later() -> None:
    rig = Rig()
    rig.reader.fall_silent(3.0, rig.now)
    rig.tap()
    rig.run(2.5)
    assert rig.settled == []
    rig.run(PATIENCE)
    assert rig.outcomes() == [(1, Outcome.GRANTED)]
    assert rig.settled[0].took > 3.0


def test_tampering_is_reported() -> None:
    rig = Rig()
    rig.reader.set_contact(Contact.TAMPER, active=True)
    rig.run(1)
    assert ContactChanged(NAME, Contact.TAMPER, active=True) in rig.events
