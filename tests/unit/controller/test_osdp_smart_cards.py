"""A smart card spoken to through its reader, and every way in which that ends."""

import tomllib
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.errors import LocalProtocolError
from controller.protocols.osdp import Identity, Peripheral, ReaderSettings
from controller.protocols.osdp.card_slot import CardSlot
from controller.protocols.osdp.codes import Function, NakReason
from controller.protocols.osdp.extended import (
    END,
    SCAN,
    SEND,
    ExtendedRead,
    ExtendedWrite,
    Mode,
    end,
    send,
    set_mode,
)
from controller.protocols.osdp.messages import Message
from controller.protocols.osdp.reader_channel import Declined
from controller.protocols.osdp.replies import Ack, Capabilities, Capability, Nak
from controller.protocols.osdp.smart_cards import (
    ANSWER_LIFE,
    IDLE,
    LONGEST_APDU,
    CardTalk,
)
from controller.session import CardPresented, CommandFailed, Event, OpenDoor
from controller.upkeep import (
    ApduAnswered,
    RotateKey,
    SendApdu,
    SmartCardMode,
    SmartCardModeChanged,
    SmartCardSensed,
)
from tests.support.osdp_rig import KEY, OTHER_KEY, bus, clear_member, member, name
from tests.support.osdp_wire import VirtualWire

VECTORS = tomllib.loads(
    (Path(__file__).parents[2] / "vectors" / "osdp.toml").read_text()
)["extended_writes"]
SELECT = b"\x00\xa4\x04\x00"
WELL = b"\x90\x00"
LINK, FREE = SmartCardMode(name(0), active=True), SmartCardMode(name(0), active=False)
CAPABLE = Capabilities((Capability(Function.SMART_CARD, 1, 0),))


def echo(apdu: bytes) -> bytes:
    """Answer with what was asked, and well."""
    return apdu + WELL


def reader(*, smart_cards: bool = True, secure: bool = True) -> Peripheral:
    identity = Identity(b"\x01\x02\x03", 4, 5, 0, b"\x01\x00\x00")
    key = KEY if secure else None
    settings = ReaderSettings(0, identity, key, secure, smart_cards=smart_cards)
    return Peripheral(settings, 0.0, Random(100).randbytes)  # noqa: S311 - repeatable


def in_service(*, smart_cards: bool = True, secure: bool = True) -> VirtualWire:
    one = reader(smart_cards=smart_cards, secure=secure)
    wire = bus([member() if secure else clear_member()], [one])
    wire.run(2.0)
    wire.events.clear()
    return wire


def linked() -> VirtualWire:
    """Return a bus whose reader lets us speak to the card it holds."""
    wire = in_service()
    wire.session.send(LINK, wire.now)
    wire.run(3.0)
    assert told(wire) == [SmartCardModeChanged(name(0), active=True)]
    wire.readers[0].hold_smart_card(echo)
    wire.run(4.0)
    assert told(wire) == [SmartCardSensed(name(0), present=True)]
    return wire


def told(wire: VirtualWire) -> list[Event]:
    events, wire.events[:] = wire.events[:], []
    return events


def failures(events: list[Event]) -> list[str]:
    return [one.cause for one in events if isinstance(one, CommandFailed)]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda one: one["meaning"])
def test_what_is_written_is_what_others_write(vector: dict[str, str]) -> None:
    data = bytes.fromhex(vector["bytes"])
    ours = {
        (0, 2): set_mode(Mode.TRANSPARENT),
        SEND: send(SELECT),
        END: end(),
        SCAN: ExtendedWrite(*SCAN, b"\x00"),
    }
    write = ExtendedWrite.decode(data)
    assert write.encode() == data
    mine = ours[write.mode, write.kind]
    if write.mode == Mode.TRANSPARENT:
        # Their reader has another number.
        assert mine.encode()[:2] + data[2:3] + mine.encode()[3:] == data
    else:
        assert mine.encode() == data


def test_a_card_answers_what_it_is_asked() -> None:
    wire = linked()
    wire.session.send(SendApdu(name(0), SELECT), wire.now)
    wire.run(5.0)
    assert told(wire) == [ApduAnswered(name(0), SELECT + WELL)]
    wire.session.send(SendApdu(name(0), bytes(261)), wire.now)
    wire.run(7.0)
    assert told(wire) == [ApduAnswered(name(0), bytes(261) + WELL)]
    assert all(SELECT + WELL not in data for _, _, data in wire.frames)


