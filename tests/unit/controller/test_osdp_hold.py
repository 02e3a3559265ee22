"""A lock that is held released for a long time, and always falls by itself."""

import pytest

from controller.errors import LocalProtocolError
from controller.protocols.osdp.codes import OutputControl
from controller.protocols.osdp.commands import SetOutputs
from controller.session import CommandFailed, Event, HoldDoor, OpenDoor
from controller.upkeep import RelayChanged
from tests.support.osdp_rig import clear_bus, name, secure_bus
from tests.support.osdp_wire import VirtualWire


def ready_bus() -> VirtualWire:
    wire = secure_bus(1)
    wire.run(2.0)
    wire.events.clear()
    return wire


def hold(wire: VirtualWire, seconds: float) -> None:
    wire.session.send(HoldDoor(name(0), seconds), wire.now)
    wire.run(wire.now + 0.5)


def drawn(wire: VirtualWire, seconds: float) -> bool:
    """Say whether the relay is drawn a while later."""
    wire.run(wire.now + seconds)
    return wire.readers[0].relay(wire.now)


def test_a_held_lock_falls_when_its_time_is_over() -> None:
    wire = ready_bus()
    hold(wire, 120.0)
    assert wire.events == [RelayChanged(name(0), 0, active=True)]
    assert drawn(wire, 119.0)
    assert not drawn(wire, 1.0)


def test_holding_again_prolongs_it_and_nothing_ends_it_at_once() -> None:
    wire = ready_bus()
    hold(wire, 10.0)
    hold(wire, 60.0)
    assert drawn(wire, 50.0)
    hold(wire, 0.0)
    assert not drawn(wire, 0.0)
    assert wire.events[-1] == RelayChanged(name(0), 0, active=False)


def test_holding_shows_nothing() -> None:
    wire = ready_bus()
    hold(wire, 0.0)
    hold(wire, 30.0)
    told = [one.message for one in wire.readers[0].events()]
    assert [type(message) for message in told] == [SetOutputs, SetOutputs]
    settings = [
        one
        for message in told
        if isinstance(message, SetOutputs)
        for one in message.settings
    ]
    assert [(one.output, one.control, one.timer) for one in settings] == [
        (0, OutputControl.OFF_NOW, 0),
        (0, OutputControl.ON_FOR, 300),
    ]


def test_a_passage_may_follow_a_hold_that_ended() -> None:
    wire = ready_bus()
    hold(wire, 30.0)
    hold(wire, 0.0)
    wire.session.send(OpenDoor(name(0), 5.0), wire.now)
    assert drawn(wire, 1.0)
    assert not drawn(wire, 5.0)


@pytest.mark.parametrize("seconds", [-1.0, 0.05, 6_553.6])
def test_times_no_reader_can_count_are_our_own_fault(seconds: float) -> None:
    with pytest.raises(LocalProtocolError, match="seconds"):
        clear_bus(1).session.send(HoldDoor(name(0), seconds), 0.0)


def test_a_reader_that_is_away_is_a_failure() -> None:
    wire = secure_bus(1)
    wire.readers = []
    wire.run(10.0)
    wire.events.clear()
    wire.session.send(HoldDoor(name(0), 30.0), wire.now)
    failed: list[Event] = list(wire.session.events())
    cause = "the reader is offline"
    assert failed == [CommandFailed(name(0), HoldDoor(name(0), 30.0), cause)]
