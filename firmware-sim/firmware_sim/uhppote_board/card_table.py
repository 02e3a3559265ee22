"""The cards a board stores: rows that stay where they are and wear out."""

from collections import Counter
from dataclasses import replace
from enum import Enum

from controller.protocols.uhppote.messages.cards import (
    ABSENT_CARD,
    DELETED_CARD,
    IMPOSSIBLE_CARDS,
    LARGEST_PIN,
    CardRecord,
)

ENDURANCE = 100_000
"""Writes a row takes, as flash is commonly rated; then it keeps what it holds."""
_PIN_BITS = 0xFFFFF


class Written(Enum):
    """What became of a write."""

    KEPT = "kept"
    REFUSED = "refused"
    LOST = "lost"
    """The board believes that it was kept."""


class CardTable:
    """At most `capacity` cards; a deleted card leaves a row the next one takes."""

    def __init__(
        self,
        capacity: int,
        endurance: int = ENDURANCE,
        worn: Written = Written.REFUSED,
    ) -> None:
        """Take what becomes of writes to a row that is `worn`."""
        self.capacity = capacity
        self.tears_next = False
        self.interrupted = False
        self._endurance, self._worn = endurance, worn
        self._writes: Counter[int] = Counter()
        self._rows: list[CardRecord | None] = []
        self._places: dict[int, int] = {}
        self._free: list[int] = []

    def __len__(self) -> int:
        return len(self._places)

    def put(self, card: CardRecord) -> bool:
        """Store or replace a card; no for a full table or an impossible card."""
        if card.number in IMPOSSIBLE_CARDS or card.start is None or card.end is None:
            return False
        place = self._places.get(card.number)
        if place is None and len(self) >= self.capacity:
            return False
        row = self._free_row() if place is None else place
        written = self._write(row, replace(card, pin=_kept_pin(card.pin)))
        return written is not Written.REFUSED

    def delete(self, number: int) -> bool:
        """Forget a card; no when it is not there."""
        place = self._places.get(number)
        return place is not None and self._write(place, None) is not Written.REFUSED

    def get(self, number: int) -> CardRecord:
        """Return a card, or ABSENT_CARD."""
        place = self._places.get(number)
        return (None if place is None else self._rows[place]) or ABSENT_CARD

    def at(self, index: int) -> CardRecord:
        """Return the card of a row counted from 1, or what stands for none."""
        if not 0 < index <= len(self._rows):
            return ABSENT_CARD
        return self._rows[index - 1] or replace(ABSENT_CARD, number=DELETED_CARD)

    def clear(self) -> None:
        """Forget every card, as far as the flash lets it."""
        for place in sorted(self._places.values()):
            self._write(place, None)
        if not self._places:
            self._rows.clear()
            self._free.clear()

    def _free_row(self) -> int:
        if not self._free:
            self._rows.append(None)
            self._free.append(len(self._rows) - 1)
        return self._free[-1]

    def _write(self, place: int, card: CardRecord | None) -> Written:
        """Write a row; one torn by a power cut is empty when it is read again."""
        if self.interrupted:
            return Written.LOST
        self._writes[place] += 1
        if self._writes[place] > self._endurance:
            return self._worn
        if self.tears_next:
            self.tears_next, self.interrupted, card = False, True, None
        before, self._rows[place] = self._rows[place], card
        if card is not None and before is None:
            self._free.remove(place)
            self._places[card.number] = place
        elif card is None and before is not None:
            self._free.append(place)
            del self._places[before.number]
        return Written.LOST if self.interrupted else Written.KEPT


def _kept_pin(pin: int) -> int:
    """Return what a board keeps of a PIN: twenty bits, and none if still too large.

    Measured by the authors of uhppote-simulator (its README, `put-card`).
    """
    bits = pin & _PIN_BITS if pin > LARGEST_PIN else pin
    return bits if bits <= LARGEST_PIN else 0