def test_the_mode_ends_when_it_is_told_to_or_nobody_speaks() -> None:
    wire = linked()
    wire.session.send(FREE, wire.now)
    wire.run(4.5)
    assert told(wire) == [SmartCardModeChanged(name(0), active=False)]
    wire.session.send(LINK, wire.now)
    wire.run(4.5 + IDLE)
    assert told(wire) == [SmartCardModeChanged(name(0), active=True)]
    wire.run(5.5 + IDLE)
    assert told(wire) == [SmartCardModeChanged(name(0), active=False)]
    wire.readers[0].hold_smart_card(None)
    wire.readers[0].present_card(1, 26, wire.now)
    wire.run(6.5 + IDLE)
    assert told(wire) == [CardPresented(name(0), 1, 26)]


def test_a_conversation_keeps_the_mode_alive() -> None:
    wire = linked()
    for _ in range(4):
        wire.session.send(SendApdu(name(0), SELECT), wire.now)
        wire.run(wire.now + IDLE - 1.0)
    assert told(wire) == [ApduAnswered(name(0), SELECT + WELL)] * 4


def test_a_door_opens_while_a_card_is_spoken_to() -> None:
    wire = linked()
    wire.session.send(OpenDoor(name(0), 3.0), wire.now)
    wire.run(wire.now + 0.5)
    assert wire.readers[0].relay(wire.now)


def test_a_reader_without_the_mode_and_a_card_out_of_reach_are_told_apart() -> None:
    wire = in_service(smart_cards=False)
    for command in (LINK, SendApdu(name(0), SELECT)):
        wire.session.send(command, wire.now)
    wire.run(3.0)
    assert failures(told(wire)) == [
        "the reader does not let us speak to smart cards",
        "the reader does not let us speak to smart cards",
    ]
    wire = in_service()
    wire.session.send(SendApdu(name(0), SELECT), wire.now)
    wire.run(3.0)
    assert failures(told(wire)) == ["the reader is not in its smart-card mode"]
    wire.session.send(LINK, wire.now)
    wire.run(3.5)
    wire.session.send(SendApdu(name(0), SELECT), wire.now)
    wire.run(4.0)
    (cause,) = failures(told(wire))
    assert cause == "the reader declined: the reader cannot do it"


def test_a_card_is_never_spoken_to_in_clear() -> None:
    wire = in_service(secure=False)
    wire.session.send(LINK, wire.now)
    wire.run(3.0)
    wire.session.send(SendApdu(name(0), SELECT), wire.now)
    wire.run(4.0)
    (cause,) = failures(told(wire))
    assert cause == "a card is spoken to through a secure channel only"


def test_one_command_at_a_time() -> None:
    wire = linked()
    for _ in range(2):
        wire.session.send(SendApdu(name(0), SELECT), wire.now)
    wire.run(5.0)
    events = told(wire)
    assert failures(events) == ["another of the kind is under way"]
    assert ApduAnswered(name(0), SELECT + WELL) in events


@pytest.mark.parametrize("apdu", [b"", b"abc", bytes(LONGEST_APDU + 1)])
def test_what_is_no_command_to_a_card_is_our_own_fault(apdu: bytes) -> None:
    wire = linked()
    with pytest.raises(LocalProtocolError, match="apdu must be"):
        wire.session.send(SendApdu(name(0), apdu), wire.now)


def test_a_reader_that_restarts_is_put_back_first() -> None:
    wire = linked()
    wire.session.send(RotateKey(name(0), OTHER_KEY), wire.now)
    wire.run(6.0)
    assert SmartCardModeChanged(name(0), active=False) in told(wire)
    wire.readers[0].hold_smart_card(None)
    wire.readers[0].present_card(1, 26, wire.now)
    wire.run(7.0)
    assert told(wire) == [CardPresented(name(0), 1, 26)]


def test_a_reader_that_was_left_in_the_mode_is_put_back_at_the_start() -> None:
    one = reader()
    first = bus([member()], [one])
    first.run(2.0)
    first.session.send(LINK, 2.0)
    first.run(2.5)
    second = bus([member()], [one])
    second.now = 3.0
    second.run(20.0)
    one.present_card(1, 26, second.now)
    second.run(21.0)
    assert CardPresented(name(0), 1, 26) in second.events
    one.hold_smart_card(echo)
    second.run(22.0)
    assert not any(isinstance(event, SmartCardSensed) for event in second.events)


def test_a_silent_reader_fails_the_command_once() -> None:
    wire = linked()
    wire.session.send(SendApdu(name(0), SELECT), wire.now)
    wire.mangle = lambda _data, _reply: b""
    wire.run(30.0)
    failed = [one for one in told(wire) if isinstance(one, CommandFailed)]
    assert [one.command for one in failed].count(SendApdu(name(0), SELECT)) == 1


