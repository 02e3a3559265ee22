from collections.abc import Callable

import pytest

from controller.errors import LocalProtocolError
from controller.protocols.osdp import codes, commands, replies
from controller.protocols.osdp.codes import NakReason, OutputControl
from controller.protocols.osdp.frames import (
    BROADCAST,
    BlockType,
    Frame,
    FrameDecoder,
    SecurityBlock,
    encode_frame,
)
from controller.protocols.osdp.messages import Message, decode_message
from controller.protocols.osdp.outputs import Output
from controller.protocols.osdp.peripheral import Peripheral
from controller.protocols.osdp.secure import (
    DEFAULT_KEY,
    SecureChannel,
    SessionKeys,
)
from controller.session import Contact
from tests.support.osdp_rig import KEY, OTHER_KEY, clear_reader, reader

CARD = 0x2ABCDEF
BITS = 26
RANDOM = bytes(range(0xB0, 0xB8))
OWN = SecurityBlock(BlockType.CHALLENGE, b"\x01")
DEFAULT = SecurityBlock(BlockType.CHALLENGE, b"\x00")
PROOF = SecurityBlock(BlockType.SERVER_CRYPTOGRAM, b"\x01")
READ = replies.CardRead(0, 0, BITS, CARD)


class Caller:
    """Asks a reader, as a control side would, one exact frame at a time."""

    def __init__(self, one: Peripheral, address: int = 0) -> None:
        self.reader = one
        self.address = address
        self.channel: SecureChannel | None = None

    def frame(
        self, sequence: int, message: Message, block: SecurityBlock | None = None
    ) -> Frame:
        data = message.encode()
        frame = Frame(self.address, False, sequence, message.code, data, block)
        return self.channel.seal(frame) if self.channel else frame

    def carry(self, data: bytes, now: float = 0.0) -> Frame | None:
        self.reader.receive_data(data, now)
        sent = self.reader.data_to_send(now)
        assert self.reader.data_to_send(now) == [], "a reply goes out once"
        return FrameDecoder().receive(b"".join(sent))[0] if sent else None

    def ask(
        self,
        sequence: int,
        message: Message,
        block: SecurityBlock | None = None,
        now: float = 0.0,
    ) -> Message:
        reply = self.carry(encode_frame(self.frame(sequence, message, block)), now)
        assert reply is not None
        assert reply.reply
        if self.channel:
            reply = self.channel.open(reply)
        return decode_message(replies.REPLIES, reply.code, reply.data)

    def secure(self, key: bytes = KEY, block: SecurityBlock = OWN) -> None:
        keys = SessionKeys(key, RANDOM)
        answer = self.ask(0, commands.Challenge(RANDOM), block)
        assert isinstance(answer, replies.ClientCryptogram)
        assert answer.cryptogram == keys.client_cryptogram(answer.random)
        proof = keys.server_cryptogram(answer.random)
        initial = self.ask(1, commands.ServerCryptogram(proof), PROOF)
        assert initial == replies.InitialMac(keys.initial_mac(proof))
        self.channel = SecureChannel(keys, keys.initial_mac(proof))


@pytest.fixture
def clear() -> Caller:
    caller = Caller(clear_reader())
    assert caller.ask(0, commands.Poll()) == replies.Ack()
    return caller


def test_a_card_is_reported_by_the_next_poll(clear: Caller) -> None:
    clear.reader.present_card(CARD, BITS, 0.0)
    assert clear.ask(1, commands.Poll()) == READ
    assert clear.ask(2, commands.Poll()) == replies.Ack()


def test_a_repeated_poll_repeats_the_card(clear: Caller) -> None:
    clear.reader.present_card(CARD, BITS, 0.0)
    poll = encode_frame(clear.frame(1, commands.Poll()))
    assert clear.carry(poll) == clear.carry(poll)
    assert clear.ask(2, commands.Poll()) == replies.Ack()


def test_one_tap_never_becomes_two_when_the_control_side_restarts(
    clear: Caller,
) -> None:
    clear.reader.present_card(CARD, BITS, 0.0)
    assert clear.ask(1, commands.Poll()) == READ
    for sequence in (0, 1, 2):
        assert clear.ask(sequence, commands.Poll()) == replies.Ack()


