"""The control side's half of one conversation: numbered, sealed, repeated, matched."""

from controller.errors import MessageRefused, RemoteProtocolError
from controller.protocols.osdp.codes import ReplyCode
from controller.protocols.osdp.frames import Frame, SecurityBlock, encode_frame
from controller.protocols.osdp.messages import Message, decode_message
from controller.protocols.osdp.replies import REPLIES, Busy, Nak
from controller.protocols.osdp.secure import SecureChannel, is_sealed

UNREADABLE = 0
"""NAK reason we use ourselves for a whole reply that makes no sense."""

_LAST_SEQUENCE = 3
_ANY_TIME = frozenset({ReplyCode.BUSY, ReplyCode.NAK})
"""Replies a reader may give with sequence 0, whatever it was asked."""


class ChannelLost(RemoteProtocolError):
    """The reader left the secure channel or someone else spoke in its place."""


class Link:
    """One reader's sequence, channel, and the command that waits for its reply."""

    def __init__(self, address: int) -> None:
        self.address = address
        """Where the reader answers; change it together with a reset."""
        self.reset()

    def reset(self) -> None:
        """Start again at sequence 0, which tells the reader to forget us too."""
        self._sequence = 0
        self._sent = b""
        self.pending: Message | None = None
        self.channel: SecureChannel | None = None

    def send(self, message: Message, block: SecurityBlock | None = None) -> bytes:
        """Return a new command's frame; it is pending until its reply arrives."""
        data = message.encode()
        frame = Frame(
            self.address,
            reply=False,
            sequence=self._sequence,
            code=message.code,
            data=data,
            block=block,
        )
        if self.channel:
            frame = self.channel.seal(frame)
        self.pending = message
        self._sent = encode_frame(frame)
        return self._sent

    def repeat(self) -> bytes:
        """Return the pending command's frame again, byte for byte."""
        return self._sent

    def receive(self, frame: Frame) -> Message | None:
        """Return the reply to the pending command, or None when this is not it.

        Raises ChannelLost when a secure channel is up and the frame is not in it.
        """
        if self.pending is None or not self._expected(frame):
            return None
        if frame.code == ReplyCode.BUSY and frame.block is None:
            return Busy()
        if self.channel:
            try:
                frame = self.channel.open(frame)
            except MessageRefused as error:
                raise ChannelLost(f"secure channel lost: {error}") from error
        elif is_sealed(frame):
            return None
        self.pending = None
        self._sequence = self._sequence % _LAST_SEQUENCE + 1
        try:
            return decode_message(REPLIES, frame.code, frame.data)
        except MessageRefused:
            return Nak(UNREADABLE)

    def _expected(self, frame: Frame) -> bool:
        if not frame.reply or frame.address != self.address or not frame.crc:
            return False
        return frame.sequence == self._sequence or (
            frame.sequence == 0 and frame.code in _ANY_TIME
        )
