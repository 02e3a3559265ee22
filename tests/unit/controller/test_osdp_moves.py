"""Another address or speed: the session follows, and finds what moved unheard."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from controller.errors import LocalProtocolError
from controller.protocols.osdp.codes import ReplyCode
from controller.protocols.osdp.frames import encode_frame
from controller.session import CardPresented, CommandFailed
from controller.upkeep import ChangeLine, LineChanged
from tests.support.osdp_rig import (
    Lose,
    clear_bus,
    commands,
    frame_of,
    kinds,
    name,
    secure_bus,
)
from tests.support.osdp_wire import VirtualWire

MOVE = ChangeLine(name(0), "9", 115200)


@pytest.mark.parametrize("make", [clear_bus, secure_bus])
def test_a_reader_moves_and_is_spoken_to_where_it_went(
    make: Callable[[int], VirtualWire],
) -> None:
    wire = make(1)
    wire.run(2.0)
    wire.events.clear()
    wire.session.send(MOVE, 2.0)
    wire.run(4.0)
    assert wire.events == [LineChanged(name(0), "9", 115200)]
    wire.readers[0].present_card(1, 26, 4.0)
    wire.run(5.0)
    assert wire.events[-1] == CardPresented(name(0), 1, 26)
    assert {frame.address for at, frame in commands(wire) if at > 4.0} == {9}


def test_a_reader_that_moved_unheard_is_found() -> None:
    wire = secure_bus(2)
    wire.run(2.0)
    wire.events.clear()
    wire.session.send(MOVE, 2.0)
    wire.mangle = Lose(lambda data, reply: reply and frame_of(data).address == 0, 99)
    wire.run(20.0)
    assert LineChanged(name(0), "9", 115200) in wire.events
    assert kinds(wire.events)[:2] == ["CommandFailed", "LineChanged"]


def test_a_move_nobody_heard_leaves_the_reader_where_it_was() -> None:
    wire = secure_bus(1)
    wire.run(2.0)
    wire.events.clear()
    wire.session.send(MOVE, 2.0)
    wire.mangle = Lose(lambda data, reply: not reply and len(data) > 20, 99)
    wire.run(7.5)
    wire.mangle = lambda data, _reply: data
    wire.run(16.0)
    assert "CommandFailed" in kinds(wire.events)
    assert "LineChanged" not in kinds(wire.events)
    wire.readers[0].present_card(1, 26, 16.0)
    wire.run(17.0)
    assert wire.events[-1] == CardPresented(name(0), 1, 26)


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"\x05\x00\xc2\x01\x00", "go to address 5"),
        (b"", "declined"),
    ],
    ids=["elsewhere", "unreadable"],
)
def test_an_odd_answer_moves_nothing(data: bytes, cause: str) -> None:
    wire = clear_bus(1)
    wire.run(2.0)
    wire.events.clear()

    def forge(sent: bytes, reply: bool) -> bytes:
        frame = frame_of(sent)
        if not reply or frame.code != ReplyCode.COM:
            return sent
        return encode_frame(replace(frame, data=data))

    wire.mangle = forge
    wire.session.send(MOVE, 2.0)
    wire.run(2.5)
    (failed,) = [one for one in wire.events if isinstance(one, CommandFailed)]
    assert cause in failed.cause
    assert "LineChanged" not in kinds(wire.events)


@pytest.mark.parametrize(
    "command",
    [
        ChangeLine(name(0), "127", 9600),
        ChangeLine(name(0), "left", 9600),
        ChangeLine(name(0), "3", 0),
        ChangeLine(name(0), "1", 9600),
    ],
    ids=["broadcast", "no number", "no speed", "another reader's"],
)
def test_a_place_nobody_can_go_to_is_our_own_fault(command: ChangeLine) -> None:
    wire = clear_bus(2)
    with pytest.raises(LocalProtocolError):
        wire.session.send(command, 0.0)
