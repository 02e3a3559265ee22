"""Files to a reader: part by part, beside cards, and on from where they were."""

from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.errors import LocalProtocolError
from controller.protocols.osdp import Identity, Peripheral, ReaderSettings
from controller.protocols.osdp.codes import CommandCode, FileState
from controller.protocols.osdp.commands import FileFragment
from controller.protocols.osdp.file_receiver import FileReceiver, ReceivedFile
from controller.protocols.osdp.file_sender import LARGEST_FILE
from controller.protocols.osdp.messages import Message
from controller.protocols.osdp.replies import Ack, FileStatus
from controller.session import CardPresented, CommandFailed, Event, Member
from controller.upkeep import FileProgress, FileSent, SendFile
from tests.support.osdp_rig import KEY, bus, clear_bus, commands, name, secure_bus
from tests.support.osdp_wire import VirtualWire

DATA = bytes(range(256)) * 8
FILE = SendFile(name(0), 3, DATA)
FAST = 115200
Answer = Callable[[FileFragment], Message]


def sending_bus(answer: Answer | None = None) -> VirtualWire:
    """Return a bus that has just been given a file."""
    identity = Identity(b"\x01\x02\x03", 4, 5, 0, b"\x01\x00\x00")
    settings = ReaderSettings(0, identity, KEY)
    one = Peripheral(settings, 0.0, Random(3).randbytes)  # noqa: S311
    if answer:
        one._files.take = answer  # type: ignore[method-assign, assignment] # an odd reader
    wire = bus([Member(name(0), "0", KEY)], [one], FAST)
    wire.run(2.0)
    wire.events.clear()
    wire.frames.clear()
    wire.session.send(FILE, 2.0)
    return wire


def causes(wire: VirtualWire) -> list[str]:
    return [one.cause for one in wire.events if isinstance(one, CommandFailed)]


def ended(wire: VirtualWire) -> list[Event]:
    return [one for one in wire.events if isinstance(one, FileSent | CommandFailed)]


def test_a_file_arrives_whole_and_its_progress_is_told() -> None:
    wire = sending_bus()
    wire.run(4.0)
    assert wire.readers[0].take_file() == ReceivedFile(3, DATA)
    assert wire.readers[0].take_file() is None
    progress = [one.sent for one in wire.events if isinstance(one, FileProgress)]
    assert progress == sorted(set(progress))
    assert progress[-1] == len(DATA)
    assert len(progress) <= 21
    assert wire.events[-1] == FileSent(name(0), 3)


def test_cards_are_read_while_a_file_is_on_its_way() -> None:
    wire = sending_bus()
    wire.readers[0].present_card(1, 26, 2.0)
    wire.run(2.06)
    assert CardPresented(name(0), 1, 26) in wire.events
    assert not ended(wire)


def test_a_slow_bus_takes_small_parts() -> None:
    wire = secure_bus(1)
    wire.run(2.0)
    wire.frames.clear()
    wire.session.send(FILE, 2.0)
    wire.run(4.0)
    longest = max(wire.duration(data) for _, _, data in wire.frames)
    assert longest <= 0.062


def test_a_reader_may_ask_for_smaller_parts() -> None:
    whole = FileReceiver()

    def answer(part: FileFragment) -> Message:
        return replace(whole.take(part), largest=100)

    wire = sending_bus(answer)
    wire.run(6.0)
    sizes = [len(frame.data) for _, frame in commands(wire) if frame.code == 0x7C]
    assert max(sizes[1:]) < 100 < sizes[0]
    assert ended(wire) == [FileSent(name(0), 3)]


def test_a_file_goes_on_after_the_reader_was_away() -> None:
    wire = sending_bus()
    away, wire.mangle = wire.mangle, lambda data, reply: b"" if reply else data
    wire.run(2.01)
    wire.mangle = away
    wire.run(2.1)
    readers, wire.readers = wire.readers, []
    wire.run(14.0)
    wire.readers = readers
    wire.run(20.0)
    assert ended(wire) == [FileSent(name(0), 3)]
    assert readers[0].take_file() == ReceivedFile(3, DATA)


def test_a_reader_that_forgot_its_parts_gets_the_file_again() -> None:
    wire = sending_bus()
    wire.run(2.1)
    wire.readers[0]._files = FileReceiver()
    wire.readers[0]._forget()
    wire.run(8.0)
    assert ended(wire) == [FileSent(name(0), 3)]
    assert wire.readers[0].take_file() == ReceivedFile(3, DATA)


