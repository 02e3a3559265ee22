from collections.abc import Callable
from itertools import pairwise
from random import Random

import pytest

from controller.errors import LocalProtocolError
from controller.protocols.osdp.codes import CommandCode, ReplyCode
from controller.protocols.osdp.commands import SetOutputs
from controller.protocols.osdp.control import POLL_GAP, open_bus
from controller.protocols.osdp.frames import Frame, FrameDecoder, encode_frame
from controller.protocols.osdp.peripheral import Peripheral
from controller.session import (
    AcknowledgePassages,
    ApplyPermits,
    CardPresented,
    Command,
    CommandFailed,
    Contact,
    ContactChanged,
    LineSettings,
    Member,
    Offline,
    Online,
    OpenDoor,
    Packet,
    ShowRefusal,
)
from controller.vocabulary import ControllerId, Revision
from tests.support.osdp_rig import (
    KEY,
    OTHER_KEY,
    Lose,
    bus,
    clear_member,
    clear_reader,
    kinds,
    member,
    name,
    reader,
)
from tests.support.osdp_wire import VirtualWire

CARD = 0x2ABCDEF
BITS = 26


def frame_of(data: bytes) -> Frame:
    (frame,) = FrameDecoder().receive(data)
    return frame


def commands(wire: VirtualWire) -> list[tuple[float, Frame]]:
    return [(at, frame_of(data)) for at, reply, data in wire.frames if not reply]


def causes(wire: VirtualWire) -> list[str]:
    return [event.cause for event in wire.events if isinstance(event, Offline)]


def clear_bus(count: int = 1, baud: int = 9600) -> VirtualWire:
    return bus(
        [clear_member(at) for at in range(count)],
        [clear_reader(at) for at in range(count)],
        baud,
    )


def secure_bus(count: int = 1) -> VirtualWire:
    return bus([member(at) for at in range(count)], [reader(at) for at in range(count)])


MakeBus = Callable[[int], VirtualWire]
both = pytest.mark.parametrize("make", [clear_bus, secure_bus])


@pytest.mark.parametrize(("make", "secure"), [(clear_bus, False), (secure_bus, True)])
def test_readers_come_online_and_say_how_their_contacts_stand(
    make: MakeBus, secure: bool
) -> None:
    wire = make(2)
    wire.readers[1].set_input(Contact.DOOR, active=True)
    wire.run(2.0)
    assert [one.secure for one in wire.readers] == [secure, secure]
    for at in (0, 1):
        mine = [one for one in wire.events if one.controller == name(at)]
        assert mine[0] == Online(name(at), secure)
        assert {one for one in mine[1:] if isinstance(one, ContactChanged)} == {
            ContactChanged(name(at), Contact.TAMPER, active=False),
            ContactChanged(name(at), Contact.POWER, active=False),
            ContactChanged(name(at), Contact.DOOR, active=at == 1),
            ContactChanged(name(at), Contact.EXIT_BUTTON, active=False),
        }


@both
def test_contacts_are_reported_when_they_move(make: MakeBus) -> None:
    wire = make(1)
    wire.run(2.0)
    wire.events.clear()
    wire.readers[0].set_input(Contact.EXIT_BUTTON, active=True)
    wire.readers[0].set_input(Contact.EXIT_BUTTON, active=False)
    wire.readers[0].set_input(Contact.TAMPER, active=True)
    wire.run(3.0)
    assert wire.events == [
        ContactChanged(name(0), Contact.EXIT_BUTTON, active=True),
        ContactChanged(name(0), Contact.EXIT_BUTTON, active=False),
        ContactChanged(name(0), Contact.TAMPER, active=True),
    ]


@both
def test_sequence_starts_at_zero_and_then_runs_from_one_to_three(make: MakeBus) -> None:
    wire = make(1)
    wire.run(1.0)
    sequences = [frame.sequence for _, frame in commands(wire)]
    assert sequences[0] == 0
    assert sequences[1:] == [1 + at % 3 for at in range(len(sequences) - 1)]


@both
def test_nothing_is_sent_while_the_bus_is_busy(make: MakeBus) -> None:
    wire = make(3)
    wire.run(2.0)
    for (start, _, data), (following, _, _) in pairwise(wire.frames):
        assert following >= start + wire.duration(data)


