"""Locks that are held for hours: told once, renewed in time, let go of at the end."""

from dataclasses import replace
from datetime import datetime, timedelta

from controller.door_rules import DoorMode, DoorRules, RuleBook, TimedMode
from controller.doorkeeping.keeper import Doorkeeper
from controller.session import (
    Command,
    CommandFailed,
    Contact,
    ContactChanged,
    HoldDoor,
    Offline,
    Online,
    OpenDoor,
)
from controller.upkeep import Light, RelayChanged, Show
from controller.vocabulary import CardNumber, Decision, DoorId
from gateway.clock import Clock
from gateway.locks import LEASE, RENEWED_AT, RETRY, Locks
from tests.support.gateway_site import FRONT, LOCK, READER, Sent, site
from tests.support.porch import EVENING, NOON

EVENINGS = DoorRules(FRONT, modes=(TimedMode(DoorMode.UNLOCKED, EVENING),))
BARE = DoorRules(FRONT)
HOUR = 3600.0
ONLINE, OFFLINE = Online(READER, secure=True), Offline(READER, "cut")
GREEN, OPEN = Show(READER, 2.0, light=Light.GREEN), OpenDoor(READER, 4.0)
RENEWED = LEASE - RENEWED_AT
"""Seconds after which a lease is renewed."""


def hold(seconds: float) -> HoldDoor:
    return HoldDoor(READER, seconds)


class Hall:
    """The reader in front at 20:00 on a Friday evening, an hour before it locks."""

    def __init__(self, *rules: DoorRules) -> None:
        self.sent, self.seconds, self.set_back = Sent(), 0.0, 0.0
        clock = Clock(self.wall, lambda: 100.0 + self.seconds)
        self.site = replace(site(), clock=clock)
        self.keeper = Doorkeeper(self.decide, {FRONT: 4.0})
        self.keeper.follow(RuleBook(doors=rules))
        self.door = self.site.doors.of(READER)
        self.locks = Locks([self.door], clock, self.keeper, self.sent.send)

    def wall(self) -> float:
        return (NOON + timedelta(seconds=self.seconds - self.set_back)).timestamp()

    def decide(self, _door: DoorId, _card: CardNumber, _now: datetime) -> Decision:
        raise AssertionError("no card is held to anything here")

    def after(self, seconds: float) -> list[Command]:
        """Let time pass and return what a lock is told then."""
        self.seconds += seconds
        self.locks.tick()
        return self.sent.take()

    def sees(self, *events: object) -> list[Command]:
        for event in events:
            self.locks.handle(event)  # type: ignore[arg-type]  # any event
        return self.sent.take()


def test_a_lock_is_held_while_hours_last_and_let_go_of_when_they_end() -> None:
    hall = Hall(EVENINGS)
    assert hall.sees(ONLINE) == [hold(LEASE)]
    assert hall.after(1.0) == []
    told = [hall.after(RENEWED - 1)]
    told += [hall.after(RENEWED) for _ in range(57)]
    assert told == [[hold(LEASE)]] * 58
    assert hall.after(59.0) == []
    assert hall.after(61.0) == [hold(0.0)]
    assert hall.after(HOUR) == []


def test_a_lease_never_outlasts_the_hours() -> None:
    hall = Hall(EVENINGS)
    hall.seconds = HOUR - 30.0
    assert hall.sees(ONLINE) == [hold(30.0)]
    assert hall.after(29.0) == []
    assert hall.after(1.0) == [hold(0.0)]


def test_hours_begin_at_a_tick() -> None:
    hall = Hall(EVENINGS)
    hall.seconds = -HOUR - 1.0
    assert hall.sees(ONLINE) == [hold(0.0)]
    assert hall.after(0.9) == []
    assert hall.after(0.1) == [hold(LEASE)]


