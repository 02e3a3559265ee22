"""A simulated board as tests want it: a card, a clock that stands at noon."""

from dataclasses import replace
from datetime import date, datetime

from controller.protocols.uhppote.message import Reply, Request
from controller.protocols.uhppote.messages.cards import (
    ALWAYS,
    NO_FIRST_CARD,
    CardRecord,
)
from controller.protocols.uhppote.tables import decode_reply
from firmware_sim.uhppote_board.board import Board
from firmware_sim.uhppote_board.card_table import CardTable
from firmware_sim.uhppote_board.clock import BoardClock
from firmware_sim.uhppote_board.event_ring import EventRing
from firmware_sim.uhppote_board.memory import BoardMemory
from firmware_sim.uhppote_board.wire import respond

SERIAL = 405419896
NOON = datetime(2026, 5, 1, 12)  # noqa: DTZ001  a board has no zone; a Friday
CARD = CardRecord(
    10058400,
    date(2026, 1, 1),
    date(2026, 12, 31),
    (ALWAYS, ALWAYS, ALWAYS, ALWAYS),
    0,
    NO_FIRST_CARD,
)
OTHER = replace(CARD, number=10058401)


def new_board(
    serial: int = SERIAL,
    *,
    cards: int = 100,
    ring: tuple[int, int] = (1_000, 100),
    size: int = 4,
) -> Board:
    """Return a board with nothing on it, at noon when `now` is 0."""
    memory = BoardMemory(
        serial,
        BoardClock(NOON, 0.0),
        size=size,
        cards=CardTable(cards),
        events=EventRing(*ring),
    )
    return Board(memory, 0.0)


def ask(board: Board, request: Request, now: float = 0.0) -> Reply:
    """Send a request as bytes and read the reply from bytes."""
    answer = respond(board, request.encode(), now)
    assert answer is not None, request
    return decode_reply(answer)