@both
@pytest.mark.parametrize("reply", [True, False], ids=["lost reply", "lost command"])
def test_a_lost_frame_is_repeated_and_its_card_presented_once(
    make: MakeBus, reply: bool
) -> None:
    wire = make(1)
    wire.run(2.0)
    wire.events.clear()
    wire.readers[0].present_card(CARD, BITS, 2.0)
    wire.mangle = Lose(lambda _, is_reply: is_reply is reply)
    wire.run(3.0)
    sent = [data for _, is_reply, data in wire.frames if not is_reply]
    assert sum(before == after for before, after in pairwise(sent)) == 1
    assert wire.events == [CardPresented(name(0), CARD, BITS)]


@both
def test_a_busy_reader_is_asked_the_same_again(make: MakeBus) -> None:
    wire = make(1)
    wire.run(2.0)
    wire.frames.clear()
    wire.readers[0].busy = True
    wire.readers[0].present_card(CARD, BITS, 2.0)
    wire.run(2.5)
    assert len({frame for _, frame in commands(wire)}) <= 2
    assert len(commands(wire)) > 5
    wire.readers[0].busy = False
    wire.run(3.0)
    assert wire.events[-1] == CardPresented(name(0), CARD, BITS)
    wire.readers[0].busy = True
    wire.run(12.0)
    assert causes(wire) == ["no reply"]


@both
def test_silence_means_offline_after_eight_seconds_then_ever_rarer_probes(
    make: MakeBus,
) -> None:
    wire = make(1)
    wire.run(2.0)
    silent, wire.readers = list(wire.readers), []
    wire.frames.clear()
    wire.run(100.0)
    (offline,) = [one for one in wire.events if isinstance(one, Offline)]
    assert offline == Offline(name(0), "no reply")
    times = [at for at, _ in commands(wire)]
    gaps = [round(after - before) for before, after in pairwise(times)]
    assert gaps[:3] == [0, 1, 1], "two quick retries, then one a second"
    assert gaps[-6:] == [1, 2, 4, 8, 16, 30]
    assert sum(2.7 < at < 10.0 for at in times) <= 8
    wire.readers = silent
    wire.run(135.0)
    assert isinstance(wire.events[-1], Online)
    assert kinds(wire.events).count("Online") == 2


def test_a_reader_that_was_never_there_is_offline_after_eight_seconds() -> None:
    wire = bus([member()], [])
    wire.run(7.9)
    assert wire.events == []
    wire.run(20.0)
    assert wire.events == [Offline(name(0), "no reply")]


@pytest.mark.parametrize(
    ("one", "cause"),
    [
        (reader(key=OTHER_KEY), "another key"),
        (clear_reader(), "not supported"),
        (reader(key=None, commissioning=True), "not supported"),
    ],
    ids=["wrong key", "downgrade to clear", "default key outside commissioning"],
)
def test_a_secure_member_is_never_spoken_to_otherwise(
    one: Peripheral, cause: str
) -> None:
    wire = bus([member()], [one])
    wire.run(30.0)
    assert kinds(wire.events) == ["Offline"]
    assert cause in causes(wire)[0]
    asked = {frame.code for _, frame in commands(wire)}
    assert asked <= {CommandCode.ID, CommandCode.CAP, CommandCode.CHLNG}
    attempts = [at for at, frame in commands(wire) if frame.code == CommandCode.ID]
    assert len(attempts) == 5, "at 0, 1, 3, 7 and 15 seconds"


@pytest.mark.parametrize(("one", "secure"), [(clear_reader(), False), (reader(), True)])
def test_a_member_that_may_speak_in_clear_does_better_when_it_can(
    one: Peripheral, secure: bool
) -> None:
    wire = bus([member(secure=False)], [one])
    wire.run(2.0)
    assert wire.events[0] == Online(name(0), secure)


def test_commissioning_hands_over_the_own_key() -> None:
    one = reader(key=None, commissioning=True)
    wire = bus([member(commissioning=True)], [one])
    wire.run(2.0)
    assert wire.events[0] == Online(name(0), secure=True)
    assert one.key == KEY
    again = bus([member()], [reader(key=one.key)])
    again.run(2.0)
    assert again.events[0] == Online(name(0), secure=True)