def test_a_card_nobody_asked_for_is_forgotten(clear: Caller) -> None:
    clear.reader.present_card(CARD, BITS, 0.0)
    clear.reader.present_card(1, BITS, 2.0)
    answer = clear.ask(1, commands.Poll(), now=5.5)
    assert answer == replies.CardRead(0, 0, BITS, 1)


def test_many_reports_keep_the_newest(clear: Caller) -> None:
    for number in range(100):
        clear.reader.present_card(number, BITS, 0.0)
    answer = clear.ask(1, commands.Poll())
    assert answer == replies.CardRead(0, 0, BITS, 100 - 32)


@pytest.mark.parametrize(("bits", "length"), [(4, 2), (-1, 8), (0, 0), (1, 513)])
def test_impossible_cards_are_refused(bits: int, length: int) -> None:
    with pytest.raises(LocalProtocolError):
        clear_reader().present_card(bits, length, 0.0)


def test_what_is_not_wired_cannot_move() -> None:
    with pytest.raises(LocalProtocolError, match="nothing is wired"):
        clear_reader().set_input(Contact.FIRE, active=True)


def test_movements_are_reported_in_order(clear: Caller) -> None:
    clear.reader.set_input(Contact.EXIT_BUTTON, active=True)
    clear.reader.set_input(Contact.EXIT_BUTTON, active=False)
    clear.reader.set_input(Contact.POWER, active=True)
    expected = [
        replies.InputStatus(b"\x00\x01"),
        replies.InputStatus(b"\x00\x00"),
        replies.LocalStatus(0, 1),
    ]
    assert [clear.ask(at, commands.Poll()) for at in (1, 2, 3)] == expected


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        (commands.IdentityRequest(), replies.Identity),
        (commands.CapabilitiesRequest(), replies.Capabilities),
        (commands.LocalStatusRequest(), replies.LocalStatus),
        (commands.InputStatusRequest(), replies.InputStatus),
        (commands.OutputStatusRequest(), replies.OutputStatus),
        (commands.ReaderStatusRequest(), replies.ReaderStatus),
        (commands.ReceiveSize(128), replies.Ack),
        (commands.SoundBuzzer(), replies.Ack),
        (commands.ShowText(0, 1, 1, 1, 1, b"hello"), replies.Ack),
        (commands.SetLights((commands.LightSetting(),)), replies.Ack),
        (commands.SetOutputs((commands.OutputSetting(0, 2),)), replies.OutputStatus),
    ],
    ids=lambda one: one.__name__ if isinstance(one, type) else "",
)
def test_every_question_has_its_answer(
    clear: Caller, question: Message, kind: type[Message]
) -> None:
    assert isinstance(clear.ask(1, question), kind)


def test_what_is_commanded_is_told_once(clear: Caller) -> None:
    setting = commands.OutputSetting(0, OutputControl.ON_FOR, 30)
    out = commands.SetOutputs((setting,))
    frame = encode_frame(clear.frame(1, out))
    clear.carry(frame, 1.0)
    clear.carry(frame, 1.2)
    (told,) = clear.reader.events()
    assert (told.message, told.at) == (out, 1.0)
    assert clear.reader.relay(3.9)
    assert not clear.reader.relay(4.1)


@pytest.mark.parametrize(
    ("sequence", "code", "data", "reason"),
    [
        (2, codes.CommandCode.POLL, b"", NakReason.BAD_SEQUENCE),
        (1, 0x63, b"", NakReason.UNKNOWN_COMMAND),
        (1, codes.CommandCode.ID, b"", NakReason.BAD_LENGTH),
        (1, codes.CommandCode.OUT, b"\x05\x05\x01\x00", NakReason.UNABLE),
        (1, codes.CommandCode.COMSET, b"\x7f\x80\x25\x00\x00", NakReason.UNABLE),
        (1, codes.CommandCode.CHLNG, bytes(8), NakReason.SECURITY_UNSUPPORTED),
        (1, codes.CommandCode.SCRYPT, bytes(16), NakReason.SECURITY_REQUIRED),
        (
            1,
            codes.CommandCode.KEYSET,
            b"\x01\x10" + bytes(16),
            NakReason.SECURITY_REQUIRED,
        ),
    ],
)
def test_reasons_for_declining(
    clear: Caller, sequence: int, code: int, data: bytes, reason: NakReason
) -> None:
    reply = clear.carry(encode_frame(Frame(0, False, sequence, code, data)))
    assert reply is not None
    assert (reply.code, reply.data) == (codes.ReplyCode.NAK, bytes((reason,)))
    assert not clear.reader.events()


