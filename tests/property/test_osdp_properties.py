from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.errors import MessageRefused
from controller.protocols.osdp import commands, replies
from controller.protocols.osdp.codes import CommandCode, ReplyCode
from controller.protocols.osdp.commands import COMMANDS
from controller.protocols.osdp.extended import ExtendedRead, ExtendedWrite
from controller.protocols.osdp.frames import (
    LARGEST_FRAME,
    MARK,
    SIGNED_BLOCKS,
    BlockType,
    Frame,
    FrameDecoder,
    SecurityBlock,
    encode_frame,
)
from controller.protocols.osdp.messages import Message, Record, decode_message
from controller.protocols.osdp.replies import REPLIES
from controller.protocols.osdp.secure import SecureChannel, SessionKeys
from controller.session import CardPresented, Packet
from tests.support.osdp_rig import bus, member, name, reader

BYTE = st.integers(0, 255)
Kind = TypeVar("Kind", bound=Record)


def blocks() -> st.SearchStrategy[SecurityBlock | None]:
    kinds = st.sampled_from(BlockType)
    return st.none() | st.builds(SecurityBlock, kinds, st.binary(max_size=4))


@st.composite
def frames(draw: st.DrawFn, *, crc: bool | None = None) -> Frame:
    block = draw(blocks())
    signed = block is not None and block.type in SIGNED_BLOCKS
    return Frame(
        address=draw(st.integers(0, 127)),
        reply=draw(st.booleans()),
        sequence=draw(st.integers(0, 3)),
        code=draw(BYTE),
        data=draw(st.binary(max_size=300)),
        block=block,
        mac=draw(st.binary(min_size=4, max_size=4)) if signed else b"",
        crc=draw(st.booleans()) if crc is None else crc,
    )


def numbers(kind: type[Kind]) -> st.SearchStrategy[Kind]:
    """Build any row of numbers from what its layout can hold."""
    return st.binary(min_size=kind.layout.size, max_size=kind.layout.size).map(
        kind.decode
    )


def rows(kind: type[Kind]) -> st.SearchStrategy[tuple[Kind, ...]]:
    return st.lists(numbers(kind), max_size=4).map(tuple)


def cards() -> st.SearchStrategy[Message]:
    return st.integers(0, 256).flatmap(
        lambda length: st.builds(
            replies.CardRead,
            BYTE,
            BYTE,
            st.just(length),
            st.integers(0, 2**length - 1),
        )
    )


SPECIAL: dict[type[Message], st.SearchStrategy[Message]] = {
    commands.SetOutputs: st.builds(commands.SetOutputs, rows(commands.OutputSetting)),
    commands.SetLights: st.builds(commands.SetLights, rows(commands.LightSetting)),
    commands.ShowText: st.builds(
        commands.ShowText, BYTE, BYTE, BYTE, BYTE, BYTE, st.binary(max_size=255)
    ),
    commands.SetKey: st.builds(commands.SetKey, st.binary(min_size=16, max_size=16)),
    commands.FileFragment: st.builds(
        commands.FileFragment,
        BYTE,
        st.integers(0, 2**32 - 1),
        st.integers(0, 2**32 - 1),
        st.binary(max_size=300),
    ),
    ExtendedWrite: st.builds(ExtendedWrite, BYTE, BYTE, st.binary(max_size=300)),
    ExtendedRead: st.builds(ExtendedRead, BYTE, BYTE, st.binary(max_size=300)),
    replies.Nak: st.builds(replies.Nak, BYTE, st.binary(max_size=4)),
    replies.Capabilities: st.builds(replies.Capabilities, rows(replies.Capability)),
    replies.InputStatus: st.builds(replies.InputStatus, st.binary(max_size=64)),
    replies.OutputStatus: st.builds(replies.OutputStatus, st.binary(max_size=64)),
    replies.ReaderStatus: st.builds(replies.ReaderStatus, st.binary(max_size=64)),
    replies.CardRead: cards(),
    replies.Keypad: st.builds(replies.Keypad, BYTE, st.binary(max_size=255)),
}


def messages() -> st.SearchStrategy[Message]:
    kinds = [*COMMANDS.values(), *REPLIES.values()]
    return st.one_of(
        [SPECIAL[kind] if kind in SPECIAL else numbers(kind) for kind in kinds]
    )


@settings(deadline=None)
@given(frames())
def test_frames_survive_the_wire(frame: Frame) -> None:
    assert FrameDecoder().receive(encode_frame(frame)) == [frame]


@settings(deadline=None)
@given(messages())
def test_messages_survive_the_wire(message: Message) -> None:
    kinds = REPLIES if type(message) in REPLIES.values() else COMMANDS
    assert decode_message(kinds, message.code, message.encode()) == message