def test_a_reader_that_forgot_and_never_says_that_it_is_done_gets_it_again() -> None:
    counted: list[int] = []

    def answer(part: FileFragment) -> Message:
        counted.append(part.offset)
        return FileStatus(1, 0, FileState.PROCEED)

    wire = sending_bus(answer)
    wire.run(2.15)
    wire.readers[0]._forget()
    wire.run(8.0)
    assert ended(wire) == [FileSent(name(0), 3)]
    assert counted.count(0) == 2


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (FileStatus(1, 0, FileState.ABORTED), "gave it up"),
        (FileStatus(1, 0, FileState.UNRECOGNISED), "does not know"),
        (FileStatus(1, 0, FileState.MALFORMED), "malformed"),
        (FileStatus(1, 0, -77), "state -77"),
        (Ack(), "unexpected Ack"),
    ],
    ids=["aborted", "unrecognised", "malformed", "other", "no status"],
)
def test_a_reader_that_will_not_have_it_ends_it(answer: Message, cause: str) -> None:
    wire = sending_bus(lambda _part: answer)
    wire.run(4.0)
    (told,) = causes(wire)
    assert cause in told
    sent = [frame for _, frame in commands(wire) if frame.code == 0x7C]
    assert len(sent) == 1


def test_a_reader_may_ask_for_quiet_and_time() -> None:
    answers = iter([FileStatus(0, 500, FileState.PROCEED)])
    rest = FileReceiver()

    def answer(part: FileFragment) -> Message:
        status = rest.take(part)
        return next(answers, status)

    wire = sending_bus(answer)
    wire.run(5.0)
    codes = [(at, frame.code) for at, frame in commands(wire)]
    first = next(i for i, (_, code) in enumerate(codes) if code == 0x7C)
    assert codes[first + 1][1] == CommandCode.FILETRANSFER
    assert codes[first + 1][0] - codes[first][0] >= 0.5
    assert ended(wire) == [FileSent(name(0), 3)]


def test_a_reader_that_finishes_is_asked_until_it_has() -> None:
    left = [5]

    def answer(part: FileFragment) -> Message:
        if part.offset + len(part.data) < part.size:
            return FileStatus(1, 0, FileState.PROCEED)
        left[0] -= 1
        state = FileState.FINISHING if left[0] else FileState.PROCESSED
        return FileStatus(1, 0, state)

    wire = sending_bus(answer)
    wire.run(4.0)
    assert ended(wire) == [FileSent(name(0), 3)]
    assert left == [0]


def test_a_reader_that_reboots_for_its_file_is_set_up_again() -> None:
    whole = FileReceiver()

    def answer(part: FileFragment) -> Message:
        status = whole.take(part)
        done = status.state == FileState.PROCESSED
        return FileStatus(1, 0, FileState.REBOOTING) if done else status

    wire = sending_bus(answer)
    wire.run(4.0)
    assert ended(wire) == [FileSent(name(0), 3)]
    assert any(frame.code == CommandCode.CHLNG for _, frame in commands(wire))


def test_a_file_that_gets_nowhere_is_given_up() -> None:
    wire = sending_bus()
    wire.readers = []
    wire.run(310.0)
    assert causes(wire) == ["the reader made no progress"]


def test_one_file_at_a_time() -> None:
    wire = sending_bus()
    wire.session.send(FILE, 2.0)
    wire.run(2.01)
    assert causes(wire) == ["another of the kind is under way"]


@pytest.mark.parametrize(
    "command",
    [
        SendFile(name(0), 1, b""),
        SendFile(name(0), 256, b"x"),
        SendFile(name(0), 1, bytes(LARGEST_FILE + 1)),
    ],
    ids=["empty", "no such kind", "too large"],
)
def test_what_no_reader_takes_is_our_own_fault(command: SendFile) -> None:
    wire = clear_bus(1)
    with pytest.raises(LocalProtocolError):
        wire.session.send(command, 0.0)


parts = st.builds(
    FileFragment,
    kind=st.integers(0, 2),
    size=st.integers(0, 40),
    offset=st.integers(0, 40),
    data=st.binary(max_size=40),
)


@given(st.lists(parts, max_size=20))
def test_a_receiver_takes_any_parts_and_stays_within_its_limit(
    arriving: list[FileFragment],
) -> None:
    receiver = FileReceiver(limit=30)
    for part in arriving:
        status = receiver.take(part)
        assert status.state in set(FileState)
        assert len(receiver._data) <= 30


@given(st.binary(min_size=1, max_size=200), st.integers(1, 50), st.booleans())
def test_parts_in_order_make_the_file_even_when_some_come_twice(
    data: bytes, step: int, twice: bool
) -> None:
    receiver = FileReceiver()
    for offset in range(0, len(data), step):
        part = FileFragment(1, len(data), offset, data[offset : offset + step])
        for _ in range(1 + twice):
            status = receiver.take(part)
    assert status.state == FileState.PROCESSED
    assert receiver.take_file() is not None or twice
