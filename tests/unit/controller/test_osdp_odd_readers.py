"""Readers that do not keep to the protocol, and what becomes of them."""

from collections.abc import Callable

import pytest

from controller.protocols.osdp.codes import CommandCode, NakReason, ReplyCode
from controller.protocols.osdp.commands import SetOutputs
from controller.protocols.osdp.frames import (
    BlockType,
    Frame,
    SecurityBlock,
    encode_frame,
)
from controller.protocols.osdp.messages import Message
from controller.protocols.osdp.peripheral import Peripheral
from controller.protocols.osdp.reader_channel import Declined
from controller.protocols.osdp.replies import Busy, InitialMac
from controller.session import CommandFailed, Offline, Online, OpenDoor
from tests.support.osdp_rig import (
    OTHER_KEY,
    bus,
    causes,
    clear_bus,
    commands,
    frame_of,
    kinds,
    member,
    name,
    reader,
    secure_bus,
)

OPEN = OpenDoor(name(0), 3.0)


def answering(code: int, *, instead_of: int) -> Callable[[bytes, bool], bytes]:
    """Replace one kind of reply by another, unsigned."""

    def change(data: bytes, reply: bool) -> bytes:
        frame = frame_of(data)
        if not reply or frame.code != instead_of:
            return data
        return encode_frame(Frame(frame.address, True, frame.sequence, code))

    return change


def decline(*_: object, **__: object) -> Message:
    raise Declined(NakReason.UNABLE)


def test_an_unreadable_reply_to_a_door_counts_as_a_failure() -> None:
    wire = clear_bus()
    wire.run(2.0)
    wire.mangle = answering(0x99, instead_of=ReplyCode.OSTATR)
    wire.session.send(OPEN, 2.0)
    wire.run(3.0)
    failed = CommandFailed(name(0), OPEN, "the reader declined: reason 0")
    assert wire.events[-1] == failed
    assert "Offline" not in kinds(wire.events)


def test_a_reader_that_takes_busy_for_an_answer_gets_the_command_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wire = secure_bus()
    wire.run(2.0)
    one = wire.readers[0]
    answers: list[Message] = [Busy(), one._output_status(2.0)]
    monkeypatch.setattr(one, "_output_status", lambda _now: answers.pop(0))
    wire.session.send(OPEN, 2.0)
    wire.run(3.0)
    outs = [event for event in one.events() if isinstance(event.message, SetOutputs)]
    assert len(outs) == 2
    assert not answers
    assert "CommandFailed" not in kinds(wire.events)


def test_doors_waiting_when_the_channel_breaks_are_reported() -> None:
    wire = secure_bus()
    wire.run(2.0)
    wire.mangle = answering(ReplyCode.ACK, instead_of=ReplyCode.OSTATR)
    wire.session.send(OPEN, 2.0)
    wire.session.send(OpenDoor(name(0), 4.0), 2.0)
    wire.run(2.1)
    assert kinds(wire.events)[-3:] == ["CommandFailed", "CommandFailed", "Offline"]
    assert "clear" in causes(wire)[0]


def test_a_sealed_reply_before_any_channel_is_ignored() -> None:
    wire = secure_bus()

    def seal(data: bytes, reply: bool) -> bytes:
        frame = frame_of(data)
        if not reply or frame.code != ReplyCode.PDID:
            return data
        block = SecurityBlock(BlockType.REPLY_SIGNED)
        return encode_frame(
            Frame(0, True, frame.sequence, ReplyCode.ACK, b"", block, b"MACS")
        )

    wire.mangle = seal
    wire.run(10.0)
    assert kinds(wire.events) == ["Offline"]
    assert {frame.code for _, frame in commands(wire)} == {CommandCode.ID}


def test_a_wrong_key_falls_back_to_clear_only_where_that_is_allowed() -> None:
    wire = bus([member(key=OTHER_KEY, secure=False)], [reader(secure=False)])
    wire.run(2.0)
    assert wire.events[0] == Online(name(0), secure=False)


def refuse_the_key(one: Peripheral, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(one, "_obey", decline)


def refuse_the_proof(one: Peripheral, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(one._channel, "accept", decline)


def start_elsewhere(one: Peripheral, patch: pytest.MonkeyPatch) -> None:
    block = SecurityBlock(BlockType.INITIAL_MAC, b"\x01")
    patch.setattr(one._channel, "accept", lambda _: (InitialMac(bytes(16)), block))


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        (refuse_the_key, "did not take its key: the reader cannot do it"),
        (refuse_the_proof, "refused: the reader cannot do it"),
        (start_elsewhere, "another key"),
    ],
)
def test_a_handshake_that_goes_wrong_names_its_cause(
    fault: Callable[[Peripheral, pytest.MonkeyPatch], None],
    cause: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    commissioning = fault is refuse_the_key
    one = reader(key=None, commissioning=True) if commissioning else reader()
    fault(one, monkeypatch)
    wire = bus([member(commissioning=commissioning)], [one])
    wire.run(2.0)
    (offline,) = wire.events
    assert isinstance(offline, Offline)
    assert cause in offline.cause


def test_a_challenge_answered_with_something_else_is_a_refusal() -> None:
    wire = secure_bus()
    wire.mangle = answering(ReplyCode.ACK, instead_of=ReplyCode.CCRYPT)
    wire.run(2.0)
    assert causes(wire) == ["secure channel refused: unexpected Ack"]


def test_a_reader_that_turns_to_speaking_in_clear_is_reported_anew() -> None:
    wire = bus([member(secure=False)], [reader(secure=False)])
    wire.run(2.0)
    cut: list[float] = []

    def cut_from_the_door_on(data: bytes, _reply: bool) -> bytes:
        frame = frame_of(data)
        if frame.code == CommandCode.OUT:
            cut.append(wire.now)
        return b"" if cut and frame.block else data

    wire.mangle = cut_from_the_door_on
    wire.session.send(OPEN, 2.0)
    wire.run(7.5)
    wire.readers = [reader(key=None, secure=False)]
    wire.mangle = lambda data, _: data
    wire.run(20.0)
    states = [event.secure for event in wire.events if isinstance(event, Online)]
    assert states == [True, False]
    assert "Offline" not in kinds(wire.events)
