"""A file's parts one by one: what is offered, when it is over, and what is told."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.protocols.osdp.codes import FileState, Function
from controller.protocols.osdp.file_receiver import FileReceiver, ReceivedFile
from controller.protocols.osdp.file_sender import (
    FRAME_OVERHEAD,
    PATIENCE,
    FileSender,
    part_size,
)
from controller.protocols.osdp.replies import (
    Ack,
    Capabilities,
    Capability,
    FileStatus,
)
from controller.session import CommandFailed, Event
from controller.upkeep import FileProgress, FileSent, SendFile
from tests.support.osdp_rig import name

DATA = bytes(range(100))
FILE = SendFile(name(0), 7, DATA)
GOING = FileStatus(1, 0, FileState.PROCEED)
DONE = FileStatus(1, 0, FileState.PROCESSED)


class Sending:
    """A sender, and what it told."""

    def __init__(self, now: float = 0.0) -> None:
        self.events: list[Event] = []
        self.sender = FileSender(FILE, now, self.events.append)

    def give(self, size: int, reply: FileStatus, now: float = 0.0) -> bool:
        """Offer a part and take the reply to it."""
        self.sender.part(size)
        return self.sender.take(reply, now, "")

    def says(self, flag: str) -> bool:
        """Return a flag of the sender as it is now."""
        return bool(getattr(self.sender, flag))

    @property
    def offset(self) -> int:
        """Where the next part begins."""
        return self.sender.part(1).offset

    def ends(self) -> list[Event]:
        return [one for one in self.events if not isinstance(one, FileProgress)]


@pytest.mark.parametrize(
    ("limit", "takes", "size"),
    [
        (1440, 256, 256 - FRAME_OVERHEAD),
        (200, 256, 200 - FRAME_OVERHEAD),
        (1440, 0x0305, 0x0305 - FRAME_OVERHEAD),
        (1440, 0, 128 - FRAME_OVERHEAD),
        (1440, 50, 16),
        (10, 50, 16),
    ],
)
def test_parts_fit_the_bus_and_the_reader(limit: int, takes: int, size: int) -> None:
    entry = Capability(Function.RECEIVE_SIZE, takes & 0xFF, takes >> 8)
    assert part_size(limit, Capabilities((entry,))) == size


def test_parts_follow_each_other_and_an_empty_one_asks_how_it_goes() -> None:
    one = Sending()
    for offset in (0, 40, 80):
        part = one.sender.part(40)
        assert (part.kind, part.size, part.offset) == (7, 100, offset)
        assert part.data == DATA[offset : offset + 40]
        one.sender.take(FileStatus(1, 0, FileState.FINISHING), 0.0, "")
    assert one.sender.part(40).data == b""
    assert not one.says("done")
    one.sender.take(DONE, 0.0, "")
    assert one.says("done")
    assert one.ends() == [FileSent(name(0), 7)]


def test_a_new_file_may_go_out_at_once_and_shares_the_reader() -> None:
    one = Sending(-50.0)
    flags = {each: one.says(each) for each in ("ready", "alongside", "awaiting")}
    assert flags == {"ready": True, "alongside": True, "awaiting": False}
    one.sender.pass_time(-50.0)
    assert one.says("ready")
    assert not one.says("done")


def test_a_busy_reader_gets_the_same_part_again() -> None:
    one = Sending()
    first = one.sender.part(40)
    assert one.says("awaiting")
    one.sender.postpone()
    assert not one.says("awaiting")
    assert one.sender.part(40) == first


def test_a_reader_that_is_done_early_is_not_believed() -> None:
    one = Sending()
    one.give(40, DONE)
    assert not one.says("done")
    assert one.offset == 40


def test_a_limit_a_reader_names_holds_from_then_on() -> None:
    one = Sending()
    one.give(10, FileStatus(1, 0, FileState.PROCEED, FRAME_OVERHEAD + 20))
    assert len(one.sender.part(40).data) == 20
    one.sender.take(GOING, 0.0, "")
    assert len(one.sender.part(40).data) == 20, "no word means no change"
    assert len(one.sender.part(5).data) == 5


def test_a_pause_is_kept_to_the_millisecond_and_an_interruption_ends_it() -> None:
    one = Sending()
    one.give(40, FileStatus(0, 1500, FileState.PROCEED), 10.0)
    assert not one.says("alongside")
    one.sender.pass_time(11.49)
    assert not one.says("ready")
    one.sender.pass_time(11.5)
    assert one.says("ready")
    one.give(10, FileStatus(0, 9000, FileState.PROCEED), 12.0)
    one.sender.pass_time(12.1)
    one.sender.interrupt()
    assert one.says("ready")
    assert one.says("alongside")
    assert not one.says("awaiting")
    one.sender.pass_time(12.2)
    assert one.says("ready")


def test_patience_begins_anew_with_bytes_and_not_with_questions() -> None:
    one = Sending(5.0)
    assert one.sender.expires == 5.0 + PATIENCE
    one.give(100, FileStatus(1, 0, FileState.FINISHING), 50.0)
    one.give(100, FileStatus(1, 0, FileState.FINISHING), 200.0)
    assert one.sender.expires == 50.0 + PATIENCE
    one.sender.pass_time(49.9 + PATIENCE)
    assert not one.says("done")
    one.sender.pass_time(50.0 + PATIENCE)
    cause = "the reader made no progress"
    assert one.ends() == [CommandFailed(name(0), FILE, cause)]
    assert one.says("done")


def test_only_a_reader_that_reboots_starts_afresh() -> None:
    for state, afresh in ((FileState.REBOOTING, True), (FileState.PROCESSED, False)):
        assert Sending().give(100, FileStatus(1, 0, state)) is afresh
    assert not Sending().give(40, FileStatus(1, 0, FileState.REBOOTING))


@pytest.mark.parametrize("reply", [FileStatus(1, 0, FileState.MALFORMED), Ack()])
def test_a_refusal_after_an_interruption_starts_the_file_again_once(
    reply: FileStatus | Ack,
) -> None:
    one = Sending()
    one.give(40, GOING)
    one.sender.interrupt()
    one.sender.part(40)
    assert not one.sender.take(reply, 0.0, "why")
    assert not one.says("done")
    assert one.offset == 0
    one.sender.part(40)
    one.sender.take(reply, 0.0, "why")
    assert one.says("done")
    assert len(one.ends()) == 1


def test_an_interruption_before_the_first_part_excuses_no_refusal() -> None:
    one = Sending()
    one.sender.part(40)
    one.sender.interrupt()
    one.give(40, FileStatus(1, 0, FileState.ABORTED))
    assert one.ends() == [CommandFailed(name(0), FILE, "the reader gave it up")]


def test_progress_is_told_in_steps_of_a_twentieth_and_at_the_end() -> None:
    one = Sending()
    for size in (4, 1, 4, 1, 88, 2):
        one.give(size, GOING)
    told = [each.sent for each in one.events if isinstance(each, FileProgress)]
    assert told == [5, 10, 98, 100]
    assert {each.size for each in one.events if isinstance(each, FileProgress)} == {100}


FATES = st.lists(
    st.sampled_from(["heard", "lost", "unheard", "busy", "forgot"]), max_size=25
)


@given(FATES, st.integers(7, 60))
@settings(max_examples=60)
def test_a_file_is_told_as_sent_only_when_the_reader_has_it_whole(
    fates: list[str], size: int
) -> None:
    one, receiver = Sending(), FileReceiver()
    held: list[ReceivedFile] = []
    for fate in [*fates, *["heard"] * 40]:
        if one.says("done"):
            break
        if fate == "forgot":
            receiver = FileReceiver()
            one.sender.interrupt()
            continue
        part = one.sender.part(size)
        if fate == "busy":
            one.sender.postpone()
            continue
        reply = None if fate == "lost" else receiver.take(part)
        held += [whole for whole in [receiver.take_file()] if whole is not None]
        if reply is None or fate == "unheard":
            one.sender.interrupt()
        else:
            one.sender.take(reply, 0.0, "")
    (end,) = one.ends()
    if isinstance(end, FileSent):
        assert set(held) == {ReceivedFile(7, DATA)}
    else:
        assert "forgot" in fates, "nothing else may fail it"
