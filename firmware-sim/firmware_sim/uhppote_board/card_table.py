"""The cards a board stores: rows that stay where they are, some left empty."""

from dataclasses import replace

from controller.protocols.uhppote.messages.cards import (
    ABSENT_CARD,
    DELETED_CARD,
    IMPOSSIBLE_CARDS,
    LARGEST_PIN,
    CardRecord,
)

_PIN_BITS = 0xFFFFF


class CardTable:
    """At most `capacity` cards; a deleted card leaves a row the next one takes."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
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
        if place is None:
            if len(self) >= self.capacity:
                return False
            place = self._take_row()
            self._places[card.number] = place
        self._rows[place] = replace(card, pin=_kept_pin(card.pin))
        return True

    def delete(self, number: int) -> bool:
        """Forget a card; no when it is not there."""
        place = self._places.pop(number, None)
        if place is None:
            return False
        self._rows[place] = None
        self._free.append(place)
        return True

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
        """Forget every card."""
        self._rows.clear()
        self._places.clear()
        self._free.clear()

    def _take_row(self) -> int:
        if self._free:
            return self._free.pop()
        self._rows.append(None)
        return len(self._rows) - 1


def _kept_pin(pin: int) -> int:
    """Return what a board keeps of a PIN: twenty bits, and none if still too large.

    Measured by the authors of uhppote-simulator (its README, `put-card`).
    """
    bits = pin & _PIN_BITS if pin > LARGEST_PIN else pin
    return bits if bits <= LARGEST_PIN else 0
