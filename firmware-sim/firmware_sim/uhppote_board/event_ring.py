"""The events a board keeps: numbered from 1, thrown away by the block."""

from collections.abc import Iterable
from dataclasses import replace

from controller.protocols.uhppote.messages.events import (
    FIRST_EVENT,
    LAST_EVENT,
    NO_EVENT,
    EventRecord,
    EventType,
)

CAPACITY = 100_000
BLOCK = 2_048


class EventRing:
    """A full ring loses its oldest `block` at once; the index only ever rises."""

    def __init__(self, capacity: int = CAPACITY, block: int = BLOCK) -> None:
        self._capacity, self._block = capacity, block
        self._events: list[EventRecord] = []
        self._lost = 0
        self._torn: set[int] = set()
        self.tears_next = False
        self.interrupted = False
        self.register = 0

    @property
    def first(self) -> int:
        """Return the index of the oldest event still here, 0 when there is none."""
        return self._first_of(self._events).index

    @property
    def last(self) -> EventRecord:
        """Return the newest event, or NO_EVENT."""
        return self._first_of(reversed(self._events))

    def add(self, event: EventRecord) -> EventRecord:
        """Keep an event under the next index; a torn one takes its index with it."""
        if len(self._events) >= self._capacity:
            del self._events[: self._block]
            self._lost += self._block
        kept = replace(event, index=self._lost + len(self._events) + 1)
        if self.tears_next:
            self.tears_next, self.interrupted = False, True
            self._torn.add(kept.index)
        self._events.append(kept)
        return kept

    def get(self, index: int) -> EventRecord:
        """Return an event, NO_EVENT, or what stands for an overwritten one."""
        if index == LAST_EVENT:
            return self.last
        if index == FIRST_EVENT:
            return self._first_of(self._events)
        if index in self._torn:
            return NO_EVENT
        if index <= self._lost:
            return replace(NO_EVENT, type=EventType.OVERWRITTEN)
        place = index - self._lost - 1
        return self._events[place] if place < len(self._events) else NO_EVENT

    def acknowledge(self, index: int) -> bool:
        """Write the register; no for the value it has, or one past the last event."""
        if index == self.register or index > self.last.index:
            return False
        self.register = index
        return True

    def clear(self) -> None:
        """Forget every event: the next one is number 1 again."""
        self._events.clear()
        self._torn.clear()
        self._lost = self.register = 0

    def _first_of(self, events: Iterable[EventRecord]) -> EventRecord:
        """Return the first event that is whole, or NO_EVENT."""
        return next((e for e in events if e.index not in self._torn), NO_EVENT)
