"""The wire to one board: one request in flight, repeated until it is answered.

Requests carry no number. A reply is known by its function and, as far as it has
one, by what it is about; whatever else arrives leaves the request waiting.
"""

from collections.abc import Callable
from dataclasses import dataclass

from controller.protocols.uhppote.message import Reply, Request
from controller.session import Packet

FIRST_PAUSE, SHORTEST_PAUSE, LONGEST_PAUSE = 0.05, 0.03, 2.0
"""Seconds before a request is repeated: at first, and within which it is learned.

They double each time.
"""
PATIENCE = 4.0
"""Seconds after which a request is given up."""
_SLACK = 3.0
"""A pause is so many times what the last reply took."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A request and what becomes of it.

    `build` makes it for the moment it goes out, `take` says whether a reply is its
    own, `fail` is told that none came.
    """

    build: Callable[[float], Request]
    take: Callable[[Reply, float], bool]
    fail: Callable[[str], None] = lambda _cause: None


class Wire:
    """What is asked of one board right now."""

    def __init__(self, peer: str, post: Callable[[Packet], None]) -> None:
        """Take the board's address and where packets go out."""
        self._peer = peer
        self._post = post
        self._ask: Ask | None = None
        self._function = -1
        self._attempts = 0
        self._begun_at = self._sent_at = 0.0
        self._pause = FIRST_PAUSE
        self.due = 0.0
        """When the request in flight is repeated or given up."""

    @property
    def busy(self) -> bool:
        """Whether a request is in flight."""
        return self._ask is not None

    def start(self, ask: Ask, now: float) -> None:
        """Send a request; the one before it must have ended."""
        self._ask, self._attempts, self._begun_at = ask, 0, now
        self._send(ask, now)

    def receive(self, reply: Reply, now: float) -> bool:
        """Take a reply; False when it answers nothing."""
        ask = self._ask
        if ask is None or reply.function != self._function:
            return False
        self._ask = None
        if ask.take(reply, now):
            self._learn(now)
            return True
        self._ask = ask
        return False

    def round_trip(self, now: float) -> float | None:
        """Return how long the reply took, when it is certain which one it answers."""
        return now - self._sent_at if self._attempts == 1 else None

    def on_timeout(self, now: float) -> Ask | None:
        """Repeat the request if it is due; returns it once it is given up."""
        ask = self._ask
        if ask is None or now < self.due:
            return None
        if now < self._begun_at + PATIENCE:
            self._pause = min(2 * self._pause, LONGEST_PAUSE)
            self._send(ask, now)
            return None
        self._ask = None
        return ask

    def _learn(self, now: float) -> None:
        """Follow the board's own pace; a reply to a repeat tells nothing of it.

        Until one comes without repeat the pause stays as long as it grew, or a board
        slower than our pause would be asked everything twice for ever.
        """
        trip = self.round_trip(now)
        if trip is not None:
            self._pause = min(max(SHORTEST_PAUSE, _SLACK * trip), LONGEST_PAUSE)

    def _send(self, ask: Ask, now: float) -> None:
        request = ask.build(now)
        self._function = request.function
        self.due = min(now + self._pause, self._begun_at + PATIENCE)
        self._attempts += 1
        self._sent_at = now
        self._post(Packet(request.encode(), self._peer))
