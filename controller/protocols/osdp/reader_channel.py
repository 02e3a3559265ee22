"""The reader's side of the secure channel: which keys it takes, and what it asks."""

from hmac import compare_digest

from controller.errors import MessageRefused
from controller.protocols.osdp.codes import CommandCode, KeyUse, NakReason
from controller.protocols.osdp.commands import Challenge, ServerCryptogram
from controller.protocols.osdp.frames import BlockType, Frame, SecurityBlock
from controller.protocols.osdp.messages import Message
from controller.protocols.osdp.replies import ClientCryptogram, InitialMac, Nak
from controller.protocols.osdp.secure import (
    DEFAULT_KEY,
    RANDOM_LENGTH,
    RandomSource,
    SecureChannel,
    SessionKeys,
    is_sealed,
)

_ALWAYS_CLEAR = frozenset(
    {CommandCode.ID, CommandCode.CAP, CommandCode.CHLNG, CommandCode.SCRYPT}
)
"""Commands a reader answers in clear even when it insists on the channel."""


class Declined(MessageRefused):
    """A command the reader answers with NAK."""

    def __init__(self, reason: NakReason) -> None:
        super().__init__(f"declined: {reason.name}")
        self.reply = Nak(reason)


class ReaderChannel:
    """Opens commands, answers handshakes, seals replies."""

    def __init__(
        self,
        key: bytes | None,
        random: RandomSource,
        *,
        required: bool,
        commissioning: bool,
    ) -> None:
        """Take the reader's own key; the default one only under commissioning."""
        self.key = key
        self.commissioning = commissioning
        self._required = required
        self._random = random
        self.drop()

    @property
    def up(self) -> bool:
        """Say whether the channel is established."""
        return self._channel is not None

    @property
    def usable(self) -> bool:
        """Say whether there is any key to establish it with."""
        return self.key is not None or self.commissioning

    def drop(self) -> None:
        """Leave the channel and any handshake."""
        self._channel: SecureChannel | None = None
        self._keys: SessionKeys | None = None
        self._nonce = b""
        self._use = KeyUse.OWN

    def open(self, frame: Frame) -> Frame:
        """Return a command in clear; raises Declined for one that may not pass."""
        if is_sealed(frame):
            return self._open_sealed(frame)
        handshake = frame.code in {CommandCode.CHLNG, CommandCode.SCRYPT}
        if self.up and not handshake:
            raise Declined(NakReason.SECURITY_REQUIRED)
        if self._required and frame.code not in _ALWAYS_CLEAR:
            raise Declined(NakReason.SECURITY_REQUIRED)
        return frame

    def seal(self, frame: Frame) -> Frame:
        """Return a reply as the channel wants it."""
        return self._channel.seal(frame) if self._channel else frame

    def challenge(
        self, message: Challenge, client: bytes, block: SecurityBlock | None
    ) -> tuple[Message, SecurityBlock]:
        """Answer the first step with our random number and our proof."""
        self.drop()
        key = self._choose(block)
        self._keys = SessionKeys(key, message.random)
        self._nonce = self._random(RANDOM_LENGTH)
        proof = self._keys.client_cryptogram(self._nonce)
        reply = ClientCryptogram(client, self._nonce, proof)
        return reply, SecurityBlock(BlockType.CLIENT_CRYPTOGRAM, bytes((self._use,)))

    def accept(self, message: ServerCryptogram) -> tuple[Message, SecurityBlock]:
        """Answer the last step when the control side proved that it knows the key."""
        if self.up or self._keys is None:
            raise Declined(NakReason.SECURITY_REQUIRED)
        expected = self._keys.server_cryptogram(self._nonce)
        if not compare_digest(expected, message.cryptogram):
            self.drop()
            raise Declined(NakReason.SECURITY_REQUIRED)
        return InitialMac(self._keys.initial_mac(message.cryptogram)), SecurityBlock(
            BlockType.INITIAL_MAC, b"\x01"
        )

    def establish(self, initial: InitialMac) -> None:
        """Enter the channel once the last handshake reply is on its way."""
        if self._keys:
            self._channel = SecureChannel(self._keys, initial.mac)

    def _open_sealed(self, frame: Frame) -> Frame:
        if self._channel is None:
            raise Declined(
                NakReason.SECURITY_REQUIRED
                if self.usable
                else NakReason.SECURITY_UNSUPPORTED
            )
        try:
            return self._channel.open(frame)
        except MessageRefused as error:
            self.drop()
            raise Declined(NakReason.SECURITY_REQUIRED) from error

    def _choose(self, block: SecurityBlock | None) -> bytes:
        """Use the default key only when asked to and under commissioning."""
        asked = block is not None and block.data == bytes((KeyUse.DEFAULT,))
        if asked and self.commissioning:
            self._use = KeyUse.DEFAULT
            return DEFAULT_KEY
        if self.key is None:
            raise Declined(NakReason.SECURITY_UNSUPPORTED)
        return self.key