def test_no_apdu_is_shown_by_anything_that_may_be_logged() -> None:
    secret = b"\x00\x20\x00\x80\x041234"
    for thing in (
        SendApdu(name(0), secret),
        ApduAnswered(name(0), secret),
        ExtendedWrite(1, 1, secret),
        ExtendedRead(1, 2, secret),
    ):
        assert "1234" not in repr(thing)


# The control side by itself, with readers that answer in their own ways.


class Talk:
    """A conversation, what it told, and a command that is with the reader."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.talk = CardTalk(name(0), self.events.append)
        assert self.talk.confirm(LINK, Ack(), 0.0) is None
        self.talk.sent(SendApdu(name(0), SELECT), 1.0)
        self.events.clear()

    def hear(self, reply: Message, now: float = 2.0) -> list[Event]:
        self.talk.take(reply, now)
        events, self.events[:] = self.events[:], []
        return events


@pytest.mark.parametrize(
    ("kind", "data", "answer", "status"),
    [
        ((1, 2), b"\x00\x00\x90\x00", b"\x90\x00", 0),
        ((1, 2), b"\x00\x07\x6a\x82", b"\x6a\x82", 7),
        ((1, 1), b"\x00\x90\x00", b"\x90\x00", 0),
    ],
    ids=["data", "data with the reader's doubt", "as OSDP.Net's readers do"],
)
def test_answers_come_in_two_ways(
    kind: tuple[int, int], data: bytes, answer: bytes, status: int
) -> None:
    one = Talk()
    reply = ExtendedRead(*kind, data)
    assert one.hear(reply) == [ApduAnswered(name(0), answer, status)]
    assert one.hear(reply) == [], "nobody asked"


@pytest.mark.parametrize("mode", [0, 1])
def test_a_reader_may_report_that_it_failed(mode: int) -> None:
    one = Talk()
    reply = ExtendedRead(mode, 0, b"\x05")
    assert failures(one.hear(reply)) == ["the reader reports error 05"]
    assert one.hear(reply) == []


def test_a_card_comes_and_goes() -> None:
    one = Talk()
    for data, present in ((b"\x00", True), (b"\x00\x02", True), (b"\x00\x00", False)):
        reply = ExtendedRead(1, 1, data)
        assert one.hear(reply) == [SmartCardSensed(name(0), present)]


def test_a_card_that_does_not_answer_is_given_up() -> None:
    one = Talk()
    assert one.talk.deadline == 1.0 + ANSWER_LIFE
    assert not one.talk.pass_time(1.0 + ANSWER_LIFE)
    assert failures(one.events) == ["the card did not answer in time"]
    assert one.talk.pass_time(1.0 + ANSWER_LIFE + IDLE)
    assert not one.talk.pass_time(99.0), "it is told once"


@pytest.mark.parametrize(
    "reply", [ExtendedRead(0, 1, b"\x00\x00"), Nak(NakReason.UNABLE)]
)
def test_a_reader_may_keep_its_mode(reply: Message) -> None:
    events: list[Event] = []
    talk = CardTalk(name(0), events.append)
    assert talk.confirm(LINK, reply, 0.0) == "the reader stays in its mode"
    assert events == []


def test_a_reader_takes_no_more_than_it_announced() -> None:
    talk = CardTalk(name(0), lambda _event: None)
    talk.confirm(LINK, Ack(), 0.0)
    long = SendApdu(name(0), bytes(200))
    cause = "the reader takes no command of that length"
    assert talk.refusal(long, CAPABLE, True) == cause
    large = Capability(Function.RECEIVE_SIZE, 0xA0, 5)
    roomy = Capabilities((*CAPABLE.entries, large))
    assert talk.refusal(long, roomy, True) is None


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 255), st.integers(0, 255), st.binary())))
def test_whatever_a_reader_says_a_command_ends_at_most_once(
    said: list[tuple[int, int, bytes]],
) -> None:
    one = Talk()
    events = [event for each in said for event in one.hear(ExtendedRead(*each))]
    ends = [e for e in events if isinstance(e, ApduAnswered | CommandFailed)]
    assert len(ends) <= 1


@settings(deadline=None)
@given(
    st.lists(
        st.builds(
            ExtendedWrite, st.integers(0, 2), st.integers(0, 5), st.binary(max_size=6)
        )
    )
)
def test_whatever_a_reader_is_told_it_answers(writes: list[ExtendedWrite]) -> None:
    slot = CardSlot(offered=True)
    slot.hold(echo)
    for write in writes:
        with suppress(Declined):
            assert slot.take(write).code in {Ack.code, ExtendedRead.code}
