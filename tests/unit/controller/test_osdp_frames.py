import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from controller.checksum import crc16
from controller.errors import FrameCorrupt
from controller.protocols.osdp.frames import (
    LARGEST_FRAME,
    MARK,
    BlockType,
    Frame,
    FrameDecoder,
    SecurityBlock,
    decode_frame,
    encode_frame,
)

VECTORS = tomllib.loads(
    (Path(__file__).parents[2] / "vectors" / "osdp.toml").read_text()
)
POLL = Frame(5, reply=False, sequence=1, code=0x60)
SEALED = Frame(
    5,
    reply=True,
    sequence=2,
    code=0x50,
    data=bytes(16),
    block=SecurityBlock(BlockType.REPLY_ENCRYPTED),
    mac=b"MACS",
)
CHALLENGE = Frame(
    0,
    reply=False,
    sequence=0,
    code=0x76,
    data=bytes(8),
    block=SecurityBlock(BlockType.CHALLENGE, b"\x01"),
)


@pytest.mark.parametrize("vector", VECTORS["frames"], ids=lambda one: one["meaning"])
def test_published_frames(vector: dict[str, Any]) -> None:
    frame = Frame(
        vector["address"],
        reply=False,
        sequence=0,
        code=vector["code"],
        data=bytes.fromhex(vector["data"]),
        crc=vector["crc"],
    )
    assert encode_frame(frame) == bytes.fromhex(vector["bytes"])
    assert FrameDecoder().receive(bytes.fromhex(vector["bytes"])) == [frame]


@pytest.mark.parametrize("frame", [POLL, SEALED, CHALLENGE])
@pytest.mark.parametrize("crc", [True, False])
def test_round_trip(frame: Frame, crc: bool) -> None:
    frame = replace(frame, crc=crc)
    assert decode_frame(encode_frame(frame)) == frame


def test_length_counts_every_byte() -> None:
    assert encode_frame(SEALED)[2:4] == bytes((5 + 2 + 1 + 16 + 4 + 2, 0))


def test_frames_split_glued_marked_and_after_noise() -> None:
    stream = (
        b"\x00noise" + MARK + encode_frame(POLL) + encode_frame(SEALED) + b"\x53\x00"
    )
    decoder = FrameDecoder()
    frames = [frame for at in stream for frame in decoder.receive(bytes((at,)))]
    assert frames == [POLL, SEALED]
    assert len(decoder) == 2
    decoder.clear()
    assert len(decoder) == 0


@pytest.mark.parametrize("length", [0, 6, LARGEST_FRAME + 1, 0xFFFF])
def test_impossible_lengths_are_skipped(length: int) -> None:
    decoder = FrameDecoder()
    bad = b"\x53\x05" + length.to_bytes(2, "little") + b"\x04"
    assert decoder.receive(bad + encode_frame(POLL)) == [POLL]


def test_a_start_byte_inside_noise_does_not_swallow_the_frame_behind_it() -> None:
    encoded = encode_frame(POLL)
    false_start = b"\x53\x05" + (len(encoded) + 2).to_bytes(2, "little") + b"\x04"
    frames = FrameDecoder().receive(false_start + encoded + encode_frame(SEALED))
    assert frames == [POLL, SEALED]


def with_crc(head: bytes) -> bytes:
    return head + crc16(head).to_bytes(2, "little")


@pytest.mark.parametrize(
    "head",
    [
        b"\x53\x05\x07\x00\x04",
        b"\x53\x05\x0a\x00\x0c\x09\x15\x60",
        b"\x53\x05\x0a\x00\x0c\x01\x15\x60",
        b"\x53\x05\x0a\x00\x0c\x02\x19\x60",
        b"\x53\x05\x09\x00\x0c\x02\x15",
    ],
    ids=["no code", "block too long", "block too short", "unknown block", "only block"],
)
def test_damaged_insides_are_refused(head: bytes) -> None:
    with pytest.raises(FrameCorrupt):
        decode_frame(with_crc(head))


def test_a_wrong_check_value_is_refused() -> None:
    encoded = bytearray(encode_frame(POLL))
    encoded[-1] ^= 1
    with pytest.raises(FrameCorrupt, match="check"):
        decode_frame(bytes(encoded))


def test_a_signed_block_without_room_for_a_mac_is_read_without_one() -> None:
    frame = decode_frame(with_crc(b"\x53\x05\x0a\x00\x0c\x02\x15\x60"))
    assert frame.mac == b""
    assert frame.block == SecurityBlock(BlockType.COMMAND_SIGNED)


def test_memory_is_bounded_whatever_arrives() -> None:
    decoder = FrameDecoder()
    for _ in range(50):
        decoder.receive(b"\x53\x05\xa0\x05\x04" + bytes(997))
        assert len(decoder) <= 2 * LARGEST_FRAME
