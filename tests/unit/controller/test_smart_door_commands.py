from datetime import timedelta
from math import inf, nan

import pytest

from controller.session import (
    ClockRead,
    OpenDoor,
    SetClock,
)
from controller.vocabulary import Reason
from tests.support.smart_door_line import (
    LOCK,
    START,
    misfortune,
)
from tests.support.smart_door_talk import (
    failures,
    online,
    opened,
)


def test_a_remote_opening_moves_the_relay_once_and_is_recorded() -> None:
    line = online()
    line.gateway.send(OpenDoor(LOCK, 2.5), line.now)
    line.run(10)
    assert opened(line) == [(2.5, Reason.REMOTE_OPEN)]
    assert [p.reason for p in line.store.passages.values()] == [Reason.REMOTE_OPEN]
    assert not failures(line)


@pytest.mark.parametrize("seed", range(8))
def test_a_bad_broker_never_opens_twice(seed: int) -> None:
    line = online()
    line.faults = misfortune(seed)
    line.gateway.send(OpenDoor(LOCK, 2.5), line.now)
    line.run(10)
    assert len(line.unlocks) == 1 or failures(line)
    assert len(line.unlocks) <= 1


def test_an_opening_fails_after_five_seconds() -> None:
    line = online()
    line.broker_up = False
    line.gateway.send(OpenDoor(LOCK, 2.5), line.now)
    line.run(4.9)
    assert not failures(line)
    line.run(0.2)
    line.broker_up = True
    line.run(20)
    assert failures(line) == ["the door did not answer in time"]
    assert not line.unlocks


@pytest.mark.parametrize("seconds", [0, -1, 61, nan, inf])
def test_an_opening_has_a_sensible_length(seconds: float) -> None:
    line = online()
    line.gateway.send(OpenDoor(LOCK, seconds), line.now)
    line.settle()
    assert failures(line) == ["seconds must be 0.001 to 60"]


def test_one_opening_at_a_time() -> None:
    line = online()
    for _ in range(2):
        line.gateway.send(OpenDoor(LOCK, 3), line.now)
    line.settle()
    assert failures(line) == ["another of the kind is under way"]
    assert len(line.unlocks) == 1


def test_the_clock_is_set_and_read() -> None:
    line = online()
    at = line.wall + timedelta(hours=3)
    line.gateway.send(SetClock(LOCK, at), line.now)
    line.run(61)
    assert line.memory.clock_offset == timedelta(hours=3)
    read = line.reported(ClockRead)[-1].controller_at
    assert read - line.wall < timedelta(hours=3)
    assert read - line.wall > timedelta(hours=2, minutes=59)


def test_an_implausible_clock_is_refused() -> None:
    line = online()
    line.gateway.send(SetClock(LOCK, START.replace(year=9000)), line.now)
    line.settle()
    assert failures(line) == ["the year is not plausible"]
    assert not line.memory.clock_offset
