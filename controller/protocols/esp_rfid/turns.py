"""Whose list of users is read now: the lists do not say whose they are."""

from collections import deque
from typing import Protocol


class Waiting(Protocol):
    """Somebody who waits for a turn."""

    def turn(self, now: float) -> None:
        """Begin: it is your turn."""


class Turns:
    """The devices of one topic, one after the other."""

    def __init__(self) -> None:
        self.holder: Waiting | None = None
        self._waiting: deque[Waiting] = deque()

    def ask(self, who: Waiting, now: float) -> None:
        """Give the turn now, or once those before are done."""
        if self.holder is None:
            self.holder = who
            who.turn(now)
        elif who is not self.holder and who not in self._waiting:
            self._waiting.append(who)

    def leave(self, who: Waiting, now: float) -> None:
        """Let the next one begin."""
        if who in self._waiting:
            self._waiting.remove(who)
        if self.holder is who:
            self.holder = None
            if self._waiting:
                self.ask(self._waiting.popleft(), now)
