"""What esp-rfid devices did while nobody heard them is reported as a doubt."""

import pytest

from controller.encoding import digest_of
from controller.protocols.esp_rfid.peer import SILENCE
from controller.session import (
    RENEWED,
    Offline,
    Online,
    PassageSeen,
    PermitsApplied,
    Uncertain,
    Watched,
)
from tests.support.esp_rfid_line import line_with_permit, name, permit, snapshot

ESP = name(0)
CARD = 0xA001


def test_a_boot_says_since_when_nobody_watched() -> None:
    line = line_with_permit()
    line.run(50)
    heard_at = line.now
    line.tap(CARD)
    line.disconnect()
    line.now += 60
    line.tap(CARD)
    line.connect()
    line.run(5)
    assert line.of(Uncertain) == [Uncertain(ESP, heard_at, heard_at + 60)]
    assert len(line.of(PassageSeen)) == 1, "the other one is lost for good"
    assert [event.cause for event in line.of(Offline)] == ["it connected anew"]
    assert len(line.of(Online)) == 1


def test_a_lost_heartbeat_is_a_doubt() -> None:
    line = line_with_permit()
    line.run(181)
    heard_at = line.now - 1
    line.disconnect()
    line.run(SILENCE + 100)
    (gone,) = line.of(Offline)
    assert gone.cause == "no word for 200 s"
    assert line.of(Uncertain) == [], "how long it will last is not known yet"
    line.connect()
    line.settle()
    (doubt,) = line.of(Uncertain)
    assert doubt.since == pytest.approx(heard_at, abs=10)
    assert doubt.until == line.now


def test_silence_that_ends_with_a_heartbeat_is_a_doubt_up_to_it() -> None:
    line = line_with_permit()
    line.heard = False
    line.run(500)
    line.heard = True
    line.run(100)
    (doubt,) = line.of(Uncertain)
    heartbeat = line.of(Watched)
    assert len(heartbeat) == 1
    assert doubt.until - (doubt.since or 0) > 500
    assert len(line.of(Online)) == 1


def test_a_renewed_line_is_a_doubt_up_to_its_renewal() -> None:
    line = line_with_permit()
    line.run(20)
    renewed_at = line.now
    line.session.receive_data(RENEWED, line.now)
    line.run(200)
    (doubt,) = line.of(Uncertain)
    assert doubt.until == renewed_at
    assert doubt.since is not None
    assert doubt.since < renewed_at
    assert line.of(Offline) == []


def test_a_long_broken_line_is_a_doubt_up_to_its_renewal() -> None:
    line = line_with_permit()
    line.heard = False
    line.run(500)
    line.heard = True
    renewed_at = line.now
    line.session.receive_data(RENEWED, line.now)
    line.run(200)
    assert [doubt.until for doubt in line.of(Uncertain)] == [renewed_at]


def test_a_renewed_line_and_a_boot_are_one_doubt() -> None:
    line = line_with_permit()
    line.disconnect()
    line.run(20)
    line.session.receive_data(RENEWED, line.now)
    line.run(40)
    line.connect()
    line.settle()
    assert [event.until for event in line.of(Uncertain)] == [line.now]


def test_a_new_session_does_not_know_since_when() -> None:
    line = line_with_permit()
    line.restart()
    line.run(200)
    (doubt,) = line.of(Uncertain)
    assert doubt.since is None
    assert line.of(Online)[0].digest != digest_of([permit(1)])
    line.send(snapshot(permit(1)))
    assert [event.digest for event in line.of(PermitsApplied)] == [
        digest_of([permit(1)])
    ]
    assert [p for p in line.sent if b"adduser" in p.data] == [], "it held all of it"
