"""Answers about doors."""

from controller.protocols.uhppote.message import MAGIC
from controller.protocols.uhppote.messages import doors as messages
from firmware_sim.uhppote_board.board import Board


def open_door(
    board: Board, request: messages.OpenDoor, now: float
) -> messages.OpenDoorReply | None:
    """Unlock a door, if its mode and the interlock let it."""
    if request.door not in board.doors:
        return None
    return messages.OpenDoorReply(
        board.memory.serial, board.open_remotely(request.door, now)
    )


def set_door(
    board: Board, request: messages.SetDoor, _now: float
) -> messages.SetDoorReply | None:
    """Take a door's mode and delay."""
    if request.door not in board.doors or request.mode not in set(messages.DoorMode):
        return None
    settings = board.memory.settings.doors[request.door]
    settings.mode, settings.delay = request.mode, request.delay
    return messages.SetDoorReply(
        board.memory.serial, request.door, settings.mode, settings.delay
    )


def get_door(
    board: Board, request: messages.GetDoor, _now: float
) -> messages.GetDoorReply | None:
    """Return a door's mode and delay."""
    if request.door not in board.doors:
        return None
    settings = board.memory.settings.doors[request.door]
    return messages.GetDoorReply(
        board.memory.serial, request.door, settings.mode, settings.delay
    )


def set_anti_passback(
    board: Board, request: messages.SetAntiPassback, _now: float
) -> messages.SetAntiPassbackReply:
    """Take a mode; who is inside is forgotten."""
    ok = request.mode in set(messages.AntiPassback)
    if ok:
        board.memory.settings.anti_passback = request.mode
        board.ledger.forget()
    return messages.SetAntiPassbackReply(board.memory.serial, ok)


def set_interlock(
    board: Board, request: messages.SetInterlock, _now: float
) -> messages.SetInterlockReply:
    """Take an interlock there is."""
    ok = request.mode in set(messages.Interlock)
    if ok:
        board.memory.settings.interlock = request.mode
    return messages.SetInterlockReply(board.memory.serial, ok)


def set_keypads(
    board: Board, request: messages.SetKeypads, _now: float
) -> messages.SetKeypadsReply:
    """Take at which readers a PIN is wanted."""
    for door, settings in board.memory.settings.doors.items():
        settings.keypad = request.readers[door - 1]
    return messages.SetKeypadsReply(board.memory.serial, ok=True)


def set_pc_control(
    board: Board, request: messages.SetPcControl, _now: float
) -> messages.SetPcControlReply:
    """Let a host decide, or stop it."""
    ok = request.magic == MAGIC
    if ok:
        board.memory.settings.pc_control = request.enabled
    return messages.SetPcControlReply(board.memory.serial, ok)
