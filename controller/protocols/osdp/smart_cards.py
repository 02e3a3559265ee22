"""A conversation with a smart card through a reader, as the control side keeps it.

A reader in this mode reports no ordinary cards. So the mode ends by itself when
nobody speaks to the card, and whenever the conversation with the reader broke.
"""

from collections.abc import Callable
from math import inf

from controller.errors import LocalProtocolError
from controller.protocols.osdp.codes import Function
from controller.protocols.osdp.extended import (
    ANSWER,
    FAILED,
    MODE_FAILED,
    PRESENCE,
    ExtendedRead,
    Mode,
)
from controller.protocols.osdp.file_sender import FRAME_OVERHEAD, part_size
from controller.protocols.osdp.frames import LARGEST_FRAME
from controller.protocols.osdp.messages import Message
from controller.protocols.osdp.replies import Ack, Capabilities
from controller.session import Command, CommandFailed, Event
from controller.upkeep import (
    ApduAnswered,
    SendApdu,
    SmartCardMode,
    SmartCardModeChanged,
    SmartCardSensed,
)
from controller.vocabulary import ControllerId

IDLE = 5.0
"""Seconds without a word to the card after which the reader reads for itself again."""
ANSWER_LIFE = 5.0
"""Seconds a card has for its answer."""
SHORTEST_APDU = 4
LONGEST_APDU = LARGEST_FRAME - FRAME_OVERHEAD

_TRANSPARENT = 0x01
_SHORTEST_ANSWER = 3
"""Bytes of an answer that comes as a presence: the reader, and the card's status."""


def offers(capabilities: Capabilities) -> bool:
    """Say whether a reader lets us speak to smart cards."""
    return bool(capabilities.find(Function.SMART_CARD).compliance & _TRANSPARENT)


def check_apdu(command: SendApdu) -> None:
    """Raise LocalProtocolError for what is no command to a card."""
    if not SHORTEST_APDU <= len(command.apdu) <= LONGEST_APDU:
        raise LocalProtocolError(
            f"apdu must be {SHORTEST_APDU} to {LONGEST_APDU} bytes"
        )


class CardTalk:
    """Knows the mode of one reader, and which command its card has not answered."""

    def __init__(
        self, controller: ControllerId, report: Callable[[Event], None]
    ) -> None:
        self._controller = controller
        self._report = report
        self._command: SendApdu | None = None
        self._answer_due = self._idle_at = inf
        self._active = False

    @property
    def deadline(self) -> float:
        """When time alone changes something."""
        return min(self._answer_due, self._idle_at)

    def refusal(
        self,
        command: Command,
        capabilities: Capabilities,
        secure: bool,  # noqa: FBT001 - a state, not a flag
    ) -> str | None:
        """Say why a command cannot go to the card now."""
        if not isinstance(command, SmartCardMode | SendApdu):
            return None
        if not offers(capabilities):
            return "the reader does not let us speak to smart cards"
        if isinstance(command, SmartCardMode):
            return None
        reasons = {
            "the reader is not in its smart-card mode": not self._active,
            "a card is spoken to through a secure channel only": not secure,
            "another of the kind is under way": self._command is not None,
            "the reader takes no command of that length": (
                len(command.apdu) > part_size(LARGEST_FRAME, capabilities)
            ),
        }
        return next((reason for reason, holds in reasons.items() if holds), None)

    def confirm(self, command: SmartCardMode, reply: Message, now: float) -> str | None:
        """Take the reply to a change of mode; returns why it did not happen."""
        wanted = Mode(command.active)
        stays = isinstance(reply, ExtendedRead) and reply.data[:1] != bytes((wanted,))
        if stays or not isinstance(reply, Ack | ExtendedRead):
            return "the reader stays in its mode"
        self._set(now, active=command.active)
        return None

    def sent(self, command: SendApdu, now: float) -> None:
        """Note that a command is with the reader."""
        self._command = command
        self._answer_due = now + ANSWER_LIFE
        self._idle_at = inf

    def take(self, reply: Message, now: float) -> None:
        """Take what a reader says, asked or not."""
        if not isinstance(reply, ExtendedRead):
            return
        kind = reply.mode, reply.kind
        if kind == ANSWER and len(reply.data) > 1:
            self._answered(reply.data[2:], now, reply.data[1])
        elif kind == PRESENCE and len(reply.data) >= _SHORTEST_ANSWER:
            # Readers built on OSDP.Net hand an answer over like this.
            self._answered(reply.data[1:], now)
        elif kind == PRESENCE and reply.data:
            present = reply.data[1:] != b"\0"
            self._report(SmartCardSensed(self._controller, present))
        elif kind in {FAILED, MODE_FAILED}:
            self._fail(f"the reader reports error {reply.data[:1].hex()}", now)

    def pass_time(self, now: float) -> bool:
        """Give an answer up; True when nobody has spoken to the card for a while."""
        if now >= self._answer_due:
            self._fail("the card did not answer in time", now)
        if now < self._idle_at:
            return False
        self._idle_at = inf
        return True

    def interrupt(self, cause: str, now: float) -> None:
        """Note that the conversation broke: the reader will be put back."""
        self._fail(cause, now)
        if self._active:
            self._set(now, active=False)

    def _set(self, now: float, *, active: bool) -> None:
        self._active = active
        self._idle_at = now + IDLE if active else inf
        self._report(SmartCardModeChanged(self._controller, active))

    def _answered(self, apdu: bytes, now: float, status: int = 0) -> None:
        if self._command is not None:
            self._report(ApduAnswered(self._controller, apdu, status))
            self._done(now)

    def _fail(self, cause: str, now: float) -> None:
        if self._command is not None:
            self._report(CommandFailed(self._controller, self._command, cause))
            self._done(now)

    def _done(self, now: float) -> None:
        self._command, self._answer_due = None, inf
        if self._active:
            self._idle_at = now + IDLE