def test_a_clock_that_jumps_turns_the_lock() -> None:
    hall = Hall(EVENINGS)
    hall.sees(ONLINE)
    hall.set_back = -HOUR
    assert hall.after(1.0) == [hold(0.0)]
    hall.set_back = -HOUR + 50.0
    assert hall.after(1.0) == [hold(48.0)]
    hall.set_back = -HOUR + 20.0
    assert hall.after(1.0) == [hold(17.0)], "the end came nearer"


def test_new_rules_turn_the_lock() -> None:
    hall = Hall()
    assert hall.sees(ONLINE) == []
    assert hall.after(1.0) == []
    hall.keeper.follow(RuleBook(doors=(EVENINGS,)))
    assert hall.after(1.0) == [hold(LEASE)]
    hall.keeper.follow(RuleBook(doors=(replace(BARE, mode=DoorMode.LOCKED),)))
    assert hall.after(1.0) == [hold(0.0)]
    hall.keeper.follow(RuleBook(doors=(EVENINGS,)))
    assert hall.after(1.0) == [hold(LEASE)]
    hall.keeper.follow(RuleBook())
    assert hall.after(1.0) == [hold(0.0)]


def test_a_reader_that_returns_is_told_and_one_that_is_away_is_not() -> None:
    hall = Hall(EVENINGS)
    assert hall.after(1.0) == []
    hall.sees(ONLINE)
    assert hall.sees(OFFLINE) == []
    assert hall.after(HOUR) == []
    assert hall.sees(ONLINE) == [hold(0.0)], "whatever it held until now"


def test_a_lock_that_did_not_obey_is_told_again_after_a_while() -> None:
    hall = Hall(EVENINGS)
    hall.sees(ONLINE)
    assert hall.sees(CommandFailed(READER, hold(LEASE), "no output")) == []
    assert hall.after(RETRY - 1) == []
    assert hall.after(1.0) == [hold(LEASE)]
    hall.sees(CommandFailed(READER, OPEN, "no output"))
    assert hall.after(RETRY) == []


def test_a_lock_that_let_go_by_itself_is_held_again() -> None:
    hall = Hall(EVENINGS)
    hall.sees(ONLINE, RelayChanged(READER, 0, active=True))
    assert hall.sees(RelayChanged(READER, 1, active=False)) == []
    assert hall.after(1.0) == []
    hall.sees(RelayChanged(READER, 0, active=False))
    assert hall.after(1.0) == [hold(LEASE)]
    bare = Hall(BARE)
    bare.sees(ONLINE, RelayChanged(READER, 0, active=False))
    assert bare.after(1.0) == []


def test_a_passage_opens_a_lock_and_does_not_shorten_one_that_is_held() -> None:
    bare = Hall(BARE)
    bare.locks.release(bare.door)
    assert bare.sent.take() == [OPEN]
    hall = Hall(EVENINGS)
    hall.sees(ONLINE)
    hall.locks.release(hall.door)
    assert hall.sent.take() == [GREEN]
    hall.sees(OFFLINE)
    hall.locks.release(hall.door)
    assert hall.sent.take() == [OPEN]


def test_whoever_was_let_in_at_the_last_moment_gets_in() -> None:
    hall = Hall(EVENINGS)
    hall.seconds = HOUR - 3.0
    hall.sees(ONLINE)
    hall.after(1.0)
    hall.locks.release(hall.door)
    assert hall.sent.take() == [OPEN]
    assert hall.after(2.0) == [hold(2.0)]
    again = Hall(BARE)
    again.locks.release(again.door)
    again.sent.take()
    again.seconds += 3.95
    assert again.sees(ONLINE) == [hold(0.0)], "too short to matter"


def test_doors_that_decide_alone_are_left_alone() -> None:
    hall = Hall(EVENINGS)
    shut = ContactChanged(READER, Contact.DOOR, active=False)
    assert hall.sees(Online(LOCK, secure=True), shut) == []
    assert hall.keeper.mode(FRONT, NOON) is DoorMode.UNLOCKED
