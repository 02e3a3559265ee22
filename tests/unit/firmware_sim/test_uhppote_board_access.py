"""Who passes a simulated board, and the reason it gives."""

from dataclasses import replace
from datetime import date, time, timedelta

import pytest

from controller.protocols.uhppote.fields import EVERY_DAY, FourFlags
from controller.protocols.uhppote.messages.board import Discover, GetTime
from controller.protocols.uhppote.messages.cards import CardRecord
from controller.protocols.uhppote.messages.doors import (
    AntiPassback,
    DoorMode,
    Interlock,
    SetAntiPassback,
    SetDoor,
    SetInterlock,
    SetKeypads,
    SetPcControl,
)
from controller.protocols.uhppote.messages.events import EventReason, EventType, Way
from controller.protocols.uhppote.messages.schedules import (
    NO_SEGMENT,
    AddTask,
    FirstCardMode,
    ProfileRecord,
    RefreshTasks,
    Segment,
    SetFirstCard,
    SetProfile,
    TaskRecord,
    TaskType,
)
from firmware_sim.uhppote_board.access import Swipe
from firmware_sim.uhppote_board.board import Board
from tests.support.uhppote_board import CARD, NOON, OTHER, SERIAL, ask, new_board

IN_YEAR = (date(2026, 1, 1), date(2026, 12, 31))
OFFICE = Segment(time(8), time(18))
EVENING = Segment(time(19), time(22))


def profile(number: int, segment: Segment, linked: int = 0) -> ProfileRecord:
    segments = (segment, NO_SEGMENT, NO_SEGMENT)
    return ProfileRecord(number, *IN_YEAR, EVERY_DAY, segments, linked)


def board_with(*cards: CardRecord) -> Board:
    board = new_board()
    for card in cards:
        board.memory.cards.put(card)
    return board


def tap(board: Board, number: int = CARD.number, now: float = 0.0) -> EventReason:
    return board.swipe(Swipe(number, 1), now)


def do_task(board: Board, kind: TaskType, cards: int = 0) -> None:
    task = TaskRecord(*IN_YEAR, EVERY_DAY, time(12, 1), 1, kind, cards)
    ask(board, AddTask(SERIAL, task))
    ask(board, RefreshTasks(SERIAL))
    board.on_timeout(59.0)
    assert board.deadline(59.0) == 60.0
    board.on_timeout(60.0)


def test_a_stored_card_passes_and_the_event_says_so() -> None:
    board = board_with(CARD)
    assert tap(board) is EventReason.SWIPE
    event = board.memory.events.last
    assert (event.index, event.type, event.granted) == (1, EventType.DOOR, True)
    assert (event.door, event.way, event.card, event.moment) == (
        1,
        Way.IN,
        CARD.number,
        NOON,
    )
    assert board.status(event, 4.9).relays == 1
    assert board.status(event, 5.0).relays == 0


def test_an_unknown_card_is_refused() -> None:
    board = new_board()
    assert tap(board) is EventReason.UNKNOWN_CARD
    event = board.memory.events.last
    assert (event.type, event.granted) == (EventType.SWIPE, False)


def test_a_card_without_the_door_is_refused() -> None:
    board = board_with(replace(CARD, doors=(0, 1, 1, 1)))
    assert tap(board) is EventReason.NO_PRIVILEGE
    assert board.swipe(Swipe(CARD.number, 2), 0.0) is EventReason.SWIPE


@pytest.mark.parametrize(
    ("start", "end", "why"),
    [
        (NOON.date(), NOON.date(), EventReason.SWIPE),
        (NOON.date() + timedelta(1), date(2099, 1, 1), EventReason.OUTSIDE_PROFILE),
        (date(2020, 1, 1), NOON.date() - timedelta(1), EventReason.OUTSIDE_PROFILE),
    ],
)
def test_a_card_passes_on_its_days_both_included(
    start: date, end: date, why: EventReason
) -> None:
    assert tap(board_with(replace(CARD, start=start, end=end))) is why


