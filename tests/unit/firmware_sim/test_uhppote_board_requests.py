"""What a simulated board refuses to be told, and what passes while nobody looks."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, time, timedelta
from ipaddress import IPv4Address

import pytest

from controller.protocols.uhppote.fields import EVERY_DAY
from controller.protocols.uhppote.message import Reply, Request
from controller.protocols.uhppote.messages import board as boards
from controller.protocols.uhppote.messages import cards, doors, events, schedules
from controller.protocols.uhppote.messages.events import (
    NO_EVENT,
    EventReason,
    StatusReply,
)
from controller.protocols.uhppote.tables import decode_reply
from firmware_sim.uhppote_board.access import Swipe
from firmware_sim.uhppote_board.answers.look_ups import NO_PROFILE
from firmware_sim.uhppote_board.answers.schedules import MOST_TASKS
from firmware_sim.uhppote_board.board import Board
from firmware_sim.uhppote_board.memory import Listener, Network
from firmware_sim.uhppote_board.wire import respond
from tests.support.uhppote_board import CARD, NOON, OTHER, SERIAL, ask, new_board

IN_YEAR = (date(2026, 1, 1), date(2026, 12, 31))
LISTENER = IPv4Address("192.168.1.100")
SHUT = doors.DoorMode.NORMALLY_CLOSED
TASK = schedules.TaskRecord(*IN_YEAR, EVERY_DAY, time(12, 1), 1, 1, 0)
FIRST_CARD = schedules.SetFirstCard(SERIAL, 1, time(8), 0, time(18), 3, EVERY_DAY)
NO_SEGMENTS = (schedules.NO_SEGMENT,) * 3
PROFILE = schedules.ProfileRecord(9, *IN_YEAR, EVERY_DAY, NO_SEGMENTS, 0)
TAP = Swipe(CARD.number, 1)


def told(board: Board, request: Request, **odd: int) -> Reply | None:
    """Send a request with some bytes bent: `at8=5` puts 5 at offset 8."""
    wire = bytearray(request.encode())
    for place, value in odd.items():
        wire[int(place.removeprefix("at"))] = value
    answer = respond(board, bytes(wire), 0.0)
    return None if answer is None else decode_reply(answer)


def reasons(board: Board) -> list[int]:
    last = board.memory.events.last.index
    return [board.memory.events.get(index).reason for index in range(1, last + 1)]


@pytest.mark.parametrize("door", [0, 5, 255])
@pytest.mark.parametrize(
    "request_for_door_1",
    [
        doors.OpenDoor(SERIAL, 1),
        doors.SetDoor(SERIAL, 1, SHUT, 9),
        doors.GetDoor(SERIAL, 1),
        cards.SetPasscodes(SERIAL, 1, (1234, 0, 0, 0)),
    ],
    ids=lambda request: type(request).__name__,
)
def test_of_a_door_it_does_not_have_a_board_says_nothing(
    request_for_door_1: Request, door: int
) -> None:
    board = new_board()
    before = replace(board.memory.settings.doors[1])
    assert told(board, request_for_door_1, at8=door) is None
    assert board.memory.settings.doors[1] == before
    assert board.memory.events.last == NO_EVENT
    assert told(board, request_for_door_1) is not None


@pytest.mark.parametrize("mode", [0, 4, 255])
def test_a_door_takes_no_mode_there_is_not(mode: int) -> None:
    board = new_board()
    ask(board, doors.SetDoor(SERIAL, 3, SHUT, 9))
    bent = doors.SetDoor(SERIAL, 3, doors.DoorMode.CONTROLLED, 7)
    assert told(board, bent, at9=mode) is None
    held = ask(board, doors.GetDoor(SERIAL, 3))
    assert held == doors.GetDoorReply(SERIAL, 3, SHUT, 9)


def test_anti_passback_that_is_refused_forgets_nobody() -> None:
    board = new_board()
    board.memory.cards.put(CARD)
    pairs = doors.SetAntiPassback(SERIAL, doors.AntiPassback.PAIRS)
    ask(board, pairs)
    assert board.swipe(TAP, 0.0) is EventReason.SWIPE
    assert told(board, pairs, at8=5) == doors.SetAntiPassbackReply(SERIAL, ok=False)
    assert board.swipe(TAP, 0.0) is EventReason.ANTI_PASSBACK
    held = ask(board, doors.GetAntiPassback(SERIAL))
    assert held == doors.GetAntiPassbackReply(SERIAL, doors.AntiPassback.PAIRS)


@pytest.mark.parametrize("mode", [5, 7, 9])
def test_an_interlock_that_is_refused_changes_nothing(mode: int) -> None:
    board = new_board()
    wanted = doors.SetInterlock(SERIAL, doors.Interlock.DOORS_1234)
    assert told(board, wanted) == doors.SetInterlockReply(SERIAL, ok=True)
    assert told(board, wanted, at8=mode) == doors.SetInterlockReply(SERIAL, ok=False)
    assert board.memory.settings.interlock == doors.Interlock.DOORS_1234


@pytest.mark.parametrize(("place", "value"), [("at25", 0), ("at25", 5), ("at26", 13)])
def test_a_task_for_no_door_or_of_no_kind_is_refused(place: str, value: int) -> None:
    board = new_board()
    answer = told(board, schedules.AddTask(SERIAL, TASK), **{place: value})
    assert answer == schedules.AddTaskReply(SERIAL, ok=False)
    ask(board, schedules.RefreshTasks(SERIAL))
    assert board.memory.settings.tasks == []


def test_a_task_list_is_bounded() -> None:
    board = new_board()
    board.memory.settings.tasks_waiting = [TASK] * (MOST_TASKS - 1)
    for ok in (True, False):
        answer = ask(board, schedules.AddTask(SERIAL, TASK))
        assert answer == schedules.AddTaskReply(SERIAL, ok)
    assert len(board.memory.settings.tasks_waiting) == MOST_TASKS


def test_a_cleared_list_goes_on_until_it_is_refreshed() -> None:
    board = new_board()
    ask(board, schedules.AddTask(SERIAL, TASK))
    ask(board, schedules.RefreshTasks(SERIAL))
    ask(board, schedules.ClearTasks(SERIAL))
    assert board.memory.settings.tasks == [TASK]
    ask(board, schedules.AddTask(SERIAL, replace(TASK, door=2)))
    assert board.memory.settings.tasks == [TASK], "what is added waits too"
    ask(board, schedules.RefreshTasks(SERIAL))
    assert board.memory.settings.tasks == [replace(TASK, door=2)]


@pytest.mark.parametrize(
    ("place", "value"), [("at8", 0), ("at8", 5), ("at11", 3), ("at14", 4)]
)
def test_a_first_card_setting_that_is_refused_leaves_the_old_one(
    place: str, value: int
) -> None:
    board = new_board()
    ask(board, FIRST_CARD)
    ask(board, schedules.RefreshTasks(SERIAL))
    answer = told(board, replace(FIRST_CARD, inactive=0), **{place: value})
    assert answer == schedules.SetFirstCardReply(SERIAL, ok=False)
    ask(board, schedules.RefreshTasks(SERIAL))
    assert board.memory.settings.doors[1].first == FIRST_CARD


@pytest.mark.parametrize(
    ("number", "ok"), [(0, False), (1, False), (2, True), (254, True), (255, False)]
)
def test_profiles_are_numbered_2_to_254(number: int, ok: bool) -> None:
    board = new_board()
    answer = told(board, schedules.SetProfile(SERIAL, PROFILE), at8=number)
    assert answer == schedules.SetProfileReply(SERIAL, ok)
    held = told(board, schedules.GetProfile(SERIAL, 9), at8=number)
    kept = replace(PROFILE, id=number) if ok else NO_PROFILE
    assert held == schedules.GetProfileReply(SERIAL, kept)


def test_supervisor_codes_too_large_are_none_and_the_others_count() -> None:
    board = new_board()
    codes = cards.SetPasscodes(SERIAL, 1, (999_999, 1, 0, 0))
    # The second code becomes 0x0F4240: a million, one above the largest.
    assert told(board, codes, at16=0x40, at17=0x42, at18=0x0F) is not None
    assert board.memory.settings.doors[1].codes == (999_999, 0, 0, 0)
    assert board.enter_code(1, 999_999, 0.0)
    assert not board.enter_code(1, 1_000_000, 0.0)


def test_a_new_address_restarts_a_board_without_a_word() -> None:
    board = new_board()
    ask(board, doors.SetAntiPassback(SERIAL, doors.AntiPassback.PAIRS))
    board.open_remotely(1, 0.0)
    network = Network(LISTENER, IPv4Address("255.255.0.0"), IPv4Address("192.168.1.1"))
    wanted = boards.SetAddress(
        SERIAL, network.address, network.netmask, network.gateway
    )
    assert told(board, wanted) is None
    assert board.memory.settings.network == network
    assert reasons(board) == [EventReason.REMOTE_OPEN, EventReason.POWER_ON]
    assert board.status(NO_EVENT, 0.0).relays == 0
    found = ask(board, boards.Discover(SERIAL))
    assert isinstance(found, boards.DiscoverReply)
    assert (found.address, found.netmask) == (network.address, network.netmask)
    assert found.hardware_address == b"\x00\x66" + SERIAL.to_bytes(4, "big")


def test_a_restore_leaves_the_address_and_ends_what_was_under_way() -> None:
    board = new_board()
    board.memory.settings.network = Network(LISTENER)
    ask(board, schedules.AddTask(SERIAL, TASK))
    ask(board, schedules.RefreshTasks(SERIAL))
    board.open_remotely(1, 0.0)
    ask(board, boards.RestoreDefaults(SERIAL))
    assert board.memory.settings.network.address == LISTENER
    assert board.memory.settings.tasks == []
    assert board.status(NO_EVENT, 0.0).relays == 0
    ask(board, doors.SetDoor(SERIAL, 1, SHUT, 5))
    assert not board.open_remotely(1, 1.0), "the doors are those of the new settings"


@pytest.mark.parametrize(
    ("listener", "peer"),
    [
        (Listener(), ""),
        (Listener(LISTENER, 0), ""),
        (Listener(IPv4Address(0), 60001), ""),
        (Listener(LISTENER, 60001), "192.168.1.100:60001"),
    ],
)
def test_nobody_listens_without_both_address_and_port(
    listener: Listener, peer: str
) -> None:
    board = new_board()
    ask(board, events.SetListener(SERIAL, listener.address, listener.port, 30))
    board.swipe(TAP, 0.0)
    assert [packet.peer for packet in board.data_to_send()] == [peer] * bool(peer)
    assert board.deadline(0.0) == (30.0 if peer else None)


def test_a_listener_s_interval_counts_from_its_setting_and_from_a_restart() -> None:
    board = new_board()
    ask(board, events.SetListener(SERIAL, LISTENER, 60001, 15), 10.0)
    assert board.deadline(10.0) == 25.0
    board.restart(100.0)
    assert board.deadline(100.0) == 115.0
    board.data_to_send()
    board.on_timeout(114.0)
    assert board.data_to_send() == []
    held = ask(board, events.GetListener(SERIAL), 114.0)
    assert held == events.GetListenerReply(SERIAL, LISTENER, 60001, 15)


def test_the_number_of_a_push_wraps_at_32_bits() -> None:
    board = new_board()
    ask(board, events.SetListener(SERIAL, LISTENER, 60001, 0))
    board._sequence = 2**32 - 2
    for _ in range(2):
        board.swipe(TAP, 0.0)
    replies = [decode_reply(packet.data) for packet in board.data_to_send()]
    numbers = [each.sequence for each in replies if isinstance(each, StatusReply)]
    assert numbers == [2**32 - 1, 0]


Act = Callable[[Board, float], object]
ACTS: dict[str, Act] = {
    "a swipe": lambda board, now: board.swipe(TAP, now),
    "a code": lambda board, now: board.enter_code(1, 4321, now),
    "a button": lambda board, now: board.press_button(1, now),
    "a released button": lambda board, now: board.release_button(1, now),
    "an opened door": lambda board, now: board.open_door(1, now),
    "a closed door": lambda board, now: board.close_door(2, now),
    "a request": lambda board, now: ask(board, events.GetStatus(SERIAL), now),
}


@pytest.mark.parametrize("act", ACTS)
def test_what_was_due_before_an_act_is_recorded_before_it(act: str) -> None:
    board = new_board()
    board.memory.cards.put(CARD)
    board.memory.settings.doors[1].codes = (4321, 0, 0, 0)
    ask(board, events.RecordSpecialEvents(SERIAL, enabled=True))
    board.open_remotely(2, 0.0)
    board.open_door(2, 0.0)
    before = len(reasons(board))
    ACTS[act](board, 400.0)
    since = reasons(board)[before:]
    assert since[0] == EventReason.HELD_OPEN
    assert since.count(EventReason.HELD_OPEN) == 1
    assert board.memory.events.get(before + 1).door == 2


def test_a_task_that_fell_due_meanwhile_decides_the_next_swipe() -> None:
    board = new_board()
    board.memory.cards.put(CARD)
    ask(board, schedules.AddTask(SERIAL, replace(TASK, type=2)))
    ask(board, schedules.RefreshTasks(SERIAL))
    assert board.swipe(TAP, 59.0) is EventReason.SWIPE
    assert board.swipe(TAP, 60.0) is EventReason.NORMALLY_CLOSED


def test_a_row_is_found_by_its_place_until_every_card_goes() -> None:
    board = new_board()
    for card in (CARD, OTHER):
        assert ask(board, cards.PutCard(SERIAL, card)) is not None
    ask(board, cards.DeleteCard(SERIAL, CARD.number))
    rows = [ask(board, cards.GetCardAt(SERIAL, index)) for index in (1, 2, 3)]
    numbers = [row.card.number for row in rows if isinstance(row, cards.GetCardAtReply)]
    assert numbers == [cards.DELETED_CARD, OTHER.number, 0]
    ask(board, cards.DeleteCards(SERIAL))
    assert ask(board, cards.CountCards(SERIAL)) == cards.CountCardsReply(SERIAL, 0)
    row = ask(board, cards.GetCardAt(SERIAL, 1))
    assert row == cards.GetCardAtReply(SERIAL, cards.ABSENT_CARD)


def test_a_clock_is_read_back_as_it_was_set() -> None:
    board = new_board()
    later = NOON + timedelta(days=40, seconds=7)
    reply = ask(board, boards.SetTime(SERIAL, later), 5.0)
    assert reply == boards.SetTimeReply(SERIAL, later)
    asked = ask(board, boards.GetTime(SERIAL), 15.5)
    assert asked == boards.GetTimeReply(SERIAL, later + timedelta(seconds=10))