def test_the_default_key_alone_proves_nothing() -> None:
    wire = bus(
        [member(key=None, secure=False, commissioning=True)],
        [reader(key=None, commissioning=True)],
    )
    wire.run(2.0)
    assert wire.readers[0].secure
    assert wire.events[0] == Online(name(0), secure=False)


@both
def test_open_door_moves_the_relay_and_then_shows_green(make: MakeBus) -> None:
    wire = make(1)
    wire.run(2.0)
    wire.session.send(OpenDoor(name(0), 2.5), 2.0)
    wire.run(2.5)
    relay, light = wire.readers[0].events()
    assert isinstance(relay.message, SetOutputs)
    assert relay.at < light.at
    assert wire.readers[0].relay(relay.at + 2.4)
    assert not wire.readers[0].relay(relay.at + 2.6)
    assert "CommandFailed" not in kinds(wire.events)


def test_doors_come_before_lights_and_lights_before_polls() -> None:
    wire = clear_bus(4)
    wire.run(3.0)
    wire.frames.clear()
    for command in (ShowRefusal(name(1)), ShowRefusal(name(2)), OpenDoor(name(3), 3.0)):
        wire.session.send(command, 3.0)
    wire.run(4.0)
    after = [(frame.address, frame.code) for _, frame in commands(wire)]
    out, led, buz = CommandCode.OUT, CommandCode.LED, CommandCode.BUZ
    at = after.index((3, out))
    assert at <= 1, "only what was on the wire already comes first"
    assert set(after[at + 1 : at + 6]) == {
        (1, led),
        (1, buz),
        (2, led),
        (2, buz),
        (3, led),
    }


@pytest.mark.parametrize("reason", ["no output", "offline", "went silent"])
def test_a_door_that_could_not_open_is_reported(reason: str) -> None:
    wire = bus([member()], [reader(outputs=0 if reason == "no output" else 1)])
    if reason != "offline":
        wire.run(2.0)
    if reason == "went silent":
        wire.readers = []
    command = OpenDoor(name(0), 3.0)
    wire.session.send(command, wire.now)
    wire.run(wire.now + 9.0)
    failed = [one for one in wire.events if isinstance(one, CommandFailed)]
    assert [one.command for one in failed] == [command]


@both
def test_a_door_never_opens_late(make: MakeBus) -> None:
    wire = make(1)
    wire.run(2.0)
    one = wire.readers[0]
    wire.readers = []
    wire.session.send(OpenDoor(name(0), 3.0), 2.0)
    wire.run(7.1)
    assert "CommandFailed" in kinds(wire.events)
    wire.readers = [one]
    wire.run(30.0)
    assert not one.events()
    assert "Online" in kinds(wire.events)


@both
def test_a_relay_command_is_repeated_but_carried_out_once(make: MakeBus) -> None:
    wire = make(1)
    wire.run(2.0)
    wire.mangle = Lose(lambda _, reply: reply, count=2)
    wire.session.send(OpenDoor(name(0), 3.0), 2.0)
    wire.run(4.0)
    outs = [
        one for one in wire.readers[0].events() if isinstance(one.message, SetOutputs)
    ]
    assert len(outs) == 1
    assert "CommandFailed" not in kinds(wire.events)


def test_too_many_waiting_commands_are_refused_not_kept() -> None:
    wire = clear_bus(1)
    wire.run(2.0)
    wire.readers = []
    for _ in range(40):
        wire.session.send(OpenDoor(name(0), 3.0), 2.0)
        wire.session.send(ShowRefusal(name(0)), 2.0)
    failed = [one for one in wire.session.events() if isinstance(one, CommandFailed)]
    assert len(failed) >= 24
    assert {one.cause for one in failed} == {"too many commands are waiting"}


def test_refusal_is_not_shown_by_a_reader_that_is_offline() -> None:
    wire = bus([member()], [])
    wire.session.send(ShowRefusal(name(0)), 0.0)
    assert kinds(wire.session.events()) == ["CommandFailed"]


def test_a_clear_frame_inside_the_channel_ends_it_and_it_comes_back() -> None:
    wire = secure_bus(1)
    wire.run(2.0)
    forged: list[bytes] = []

    def forge(data: bytes, reply: bool) -> bytes:
        if not reply or forged:
            return data
        sequence = frame_of(data).sequence
        forged.append(encode_frame(Frame(0, True, sequence, ReplyCode.ACK)))
        return forged[0]

    wire.mangle = forge
    wire.run(5.0)
    assert "clear" in causes(wire)[0]
    assert kinds(wire.events)[-1] == "Online"


