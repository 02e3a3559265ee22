from collections.abc import Callable
from itertools import pairwise
from random import Random

import pytest

from controller.protocols.osdp.codes import CommandCode, ReplyCode
from controller.protocols.osdp.commands import SetOutputs
from controller.protocols.osdp.frames import Frame, encode_frame
from controller.session import (
    CardPresented,
    CommandFailed,
    ContactChanged,
    Offline,
    OpenDoor,
    Packet,
)
from controller.upkeep import RelayChanged
from tests.support.osdp_rig import (
    Lose,
    bus,
    causes,
    clear_bus,
    clear_reader,
    commands,
    frame_of,
    kinds,
    member,
    name,
    reader,
    secure_bus,
)
from tests.support.osdp_wire import VirtualWire

CARD = 0x2ABCDEF
BITS = 26


MakeBus = Callable[[int], VirtualWire]
both = pytest.mark.parametrize("make", [clear_bus, secure_bus])


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
def test_silence_means_offline_after_eight_seconds_then_a_probe_a_second(
    make: MakeBus,
) -> None:
    wire = make(1)
    wire.run(2.0)
    silent, wire.readers = list(wire.readers), []
    wire.run(40.0)
    (offline,) = [one for one in wire.events if isinstance(one, Offline)]
    assert offline == Offline(name(0), "no reply")
    heard = max(at for at, reply, _ in wire.frames if reply)
    times = [at for at, _ in commands(wire) if at > heard]
    gaps = [round(after - before) for before, after in pairwise(times)]
    assert gaps[:3] == [0, 0, 1], "two quick retries, then one a second"
    away = [after - before for before, after in pairwise(times) if before > 12.0]
    assert all(1.0 <= gap <= 1.5 for gap in away)
    assert sum(2.7 < at < 10.0 for at in times) <= 8
    wire.readers = silent
    wire.run(42.0)
    assert kinds(wire.events).count("Online") == 2
    assert isinstance(wire.events[-1], ContactChanged | RelayChanged), "told anew"


@both
def test_a_false_start_left_on_the_wire_does_not_spoil_the_next_reply(
    make: MakeBus,
) -> None:
    wire = make(1)
    wire.run(2.0)
    sent = len({data for _, reply, data in wire.frames if not reply})
    wire.mangle = lambda data, reply: data + b"\x53\x80\xa0\x05\x04" * reply
    wire.run(3.0)
    replies = [data for _, reply, data in wire.frames if reply]
    questions = [data for _, reply, data in wire.frames if not reply]
    assert len(questions) > sent
    assert len(questions) - len(replies) <= 1, "nothing had to be asked twice"
    assert all(before != after for before, after in pairwise(questions))


def test_a_reader_that_was_never_there_is_offline_after_eight_seconds() -> None:
    wire = bus([member()], [])
    wire.run(7.9)
    assert wire.events == []
    wire.run(20.0)
    assert wire.events == [Offline(name(0), "no reply")]


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
    after = kinds(wire.events)[kinds(wire.events).index("Offline") + 1 :]
    assert after == ["Online", *["ContactChanged"] * 4], "contacts are told anew"


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