@settings(deadline=None)
@given(st.lists(frames(), max_size=5), st.data())
def test_it_does_not_matter_how_the_bytes_are_cut(
    sent: list[Frame], data: st.DataObject
) -> None:
    stream = b"".join(MARK + encode_frame(frame) for frame in sent)
    decoder = FrameDecoder()
    received: list[Frame] = []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        received += decoder.receive(stream[:size])
        stream = stream[size:]
    assert received == sent


@settings(deadline=None)
@given(frames(crc=True), st.data())
def test_one_wrong_bit_is_never_taken_for_another_frame(
    frame: Frame, data: st.DataObject
) -> None:
    encoded = bytearray(encode_frame(frame))
    bit = data.draw(st.integers(0, len(encoded) * 8 - 1))
    encoded[bit // 8] ^= 1 << bit % 8
    received = FrameDecoder().receive(bytes(encoded))
    assert [one for one in received if one.crc] == []


@settings(deadline=None)
@given(st.lists(st.binary(max_size=4000), max_size=8))
def test_any_bytes_leave_the_decoder_bounded(chunks: list[bytes]) -> None:
    decoder = FrameDecoder()
    for chunk in chunks:
        decoder.receive(chunk)
        assert len(decoder) <= LARGEST_FRAME


@settings(deadline=None)
@given(st.binary(max_size=200), st.binary(min_size=16, max_size=16))
def test_only_the_holder_of_the_key_is_believed(data: bytes, key: bytes) -> None:
    sender = SecureChannel(SessionKeys(bytes(16), bytes(8)), bytes(16))
    receiver = SecureChannel(SessionKeys(key, bytes(8)), bytes(16))
    frame = Frame(1, reply=False, sequence=1, code=CommandCode.OUT, data=data)
    sealed = sender.seal(frame)
    if key == bytes(16):
        assert receiver.open(sealed) == frame
    else:
        with pytest.raises(MessageRefused):
            receiver.open(sealed)


def plausible() -> st.SearchStrategy[bytes]:
    """Bytes that come close to what a bus carries."""
    codes = st.sampled_from([*CommandCode, *ReplyCode])
    frame = st.builds(
        Frame,
        address=st.sampled_from([0, 1, 127]),
        reply=st.booleans(),
        sequence=st.integers(0, 3),
        code=codes,
        data=st.binary(max_size=40),
        block=blocks(),
        mac=st.binary(min_size=4, max_size=4),
        crc=st.booleans(),
    )
    return frame.map(
        lambda one: encode_frame(
            one
            if one.block and one.block.type in SIGNED_BLOCKS
            else Frame(
                one.address,
                one.reply,
                one.sequence,
                one.code,
                one.data,
                one.block,
                crc=one.crc,
            )
        )
    )


NOISE = st.lists(
    st.tuples(st.binary(max_size=64) | plausible(), st.floats(0.0, 10.0)), max_size=20
)


@settings(deadline=None)
@given(NOISE, st.booleans())
def test_nothing_on_the_wire_upsets_the_control_side(
    noise: list[tuple[bytes, float]], up: bool
) -> None:
    wire = bus([member()], [reader()])
    wire.run(2.0 if up else 0.0)
    now = wire.now
    for chunk, pause in noise:
        now += pause
        wire.session.receive_data(Packet(chunk), now)
        assert wire.session.deadline() is not None
        wire.session.on_timeout(now)
        for packet in wire.session.data_to_send(now):
            assert len(packet.data) <= LARGEST_FRAME
        assert not any(
            isinstance(event, CardPresented) for event in wire.session.events()
        ), "a card nobody signed"


@settings(deadline=None)
@given(NOISE, st.booleans())
def test_nothing_on_the_wire_upsets_a_reader(
    noise: list[tuple[bytes, float]], up: bool
) -> None:
    wire = bus([member()], [reader()])
    wire.run(2.0 if up else 0.0)
    one = wire.readers[0]
    now = wire.now
    for chunk, pause in noise:
        now += pause
        one.receive_data(chunk, now)
        assert len(one.data_to_send(now)) <= 1
        assert not one.events(), "a command nobody signed"


@settings(deadline=None)
@given(NOISE)
def test_a_bus_recovers_from_any_noise(noise: list[tuple[bytes, float]]) -> None:
    wire = bus([member()], [reader()])
    wire.run(2.0)
    for chunk, _ in noise:
        wire.session.receive_data(Packet(chunk), wire.now)
        wire.readers[0].receive_data(chunk, wire.now)
    wire.run(10.0)
    wire.readers[0].present_card(5, 26, wire.now)
    wire.run(12.0)
    assert CardPresented(name(0), 5, 26) in wire.events