@pytest.mark.parametrize(
    ("profiles", "why"),
    [
        ([], EventReason.SWIPE),
        ([profile(9, OFFICE)], EventReason.SWIPE),
        ([profile(9, EVENING)], EventReason.OUTSIDE_PROFILE),
        ([profile(9, NO_SEGMENT)], EventReason.OUTSIDE_PROFILE),
        ([profile(9, EVENING, 10), profile(10, OFFICE)], EventReason.SWIPE),
        (
            [profile(9, EVENING, 10), profile(10, EVENING, 9)],
            EventReason.OUTSIDE_PROFILE,
        ),
        ([profile(9, EVENING, 10)], EventReason.SWIPE),
        (
            [replace(profile(9, OFFICE), weekdays=(*EVERY_DAY[:4], False, True, True))],
            EventReason.OUTSIDE_PROFILE,
        ),
        (
            [replace(profile(9, OFFICE), end=date(2026, 4, 30))],
            EventReason.OUTSIDE_PROFILE,
        ),
    ],
    ids=[
        "a missing profile lets pass",
        "within hours",
        "outside hours",
        "no hours at all",
        "linked hours",
        "links in a circle",
        "a missing linked profile lets pass",
        "another weekday",
        "past its end",
    ],
)
def test_a_profile_decides_by_the_hour(
    profiles: list[ProfileRecord], why: EventReason
) -> None:
    board = board_with(replace(CARD, doors=(9, 0, 0, 0)))
    for each in profiles:
        ask(board, SetProfile(SERIAL, each))
    assert tap(board) is why


def test_a_keypad_wants_the_pin_of_a_card_that_has_one() -> None:
    board = board_with(replace(CARD, pin=1357), OTHER)
    assert tap(board) is EventReason.SWIPE
    ask(board, SetKeypads(SERIAL, (True, False, False, False)))
    assert tap(board) is EventReason.WRONG_PIN
    assert board.swipe(Swipe(CARD.number, 1, pin=7531), 0.0) is EventReason.WRONG_PIN
    assert board.swipe(Swipe(CARD.number, 1, pin=1357), 0.0) is EventReason.SWIPE
    assert tap(board, OTHER.number) is EventReason.SWIPE


def test_doors_stand_as_they_are_set() -> None:
    board = board_with(CARD)
    ask(board, SetDoor(SERIAL, 1, DoorMode.NORMALLY_CLOSED, 5))
    assert tap(board) is EventReason.NORMALLY_CLOSED
    ask(board, SetDoor(SERIAL, 1, DoorMode.NORMALLY_OPEN, 5))
    assert board.status(board.memory.events.last, 1000.0).relays == 1


PASSBACK = [
    (AntiPassback.OFF, "11", ""),
    (AntiPassback.PAIRS, "1234", "11"),
    (AntiPassback.PAIRS, "121", "33"),
    (AntiPassback.TWO_AND_TWO, "1432", "13"),
    (AntiPassback.ONE_AND_TWO, "1214", "23"),
    (AntiPassback.ONE_AND_THREE, "1412", "24"),
]


@pytest.mark.parametrize(("mode", "allowed", "barred"), PASSBACK)
def test_anti_passback_wants_the_other_side_next(
    mode: AntiPassback, allowed: str, barred: str
) -> None:
    board = board_with(CARD, OTHER)
    ask(board, SetAntiPassback(SERIAL, mode))
    for door in allowed:
        assert board.swipe(Swipe(CARD.number, int(door)), 0.0) is EventReason.SWIPE
    ask(board, SetAntiPassback(SERIAL, mode))
    whys = [board.swipe(Swipe(CARD.number, int(door)), 0.0) for door in barred]
    expected = [EventReason.SWIPE, EventReason.ANTI_PASSBACK][: len(barred)]
    assert whys == expected
    for door in barred[:1]:
        assert board.swipe(Swipe(OTHER.number, int(door)), 0.0) is EventReason.SWIPE


INTERLOCKS = [
    (Interlock.OFF, ""),
    (Interlock.DOORS_12, "2"),
    (Interlock.DOORS_34, ""),
    (Interlock.DOORS_12_AND_34, "2"),
    (Interlock.DOORS_123, "23"),
    (Interlock.DOORS_1234, "234"),
]


@pytest.mark.parametrize(("mode", "shut"), INTERLOCKS)
def test_interlocked_doors_open_one_at_a_time(mode: Interlock, shut: str) -> None:
    board = board_with(CARD)
    ask(board, SetInterlock(SERIAL, mode))
    tap(board)
    board.open_door(1, 1.0)
    for door in (2, 3, 4):
        expected = EventReason.INTERLOCK if str(door) in shut else EventReason.SWIPE
        assert board.swipe(Swipe(CARD.number, door), 1.0) is expected
        assert board.open_remotely(door, 1.0) == (str(door) not in shut)
    board.close_door(1, 2.0)
    assert board.swipe(Swipe(CARD.number, 2), 2.0) is EventReason.SWIPE


