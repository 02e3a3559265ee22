"""Boards are told to record buttons and contacts, and how long doors stay unlocked."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from controller.protocols.uhppote.messages.doors import DoorMode, GetDoor, SetDoor
from controller.protocols.uhppote.messages.events import (
    EventReason,
    EventType,
    GetListener,
    RecordSpecialEvents,
    SetListener,
)
from controller.protocols.uhppote.session import open_network
from controller.protocols.uhppote.setup import AUDIT_PERIOD
from controller.session import (
    Contact,
    ContactChanged,
    LineSettings,
    Member,
    Offline,
    Online,
    PassageReported,
)
from controller.vocabulary import Direction, Reason
from tests.support.uhppote_double import NOON, Board
from tests.support.uhppote_line import Line, line, member

SERIAL = Board().serial
DOOR = member(SERIAL).controller


def timed(door: int = 1, seconds: float = 7.0) -> Member:
    """Return a door that the configuration gives an unlock time."""
    return replace(member(SERIAL, door), unlock_seconds=seconds)


def quiet(board: Board, *members: Member) -> Line:
    """Return a line that has looked at everything once."""
    net = Line([board], members or [timed()])
    net.run(0.5)
    return net


def test_a_board_is_set_up_when_it_comes_online_and_looked_at_now_and_then() -> None:
    board = Board(modes={1: (DoorMode.NORMALLY_OPEN, 30), 2: (DoorMode.CONTROLLED, 3)})
    net = quiet(board, timed(1, 7.0), timed(2, 3.0))
    assert board.special
    assert board.modes == {1: (DoorMode.CONTROLLED, 7), 2: (DoorMode.CONTROLLED, 3)}
    assert (board.took(GetDoor), board.took(SetDoor)) == (2, 1)
    board.modes[2] = (DoorMode.NORMALLY_CLOSED, 3)
    net.run(AUDIT_PERIOD + 2)
    assert board.modes[2] == (DoorMode.CONTROLLED, 3)
    assert board.took(RecordSpecialEvents) == 2


def test_a_door_without_a_time_of_ours_stays_as_it_is() -> None:
    board = Board(modes={1: (DoorMode.NORMALLY_CLOSED, 9)})
    quiet(board, member(SERIAL))
    assert board.special
    assert board.modes == {1: (DoorMode.NORMALLY_CLOSED, 9)}
    assert board.took(GetDoor) == 0


OURS = "10.9.0.1:60001"


def listening(board: Board) -> Line:
    """Return a line that boards may speak to unasked."""
    net = Line([board], [timed()], place=OURS)
    net.run(0.5)
    return net


def test_a_board_is_told_where_to_push_its_events_and_to_repeat_none() -> None:
    board = Board(listener=("10.9.0.7", 60001, 30))
    net = listening(board)
    assert board.listener == ("10.9.0.1", 60001, 0)
    board.listener = ("10.9.0.1", 60009, 0)
    net.run(AUDIT_PERIOD + 2)
    assert board.listener == ("10.9.0.1", 60001, 0)
    assert (board.took(GetListener), board.took(SetListener)) == (2, 2)


def test_a_board_that_keeps_another_listener_works_on_without_pushes() -> None:
    board = Board(declines={SetListener})
    net = listening(board)
    board.swipe(77)
    net.run(2)
    assert [event.index for event in net.desk.kept] == [1]
    assert (board.took(GetListener), board.took(SetListener)) == (1, 1)
    assert board.modes == {1: (DoorMode.CONTROLLED, 7)}


def test_without_a_port_of_ours_no_listener_is_touched() -> None:
    board = Board(listener=("10.9.0.7", 60001, 30))
    quiet(board)
    assert (board.took(GetListener), board.took(SetListener)) == (0, 0)
    assert board.listener == ("10.9.0.7", 60001, 30)


def test_a_board_that_was_away_is_set_up_anew() -> None:
    board = Board()
    net = quiet(board)
    board.deaf = True
    net.run(10)
    assert net.of(Offline)
    board.deaf, board.special, board.modes = False, False, {}
    net.run(15)
    assert board.special
    assert board.modes == {1: (DoorMode.CONTROLLED, 7)}


@pytest.mark.parametrize("kind", [RecordSpecialEvents, SetDoor])
def test_a_board_that_only_says_yes_is_not_asked_for_ever(
    kind: type[RecordSpecialEvents | SetDoor],
) -> None:
    board = Board(declines={kind})
    net = quiet(board)
    net.run(30)
    assert board.took(kind) == 1
    board.declines.clear()
    net.run(AUDIT_PERIOD)
    assert board.special
    assert board.modes == {1: (DoorMode.CONTROLLED, 7)}


def test_a_board_that_does_not_know_a_setting_is_served_without_it() -> None:
    board = Board(ignores={RecordSpecialEvents})
    board.swipe(77)
    net = quiet(board)
    net.run(30)
    online, offline = len(net.of(Online)), len(net.of(Offline))
    assert (online, offline) == (3, 2), "given two chances"
    assert board.modes == {1: (DoorMode.CONTROLLED, 7)}
    net.run(60)
    assert (len(net.of(Online)), len(net.of(Offline))) == (online, offline)
    assert [event.index for event in net.desk.kept] == [1]


def test_settings_arrive_over_a_network_that_loses_doubles_and_mixes() -> None:
    board = Board()
    members = [timed(door, 10.0 + door) for door in (1, 2, 3, 4)]
    net = Line([board], members, loss=0.1, doubled=0.1, mixed=0.2)
    net.run(60)
    assert board.special
    assert board.modes == {
        door: (DoorMode.CONTROLLED, 10 + door) for door in (1, 2, 3, 4)
    }


@pytest.mark.parametrize("seconds", [0.0, 0.5, 2.5, 256.0, -1.0])
def test_a_time_no_board_keeps_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="1 to 255 whole seconds"):
        open_network(LineSettings((timed(1, seconds),)), 0.0, bytes)


def happens(board: Board, reason: EventReason, moment: datetime, door: int = 1) -> None:
    kind = EventType.ALARM if reason is EventReason.FORCED_OPEN else EventType.DOOR
    board.swipe(0, door, type=kind, reason=reason, moment=moment)


def test_an_exit_button_is_a_passage() -> None:
    board = Board()
    net = quiet(board)
    happens(board, EventReason.BUTTON, NOON)
    net.run(2)
    (passage,) = net.of(PassageReported)
    assert (passage.reason, passage.card) == (Reason.EXIT_REQUEST, None)
    assert (passage.granted, passage.direction) == (True, Direction.EXIT)


def test_a_door_that_opens_and_closes_between_two_looks_is_heard_of() -> None:
    board = Board()
    net = quiet(board)
    net.events.clear()
    moment = NOON + timedelta(seconds=net.now)
    happens(board, EventReason.FORCED_OPEN, moment)
    happens(board, EventReason.DOOR_CLOSED, moment)
    happens(board, EventReason.DOOR_OPENED, moment, door=2)
    net.run(2)
    assert net.of(ContactChanged) == [
        ContactChanged(DOOR, Contact.DOOR, active=True),
        ContactChanged(DOOR, Contact.DOOR, active=False),
    ]


def test_what_a_door_did_long_ago_says_nothing_of_it_now() -> None:
    board = Board()
    for minutes in (60, 30):
        happens(board, EventReason.DOOR_OPENED, NOON - timedelta(minutes=minutes))
    net = line(board)
    net.run(5)
    assert net.of(ContactChanged) == [ContactChanged(DOOR, Contact.DOOR, active=False)]
