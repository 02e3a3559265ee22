import pytest

from controller.errors import MessageRefused
from controller.protocols.osdp import codes, commands, replies
from controller.protocols.osdp.commands import COMMANDS
from controller.protocols.osdp.extended import ExtendedRead, ExtendedWrite
from controller.protocols.osdp.messages import Message, decode_message
from controller.protocols.osdp.replies import REPLIES

EXAMPLES: list[tuple[Message, str]] = [
    (commands.Poll(), ""),
    (commands.IdentityRequest(), "00"),
    (commands.CapabilitiesRequest(), "00"),
    (commands.LocalStatusRequest(), ""),
    (commands.InputStatusRequest(), ""),
    (commands.OutputStatusRequest(), ""),
    (commands.ReaderStatusRequest(), ""),
    (
        commands.SetOutputs(
            (commands.OutputSetting(0, codes.OutputControl.ON_FOR, 30),)
        ),
        "00051e00",
    ),
    (
        commands.SetLights(
            (
                commands.LightSetting(1, 2, 2, 3, 4, 1, 0, 0x0102, 1, 5, 6, 2, 3),
                commands.LightSetting(),
            )
        ),
        "0102020304010002010105060203" + "00" * 14,
    ),
    (commands.SoundBuzzer(0, codes.Tone.DEFAULT, 2, 1, 3), "0002020103"),
    (commands.ShowText(0, 1, 5, 1, 2, b"Hi"), "000105010202" + "4869"),
    (commands.SetCommunication(7, 115200), "0700c20100"),
    (commands.SetKey(bytes(range(16))), "0110" + bytes(range(16)).hex()),
    (commands.Challenge(b"12345678"), b"12345678".hex()),
    (commands.ServerCryptogram(bytes(16)), "00" * 16),
    (commands.ReceiveSize(1440), "a005"),
    (
        commands.FileFragment(1, 0x01020304, 256, b"abc"),
        "01" + "04030201" + "00010000" + "0300" + "616263",
    ),
    (commands.FileFragment(1, 2, 2, b""), "01" + "02000000" + "02000000" + "0000"),
    (ExtendedWrite(1, 1, b"\x00\x00\xa4\x04\x00"), "0101" + "00" + "00a40400"),
    (ExtendedRead(1, 2, b"\x00\x00\x90\x00"), "0102" + "0000" + "9000"),
    (replies.Ack(), ""),
    *((replies.Nak(reason), f"{reason:02x}") for reason in codes.NakReason),
    (replies.Nak(0xFF, b"\x01"), "ff01"),
    (
        replies.Identity(b"\x01\x02\x03", 4, 5, 0x01020304, b"\x06\x07\x08"),
        "010203" + "04" + "05" + "04030201" + "060708",
    ),
    (
        replies.Capabilities(
            (replies.Capability(1, 2, 3), replies.Capability(9, 1, 0))
        ),
        "010203" + "090100",
    ),
    (replies.LocalStatus(1, 0), "0100"),
    (replies.InputStatus(b"\x01\x00"), "0100"),
    (replies.OutputStatus(b"\x01"), "01"),
    (replies.ReaderStatus(b"\x00"), "00"),
    (replies.CardRead(0, 1, 26, 0x2ABCDEF), "00" + "01" + "1a00" + "aaf37bc0"),
    (replies.CardRead(0, 0, 0, 0), "00000000"),
    (replies.Keypad(0, b"12#"), "0003" + "313223"),
    (replies.Communication(7, 9600), "0780250000"),
    (replies.FileStatus(1, 500, 0, 256), "01" + "f401" + "0000" + "0001"),
    (replies.FileStatus(0, 0, codes.FileState.MALFORMED), "00" + "0000" + "fdff0000"),
    (
        replies.ClientCryptogram(b"clientid", b"randomly", bytes(16)),
        b"clientidrandomly".hex() + "00" * 16,
    ),
    (replies.InitialMac(bytes(16)), "00" * 16),
    (replies.Busy(), ""),
]


@pytest.mark.parametrize(("message", "data"), EXAMPLES, ids=lambda one: str(one)[:40])
def test_examples_both_ways(message: Message, data: str) -> None:
    kinds = REPLIES if type(message) in REPLIES.values() else COMMANDS
    assert message.encode() == bytes.fromhex(data)
    assert decode_message(kinds, message.code, bytes.fromhex(data)) == message


def test_every_code_has_its_message_and_an_example() -> None:
    assert set(COMMANDS) == set(codes.CommandCode)
    assert set(REPLIES) == set(codes.ReplyCode)
    kinds = {*COMMANDS.values(), *REPLIES.values()}
    assert {type(message) for message, _ in EXAMPLES} == kinds


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (commands.Poll, "00"),
        (commands.IdentityRequest, ""),
        (commands.SetOutputs, "000500"),
        (commands.SetLights, "00" * 13),
        (commands.SoundBuzzer, "00" * 4),
        (commands.ShowText, "000000000003" + "4869"),
        (commands.ShowText, "0000"),
        (commands.SetCommunication, "00"),
        (commands.SetKey, "0010" + "00" * 16),
        (commands.SetKey, "0110" + "00" * 15),
        (commands.Challenge, "00" * 7),
        (ExtendedWrite, "01"),
        (ExtendedRead, ""),
        (replies.Nak, ""),
        (replies.Capabilities, "0102"),
        (replies.LocalStatus, "00"),
        (replies.CardRead, "0000"),
        (replies.CardRead, "00001a00" + "aaf37b"),
        (replies.CardRead, "00001a00" + "aaf37bc000"),
        (replies.Keypad, "00"),
        (replies.Keypad, "000231"),
        (replies.ClientCryptogram, "00" * 31),
    ],
    ids=lambda one: one if isinstance(one, str) else one.__name__,
)
def test_data_that_does_not_fit_is_refused(kind: type[Message], data: str) -> None:
    with pytest.raises(MessageRefused):
        kind.decode(bytes.fromhex(data))


@pytest.mark.parametrize("code", [0x00, 0x63, 0xFF])
def test_unknown_codes_are_refused(code: int) -> None:
    with pytest.raises(MessageRefused, match="not known"):
        decode_message(COMMANDS, code, b"")


def test_a_capability_nobody_reported_is_none() -> None:
    capabilities = replies.Capabilities((replies.Capability(1, 2, 3),))
    assert capabilities.find(codes.Function.CONTACTS).items == 3
    assert capabilities.find(codes.Function.SECURITY) == replies.Capability(9, 0, 0)