def test_busy_answers_in_clear_with_sequence_zero(clear: Caller) -> None:
    clear.reader.busy = True
    poll = encode_frame(clear.frame(1, commands.Poll()))
    reply = clear.carry(poll)
    assert reply == Frame(0, reply=True, sequence=0, code=codes.ReplyCode.BUSY)
    clear.reader.busy = False
    clear.reader.present_card(CARD, BITS, 0.0)
    assert clear.ask(1, commands.Poll()) == READ


def test_only_its_own_address_and_the_broadcast_are_answered(clear: Caller) -> None:
    other = Frame(9, reply=False, sequence=1, code=codes.CommandCode.POLL)
    assert clear.carry(encode_frame(other)) is None
    neighbour = Frame(0, reply=True, sequence=1, code=codes.ReplyCode.ACK)
    assert clear.carry(encode_frame(neighbour)) is None
    clear.address = BROADCAST
    reply = clear.carry(encode_frame(clear.frame(1, commands.Poll())))
    assert reply is not None
    assert reply.address == BROADCAST


def test_a_command_others_have_spoken_after_is_not_answered(clear: Caller) -> None:
    other = Frame(9, reply=False, sequence=1, code=codes.CommandCode.POLL)
    poll = encode_frame(clear.frame(1, commands.Poll()))
    assert clear.carry(poll + encode_frame(other)) is None


def test_half_a_frame_does_not_spoil_the_next_one(clear: Caller) -> None:
    poll = encode_frame(clear.frame(1, commands.Poll()))
    assert clear.carry(poll[:6], 1.0) is None
    assert clear.carry(poll[:3], 2.0) is None
    assert clear.carry(poll[3:], 2.1) is not None


def test_a_checksum_is_answered_with_a_checksum_but_not_mixed(clear: Caller) -> None:
    poll = Frame(0, reply=False, sequence=0, code=codes.CommandCode.POLL, crc=False)
    reply = clear.carry(encode_frame(poll))
    assert reply == Frame(0, True, 0, codes.ReplyCode.ACK, crc=False)
    mixed = clear.ask(1, commands.Poll())
    assert mixed == replies.Nak(NakReason.BAD_SEQUENCE)


def test_another_address_holds_from_the_next_command_on(clear: Caller) -> None:
    answer = clear.ask(1, commands.SetCommunication(7, 115200))
    assert answer == replies.Communication(7, 115200)
    assert clear.carry(encode_frame(clear.frame(2, commands.Poll()))) is None
    clear.address = 7
    assert clear.ask(2, commands.Poll()) == replies.Ack()


def test_a_secure_conversation() -> None:
    caller = Caller(reader())
    caller.secure()
    assert caller.reader.secure
    caller.reader.present_card(CARD, BITS, 0.0)
    assert caller.ask(2, commands.Poll()) == READ
    assert caller.ask(3, commands.Poll()) == replies.Ack()
    answer = caller.ask(1, commands.SetKey(OTHER_KEY))
    assert answer == replies.Ack()
    assert caller.reader.key == OTHER_KEY
    again = Caller(caller.reader)
    again.secure(OTHER_KEY)


def test_a_repeated_sealed_command_is_answered_with_the_same_bytes() -> None:
    caller = Caller(reader())
    caller.secure()
    caller.reader.present_card(CARD, BITS, 0.0)
    poll = encode_frame(caller.frame(2, commands.Poll()))
    assert caller.carry(poll) == caller.carry(poll)


def test_a_reader_that_insists_answers_nothing_of_substance_in_clear() -> None:
    caller = Caller(reader())
    caller.reader.present_card(CARD, BITS, 0.0)
    refusal = replies.Nak(NakReason.SECURITY_REQUIRED)
    out = commands.SetOutputs((commands.OutputSetting(0, 2),))
    questions = [commands.Poll(), out, commands.LocalStatusRequest()]
    assert [caller.ask(0, one) for one in questions] == [refusal] * 3
    assert not caller.reader.events()
    identity = caller.ask(0, commands.IdentityRequest())
    assert isinstance(identity, replies.Identity)


def in_clear(caller: Caller) -> Frame:
    caller.channel = None
    return caller.frame(2, commands.Poll())


