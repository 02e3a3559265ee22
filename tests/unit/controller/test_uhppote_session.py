"""What a line of boards does: contact, clock, opening, and whom it believes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from controller.errors import LocalProtocolError
from controller.protocols.uhppote.messages.board import SetTime
from controller.protocols.uhppote.messages.doors import OpenDoor as OpenDoorRequest
from controller.protocols.uhppote.messages.events import GetEvent, GetStatus
from controller.protocols.uhppote.panel import LONGEST_PROBE, POLL
from controller.protocols.uhppote.places import Place, read_place
from controller.protocols.uhppote.session import open_network
from controller.schedule import Validity
from controller.session import (
    ApplyPermits,
    ClockRead,
    CommandFailed,
    Contact,
    ContactChanged,
    LineSettings,
    Member,
    Offline,
    Online,
    OpenDoor,
    Packet,
    SetClock,
    ShowRefusal,
)
from controller.vocabulary import (
    CardNumber,
    ControllerId,
    DoorId,
    Permit,
    PermitId,
    Revision,
)
from tests.support.uhppote_double import Board
from tests.support.uhppote_line import Line, host, line, member

SERIAL = Board().serial
DOOR = member(SERIAL).controller
PEER = f"{host(SERIAL)}:60000"


def test_a_place_is_a_board_a_door_and_an_address() -> None:
    assert read_place("7/3@10.0.0.1:6000") == Place(7, 3, "10.0.0.1:6000")
    assert read_place("7@10.0.0.1") == Place(7, 1, "10.0.0.1:60000")


@pytest.mark.parametrize(
    "text",
    [
        *("", "7", "@10.0.0.1", "7@", "7@host", "7/0@10.0.0.1", "7/5@10.0.0.1"),
        *("0@10.0.0.1", "4294967296@10.0.0.1", "7@10.0.0.256", "7@10.0.0.1:0"),
        *(
            "7@10.0.0.1:65536",
            "7@10.0.0.1 ",
            "\u0667@10.0.0.1",
            "7/1@10.0.0.1:",
            "-7@1.1.1.1",
        ),
    ],
)
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"SERIAL|serial|port|IPv4"):
        read_place(text)


@pytest.mark.parametrize(
    "members",
    [
        [replace(member(7), key=b"k")],
        [replace(member(7), key=b"")],
        [replace(member(7), commissioning=True)],
        [member(7), member(7)],
        [member(7), Member(ControllerId("other"), member(7).address)],
        [member(7), Member(ControllerId("other"), "7/2@10.9.9.9")],
    ],
)
def test_members_that_cannot_be_are_refused(members: list[Member]) -> None:
    with pytest.raises(ValueError, match=r"key|twice|both|at"):
        open_network(LineSettings(tuple(members)), 0.0, bytes)


def test_a_board_comes_online_with_all_its_doors_and_is_never_secure() -> None:
    net = line(Board(), doors=2)
    net.run(0.1)
    names = [member(SERIAL, door).controller for door in (1, 2)]
    log = ControllerId(f"uhppote-{SERIAL}")
    assert net.of(Online) == [
        Online(name, secure=False, digest=b"", log=log) for name in names
    ]
    assert net.of(ContactChanged) == [
        ContactChanged(name, Contact.DOOR, active=False) for name in names
    ]


def test_a_silent_board_is_offline_and_found_again() -> None:
    board = Board()
    net = line(board)
    net.until_online()
    board.deaf = True
    net.run(60)
    assert net.of(Offline) == [Offline(DOOR, "silent")]
    board.deaf = False
    net.run(LONGEST_PROBE + 4)
    assert len(net.of(Online)) == 2


def test_dead_boards_cost_the_others_nothing_and_are_asked_less_and_less() -> None:
    boards = [Board(serial=number) for number in range(1, 5)]
    for dead in boards[:2]:
        dead.deaf = True
    net = line(*boards)
    sent: list[Packet] = []
    outward = net.session.data_to_send
    net.session.data_to_send = lambda now: sent.extend(found := outward(now)) or found  # type: ignore[func-returns-value,method-assign]  # spies
    net.run(100)
    for board in boards[2:]:
        assert board.took(GetStatus) == pytest.approx(100 / POLL, abs=2)
    to_dead = [each for each in sent if each.peer == f"{host(1)}:60000"]
    assert len(to_dead) < 40


def test_a_clock_is_read_with_its_doubt_and_set_as_the_wall_shows() -> None:
    board = Board(offset=90.0)
    net = line(board)
    net.until_online()
    (reading,) = net.of(ClockRead)
    assert reading.controller_at == datetime(2026, 5, 1, 4, 1, 30, tzinfo=UTC)
    assert 1.0 < reading.round_trip < 1.1
    net.session.send(SetClock(DOOR, datetime(2026, 5, 1, 4, tzinfo=UTC)), net.now)
    net.pump()
    net.run(2 * POLL)
    assert board.took(SetTime) == 1
    assert abs(board.offset) <= 1
    assert len(net.of(ClockRead)) == 2
    assert not net.of(CommandFailed)


def test_a_clock_that_is_set_late_is_set_to_the_later_time() -> None:
    board = Board()
    net = line(board)
    net.until_online()
    net.loss = 1.0
    net.session.send(SetClock(DOOR, datetime(2026, 5, 1, 4, tzinfo=UTC)), net.now)
    net.pump()
    start, net.loss = net.now, 1.0
    net.run(1.0)
    net.loss = 0.0
    net.run(2.0)
    (setting,) = (each for each in board.asked if isinstance(each, SetTime))
    assert setting.moment is not None
    late = setting.moment - datetime(2026, 5, 1, 12)  # noqa: DTZ001 - wall time
    assert timedelta(seconds=1) <= late <= timedelta(seconds=net.now - start + 1)


def test_a_door_is_opened_once_whatever_the_network_does() -> None:
    board = Board()
    net = line(board, doors=2)
    net.until_online()
    net.session.send(OpenDoor(member(SERIAL, 2).controller, 5.0), net.now)
    net.pump()
    net.run(1)
    assert board.opened == [2]
    assert not net.of(CommandFailed)


def test_what_cannot_be_done_is_reported() -> None:
    board = Board(declines={OpenDoorRequest})
    net = line(board)
    net.until_online()
    opening = OpenDoor(DOOR, 5.0)
    for _ in range(3):
        net.session.send(opening, net.now)
    net.pump()
    net.run(1)
    causes = [(event.command, event.cause) for event in net.of(CommandFailed)]
    assert (opening, "the board declined") in causes
    assert (opening, "another of the kind is under way") in causes
    board.deaf = True
    net.session.send(opening, net.now)
    net.pump()
    net.run(30)
    permits = ApplyPermits(DOOR, Revision(1), (), (), snapshot=True)
    net.session.send(permits, net.now)
    net.pump()
    causes = [(event.command, event.cause) for event in net.of(CommandFailed)]
    assert causes[-2:] == [
        (opening, "the board did not answer"),
        (permits, "the board is offline"),
    ]
    with pytest.raises(LocalProtocolError):
        net.session.send(ShowRefusal(DOOR), net.now)


def test_only_the_board_itself_is_believed() -> None:
    board = Board()
    for card in range(1, 4):
        board.swipe(card)
    net = line(board)
    net.until_online()
    answer = board.answer(GetStatus(SERIAL).encode(), net.now)
    event = board.answer(GetEvent(SERIAL, 1).encode(), net.now)
    assert answer is not None
    assert event is not None
    before = len(net.events)
    other = Board(serial=8).answer(GetStatus(8).encode(), 0.0) or b""
    for data, peer in [
        (answer, "10.6.6.6:60000"),
        (event, "10.6.6.6:60000"),
        (other, PEER),
        (event, PEER),
        (b"\x17" * 64, PEER),
        (b"", PEER),
        (b"\x19" + event[1:], PEER),
    ]:
        net.session.receive_data(Packet(data, peer), net.now)
    net.pump()
    session = net.session
    assert (session.unknown, session.unasked, session.refused) == (3, 1, 3)
    assert len(net.events) == before


@pytest.mark.parametrize("start", [0x17, 0x19])
def test_a_push_is_a_hint_that_brings_the_event_at_once(start: int) -> None:
    board = Board()
    net = line(board)
    net.run(0.5)
    board.swipe(77)
    pushed = board.answer(GetStatus(SERIAL).encode(), net.now) or b""
    places = [f"{host(SERIAL)}:40000", PEER]
    for place in places:
        data = bytes((start,)) + pushed[1:]
        net.session.receive_data(Packet(data, place), net.now)
    net.pump()
    net.run(0.05)
    assert [event.index for event in net.desk.kept] == [1]


def test_pushes_that_repeat_what_is_known_cost_nothing() -> None:
    board = Board()
    board.swipe(77)
    net = line(board)
    net.run(0.5)
    asked = len(board.asked)
    pushed = board.answer(GetStatus(SERIAL).encode(), net.now) or b""
    for _ in range(100):
        net.session.receive_data(Packet(pushed, PEER), net.now)
        net.pump()
    net.run(0.1)
    assert len(board.asked) == asked + 1


@pytest.mark.parametrize("faults", [0.0, 0.01])
def test_a_sweep_of_a_street_takes_no_longer_than_one_board(faults: float) -> None:
    boards = [Board(serial=1000 + number) for number in range(171)]
    for dead in (boards[3], boards[90]):
        dead.deaf = True
    net = line(*boards, loss=faults, doubled=faults, mixed=faults)
    net.run(0.1)
    assert len({event.controller for event in net.of(Online)}) == 169


def test_a_line_of_no_members_waits_for_nothing() -> None:
    net = Line([], [])
    net.run(1)
    assert net.session.deadline() is None


def test_a_street_on_a_bad_network_is_caught_up_and_a_card_withdrawn_in_time() -> None:
    """1,000 events a second and 2 s for a withdrawal, with two boards dead."""
    boards = [Board(serial=1000 + number) for number in range(171)]
    for board in boards:
        for card in range(20):
            board.swipe(card + 1)
    for dead in (boards[3], boards[90]):
        dead.deaf = True
    living = [board for board in boards if not board.deaf]
    net = line(*boards, loss=0.01, doubled=0.01, mixed=0.01)
    total = 20 * len(living)
    net.run(total / 1000)
    places = {(event.log, event.epoch, event.index) for event in net.desk.kept}
    assert len(net.desk.kept) == len(places) == total
    assert not net.desk.lost
    start, end = (datetime(2026, month, 1, tzinfo=UTC) for month in (4, 6))
    validity = Validity(start, end)
    rows = [
        Permit(PermitId(number), CardNumber(number), DoorId("d"), validity)
        for number in (1, 2)
    ]
    for board in living:
        net.apply(member(board.serial).controller, rows)
    net.run(5)
    assert all(set(board.cards) == {1, 2} for board in living)
    for board in living:
        name = member(board.serial).controller
        net.apply(name, (), 2, snapshot=False, removed=rows[:1])
    net.run(2)
    assert all(set(board.cards) == {2} for board in living)
