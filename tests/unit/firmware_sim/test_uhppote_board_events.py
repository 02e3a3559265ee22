"""What a simulated board keeps, pushes and forgets."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time, timedelta
from ipaddress import IPv4Address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.protocols.uhppote.fields import EVERY_DAY
from controller.protocols.uhppote.message import MAGIC, Function, Guarded
from controller.protocols.uhppote.messages import board as boards
from controller.protocols.uhppote.messages import cards, doors, events, schedules
from controller.protocols.uhppote.messages.events import (
    FIRST_EVENT,
    LAST_EVENT,
    NO_EVENT,
    EventReason,
    EventRecord,
    EventType,
)
from controller.protocols.uhppote.tables import REQUESTS, decode_reply
from firmware_sim.uhppote_board.access import Swipe
from firmware_sim.uhppote_board.board import Board
from firmware_sim.uhppote_board.clock import BoardClock
from firmware_sim.uhppote_board.event_ring import EventRing
from firmware_sim.uhppote_board.wire import ANSWERS, respond
from tests.support.uhppote_board import CARD, NOON, OTHER, SERIAL, ask, new_board

LISTENER = IPv4Address("192.168.1.100")
TAP = Swipe(CARD.number, 1)


def reasons(board: Board) -> list[int]:
    last = board.memory.events.last.index
    return [board.memory.events.get(index).reason for index in range(1, last + 1)]


def pushed(board: Board) -> list[events.StatusReply]:
    replies = [decode_reply(packet.data) for packet in board.data_to_send()]
    return [reply for reply in replies if isinstance(reply, events.StatusReply)]


def test_a_ring_throws_away_the_oldest_block_and_the_index_rises() -> None:
    ring = EventRing(capacity=10, block=4)
    for number in range(1, 12):
        assert ring.add(replace(NO_EVENT, type=1, card=number)).index == number
    assert ring.first == 5
    assert ring.get(FIRST_EVENT).card == 5
    assert ring.get(5).card == 5
    assert ring.get(LAST_EVENT) == ring.get(11) == ring.last
    assert ring.get(4) == replace(NO_EVENT, type=EventType.OVERWRITTEN)
    assert ring.get(12) == NO_EVENT


def test_a_ring_of_the_real_size_loses_2048_at_once() -> None:
    ring = EventRing()
    for _ in range(100_001):
        ring.add(NO_EVENT)
    assert (ring.first, ring.last.index) == (2_049, 100_001)


def test_an_empty_ring_has_no_event() -> None:
    ring = EventRing()
    assert ring.get(FIRST_EVENT) == ring.get(LAST_EVENT) == ring.get(1) == NO_EVENT
    assert ring.first == 0


def test_the_register_takes_no_index_that_is_not_there() -> None:
    ring = EventRing()
    ring.add(NO_EVENT)
    assert not ring.acknowledge(0), "it is 0 already"
    assert ring.acknowledge(1)
    assert not ring.acknowledge(1)
    assert not ring.acknowledge(2)
    assert ring.acknowledge(0)


def test_buttons_and_contacts_make_events_only_when_asked_to() -> None:
    board = new_board()
    board.press_button(1, 0.0)
    board.open_door(1, 1.0)
    board.close_door(1, 2.0)
    assert reasons(board) == []
    ask(board, events.RecordSpecialEvents(SERIAL, enabled=True), 3.0)
    board.press_button(1, 3.0)
    status = board.status(NO_EVENT, 3.0)
    assert status.buttons == (True, False, False, False)
    board.release_button(1, 3.5)
    board.open_door(1, 4.0)
    board.open_door(1, 4.0)
    assert board.status(NO_EVENT, 4.0).open == (True, False, False, False)
    board.close_door(1, 5.0)
    board.close_door(1, 5.0)
    assert reasons(board) == [
        EventReason.BUTTON,
        EventReason.DOOR_OPENED,
        EventReason.DOOR_CLOSED,
    ]
    assert [board.memory.events.get(index).card for index in (1, 2, 3)] == [1, 8, 9]
    assert board.status(NO_EVENT, 5.0).buttons == (False,) * 4


def shut(board: Board) -> None:
    ask(board, doors.SetDoor(SERIAL, 1, doors.DoorMode.NORMALLY_CLOSED, 5))


def lock_with_door_2(board: Board) -> None:
    ask(board, doors.SetInterlock(SERIAL, doors.Interlock.DOORS_12))
    board.open_remotely(2, 0.0)
    board.open_door(2, 0.0)


def switch_off(board: Board) -> None:
    board.doors[1].button_off = True


@pytest.mark.parametrize(
    ("prepare", "why"),
    [
        (shut, EventReason.BUTTON_FORCED_LOCK),
        (lock_with_door_2, EventReason.BUTTON_INTERLOCK),
        (switch_off, EventReason.BUTTON_DISABLED),
    ],
)
def test_a_button_that_must_not_open_says_why(
    prepare: Callable[[Board], None], why: EventReason
) -> None:
    board = new_board()
    prepare(board)
    ask(board, events.RecordSpecialEvents(SERIAL, enabled=True))
    assert not board.press_button(1, 0.0)
    event = board.memory.events.last
    assert (event.type, event.reason, event.granted) == (EventType.ALARM, why, False)


def test_a_locked_door_that_opens_was_forced() -> None:
    board = new_board()
    board.open_door(3, 0.0)
    event = board.memory.events.last
    assert (event.type, event.door, event.reason) == (
        EventType.ALARM,
        3,
        EventReason.FORCED_OPEN,
    )


def test_a_door_held_open_is_reported_once() -> None:
    board = new_board()
    board.memory.cards.put(CARD)
    board.swipe(TAP, 0.0)
    board.open_door(1, 1.0)
    assert board.deadline(1.0) == 31.0
    board.on_timeout(30.9)
    assert reasons(board) == [EventReason.SWIPE]
    board.on_timeout(31.0)
    board.on_timeout(500.0)
    assert reasons(board) == [EventReason.SWIPE, EventReason.HELD_OPEN]
    assert board.deadline(500.0) is None
    board.close_door(1, 600.0)
    board.open_door(1, 700.0)
    assert board.deadline(700.0) == 730.0


def test_a_supervisor_code_opens() -> None:
    board = new_board()
    ask(board, cards.SetPasscodes(SERIAL, 2, (12345, 0, 0, 0)))
    assert not board.enter_code(2, 54321, 0.0)
    assert not board.enter_code(2, 0, 0.0)
    assert not board.enter_code(1, 12345, 0.0)
    assert board.enter_code(2, 12345, 0.0)
    assert reasons(board) == [EventReason.PASSCODE]
    assert board.status(NO_EVENT, 1.0).relays == 2


@pytest.mark.parametrize(("version", "start"), [("8.92", 0x17), ("6.62", 0x19)])
def test_events_are_pushed_and_the_last_is_repeated(version: str, start: int) -> None:
    board = new_board()
    board.memory.version = version
    board.swipe(TAP, 0.0)
    assert board.data_to_send() == []
    ask(board, events.SetListener(SERIAL, LISTENER, 60001, 15), 0.0)
    board.swipe(TAP, 1.0)
    (packet,) = board.data_to_send()
    assert (packet.peer, packet.data[0]) == ("192.168.1.100:60001", start)
    assert board.deadline(1.0) == 15.0
    board.on_timeout(14.9)
    assert pushed(board) == []
    board.on_timeout(15.0)
    (again,) = pushed(board)
    assert again.event == board.memory.events.last
    assert (again.event.index, again.sequence) == (2, 2)
    assert again.moment == NOON + timedelta(seconds=15)
    assert board.deadline(15.0) == 30.0
    ask(board, events.SetListener(SERIAL, LISTENER, 60001, 0), 15.0)
    assert board.deadline(15.0) is None


def test_a_board_without_events_repeats_nothing() -> None:
    board = new_board()
    ask(board, events.SetListener(SERIAL, LISTENER, 60001, 1))
    board.on_timeout(10.0)
    assert pushed(board) == []


def test_a_power_cut_spares_flash_and_nothing_else() -> None:
    board = new_board()
    board.memory.cards.put(CARD)
    ask(board, doors.SetAntiPassback(SERIAL, doors.AntiPassback.PAIRS))
    ask(board, doors.SetPcControl(SERIAL, enabled=True), 0.0)
    board.swipe(TAP, 31.0)
    board.restart(32.0)
    assert board.status(NO_EVENT, 32.0).relays == 0
    assert board.swipe(TAP, 33.0) is EventReason.SWIPE, "who is inside is forgotten"
    assert reasons(board) == [
        EventReason.SWIPE,
        EventReason.POWER_ON,
        EventReason.SWIPE,
    ]


def test_a_dark_board_says_and_does_nothing() -> None:
    board = new_board()
    board.memory.cards.put(CARD)
    ask(board, events.SetListener(SERIAL, LISTENER, 60001, 1))
    board.swipe(TAP, 0.0)
    board.cut_power()
    assert board.data_to_send() == []
    assert respond(board, boards.GetTime(SERIAL).encode(), 1.0) is None
    assert board.swipe(TAP, 2.0) is EventReason.NONE
    board.open_door(2, 3.0)
    board.on_timeout(100.0)
    assert board.deadline(100.0) is None
    assert reasons(board) == [EventReason.SWIPE]
    board.restart(200.0)
    ask(board, boards.GetTime(SERIAL), 200.0)
    assert reasons(board) == [EventReason.SWIPE, EventReason.POWER_ON]


def test_a_power_cut_can_swallow_the_reply_to_what_is_done() -> None:
    board = new_board()
    board.cut_power(after=2)
    ask(board, cards.PutCard(SERIAL, CARD))
    assert respond(board, cards.PutCard(SERIAL, OTHER).encode(), 0.0) is None
    assert not board.powered
    board.restart(1.0)
    assert ask(board, cards.CountCards(SERIAL)) == cards.CountCardsReply(SERIAL, 2)


def test_a_restore_begins_again_with_event_one() -> None:
    board = new_board()
    board.memory.cards.put(CARD)
    ask(board, events.SetListener(SERIAL, LISTENER, 60001, 15))
    board.swipe(TAP, 0.0)
    ask(board, events.SetEventIndex(SERIAL, 1))
    reply = ask(board, boards.RestoreDefaults(SERIAL))
    assert isinstance(reply, boards.RestoreDefaultsReply)
    assert reply.ok
    assert len(board.memory.cards) == 0
    assert board.memory.settings.listener.peer == ""
    assert board.memory.events.register == 0
    assert board.swipe(TAP, 0.0) is EventReason.UNKNOWN_CARD
    assert board.memory.events.last.index == 1


def test_a_clock_drifts_jumps_and_stays_in_its_century() -> None:
    clock = BoardClock(NOON, 0.0, drift=0.01)
    assert clock.read(100.0) == NOON + timedelta(seconds=101)
    clock.step(-3600)
    assert clock.read(100.0) == NOON - timedelta(seconds=3499)
    clock.set(NOON, 200.0)
    assert clock.read(200.9) == NOON
    clock.set(datetime(9999, 12, 31), 200.0)  # noqa: DTZ001  a board has no zone
    assert clock.read(200.0) == NOON


def test_a_clock_that_is_set_forward_does_not_make_up_for_tasks() -> None:
    board = new_board()
    days = (CARD.start, CARD.end)
    task = schedules.TaskRecord(*days, EVERY_DAY, time(12, 30), 1, 1, 0)
    ask(board, schedules.AddTask(SERIAL, task))
    ask(board, schedules.RefreshTasks(SERIAL))
    ask(board, boards.SetTime(SERIAL, NOON + timedelta(hours=1)))
    board.on_timeout(3600.0)
    assert board.status(NO_EVENT, 3600.0).relays == 0
    board.on_timeout(86_400.0)
    assert board.status(NO_EVENT, 86_400.0).relays == 1


def test_a_full_table_takes_no_card_until_one_goes() -> None:
    board = new_board(cards=1)
    table = board.memory.cards
    assert table.put(CARD)
    assert table.put(replace(CARD, doors=(0, 0, 0, 1))), "it replaces itself"
    assert not table.put(OTHER)
    assert table.delete(CARD.number)
    assert not table.delete(CARD.number)
    assert table.at(1).number == cards.DELETED_CARD
    assert table.put(OTHER)
    assert table.at(1) == table.get(OTHER.number) == OTHER
    assert table.at(0) == table.at(2) == table.get(CARD.number) == cards.ABSENT_CARD


@pytest.mark.parametrize(
    ("pin", "kept"),
    [
        (999_999, 999_999),
        (1_000_000, 0),
        (1_000_001, 0),
        (1_048_576, 0),
        (1_048_577, 1),
        (1_999_999, 951_423),
    ],
)
def test_a_pin_too_large_is_bent_as_boards_bend_it(pin: int, kept: int) -> None:
    board = new_board()
    board.memory.cards.put(replace(CARD, pin=pin))
    assert board.memory.cards.get(CARD.number).pin == kept


@pytest.mark.parametrize("number", sorted(cards.IMPOSSIBLE_CARDS))
def test_no_board_stores_an_impossible_card(number: int) -> None:
    assert not new_board().memory.cards.put(replace(CARD, number=number))


def test_every_request_has_an_answer() -> None:
    assert ANSWERS.keys() == REQUESTS.keys()


GUARDED = [kind for kind in REQUESTS.values() if "magic" in kind.layout]


@pytest.mark.parametrize("kind", GUARDED)
def test_without_the_magic_word_nothing_happens(kind: type[Guarded]) -> None:
    board = new_board()
    board.memory.cards.put(CARD)
    board.swipe(TAP, 0.0)
    wire = bytearray(64)
    wire[:2], wire[4:8] = bytes((0x17, kind.function)), SERIAL.to_bytes(4, "little")
    answer = respond(board, bytes(wire), 0.0)
    assert (answer is None) == (kind.function is Function.SET_ADDRESS)
    assert answer is None or answer[8] == 0
    assert (len(board.memory.cards), board.memory.events.last.index) == (1, 1)
    assert MAGIC.to_bytes(4, "little") not in bytes(wire)


def test_only_a_discovery_speaks_to_every_board() -> None:
    board = new_board()
    assert respond(board, boards.Discover(0).encode(), 0.0) is not None
    assert respond(board, boards.GetTime(0).encode(), 0.0) is None
    assert respond(board, boards.GetTime(SERIAL + 1).encode(), 0.0) is None
    assert respond(board, boards.Discover(SERIAL + 1).encode(), 0.0) is None


def frames() -> st.SearchStrategy[bytes]:
    head = st.sampled_from([bytes((0x17, function)) for function in Function])
    return st.builds(
        lambda start, rest: start + bytes(2) + SERIAL.to_bytes(4, "little") + rest,
        head,
        st.binary(min_size=56, max_size=56),
    )


@given(st.lists(frames() | st.binary(max_size=70), max_size=12), st.floats(0, 1e6))
@settings(max_examples=60, deadline=None)
def test_any_bytes_leave_a_board_that_answers(wires: list[bytes], step: float) -> None:
    board, now = new_board(ring=(10, 4)), 0.0
    for wire in wires:
        answer = respond(board, wire, now)
        assert answer is None or len(answer) == 64
        board.data_to_send()
        now += step
    board.swipe(TAP, now)
    board.open_door(2, now)
    assert respond(board, events.GetStatus(SERIAL).encode(), now) is not None


@given(st.integers(1, 30), st.integers(1, 8), st.integers(0, 200))
def test_a_ring_never_lies_about_an_index(
    capacity: int, block: int, count: int
) -> None:
    ring = EventRing(capacity, min(block, capacity))
    for number in range(1, count + 1):
        ring.add(EventRecord(0, 1, True, 1, 1, number, None, 1))
    for index in range(1, count + 3):
        event = ring.get(index)
        kept = event.index == event.card == index
        lost = event.type == EventType.OVERWRITTEN and index < ring.first
        assert kept or lost or (event == NO_EVENT and index > count)
