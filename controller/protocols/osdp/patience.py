"""How long the bus waits for a reader: its right, or what it is used to taking."""

REPLY_DELAY = 0.2
"""Seconds within which a reader must begin to reply."""

_SLACK = 1.5
_LEAST = 0.015
_FORGETTING = 0.1
_AT_FIRST = 0.015
_FULL_TURN = 30
"""A silent reader gets its full right again once in so many questions."""


class Patience:
    """What one reader's replies have taken lately, and how many are missing now."""

    def __init__(self) -> None:
        """Expect what most readers need."""
        self._usual = _AT_FIRST
        self._missing = 0

    def heard(self, delay: float) -> None:
        """Note a reply: a slower one counts at once, faster ones little by little."""
        faster = self._usual + (delay - self._usual) * _FORGETTING
        self._usual = max(delay, faster)
        self._missing = 0

    def missed(self) -> None:
        """Note that no reply came in time."""
        self._missing += 1

    @property
    def slot(self) -> float:
        """How long to wait for the next reply, in seconds.

        A silent reader gets little more than its replies took, so that it costs its
        neighbours little; now and then it gets its full right, for it may be slower.
        """
        if self._missing % _FULL_TURN == 0:
            return REPLY_DELAY
        return min(REPLY_DELAY, _SLACK * self._usual + _LEAST)