def forged(caller: Caller) -> Frame:
    caller.channel = SecureChannel(SessionKeys(OTHER_KEY, RANDOM), bytes(16))
    return caller.frame(2, commands.Poll())


@pytest.mark.parametrize(
    ("spoken", "survives"), [(in_clear, True), (forged, False)], ids=["clear", "forged"]
)
def test_intruders_in_the_channel_are_declined(
    spoken: Callable[[Caller], Frame], survives: bool
) -> None:
    caller = Caller(reader())
    caller.secure()
    reply = caller.carry(encode_frame(spoken(caller)))
    assert reply is not None
    assert reply.data == bytes((NakReason.SECURITY_REQUIRED,))
    assert caller.reader.secure is survives


def test_a_reader_that_may_speak_in_clear_stays_in_its_channel() -> None:
    caller = Caller(reader(secure=False))
    assert caller.ask(0, commands.Poll()) == replies.Ack()
    caller.secure()
    caller.channel = None
    refusal = replies.Nak(NakReason.SECURITY_REQUIRED)
    assert caller.ask(2, commands.Poll()) == refusal


def test_a_wrong_proof_is_declined() -> None:
    caller = Caller(reader())
    caller.ask(0, commands.Challenge(RANDOM), OWN)
    answer = caller.ask(1, commands.ServerCryptogram(bytes(16)), PROOF)
    assert answer == replies.Nak(NakReason.SECURITY_REQUIRED)
    assert not caller.reader.secure


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (reader(), NakReason.SECURITY_REQUIRED),
        (clear_reader(), NakReason.SECURITY_UNSUPPORTED),
    ],
)
def test_sealed_frames_without_a_channel_are_declined(
    one: Peripheral, reason: NakReason
) -> None:
    caller = Caller(one)
    block = SecurityBlock(BlockType.COMMAND_SIGNED)
    bare = caller.frame(0, commands.Poll(), block)
    with_mac = Frame(0, False, 0, bare.code, b"", block, b"MACS")
    reply = caller.carry(encode_frame(with_mac))
    assert reply is not None
    assert reply.data == bytes((reason,))


def test_the_default_key_serves_commissioning_once() -> None:
    caller = Caller(reader(key=None, commissioning=True))
    caller.secure(DEFAULT_KEY, DEFAULT)
    assert caller.ask(2, commands.SetKey(KEY)) == replies.Ack()
    again = Caller(caller.reader)
    answer = again.ask(0, commands.Challenge(RANDOM), DEFAULT)
    assert isinstance(answer, replies.ClientCryptogram)
    default = SessionKeys(DEFAULT_KEY, RANDOM).client_cryptogram(answer.random)
    assert answer.cryptogram != default
    again.secure(KEY)


@pytest.mark.parametrize("event", ["restart", "silence"])
def test_the_channel_ends_with_the_conversation(event: str) -> None:
    caller = Caller(reader())
    caller.secure()
    sealed = caller.frame(2, commands.Poll())
    if event == "restart":
        caller.channel = None
        caller.ask(0, commands.IdentityRequest())
    reply = caller.carry(encode_frame(sealed), 9.0)
    assert not caller.reader.secure
    assert reply is not None
    assert reply.code == codes.ReplyCode.NAK


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ([(OutputControl.ON_NOW, 0)], "11111"),
        ([(OutputControl.ON_FOR, 20)], "11000"),
        ([(OutputControl.ON_FOR, 0)], "11111"),
        ([(OutputControl.ON_NOW, 0), (OutputControl.OFF_FOR, 20)], "00111"),
        ([(OutputControl.ON_FOR, 20), (OutputControl.OFF_NOW, 0)], "00000"),
        ([(OutputControl.ON_FOR, 20), (OutputControl.ON_AFTER_TIMER, 0)], "11111"),
        ([(OutputControl.ON_NOW, 0), (OutputControl.OFF_AFTER_TIMER, 0)], "00000"),
        ([(OutputControl.NONE, 0)], "00000"),
        ([(99, 20)], "00000"),
    ],
)
def test_outputs_over_five_seconds(
    settings: list[tuple[int, int]], expected: str
) -> None:
    output = Output()
    for control, timer in settings:
        output.command(commands.OutputSetting(0, control, timer), 0.0)
    states = "".join(str(int(output.active(at + 0.5))) for at in range(5))
    assert states == expected
