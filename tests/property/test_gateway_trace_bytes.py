"""Traces and answers as a broken disk or a dying process leaves them."""

import asyncio
import io
import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from controller.protocols.osdp import open_bus
from controller.session import LineSettings, Member, OpenDoor, Packet, Session
from controller.vocabulary import ControllerId
from gateway.status import SOCKET, ask
from gateway.trace import COMMANDS, Random, TracedSession, TraceInvalid, replay
from tests.support.gateway_fake import FakeSession
from tests.support.gateway_site import READER
from tests.support.osdp_rig import KEY, reader

DIRECTIONS = st.sampled_from(["open", "in", "out", "ask", "timeout", "random", "?"])
WORDS = st.text(st.characters(exclude_characters="\t\n\r"), max_size=12)
HEX = st.binary(max_size=8).map(lambda data: data.hex() or "-")
ROWS = st.tuples(
    st.floats().map(repr) | WORDS,
    st.just("bus") | WORDS,
    DIRECTIONS | st.sampled_from(sorted(COMMANDS)),
    WORDS,
    HEX | WORDS | st.sampled_from(["{}", "[]", "null", '{"controller":"reader-1"}']),
)


def open_osdp(now: float, random: Random) -> Session:
    member = Member(ControllerId("reader-0"), "0", KEY)
    return open_bus(LineSettings((member,), 9600), now, random)


@given(st.lists(ROWS.map("\t".join) | st.text(max_size=30), max_size=12))
@example(["1.0\tbus\topen\t-\t-", "1.0\tbus\tin\t-\tnot hex"])
@example(["1.0\tbus\topen\t-\t-", "1.0\tbus\tOpenDoor\t-\t{}"])
@example(["1.0\tbus\tSetClock\t-\t-", "nan\tbus\topen\t-\t-"])
@example(["1.0\tbus\trandom\t-\tfffx"])
def test_any_lines_are_replayed_or_refused_by_name(lines: list[str]) -> None:
    try:
        list(replay(lines, "bus", lambda *_: FakeSession()))
    except TraceInvalid as refused:
        said = str(refused)
    else:
        said = "in order"
    assert said


def recorded() -> list[str]:
    """Return a trace of a reader that comes online and is told to open."""
    file, device = io.StringIO(), reader()
    session = TracedSession("bus", open_osdp, 0.0, file)
    for step in range(1, 80):
        now = step * 0.02
        due = session.deadline()
        if due is not None and due <= now:
            session.on_timeout(now)
        if step == 60:
            session.send(OpenDoor(ControllerId("reader-0"), 1.0), now)
        for packet in session.data_to_send(now):
            device.receive_data(packet.data, now)
        for data in device.data_to_send(now):
            session.receive_data(Packet(data), now)
        session.events()
    return file.getvalue().splitlines()


RECORDED = recorded()


@given(
    st.integers(0, len(RECORDED) - 1),
    st.integers(0, 60),
    st.sampled_from(["cut", "drop", "double", "spoil"]),
)
def test_a_damaged_trace_is_replayed_as_far_as_it_goes(
    place: int, column: int, how: str
) -> None:
    lines = RECORDED[:]
    match how:
        case "cut":
            lines = [*lines[:place], lines[place][:column]]
        case "drop":
            del lines[place]
        case "double":
            lines.insert(place, lines[place])
        case _:
            text = lines[place]
            lines[place] = text[:column] + "7" + text[column + 1 :]
    replayed, before = played(lines), played(RECORDED[:place])
    assert played(RECORDED)[: len(before)] == before
    if how in ("cut", "double") and RECORDED[place].split("\t")[2] != "random":
        assert replayed[: len(before)] == before


def played(lines: list[str]) -> list[object]:
    """Return what a trace comes to before it is refused."""
    replayed: list[object] = []
    with suppress(TraceInvalid):
        replayed.extend(replay(lines, "bus", open_osdp))
    return replayed


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("1.0\tbus\tin\t-\tzz", "'zz' is not hexadecimal"),
        ("1.0\tbus\tin\t-\tabc", "'abc' is not hexadecimal"),
        ("1.0\tbus\tOpenDoor\t-\t{", "no OpenDoor"),
        ('1.0\tbus\tOpenDoor\t-\t{"controller":1,"seconds":1}', "no OpenDoor"),
        ('1.0\tbus\tSetClock\t-\t{"controller":"a","at":"now"}', "no SetClock"),
        ("1.0\tbus\tin", "needs 5 fields, not 3"),
        ("\tbus\tin\t-\t-", "'' is no time"),
    ],
)
def test_what_is_wrong_with_a_line_is_said(row: str, says: str) -> None:
    lines = ["0.0\tbus\topen\t-\t-", row]
    with pytest.raises(TraceInvalid, match=says):
        list(replay(lines, "bus", lambda *_: FakeSession()))


def test_a_command_before_the_session_opens_is_left_out() -> None:
    again = FakeSession()
    lines = ["0.0\tbus\tShowRefusal\t-\t" + json.dumps({"controller": READER})]
    assert list(replay(lines, "bus", lambda *_: again)) == []
    assert again.commands == []


@pytest.mark.parametrize("answer", [b"", b"{", b"\xff\xfe", b'{"outbox": '])
async def test_an_answer_that_breaks_off_is_no_status(
    tmp_path: Path, answer: bytes
) -> None:
    async def die(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        writer.close()

    async with await asyncio.start_unix_server(die, tmp_path / SOCKET):
        with pytest.raises(ValueError, match=r"Expecting|decode"):
            await asyncio.to_thread(ask, tmp_path)