def test_a_host_decides_while_it_is_alive() -> None:
    board = board_with(CARD)
    ask(board, SetPcControl(SERIAL, enabled=True), 0.0)
    assert tap(board, now=29.9) is EventReason.PC_CONTROL
    assert tap(board, now=30.0) is EventReason.SWIPE
    ask(board, GetTime(SERIAL), 40.0)
    assert tap(board, now=41.0) is EventReason.PC_CONTROL
    ask(board, Discover(SERIAL), 69.0)
    assert tap(board, now=98.9) is EventReason.PC_CONTROL
    ask(board, SetPcControl(SERIAL, enabled=False), 99.0)
    assert tap(board, now=99.0) is EventReason.SWIPE


def test_more_cards_are_different_cards_in_time() -> None:
    board = board_with(CARD, OTHER)
    do_task(board, TaskType.MORE_CARDS_ON, 2)
    assert tap(board, now=60.0) is EventReason.MORE_CARDS
    assert tap(board, now=61.0) is EventReason.MORE_CARDS
    assert tap(board, OTHER.number, now=95.0) is EventReason.MORE_CARDS
    assert tap(board, now=96.0) is EventReason.SWIPE
    assert tap(board, now=97.0) is EventReason.MORE_CARDS


FIRST: FourFlags = (True, False, False, False)


def test_the_first_card_opens_the_door_for_the_others() -> None:
    board = board_with(CARD, replace(OTHER, first=FIRST))
    ask(
        board,
        SetFirstCard(
            SERIAL,
            1,
            time(8),
            FirstCardMode.NORMALLY_OPEN,
            time(12, 10),
            FirstCardMode.FIRST_CARD_ONLY,
            EVERY_DAY,
        ),
    )
    assert tap(board) is EventReason.SWIPE, "it waits for the refresh"
    ask(board, RefreshTasks(SERIAL))
    assert tap(board) is EventReason.FIRST_CARD
    assert tap(board, OTHER.number) is EventReason.SWIPE
    assert board.status(board.memory.events.last, 300.0).relays == 1
    assert tap(board, now=300.0) is EventReason.SWIPE
    assert board.status(board.memory.events.last, 660.0).relays == 0
    assert tap(board, now=660.0) is EventReason.SWIPE
    assert tap(board, now=86_400.0) is EventReason.FIRST_CARD


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        (TaskType.CONTROLLED, EventReason.SWIPE),
        (TaskType.NORMALLY_OPEN, EventReason.SWIPE),
        (TaskType.NORMALLY_CLOSED, EventReason.NORMALLY_CLOSED),
        (TaskType.PROFILES_OFF, EventReason.OUTSIDE_PROFILE),
        (TaskType.PROFILES_ON, EventReason.SWIPE),
        (TaskType.CARD, EventReason.SWIPE),
        (TaskType.CARD_AND_PIN_IN, EventReason.WRONG_PIN),
        (TaskType.CARD_AND_PIN, EventReason.WRONG_PIN),
        (TaskType.MORE_CARDS_ON, EventReason.MORE_CARDS),
        (TaskType.MORE_CARDS_OFF, EventReason.SWIPE),
        (TaskType.TRIGGER_ONCE, EventReason.SWIPE),
        (TaskType.BUTTON_OFF, EventReason.SWIPE),
        (TaskType.BUTTON_ON, EventReason.SWIPE),
    ],
)
def test_a_task_changes_what_a_card_can(kind: TaskType, why: EventReason) -> None:
    board = board_with(replace(CARD, doors=(9, 1, 0, 0), pin=1357))
    ask(board, SetProfile(SERIAL, profile(9, OFFICE)))
    assert tap(board) is EventReason.SWIPE
    do_task(board, kind, cards=2)
    opens = kind in {TaskType.NORMALLY_OPEN, TaskType.TRIGGER_ONCE}
    assert board.status(board.memory.events.last, 60.0).relays == opens
    assert board.press_button(1, 60.0) == (
        kind not in {TaskType.BUTTON_OFF, TaskType.NORMALLY_CLOSED}
    )
    assert tap(board, now=60.0) is why
    out = board.swipe(Swipe(CARD.number, 1, Way.OUT), 60.0)
    assert out is (EventReason.SWIPE if kind is TaskType.CARD_AND_PIN_IN else why)
    assert board.swipe(Swipe(CARD.number, 2), 60.0) is EventReason.SWIPE
