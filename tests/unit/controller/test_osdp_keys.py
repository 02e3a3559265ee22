"""Key rotation: whatever is cut off in the middle, one of two keys is proved."""

from random import Random

import pytest

from controller.errors import LocalProtocolError
from controller.protocols.osdp import Identity, Peripheral, ReaderSettings
from controller.protocols.osdp.codes import CommandCode, NakReason, ReplyCode
from controller.protocols.osdp.commands import SetKey
from controller.protocols.osdp.reader_channel import Declined
from controller.protocols.osdp.secure import DEFAULT_KEY
from controller.session import CommandFailed, Event, Member, Offline, Online
from controller.upkeep import KeyRotated, RotateKey
from tests.support.osdp_rig import (
    KEY,
    OTHER_KEY,
    Lose,
    bus,
    clear_bus,
    commands,
    kinds,
    member,
    name,
    reader,
    secure_bus,
)
from tests.support.osdp_wire import VirtualWire

ROTATE = RotateKey(name(0), OTHER_KEY)


def rotating_bus() -> VirtualWire:
    """Return a bus whose reader is about to be told its next key."""
    wire = secure_bus(1)
    wire.run(2.0)
    wire.events.clear()
    wire.session.send(ROTATE, 2.0)
    return wire


def failures(events: list[Event]) -> list[str]:
    return [one.cause for one in events if isinstance(one, CommandFailed)]


def test_a_key_is_rotated_without_going_offline() -> None:
    wire = rotating_bus()
    wire.run(4.0)
    assert wire.events == [KeyRotated(name(0))]
    assert wire.readers[0].key == OTHER_KEY
    assert wire.readers[0].secure
    after = [frame for at, frame in commands(wire) if at > 2.0]
    assert sum(frame.code == CommandCode.CHLNG for frame in after) == 1


def test_the_key_never_crosses_the_wire_in_clear() -> None:
    wire = rotating_bus()
    wire.run(4.0)
    assert all(OTHER_KEY not in data for _, _, data in wire.frames)


def test_no_key_is_shown_by_anything_that_may_be_logged() -> None:
    shown = [
        repr(ROTATE),
        repr(CommandFailed(name(0), ROTATE, "cause")),
        repr(SetKey(OTHER_KEY)),
        repr(Member(name(0), "0", OTHER_KEY, next_key=OTHER_KEY)),
    ]
    for text in shown:
        assert repr(OTHER_KEY)[2:-1] not in text
        assert OTHER_KEY.hex() not in text


@pytest.mark.parametrize(
    ("kept", "expected"),
    [(OTHER_KEY, [KeyRotated(name(0))]), (KEY, None)],
    ids=["it had taken the new key", "it still had the old key"],
)
def test_after_a_power_cut_the_reader_proves_which_key_it_has(
    kept: bytes, expected: list[Event] | None
) -> None:
    wire = rotating_bus()
    wire.mangle = Lose(lambda data, reply: reply and len(data) > 8, count=1000)
    wire.run(2.2)
    wire.mangle = lambda data, _reply: data
    wire.readers = [reader(key=kept)]
    wire.run(14.0)
    told = [one for one in wire.events if isinstance(one, KeyRotated | CommandFailed)]
    if expected is None:
        (failed,) = told
        assert isinstance(failed, CommandFailed)
        assert failed.command == ROTATE
        assert "kept its old key" in failed.cause
    else:
        assert told == expected
    assert kinds(wire.events).count("Online") == 1


def test_a_lost_acknowledgement_does_not_count_twice() -> None:
    wire = rotating_bus()
    wire.mangle = Lose(lambda _data, reply: reply, count=2)
    wire.run(5.0)
    assert [one for one in wire.events if isinstance(one, KeyRotated)] == [
        KeyRotated(name(0))
    ]
    assert failures(wire.events) == []


def test_a_key_that_is_never_confirmed_is_settled_by_the_next_handshake() -> None:
    wire = rotating_bus()
    one = wire.readers[0]
    wire.mangle = Lose(lambda _data, reply: reply, count=1000)
    wire.run(12.0)
    assert kinds(wire.events) == ["Offline"]
    wire.mangle = lambda data, _reply: data
    wire.run(16.0)
    assert one.key == OTHER_KEY
    assert KeyRotated(name(0)) in wire.events


def test_a_rotation_that_never_began_fails_at_once() -> None:
    wire = secure_bus(1)
    wire.run(2.0)
    wire.readers = []
    wire.run(2.1)
    wire.session.send(ROTATE, wire.now)
    wire.run(12.0)
    assert any("not confirmed" in cause for cause in failures(wire.events))


def test_a_reader_that_declines_keeps_its_key_and_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wire = rotating_bus()
    monkeypatch.setattr(wire.readers[0], "_obey", _decline)
    wire.run(5.0)
    (cause,) = failures(wire.events)
    assert "declined" in cause
    assert "old key" in cause
    assert not any(isinstance(one, Offline) for one in wire.events)


def _decline(_command: object, _now: float) -> None:
    raise Declined(NakReason.UNABLE)


def test_a_session_that_starts_within_a_rotation_tries_both_keys() -> None:
    between = Member(name(0), "0", KEY, next_key=OTHER_KEY)
    for held, rotated in ((OTHER_KEY, True), (KEY, False)):
        wire = bus([between], [reader(key=held)])
        wire.run(3.0)
        assert Online(name(0), secure=True) in wire.events
        assert (KeyRotated(name(0)) in wire.events) is rotated


def test_a_key_is_never_sent_in_clear() -> None:
    wire = clear_bus(1)
    wire.run(2.0)
    wire.session.send(ROTATE, 2.0)
    wire.run(3.0)
    assert failures(wire.events) == ["a key goes through a secure channel only"]


def test_one_rotation_at_a_time() -> None:
    wire = rotating_bus()
    wire.session.send(RotateKey(name(0), bytes(range(50, 66))), 2.0)
    wire.run(4.0)
    assert failures(wire.events) == ["another of the kind is under way"]
    assert wire.readers[0].key == OTHER_KEY


@pytest.mark.parametrize("key", [b"short", DEFAULT_KEY], ids=["short", "published"])
def test_a_bad_key_is_our_own_fault(key: bytes) -> None:
    wire = bus([member()], [])
    with pytest.raises(LocalProtocolError, match="key"):
        wire.session.send(RotateKey(name(0), key), 0.0)


def test_a_rotated_reader_comes_back_after_its_own_restart() -> None:
    wire = rotating_bus()
    wire.run(4.0)
    identity = Identity(b"\x01\x02\x03", 4, 5, 0, b"\x01\x00\x00")
    settings = ReaderSettings(0, identity, OTHER_KEY)
    wire.readers = [Peripheral(settings, 4.0, Random(3).randbytes)]  # noqa: S311
    wire.run(8.0)
    assert kinds(wire.events)[-1] != "Offline"
    assert kinds(wire.events).count("Online") == 1
    naks = [
        data for _, reply, data in wire.frames if reply and data[5] == ReplyCode.NAK
    ]
    assert len(naks) <= 1