@pytest.mark.parametrize("secure", [True, False])
def test_a_restarted_reader_is_set_up_again(secure: bool) -> None:
    wire = secure_bus(1) if secure else clear_bus(1)
    wire.run(2.0)
    wire.readers = [reader() if secure else clear_reader()]
    wire.run(5.0)
    wire.readers[0].present_card(CARD, BITS, 5.0)
    wire.run(6.0)
    assert wire.events[-1] == CardPresented(name(0), CARD, BITS)
    assert kinds(wire.events).count("Offline") == (1 if secure else 0)


@both
def test_noise_neither_loses_nor_doubles_a_card(make: MakeBus) -> None:
    wire = make(2)
    random = Random(7)  # noqa: S311 # repeatable on purpose

    def disturb(data: bytes, _reply: bool) -> bytes:
        if random.random() > 0.03:
            return data
        at = random.randrange(len(data))
        return data[:at] + bytes((data[at] ^ 0x10,)) + data[at + 1 :]

    wire.run(2.0)
    wire.mangle = disturb
    for number in range(1, 41):
        at = 2.0 + number
        one = wire.readers[number % 2]
        wire.at(at, lambda one=one, n=number, t=at: one.present_card(n, BITS, t))  # type: ignore[misc] # bound now
    wire.run(50.0)
    cards = [one.bits for one in wire.events if isinstance(one, CardPresented)]
    assert sorted(cards) == list(range(1, 41))


def test_polls_are_spaced_to_spare_the_processor() -> None:
    wire = clear_bus(1, baud=1_000_000)
    wire.run(2.0)
    wire.frames.clear()
    wire.run(3.0)
    polls = [at for at, frame in commands(wire) if frame.code == CommandCode.POLL]
    assert 200 <= len(polls) <= 1 / POLL_GAP
    for before, after in pairwise(polls):
        assert after - before >= POLL_GAP * 0.999


def test_whatever_is_not_the_reply_is_ignored() -> None:
    wire = secure_bus(1)
    strangers = [
        Frame(3, reply=True, sequence=0, code=ReplyCode.ACK),
        Frame(0, reply=False, sequence=0, code=CommandCode.POLL),
        Frame(0, reply=True, sequence=2, code=ReplyCode.ACK),
        Frame(0, reply=True, sequence=0, code=ReplyCode.ACK, crc=False),
    ]
    wire.session.data_to_send(0.0)
    for frame in strangers:
        wire.session.receive_data(Packet(encode_frame(frame)), 0.01)
    assert wire.session.data_to_send(0.02) == ()
    wire.session.receive_data(Packet(b""), 0.02)
    wire.session.on_timeout(5.0)
    wire.run(20.0)
    assert "Online" in kinds(wire.events)


@pytest.mark.parametrize(
    "command",
    [
        ApplyPermits(name(0), Revision(1), (), ()),
        AcknowledgePassages(name(0), 1, 1),
        OpenDoor(ControllerId("stranger"), 3.0),
        OpenDoor(name(0), 0.0),
        OpenDoor(name(0), 7000.0),
    ],
    ids=lambda one: type(one).__name__,
)
def test_what_a_reader_cannot_do_is_our_own_fault(command: Command) -> None:
    wire = clear_bus(1)
    with pytest.raises(LocalProtocolError):
        wire.session.send(command, 0.0)


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ([Member(name(0), "127", KEY)], "address"),
        ([Member(name(0), "-1", KEY)], "address"),
        ([Member(name(0), "left", KEY)], "address"),
        ([member(0), member(0)], "address"),
        ([Member(name(0), "0", b"short")], "key"),
        ([Member(name(0), "0", None)], "key"),
    ],
)
def test_bad_settings_name_the_field(members: list[Member], field: str) -> None:
    with pytest.raises(LocalProtocolError, match=field):
        open_bus(LineSettings(tuple(members)), 0.0, Random(1).randbytes)  # noqa: S311


def test_an_empty_bus_has_nothing_to_wait_for() -> None:
    session = open_bus(LineSettings(()), 0.0, Random(1).randbytes)  # noqa: S311
    assert session.data_to_send(0.0) == ()
    assert session.deadline() is None
