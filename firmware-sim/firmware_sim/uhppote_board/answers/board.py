"""Answers about the board itself."""

from controller.protocols.uhppote.message import MAGIC
from controller.protocols.uhppote.messages import board as messages
from firmware_sim.uhppote_board.board import Board
from firmware_sim.uhppote_board.memory import RELEASED, Network


def discover(
    board: Board, _request: messages.Discover, _now: float
) -> messages.DiscoverReply:
    """Say who the board is."""
    memory, network = board.memory, board.memory.settings.network
    return messages.DiscoverReply(
        memory.serial,
        network.address,
        network.netmask,
        network.gateway,
        memory.hardware_address,
        memory.version,
        RELEASED,
    )


def set_address(board: Board, request: messages.SetAddress, now: float) -> None:
    """Take the address and restart, without a word."""
    if request.magic == MAGIC:
        board.memory.settings.network = Network(
            request.address, request.netmask, request.gateway
        )
        board.restart(now)


def set_time(
    board: Board, request: messages.SetTime, now: float
) -> messages.SetTimeReply:
    """Set the clock, unless to what is no time or another century's."""
    if request.moment is not None:
        board.memory.clock.set(request.moment, now)
        board.skip_tasks(now)
    return messages.SetTimeReply(board.memory.serial, board.memory.clock.read(now))


def get_time(
    board: Board, _request: messages.GetTime, now: float
) -> messages.GetTimeReply:
    """Read the clock."""
    return messages.GetTimeReply(board.memory.serial, board.memory.clock.read(now))


def restore_defaults(
    board: Board, request: messages.RestoreDefaults, now: float
) -> messages.RestoreDefaultsReply:
    """Forget everything but who and where the board is: event 1 comes again."""
    ok = request.magic == MAGIC
    if ok:
        board.memory.restore()
        board.start(now)
    return messages.RestoreDefaultsReply(board.memory.serial, ok)
