"""Flash that wears out or is torn by a power cut, and what a gateway makes of it."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from controller.protocols.uhppote.messages import board as boards
from controller.protocols.uhppote.messages import cards, doors
from controller.protocols.uhppote.messages.cards import ABSENT_CARD
from controller.protocols.uhppote.messages.events import (
    FIRST_EVENT,
    LAST_EVENT,
    NO_EVENT,
    EventReason,
    EventType,
)
from controller.schedule import Validity
from controller.session import CommandFailed, Offline, PermitsApplied
from controller.vocabulary import CardNumber, DoorId, Permit, PermitId
from firmware_sim.uhppote_board.access import Swipe
from firmware_sim.uhppote_board.board import FIRE_INPUT, Board
from firmware_sim.uhppote_board.card_table import CardTable, Written
from firmware_sim.uhppote_board.event_ring import EventRing
from firmware_sim.uhppote_board.wire import respond
from tests.support.uhppote_board import CARD, NOON, OTHER, SERIAL, ask, new_board
from tests.support.uhppote_line import Line, member

TAP = Swipe(CARD.number, 1)
LATER = replace(CARD, end=NOON.date() + timedelta(days=400))


def numbers(table: CardTable) -> list[int]:
    return [table.at(index).number for index in range(1, 5)]


@pytest.mark.parametrize("worn", [Written.REFUSED, Written.LOST])
def test_a_worn_row_keeps_what_it_holds_whatever_is_said(worn: Written) -> None:
    table = CardTable(10, endurance=2, worn=worn)
    assert table.put(CARD)
    assert table.put(LATER)
    believed = worn is Written.LOST
    assert table.put(CARD) is believed
    assert table.get(CARD.number) == LATER
    assert table.delete(CARD.number) is believed
    assert table.get(CARD.number) == LATER, "a withdrawn card that still opens"
    assert table.put(OTHER), "other rows are good"
    assert len(table) == 2


@pytest.mark.parametrize("worn", [Written.REFUSED, Written.LOST])
def test_a_worn_empty_row_takes_no_card_any_more(worn: Written) -> None:
    table = CardTable(10, endurance=2, worn=worn)
    assert table.put(CARD)
    assert table.delete(CARD.number)
    assert table.put(OTHER) is (worn is Written.LOST)
    assert table.get(OTHER.number) == ABSENT_CARD
    assert len(table) == 0


def test_deleting_all_cards_leaves_those_in_worn_rows() -> None:
    table = CardTable(10, endurance=2)
    for card in (CARD, LATER, OTHER):
        table.put(card)
    table.clear()
    assert numbers(table)[:2] == [CARD.number, cards.DELETED_CARD]
    assert len(table) == 1
    fresh = CardTable(10)
    fresh.put(CARD)
    fresh.put(OTHER)
    fresh.clear()
    assert (len(fresh), fresh.at(1)) == (0, ABSENT_CARD)
    assert fresh.put(OTHER)
    assert fresh.at(1) == OTHER


def test_a_board_says_no_when_a_worn_row_refuses() -> None:
    board = new_board()
    board.memory.cards = CardTable(10, endurance=1)
    assert ask(board, cards.PutCard(SERIAL, CARD)) == cards.PutCardReply(
        SERIAL, ok=True
    )
    answers = (
        ask(board, cards.PutCard(SERIAL, LATER)),
        ask(board, cards.DeleteCard(SERIAL, CARD.number)),
    )
    assert answers == (
        cards.PutCardReply(SERIAL, ok=False),
        cards.DeleteCardReply(SERIAL, ok=False),
    )


def test_a_card_torn_while_it_is_written_is_gone_after_the_restart() -> None:
    board = new_board()
    ask(board, cards.PutCard(SERIAL, CARD))
    ask(board, cards.PutCard(SERIAL, OTHER))
    board.cut_power_in_write()
    ask(board, cards.CountCards(SERIAL), 1.0)
    assert respond(board, cards.PutCard(SERIAL, LATER).encode(), 2.0) is None
    assert not board.powered
    assert respond(board, cards.CountCards(SERIAL).encode(), 3.0) is None
    board.restart(10.0)
    assert ask(board, cards.CountCards(SERIAL), 10.0) == cards.CountCardsReply(
        SERIAL, 1
    )
    assert numbers(board.memory.cards)[:2] == [cards.DELETED_CARD, OTHER.number]
    ask(board, cards.PutCard(SERIAL, LATER), 11.0)
    assert numbers(board.memory.cards)[:2] == [CARD.number, OTHER.number]


def test_a_power_cut_while_all_cards_are_deleted_leaves_the_rest() -> None:
    board = new_board()
    for card in (CARD, OTHER):
        ask(board, cards.PutCard(SERIAL, card))
    board.cut_power_in_write()
    assert respond(board, cards.DeleteCards(SERIAL).encode(), 1.0) is None
    board.restart(2.0)
    assert board.memory.cards.get(OTHER.number) == OTHER
    assert board.memory.cards.get(CARD.number) == ABSENT_CARD


def test_a_torn_event_takes_its_index_with_it() -> None:
    board = new_board()
    board.memory.cards.put(CARD)
    board.swipe(TAP, 0.0)
    board.cut_power_in_write()
    board.swipe(TAP, 1.0)
    assert not board.powered
    assert board.data_to_send() == []
    assert board.memory.events.last.index == 1
    board.restart(5.0)
    ring = board.memory.events
    assert (ring.last.index, ring.last.reason) == (3, EventReason.POWER_ON)
    assert ring.get(2) == NO_EVENT
    assert ring.get(1).reason == EventReason.SWIPE
    board.swipe(TAP, 6.0)
    assert ring.last.index == 4


def test_a_ring_of_torn_events_has_neither_first_nor_last() -> None:
    ring = EventRing(capacity=3, block=2)
    for _ in range(3):
        ring.tears_next = True
        ring.add(replace(NO_EVENT, type=1))
    assert ring.first == 0
    assert ring.get(FIRST_EVENT) == ring.get(LAST_EVENT) == ring.last == NO_EVENT
    assert ring.add(replace(NO_EVENT, type=1)).index == 4
    assert ring.first == 4
    assert ring.get(1).index == 0
    ring.clear()
    assert ring.add(replace(NO_EVENT, type=1)).index == 1
    assert ring.get(1).type == 1


@pytest.mark.parametrize("size", [1, 2])
def test_a_smaller_board_has_the_doors_it_has(size: int) -> None:
    board = new_board(size=size)
    there, absent = size, size + 1
    assert respond(board, doors.GetDoor(SERIAL, there).encode(), 0.0)
    for request in (
        doors.GetDoor(SERIAL, absent),
        doors.SetDoor(SERIAL, absent, doors.DoorMode.CONTROLLED, 5),
        doors.OpenDoor(SERIAL, absent),
        cards.SetPasscodes(SERIAL, absent, (1, 2, 3, 4)),
    ):
        assert respond(board, request.encode(), 0.0) is None
    ask(board, doors.SetKeypads(SERIAL, (True, True, True, True)))
    kept = board.memory.settings.doors
    assert {number: each.keypad for number, each in kept.items()} == dict.fromkeys(
        range(1, size + 1), True
    )
    board.open_door(there, 1.0)
    flags = tuple(number == there for number in (1, 2, 3, 4))
    assert board.status(NO_EVENT, 1.0).open == flags
    ask(board, boards.RestoreDefaults(SERIAL), 2.0)
    assert len(board.memory.settings.doors) == len(board.doors) == size
    ask(board, cards.PutCard(SERIAL, CARD), 3.0)
    assert board.memory.cards.get(CARD.number).doors == CARD.doors


def test_a_fire_unlocks_every_door_and_is_told_once() -> None:
    board = new_board()
    ask(board, doors.SetDoor(SERIAL, 2, doors.DoorMode.NORMALLY_CLOSED, 5))
    board.set_fire(1.0, active=True)
    board.set_fire(2.0, active=True)
    status = board.status(NO_EVENT, 2.0)
    assert (status.relays, status.inputs) == (0b1111, FIRE_INPUT)
    event = board.memory.events.last
    assert (event.index, event.type, event.reason) == (
        1,
        EventType.ALARM,
        EventReason.FIRE,
    )
    board.open_door(2, 3.0)
    assert board.memory.events.last.index == 1, "nobody forces a door in a fire"
    board.set_fire(9.0, active=False)
    status = board.status(NO_EVENT, 9.0)
    assert (status.relays, status.inputs) == (0, 0)
    board.open_door(3, 10.0)
    assert board.memory.events.last.reason == EventReason.FORCED_OPEN


def test_a_fire_outlasts_a_power_cut() -> None:
    board = new_board(size=2)
    board.set_fire(1.0, active=True)
    board.cut_power()
    board.restart(2.0)
    assert board.status(NO_EVENT, 2.0).relays == 0b0011


@dataclass
class Wired:
    """The simulated board on a line in virtual time."""

    board: Board
    serial: int = SERIAL

    def answer(self, data: bytes, now: float) -> bytes | None:
        return respond(self.board, data, now)


DOOR = member(SERIAL).controller


def served(board: Board) -> Line:
    """Return a gateway's line to a board, online and quiet."""
    net = Line([Wired(board)], [member(SERIAL)])  # type: ignore[list-item]  # answers as one
    net.run(2.0)
    return net


