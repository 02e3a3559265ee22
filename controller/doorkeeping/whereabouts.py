"""The last way each card went, by area: what is not known is free to pass."""

from controller.door_rules import AntiPassback
from controller.vocabulary import CardNumber, Direction

MOST_PLACES = 50_000
"""Cards remembered; beyond them the one that moved longest ago is free again."""


class Whereabouts:
    """Where cards went; times are monotonic seconds."""

    def __init__(self) -> None:
        """Begin with every card where the rules let it pass."""
        self._last: dict[tuple[str, CardNumber], tuple[Direction, float]] = {}

    def forbid(self, rule: AntiPassback, card: CardNumber, now: float) -> bool:
        """Say whether a card went this way already and did not come back."""
        way, at = self._last.get((rule.area, card), (None, now))
        if way is not rule.direction:
            return False
        return rule.forget_after is None or now - at < rule.forget_after

    def note(self, rule: AntiPassback, card: CardNumber, now: float) -> None:
        """Take that a card went this way."""
        self._last.pop((rule.area, card), None)
        self._last[rule.area, card] = rule.direction, now
        if len(self._last) > MOST_PLACES:
            del self._last[next(iter(self._last))]

    def free(self, rule: AntiPassback, card: CardNumber) -> None:
        """Let a card pass either way next."""
        self._last.pop((rule.area, card), None)
