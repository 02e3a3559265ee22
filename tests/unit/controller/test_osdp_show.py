"""Keys, texts, lights, beeps, states and who a reader says it is."""

from dataclasses import replace

import pytest

from controller.errors import LocalProtocolError
from controller.protocols.osdp import Identity, Peripheral
from controller.protocols.osdp.codes import CommandCode, Function
from controller.protocols.osdp.commands import SetLights, ShowText, SoundBuzzer
from controller.protocols.osdp.replies import (
    Capabilities,
    Capability,
    OutputStatus,
    ReaderStatus,
)
from controller.protocols.osdp.reports import describe
from controller.session import (
    CommandFailed,
    Contact,
    ContactChanged,
    Event,
    Member,
    OpenDoor,
)
from controller.upkeep import (
    AskStatus,
    IdentityChanged,
    KeysPressed,
    Light,
    ReaderIdentified,
    RelayChanged,
    Show,
)
from tests.support.osdp_rig import (
    KEY,
    bus,
    clear_bus,
    commands,
    name,
    reader,
    secure_bus,
)
from tests.support.osdp_wire import VirtualWire

SHOW = Show(name(0), 3.0, "Welcome", Light.AMBER, 2)


def ready_bus() -> VirtualWire:
    """Return a bus in service, with nothing told yet."""
    wire = secure_bus(1)
    wire.run(2.0)
    wire.events.clear()
    wire.frames.clear()
    return wire


def after(wire: VirtualWire, seconds: float = 1.0) -> list[Event]:
    wire.run(wire.now + seconds)
    return wire.events


def test_keys_arrive_as_people_read_them_and_are_never_shown_in_a_log() -> None:
    wire = ready_bus()
    wire.readers[0].press_keys(b"12\x7f34\x0dA\xff")
    wire.readers[0].press_keys(b"\xfe")
    (event,) = after(wire)
    assert event == KeysPressed(name(0), "12*34#A")
    assert "12" not in repr(event)


def test_what_can_be_shown_is_shown() -> None:
    wire = ready_bus()
    wire.session.send(SHOW, wire.now)
    assert after(wire) == []
    light, text, beep = (one.message for one in wire.readers[0].events())
    assert isinstance(light, SetLights)
    assert light.settings[0].timer == 30
    assert isinstance(text, ShowText)
    assert (text.text, text.seconds) == (b"Welcome", 3)
    assert isinstance(beep, SoundBuzzer)
    assert beep.count == 2


@pytest.mark.parametrize(
    "function",
    [Function.LEDS, Function.TEXT, Function.BUZZER],
    ids=lambda one: one.name,
)
def test_a_reader_shows_what_it_has(
    function: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    only = Capabilities((Capability(function, 1, 1),))
    monkeypatch.setattr(Peripheral, "_capabilities", lambda _self: only)
    wire = ready_bus()
    wire.session.send(SHOW, wire.now)
    assert after(wire) == []
    assert len(wire.readers[0].events()) == 1


def test_a_reader_that_can_show_nothing_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Peripheral, "_capabilities", lambda _self: Capabilities(()))
    wire = ready_bus()
    wire.session.send(SHOW, wire.now)
    cause = "the reader can show none of it"
    assert after(wire) == [CommandFailed(name(0), SHOW, cause)]


@pytest.mark.parametrize(
    "change",
    [
        {"seconds": 0.5},
        {"seconds": 256.0},
        {"text": "你好"},
        {"text": "two\nlines"},
        {"text": "x" * 33},
        {"beeps": -1},
        {"beeps": 256},
    ],
    ids=str,
)
def test_what_no_reader_can_show_is_our_own_fault(change: dict[str, object]) -> None:
    wire = clear_bus(1)
    with pytest.raises(LocalProtocolError):
        wire.session.send(replace(SHOW, **change), 0.0)  # type: ignore[arg-type] # wrong on purpose


