"""How long to wait before asking again."""

import random

SHORTEST, LONGEST = 0.5, 5.0
"""Seconds; withdrawn cards must not wait long once the registry is back."""


class Backoff:
    """Pauses that double from half a second to five, each shortened by chance."""

    def __init__(self) -> None:
        """Start with the shortest pause."""
        self._next = SHORTEST

    @property
    def failing(self) -> bool:
        """Whether the last attempt failed."""
        return self._next > SHORTEST

    def reset(self) -> None:
        """Note a success."""
        self._next = SHORTEST

    def pause(self) -> float:
        """Note a failure and return how many seconds to wait."""
        pause = self._next * random.uniform(0.5, 1)  # noqa: S311 - spreads load only
        self._next = min(2 * self._next, LONGEST)
        return pause
