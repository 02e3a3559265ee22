"""The wire to one board: one request in flight, repeated until it is answered.

Requests carry no number. A reply is known by its function and, as far as it has
one, by what it is about; whatever else arrives leaves the request waiting.
"""

from collections.abc import Callable
from dataclasses import dataclass

from controller.protocols.uhppote.message import Reply, Request
from controller.session import Packet

FIRST_PAUSE = 0.25
"""Seconds before a request is repeated; they double each time."""
ATTEMPTS = 4


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
        self._sent_at = 0.0
        self.due = 0.0
        """When the request in flight is repeated or given up."""

    @property
    def busy(self) -> bool:
        """Whether a request is in flight."""
        return self._ask is not None

    def start(self, ask: Ask, now: float) -> None:
        """Send a request; the one before it must have ended."""
        self._ask, self._attempts = ask, 0
        self._send(ask, now)

    def receive(self, reply: Reply, now: float) -> bool:
        """Take a reply; False when it answers nothing."""
        ask = self._ask
        if ask is None or reply.function != self._function:
            return False
        self._ask = None
        if ask.take(reply, now):
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
        if self._attempts < ATTEMPTS:
            self._send(ask, now)
            return None
        self._ask = None
        return ask

    def _send(self, ask: Ask, now: float) -> None:
        request = ask.build(now)
        self._function = request.function
        self.due = now + FIRST_PAUSE * 2**self._attempts
        self._attempts += 1
        self._sent_at = now
        self._post(Packet(request.encode(), self._peer))
