import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from controller.errors import MessageRefused
from controller.protocols.osdp.frames import (
    BlockType,
    Frame,
    SecurityBlock,
    decode_frame,
    encode_frame,
)
from controller.protocols.osdp.secure import (
    DEFAULT_KEY,
    SecureChannel,
    SessionKeys,
    is_sealed,
)

HANDSHAKE = {
    name: bytes.fromhex(value)
    for name, value in tomllib.loads(
        (Path(__file__).parents[2] / "vectors" / "osdp.toml").read_text()
    )["handshake"].items()
    if name != "source"
}
COMMAND = Frame(5, reply=False, sequence=1, code=0x60)
REPLY = replace(COMMAND, reply=True, code=0x40)


def session_keys() -> SessionKeys:
    return SessionKeys(HANDSHAKE["key"], HANDSHAKE["control_random"])


def channel_pair() -> tuple[SecureChannel, SecureChannel]:
    start = HANDSHAKE["initial_mac"]
    return SecureChannel(session_keys(), start), SecureChannel(session_keys(), start)


def test_published_handshake() -> None:
    keys = session_keys()
    random = HANDSHAKE["reader_random"]
    assert HANDSHAKE["key"] == DEFAULT_KEY
    assert keys._data == HANDSHAKE["data_key"]
    assert keys._mac_chain == HANDSHAKE["chain_key"]
    assert keys._mac_last == HANDSHAKE["last_key"]
    assert keys.client_cryptogram(random) == HANDSHAKE["client_cryptogram"]
    assert keys.server_cryptogram(random) == HANDSHAKE["server_cryptogram"]
    initial = keys.initial_mac(HANDSHAKE["server_cryptogram"])
    assert initial == HANDSHAKE["initial_mac"]


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 31, 32, 200])
def test_sealed_conversation(size: int) -> None:
    control, reader = channel_pair()
    for sequence in (1, 2, 3, 1):
        command = replace(COMMAND, sequence=sequence, data=bytes(range(size)))
        sealed = decode_frame(encode_frame(control.seal(command)))
        assert is_sealed(sealed)
        assert size < 15 or command.data not in encode_frame(sealed)
        assert reader.open(sealed) == command
        reply = replace(REPLY, sequence=sequence, data=bytes(range(size)))
        assert control.open(decode_frame(encode_frame(reader.seal(reply)))) == reply


@pytest.mark.parametrize(
    ("data", "kind"),
    [(b"", BlockType.COMMAND_SIGNED), (b"x", BlockType.COMMAND_ENCRYPTED)],
)
def test_frames_with_data_are_encrypted(data: bytes, kind: BlockType) -> None:
    control, _ = channel_pair()
    assert control.seal(replace(COMMAND, data=data)).block == SecurityBlock(kind)


def test_a_repeated_command_stays_valid_until_it_is_answered() -> None:
    control, reader = channel_pair()
    sealed = control.seal(COMMAND)
    assert reader.open(sealed) == reader.open(sealed) == COMMAND
    assert control.open(reader.seal(REPLY)) == REPLY


def test_an_answered_command_cannot_be_replayed() -> None:
    control, reader = channel_pair()
    sealed = control.seal(COMMAND)
    reader.open(sealed)
    control.open(reader.seal(REPLY))
    with pytest.raises(MessageRefused, match="someone else"):
        reader.open(sealed)


def test_forged_frames_are_refused_and_change_nothing() -> None:
    control, reader = channel_pair()
    good = control.seal(replace(COMMAND, data=b"open"))
    forged = [
        replace(good, mac=b"\x00" * 4),
        replace(good, mac=b""),
        replace(good, code=0x61),
        replace(good, data=bytes(16)),
        replace(good, sequence=2),
        replace(good, block=SecurityBlock(BlockType.REPLY_ENCRYPTED)),
        replace(good, block=None, mac=b""),
    ]
    for frame in forged:
        with pytest.raises(MessageRefused):
            reader.open(frame)
    assert reader.open(good).data == b"open"


@pytest.mark.parametrize(
    ("data", "complaint"), [(bytes(15), "blocks"), (bytes(16), "mark")]
)
def test_encrypted_data_must_be_filled_as_agreed(data: bytes, complaint: str) -> None:
    with pytest.raises(MessageRefused, match=complaint):
        session_keys().decrypt(HANDSHAKE["initial_mac"], data)


def test_encrypted_nothing_is_nothing() -> None:
    assert session_keys().decrypt(HANDSHAKE["initial_mac"], b"") == b""
