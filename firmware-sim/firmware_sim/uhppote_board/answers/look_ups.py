"""Answers that only tell what a board's memory holds."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from controller.protocols.uhppote.message import Function, Reply
from controller.protocols.uhppote.messages import cards, doors, events, schedules
from firmware_sim.uhppote_board.board import Board
from firmware_sim.uhppote_board.memory import BoardMemory

Answer = Callable[[Board, Any, float], Reply | None]
T = TypeVar("T")
_NEVER = (False, False, False, False, False, False, False)
_SEGMENTS = (schedules.NO_SEGMENT, schedules.NO_SEGMENT, schedules.NO_SEGMENT)
NO_PROFILE = schedules.ProfileRecord(0, None, None, _NEVER, _SEGMENTS, 0)


def _told(
    reply: Callable[[int, T], Reply], find: Callable[[BoardMemory, Any], T]
) -> Answer:
    """Return an answer of one thing found in memory for a request."""
    return lambda board, request, _now: reply(
        board.memory.serial, find(board.memory, request)
    )


LOOK_UPS: Mapping[Function, Answer] = {
    Function.COUNT_CARDS: _told(
        cards.CountCardsReply, lambda memory, _request: len(memory.cards)
    ),
    Function.GET_CARD: _told(
        cards.GetCardReply, lambda memory, request: memory.cards.get(request.number)
    ),
    Function.GET_CARD_AT: _told(
        cards.GetCardAtReply, lambda memory, request: memory.cards.at(request.index)
    ),
    Function.GET_EVENT: _told(
        events.GetEventReply, lambda memory, request: memory.events.get(request.index)
    ),
    Function.GET_EVENT_INDEX: _told(
        events.GetEventIndexReply, lambda memory, _request: memory.events.register
    ),
    Function.GET_PROFILE: _told(
        schedules.GetProfileReply,
        lambda memory, request: memory.settings.profiles.get(request.id, NO_PROFILE),
    ),
    Function.GET_ANTI_PASSBACK: _told(
        doors.GetAntiPassbackReply,
        lambda memory, _request: memory.settings.anti_passback,
    ),
}
