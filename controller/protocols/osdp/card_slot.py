"""The smart card in front of a reader, as the reader side speaks of it."""

from collections.abc import Callable

from controller.protocols.osdp.codes import NakReason
from controller.protocols.osdp.extended import (
    ASK_MODE,
    END,
    MODE_TOLD,
    READER,
    SCAN,
    SEND,
    SET_MODE,
    ExtendedRead,
    ExtendedWrite,
    Mode,
    answer,
    presence,
)
from controller.protocols.osdp.messages import Message
from controller.protocols.osdp.reader_channel import Declined
from controller.protocols.osdp.replies import Ack

SmartCard = Callable[[bytes], bytes]
"""A card: what it answers to a command."""
LONGEST_ANSWER = 1024
"""Bytes; what a card says beyond them does not fit a frame."""


class CardSlot:
    """Keeps the mode and the card; a reader that offers none declines everything."""

    def __init__(self, *, offered: bool) -> None:
        self._offered = offered
        self._card: SmartCard | None = None
        self.mode = Mode.ORDINARY

    def hold(self, card: SmartCard | None) -> Message | None:
        """Put a card there, or take it away; returns what there is to report."""
        self._card = card
        if self.mode is Mode.ORDINARY:
            return None
        return presence(present=card is not None)

    def take(self, command: ExtendedWrite) -> Message:
        """Carry out a command; raises Declined."""
        if not self._offered:
            raise Declined(NakReason.UNKNOWN_COMMAND)
        kind = command.mode, command.kind
        if kind == ASK_MODE:
            return ExtendedRead(*MODE_TOLD, bytes((self.mode, 0)))
        if kind == SET_MODE:
            return self._set_mode(command.data)
        deeds = {SEND: self._send, END: self._end, SCAN: self._scan}
        if kind not in deeds or self.mode is Mode.ORDINARY:
            raise Declined(NakReason.UNABLE)
        if command.data[:1] != bytes((READER,)):
            raise Declined(NakReason.UNABLE)
        return deeds[kind](command.data[1:])

    def _set_mode(self, data: bytes) -> Message:
        if data[:1] not in {bytes((mode,)) for mode in Mode}:
            raise Declined(NakReason.UNABLE)
        self.mode = Mode(data[0])
        return Ack()

    def _send(self, apdu: bytes) -> Message:
        if self._card is None:
            raise Declined(NakReason.UNABLE)
        return answer(self._card(apdu)[:LONGEST_ANSWER])

    def _end(self, _data: bytes) -> Message:
        return Ack()

    def _scan(self, _data: bytes) -> Message:
        return presence(present=self._card is not None)
