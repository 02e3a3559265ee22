"""PINs as they are typed, and cards that had too many wrong ones."""

from dataclasses import dataclass, field

from controller.door_rules import LONGEST_PIN
from controller.vocabulary import CardNumber

PIN_PATIENCE = 10.0
"""Seconds from the card, and from each digit, to the next digit."""
MOST_WRONG = 5
PIN_PAUSE = 300.0
"""Seconds without a wrong PIN after which a card's wrong ones are forgotten."""
MOST_CARDS = 10_000
"""Cards whose wrong PINs are counted; beyond them the oldest count is dropped."""
START_OVER, END = "*", "#"


@dataclass(slots=True)
class Entry:
    """A card that waits for its PIN until monotonic seconds `until`."""

    card: CardNumber
    until: float
    digits: str = field(default="", repr=False)

    def press(self, key: str, now: float) -> bool:
        """Take a key; says whether the PIN is complete. Letters count for nothing."""
        if key.isascii() and key.isdecimal():
            self.digits += key
            self.until = now + PIN_PATIENCE
        elif key == START_OVER:
            self.digits = ""
        return len(self.digits) >= LONGEST_PIN or (key == END and self.digits != "")


class WrongPins:
    """Counts each card's wrong PINs, and forgets them; times are monotonic seconds."""

    def __init__(self) -> None:
        """Begin with none."""
        self._counts: dict[CardNumber, tuple[int, float]] = {}

    def bar(self, card: CardNumber, now: float) -> bool:
        """Say whether a card may not try again yet."""
        return self._count(card, now) >= MOST_WRONG

    def wrong(self, card: CardNumber, now: float) -> None:
        """Count one more."""
        count = self._count(card, now) + 1
        self._counts.pop(card, None)
        self._counts[card] = count, now
        if len(self._counts) > MOST_CARDS:
            del self._counts[next(iter(self._counts))]

    def right(self, card: CardNumber) -> None:
        """Forget a card's wrong ones."""
        self._counts.pop(card, None)

    def _count(self, card: CardNumber, now: float) -> int:
        count, last = self._counts.get(card, (0, now))
        return count if now - last < PIN_PAUSE else 0
