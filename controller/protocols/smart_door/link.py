"""One conversation with a door: its boot nonce, both counters and the last Ping."""

from collections.abc import Callable
from dataclasses import dataclass

from controller.protocols.smart_door.codec import Letter
from controller.protocols.smart_door.formats import NONCE_SIZE
from controller.protocols.smart_door.messages import DownMessage, Ping, Status

PING_PERIOD, PING_PAUSE = 60.0, 10.0
"""Seconds to the next Ping once the last one was answered, and until it is."""


@dataclass(slots=True)
class Link:
    """Numbers rise in both directions for as long as the boot nonce holds."""

    boot: bytes
    heard: int = 0
    sent: int = 0
    heard_at: float = 0.0
    pinged: bytes | None = None
    pinged_at: float = 0.0
    doubted_at: float | None = None

    def address(self, message: DownMessage) -> Letter:
        """Return a message under the next number."""
        self.sent += 1
        return Letter(self.boot, self.sent, message)

    def hear(self, letter: Letter, now: float) -> bool:
        """Say whether a letter is new; old and repeated ones are not."""
        if letter.boot != self.boot or letter.number <= self.heard:
            return False
        self.heard, self.heard_at = letter.number, now
        return True

    @property
    def ping_due(self) -> float:
        """When the next Ping should go."""
        pause = PING_PERIOD if self.pinged is None else PING_PAUSE
        return self.pinged_at + pause

    def ping(self, random: Callable[[int], bytes], now: float) -> Letter:
        """Return a Ping under a nonce that was never used before."""
        self.pinged, self.pinged_at = random(NONCE_SIZE), now
        return self.address(Ping(self.pinged))

    def round_trip(self, status: Status, now: float) -> float | None:
        """Return the seconds a Ping took, or None when the Status answers none."""
        if status.answers is None or status.answers != self.pinged:
            return None
        self.pinged = self.doubted_at = None
        return now - self.pinged_at
