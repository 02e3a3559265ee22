"""Answers about cards."""

from controller.protocols.uhppote.message import MAGIC
from controller.protocols.uhppote.messages import cards as messages
from firmware_sim.uhppote_board.board import Board


def put_card(
    board: Board, request: messages.PutCard, _now: float
) -> messages.PutCardReply:
    """Store a card; no when the table is full."""
    return messages.PutCardReply(
        board.memory.serial, board.memory.cards.put(request.card)
    )


def delete_card(
    board: Board, request: messages.DeleteCard, _now: float
) -> messages.DeleteCardReply:
    """Forget a card; no when it is unknown."""
    return messages.DeleteCardReply(
        board.memory.serial, board.memory.cards.delete(request.number)
    )


def delete_cards(
    board: Board, request: messages.DeleteCards, _now: float
) -> messages.DeleteCardsReply:
    """Forget every card."""
    ok = request.magic == MAGIC
    if ok:
        board.memory.cards.clear()
    return messages.DeleteCardsReply(board.memory.serial, ok)


def set_passcodes(
    board: Board, request: messages.SetPasscodes, _now: float
) -> messages.SetPasscodesReply | None:
    """Take a door's supervisor codes; those too large are none."""
    if request.door not in board.doors:
        return None
    first, second, third, fourth = (
        code if code <= messages.LARGEST_PIN else 0 for code in request.codes
    )
    board.memory.settings.doors[request.door].codes = (first, second, third, fourth)
    return messages.SetPasscodesReply(board.memory.serial, ok=True)