def test_doors_overtake_what_is_only_shown() -> None:
    wire = ready_bus()
    for _ in range(4):
        wire.session.send(SHOW, wire.now)
    wire.session.send(OpenDoor(name(0), 3.0), wire.now)
    after(wire)
    codes = [frame.code for _, frame in commands(wire)]
    assert CommandCode.OUT in codes[:2]


def test_every_state_is_asked_for_at_the_start_and_on_demand() -> None:
    wire = secure_bus(1)
    wire.run(2.0)
    states = {
        CommandCode.LSTAT,
        CommandCode.ISTAT,
        CommandCode.OSTAT,
        CommandCode.RSTAT,
    }
    asked = [frame.code for _, frame in commands(wire)]
    assert CommandCode.ACURXSIZE in asked
    # Sealed commands hide their data only; their codes can be read.
    assert states <= set(asked)
    assert RelayChanged(name(0), 0, active=False) in wire.events
    wire.frames.clear()
    wire.session.send(AskStatus(name(0)), wire.now)
    after(wire)
    assert states <= {frame.code for _, frame in commands(wire)}


def test_a_relay_is_reported_when_it_moves() -> None:
    wire = ready_bus()
    wire.session.send(OpenDoor(name(0), 1.0), wire.now)
    assert after(wire, 0.5) == [RelayChanged(name(0), 0, active=True)]
    wire.run(wire.now + 1.0)
    wire.session.send(AskStatus(name(0)), wire.now)
    assert after(wire)[-1] == RelayChanged(name(0), 0, active=False)


def test_a_head_that_was_torn_off_is_a_tamper_until_both_are_well() -> None:
    wire = ready_bus()
    one = wire.readers[0]
    told: list[ReaderStatus] = [ReaderStatus(b"\x02"), ReaderStatus(b"\x00")]
    for state in told:
        one._reports.append((1e9, state))
    one.set_input(Contact.TAMPER, active=True)
    one._reports.append((1e9, ReaderStatus(b"\x02")))
    one.set_input(Contact.TAMPER, active=False)
    one._reports.append((1e9, ReaderStatus(b"\x00")))
    changes = after(wire, 2.0)
    assert changes == [
        ContactChanged(name(0), Contact.TAMPER, active=state)
        for state in (True, False, True, False)
    ]


def test_a_reader_with_endless_outputs_cannot_fill_the_memory() -> None:
    wire = ready_bus()
    wire.readers[0]._reports.append((1e9, OutputStatus(b"\x01" * 60)))
    assert len(after(wire, 3.0)) == 16


def test_an_unknown_reader_is_identified_once() -> None:
    wire = secure_bus(1)
    wire.run(2.0)
    (met,) = [one for one in wire.events if isinstance(one, ReaderIdentified)]
    assert met == ReaderIdentified(name(0), "010203-4-5-00000000", "1.0.0")
    wire.readers = [reader()]
    wire.run(12.0)
    assert not [one for one in wire.events if isinstance(one, IdentityChanged)]


def test_another_reader_at_the_same_place_is_told_once() -> None:
    known = describe(Identity(b"\x01\x02\x03", 4, 5, 77, b"\x02\x00\x00"))
    wire = bus([Member(name(0), "0", KEY, identity=known)], [reader()])
    wire.run(2.0)
    wire.readers = [reader()]
    wire.run(12.0)
    changed = [one for one in wire.events if isinstance(one, IdentityChanged)]
    assert changed == [
        IdentityChanged(name(0), "010203-4-5-0000004d", "010203-4-5-00000000")
    ]
    assert not [one for one in wire.events if isinstance(one, ReaderIdentified)]


def test_an_identity_in_clear_counts_for_nothing_beside_a_channel() -> None:
    wire = secure_bus(1)
    wire.run(2.0)
    asked = [frame for _, frame in commands(wire) if frame.code == CommandCode.ID]
    assert [frame.block is not None for frame in asked] == [False, True]
