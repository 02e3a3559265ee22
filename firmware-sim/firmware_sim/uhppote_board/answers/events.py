"""Answers about events."""

from controller.protocols.uhppote.message import MAGIC
from controller.protocols.uhppote.messages import events as messages
from firmware_sim.uhppote_board.board import Board
from firmware_sim.uhppote_board.memory import Listener


def get_status(
    board: Board, _request: messages.GetStatus, now: float
) -> messages.StatusReply:
    """Return how it stands, with the last event."""
    return board.status(board.memory.events.last, now)


def set_event_index(
    board: Board, request: messages.SetEventIndex, _now: float
) -> messages.SetEventIndexReply:
    """Write the register."""
    ok = request.magic == MAGIC and board.memory.events.acknowledge(request.index)
    return messages.SetEventIndexReply(board.memory.serial, ok)


def record_special_events(
    board: Board, request: messages.RecordSpecialEvents, _now: float
) -> messages.RecordSpecialEventsReply:
    """Let buttons and contacts make events, or stop it."""
    board.memory.settings.special_events = request.enabled
    return messages.RecordSpecialEventsReply(board.memory.serial, ok=True)


def set_listener(
    board: Board, request: messages.SetListener, now: float
) -> messages.SetListenerReply:
    """Take where events are pushed to."""
    board.memory.settings.listener = Listener(
        request.address, request.port, request.interval
    )
    board.listen_anew(now)
    return messages.SetListenerReply(board.memory.serial, ok=True)


def get_listener(
    board: Board, _request: messages.GetListener, _now: float
) -> messages.GetListenerReply:
    """Return where events are pushed to."""
    listener = board.memory.settings.listener
    return messages.GetListenerReply(
        board.memory.serial, listener.address, listener.port, listener.interval
    )