def permit(number: int, card: int = CARD.number) -> Permit:
    start = datetime(2026, 4, 30, 16, tzinfo=UTC)
    window = Validity(start, start + timedelta(days=30))
    return Permit(PermitId(number), CardNumber(card), DoorId("front"), window)


def test_a_gateway_owns_up_to_a_torn_event_and_to_nothing_else() -> None:
    board = new_board()
    net = served(board)
    board.swipe(TAP, net.now)
    net.run(3.0)
    board.cut_power_in_write()
    board.swipe(TAP, net.now)
    net.run(8.0)
    assert net.of(Offline)
    board.restart(net.now)
    board.swipe(TAP, net.now)
    net.run(30.0)
    assert [(lost.first, lost.last) for lost in net.desk.lost] == [(2, 2)]
    assert [kept.index for kept in net.desk.kept] == [1, 4]


def test_a_gateway_puts_a_torn_card_back() -> None:
    board = new_board()
    net = served(board)
    net.apply(DOOR, [permit(1)])
    net.run(3.0)
    board.cut_power_in_write()
    net.apply(DOOR, [permit(2, OTHER.number)], 2, snapshot=False)
    net.run(10.0)
    assert net.of(CommandFailed)
    board.restart(net.now)
    net.run(15.0)
    net.apply(DOOR, [permit(1), permit(2, OTHER.number)], 2)
    net.run(3.0)
    assert [done.revision for done in net.of(PermitsApplied)] == [1, 2]
    assert board.memory.cards.get(OTHER.number).number == OTHER.number
    assert len(board.memory.cards) == 2


@pytest.mark.parametrize("worn", [Written.REFUSED, Written.LOST])
def test_a_gateway_believes_no_worn_row(worn: Written) -> None:
    board = new_board()
    board.memory.cards = CardTable(10, endurance=1, worn=worn)
    net = served(board)
    net.apply(DOOR, [permit(1)])
    net.run(3.0)
    net.apply(DOOR, [], 2, snapshot=False, removed=[permit(1)])
    net.run(3.0)
    assert [done.revision for done in net.of(PermitsApplied)] == [1]
    (failed,) = net.of(CommandFailed)
    assert "cannot be taken out" in failed.cause
