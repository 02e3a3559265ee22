"""How long the bus waits for a reader: its right, or what it is used to taking."""

REPLY_DELAY = 0.2
"""Seconds within which a reader must begin to reply."""

_SLACK = 2.0
_LEAST = 0.02
_FORGETTING = 0.1
_FULL_TURN = 8
"""A silent reader gets its full right again once in so many questions."""
_FULL_PROBE, _FULL_PROBE_OF_STRANGER = 60, 30
"""The same once it is offline, and is asked for as long as it is away."""
_STRANGER = 0.03
"""What a probe waits for a reader that never answered, in seconds."""


class Patience:
    """What one reader's replies have taken lately, and how many are missing now."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._usual = 0.0
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

        A silent reader gets no more than it usually took, so that it costs its
        neighbours little, except for the one that comes back slower than before.
        """
        if self._usual == 0.0 or self._missing % _FULL_TURN == 0:
            return REPLY_DELAY
        return min(REPLY_DELAY, _SLACK * self._usual + _LEAST)

    @property
    def probe(self) -> float:
        """How long to wait for a reader that is offline and asked again and again."""
        every = _FULL_PROBE if self._usual else _FULL_PROBE_OF_STRANGER
        if self._missing % every == 0:
            return REPLY_DELAY
        usual = self._usual + _LEAST if self._usual else _STRANGER
        return min(REPLY_DELAY, usual)
