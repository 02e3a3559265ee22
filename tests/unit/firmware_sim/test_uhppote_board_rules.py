"""The order of a simulated board's rules, and the edges of each."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest

from controller.protocols.uhppote.fields import EVERY_DAY, Weekdays
from controller.protocols.uhppote.message import Request
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
from controller.protocols.uhppote.messages.events import EventReason, Way
from controller.protocols.uhppote.messages.schedules import (
    NO_SEGMENT,
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
from firmware_sim.uhppote_board.board import HOST_CARD, Board
from firmware_sim.uhppote_board.passback import PassbackLedger
from firmware_sim.uhppote_board.profiles import allows
from firmware_sim.uhppote_board.tasks import due
from tests.support.uhppote_board import CARD, NOON, OTHER, SERIAL, ask, new_board

IN_YEAR = (date(2026, 1, 1), date(2026, 12, 31))
FRIDAYS: Weekdays = (False, False, False, False, True, False, False)
HOURS = Segment(time(11), time(13))
GUARDED_BY = (FirstCardMode.CONTROLLED, FirstCardMode.FIRST_CARD_ONLY)


def profile(number: int, *segments: Segment, linked: int = 0) -> ProfileRecord:
    first, second, third = (*segments, NO_SEGMENT, NO_SEGMENT, NO_SEGMENT)[:3]
    return ProfileRecord(number, *IN_YEAR, EVERY_DAY, (first, second, third), linked)


def first_card(
    active: FirstCardMode, inactive: FirstCardMode, days: Weekdays = EVERY_DAY
) -> SetFirstCard:
    return SetFirstCard(SERIAL, 1, time(11), active, time(13), inactive, days)


def put(board: Board, **fields: object) -> None:
    held = board.memory.cards.get(CARD.number)
    board.memory.cards.put(replace(held, **fields))  # type: ignore[arg-type]


def tap(board: Board, now: float = 0.0, door: int = 1) -> EventReason:
    return board.swipe(Swipe(CARD.number, door), now)


def relays(board: Board, now: float) -> int:
    return board.status(board.memory.events.last, now).relays


def refusing_all() -> Board:
    """Return a board at which every rule speaks against the card."""
    board = new_board()
    requests: tuple[Request, ...] = (
        SetKeypads(SERIAL, (True, False, False, False)),
        SetProfile(SERIAL, profile(9, Segment(time(19), time(22)))),
        SetAntiPassback(SERIAL, AntiPassback.PAIRS),
        SetInterlock(SERIAL, Interlock.DOORS_12),
        SetDoor(SERIAL, 1, DoorMode.NORMALLY_CLOSED, 5),
        first_card(*GUARDED_BY),
        RefreshTasks(SERIAL),
        SetPcControl(SERIAL, enabled=True),
    )
    board.open_remotely(2, 0.0)
    board.open_door(2, 0.0)
    for request in requests:
        ask(board, request)
    board.ledger.passed(AntiPassback.PAIRS, CARD.number, 1)
    board.doors[1].cards_wanted = 2
    return board


def store(board: Board) -> None:
    past = date(2020, 1, 1)
    board.memory.cards.put(
        replace(CARD, start=past, end=past, doors=(0, 1, 1, 1), pin=1357)
    )


def stop_counting(board: Board) -> None:
    board.doors[1].cards_wanted = 1


REMEDIES: tuple[tuple[EventReason, Callable[[Board], object]], ...] = (
    (EventReason.UNKNOWN_CARD, store),
    (
        EventReason.PC_CONTROL,
        lambda board: ask(board, SetPcControl(SERIAL, enabled=False)),
    ),
    (EventReason.WRONG_PIN, lambda board: put(board, pin=0)),
    (EventReason.NO_PRIVILEGE, lambda board: put(board, doors=(9, 1, 1, 1))),
    (EventReason.OUTSIDE_PROFILE, lambda board: put(board, end=IN_YEAR[1])),
    (
        EventReason.OUTSIDE_PROFILE,
        lambda board: ask(board, SetProfile(SERIAL, profile(9, HOURS))),
    ),
    (EventReason.ANTI_PASSBACK, lambda board: board.ledger.forget()),
    (EventReason.INTERLOCK, lambda board: board.close_door(2, 0.0)),
    (
        EventReason.FIRST_CARD,
        lambda board: put(board, first=(True, False, False, False)),
    ),
    (
        EventReason.NORMALLY_CLOSED,
        lambda board: ask(board, SetDoor(SERIAL, 1, DoorMode.CONTROLLED, 5)),
    ),
    (EventReason.MORE_CARDS, stop_counting),
)


def test_the_first_rule_that_refuses_names_the_reason() -> None:
    board = refusing_all()
    for why, remedy in REMEDIES:
        assert tap(board) is why
        remedy(board)
    assert tap(board) is EventReason.SWIPE


@pytest.mark.parametrize(
    ("permission", "why"),
    [
        (0, EventReason.NO_PRIVILEGE),
        (1, EventReason.SWIPE),
        (254, EventReason.SWIPE),
        (255, EventReason.NO_PRIVILEGE),
    ],
)
def test_a_permission_is_always_or_one_of_253_profiles(
    permission: int, why: EventReason
) -> None:
    board = new_board()
    board.memory.cards.put(replace(CARD, doors=(permission, 0, 0, 0)))
    assert tap(board) is why


def test_a_card_for_always_passes_where_profiles_are_off() -> None:
    board = new_board()
    board.memory.cards.put(CARD)
    board.doors[1].profiles_off = True
    assert tap(board) is EventReason.SWIPE
    put(board, doors=(9, 0, 0, 0))
    assert tap(board) is EventReason.OUTSIDE_PROFILE


def test_a_keypad_is_one_door_s_and_asks_both_ways() -> None:
    board = new_board()
    board.memory.cards.put(replace(CARD, pin=1357))
    ask(board, SetKeypads(SERIAL, (False, True, False, False)))
    assert tap(board, door=1) is EventReason.SWIPE
    for way in Way:
        assert board.swipe(Swipe(CARD.number, 2, way), 0.0) is EventReason.WRONG_PIN
    assert board.swipe(Swipe(CARD.number, 2, pin=1357), 0.0) is EventReason.SWIPE


def test_a_board_no_host_ever_spoke_to_decides_itself() -> None:
    board = new_board()
    board.memory.cards.put(CARD)
    board.memory.settings.pc_control = True
    assert tap(board) is EventReason.SWIPE


@pytest.mark.parametrize("minute", [time(11), time(12, 59), time(13)])
def test_the_hours_of_a_profile_include_both_ends(minute: time) -> None:
    day = NOON.date()
    profiles = {9: profile(9, HOURS)}
    assert allows(profiles, 9, datetime.combine(day, minute))
    for outside in (time(10, 59, 59), time(13, 1)):
        assert not allows(profiles, 9, datetime.combine(day, outside))
    late = datetime.combine(day, time(13, 0, 59))
    assert allows(profiles, 9, late), "boards compare minutes"


def test_any_segment_of_a_chain_of_three_profiles_lets_pass() -> None:
    def hour(start: int) -> Segment:
        return Segment(time(start), time(start, 30))

    profiles = {
        2: profile(2, hour(1), hour(2), hour(3), linked=3),
        3: profile(3, hour(4), NO_SEGMENT, hour(5), linked=4),
        4: profile(4, hour(6)),
    }
    moments = [NOON.replace(hour=each) for each in range(8)]
    allowed = [each.hour for each in moments if allows(profiles, 2, each)]
    assert allowed == [1, 2, 3, 4, 5, 6]
    assert [each.hour for each in moments if allows(profiles, 4, each)] == [6]


def test_anti_passback_groups_are_apart_and_cards_are_too() -> None:
    ledger = PassbackLedger()
    ledger.passed(AntiPassback.PAIRS, 7, 1)
    ledger.passed(AntiPassback.PAIRS, 7, 4)
    assert [door for door in (1, 2, 3, 4) if ledger.allows(7, door)] == [2, 3]
    assert all(ledger.allows(8, door) for door in (1, 2, 3, 4))
    ledger.passed(AntiPassback.PAIRS, 7, 2)
    assert [door for door in (1, 2, 3, 4) if ledger.allows(7, door)] == [1, 3]


@pytest.mark.parametrize(
    ("mode", "door", "barred"),
    [
        (AntiPassback.TWO_AND_TWO, 3, [1, 3]),
        (AntiPassback.TWO_AND_TWO, 2, [2, 4]),
        (AntiPassback.ONE_AND_TWO, 3, [2, 3]),
        (AntiPassback.ONE_AND_TWO, 4, []),
        (AntiPassback.ONE_AND_THREE, 4, [2, 3, 4]),
        (AntiPassback.ONE_AND_THREE, 1, [1]),
    ],
)
def test_a_side_is_barred_whole(
    mode: AntiPassback, door: int, barred: list[int]
) -> None:
    ledger = PassbackLedger()
    ledger.passed(mode, 7, door)
    assert [each for each in (1, 2, 3, 4) if not ledger.allows(7, each)] == barred


@pytest.mark.parametrize(
    ("mode", "opened", "shut"),
    [
        (Interlock.DOORS_34, 4, [3]),
        (Interlock.DOORS_12_AND_34, 3, [4]),
        (Interlock.DOORS_123, 3, [1, 2]),
        (Interlock.DOORS_123, 4, []),
        (Interlock.DOORS_1234, 4, [1, 2, 3]),
    ],
)
def test_an_open_door_shuts_the_others_of_its_interlock(
    mode: Interlock, opened: int, shut: list[int]
) -> None:
    board = new_board()
    board.memory.cards.put(CARD)
    ask(board, SetInterlock(SERIAL, mode))
    board.open_door(opened, 0.0)
    refused = [
        door for door in (1, 2, 3, 4) if tap(board, door=door) is EventReason.INTERLOCK
    ]
    assert refused == shut
    assert tap(board, door=opened) is EventReason.SWIPE, "it may be opened wider"


@pytest.mark.parametrize(
    ("modes", "inside", "after"),
    [
        ((FirstCardMode.NORMALLY_OPEN, FirstCardMode.FIRST_CARD_ONLY), 1, 0),
        ((FirstCardMode.NORMALLY_OPEN, FirstCardMode.NORMALLY_CLOSED), 1, 0),
        ((FirstCardMode.CONTROLLED, FirstCardMode.NORMALLY_OPEN), 0, 1),
        ((FirstCardMode.NORMALLY_CLOSED, FirstCardMode.CONTROLLED), 0, 0),
    ],
)
def test_a_door_stands_as_its_first_card_leaves_it(
    modes: tuple[FirstCardMode, FirstCardMode], inside: int, after: int
) -> None:
    board = new_board()
    board.memory.cards.put(replace(CARD, first=(True, False, False, False)))
    ask(board, first_card(*modes))
    ask(board, RefreshTasks(SERIAL))
    assert tap(board) is EventReason.SWIPE
    assert relays(board, 3600.0) == inside
    assert relays(board, 3660.0) == after
    shut = FirstCardMode.NORMALLY_CLOSED
    assert (tap(board, 3600.0) is EventReason.SWIPE) == (modes[0] is not shut)
    assert (tap(board, 3660.0) is EventReason.SWIPE) == (modes[1] is not shut)


@pytest.mark.parametrize(
    ("days", "why"),
    [
        (FRIDAYS, EventReason.FIRST_CARD),
        ((True, True, True, True, False, True, True), EventReason.SWIPE),
    ],
)
def test_only_the_first_card_s_weekdays_wait_for_it(
    days: Weekdays, why: EventReason
) -> None:
    board = new_board()
    board.memory.cards.put(CARD)
    ask(board, first_card(*GUARDED_BY, days))
    ask(board, RefreshTasks(SERIAL))
    assert tap(board) is why
    assert tap(board, door=2) is EventReason.SWIPE


def test_a_first_card_before_its_hours_opens_for_itself_only() -> None:
    board = new_board()
    board.memory.clock.step(-3600.0 - 60.0)
    board.memory.cards.put(replace(OTHER, first=(True, False, False, False)))
    board.memory.cards.put(CARD)
    ask(board, first_card(*GUARDED_BY))
    ask(board, RefreshTasks(SERIAL))
    assert board.swipe(Swipe(OTHER.number, 1), 0.0) is EventReason.SWIPE
    assert tap(board) is EventReason.SWIPE, "the hours have not begun"
    assert tap(board, 60.0) is EventReason.FIRST_CARD


def test_a_supervisor_code_leaves_a_normally_closed_door_shut() -> None:
    board = new_board()
    board.memory.settings.doors[1].codes = (0, 0, 0, 4321)
    assert board.enter_code(1, 4321, 0.0)
    assert relays(board, 1.0) == 1
    ask(board, SetDoor(SERIAL, 1, DoorMode.NORMALLY_CLOSED, 5))
    assert board.enter_code(1, 4321, 2.0)
    assert relays(board, 2.0) == 0


def test_a_host_opens_no_normally_closed_door_and_leaves_its_mark() -> None:
    board = new_board()
    assert board.open_remotely(1, 0.0)
    event = board.memory.events.last
    assert (event.reason, event.card) == (EventReason.REMOTE_OPEN, HOST_CARD)
    ask(board, SetDoor(SERIAL, 1, DoorMode.NORMALLY_CLOSED, 5))
    assert not board.open_remotely(1, 1.0)
    assert board.memory.events.last == event


def test_a_shorter_delay_shortens_no_opening_under_way() -> None:
    board = new_board()
    ask(board, SetDoor(SERIAL, 1, DoorMode.CONTROLLED, 60))
    board.open_remotely(1, 0.0)
    ask(board, SetDoor(SERIAL, 1, DoorMode.CONTROLLED, 1))
    board.open_remotely(1, 10.0)
    assert (relays(board, 59.9), relays(board, 60.0)) == (1, 0)
    board.open_door(1, 100.0)
    assert board.deadline(100.0) == 126.0, "held open counts from the new delay"


def task(minute: time, kind: TaskType, days: Weekdays = EVERY_DAY) -> TaskRecord:
    return TaskRecord(*IN_YEAR, days, minute, 1, kind, 0)


def test_tasks_are_due_in_the_order_of_the_clock() -> None:
    early, late = task(time(8), TaskType.BUTTON_OFF), task(time(9), TaskType.BUTTON_ON)
    tasks, day = [late, early], NOON.replace(hour=0)
    at = day.replace
    assert due(tasks, day, at(hour=12)) == [early, late]
    assert due(tasks, at(hour=8), at(hour=9)) == [late], "after one, until the other"
    assert due(tasks, at(hour=7, minute=59), at(hour=8)) == [early]
    assert due(tasks, at(hour=9), at(hour=12)) == []


def test_tasks_of_the_night_before_are_not_forgotten() -> None:
    night = task(time(23, 59), TaskType.NORMALLY_CLOSED, FRIDAYS)
    friday, saturday = NOON, NOON + timedelta(days=1)
    assert due([night], friday, saturday) == [night]
    assert due([night], saturday, saturday + timedelta(days=1)) == []
    week = timedelta(days=7)
    assert due([night], NOON - week, saturday) == [night], "once, not for each week"
    assert due([replace(night, start=saturday.date())], friday, saturday) == []
    assert due([replace(night, minute=None)], friday, saturday) == []


def test_a_task_outranks_the_setting_of_a_door_until_the_power_goes() -> None:
    board = new_board()
    board.memory.settings.tasks = [task(time(12, 1), TaskType.NORMALLY_OPEN)]
    board.on_timeout(60.0)
    ask(board, SetDoor(SERIAL, 1, DoorMode.NORMALLY_CLOSED, 5), 61.0)
    assert relays(board, 62.0) == 1
    board.restart(63.0)
    assert relays(board, 64.0) == 0
