"""Time profiles on a board: chains found again, chains to be made, ids to be had."""

from collections.abc import Iterable

from controller.protocols.uhppote.messages.schedules import (
    FIRST_PROFILE,
    LAST_PROFILE,
    ProfileRecord,
)
from controller.protocols.uhppote.terms import NotRepresentable, Window

IDS = range(FIRST_PROFILE, LAST_PROFILE + 1)
NO_LINK = 0


class Profiles:
    """What the board holds, and what it has to hold for some chains of windows.

    An id that a card on the board refers to is never given another meaning.
    """

    def __init__(self, held: dict[int, ProfileRecord], used: Iterable[int]) -> None:
        """Take the records read from the board and the ids its cards name."""
        self._held = dict(held)
        self._taken = {each for id_ in used for each in self._chain(id_)}
        self._known = {
            (_content(record), record.linked): id_
            for id_, record in sorted(held.items(), reverse=True)
        }
        self.missing: dict[int, ProfileRecord] = {}
        """Records to be written, in the order they depend on each other."""

    def place(self, chain: tuple[Window, ...]) -> int:
        """Return the id of a chain; its missing links come first in `missing`."""
        linked = NO_LINK
        for window in reversed(chain):
            wanted = ProfileRecord(
                NO_LINK,
                window.start,
                window.end,
                window.weekdays,
                window.segments(),
                linked,
            )
            key = _content(wanted), linked
            known = self._known.get(key)
            linked = self._add(wanted) if known is None else known
            self._known[key] = linked
            self._taken.add(linked)
        return linked

    def links(self, first: int) -> set[int]:
        """Return every id a chain consists of."""
        return set(self._chain(first))

    def _add(self, wanted: ProfileRecord) -> int:
        free = next((id_ for id_ in IDS if id_ not in self._taken), None)
        if free is None:
            raise NotRepresentable(f"a board holds {len(IDS)} time profiles")
        record = ProfileRecord(
            free,
            wanted.start,
            wanted.end,
            wanted.weekdays,
            wanted.segments,
            wanted.linked,
        )
        before = self._held.get(free)
        if before is not None:
            self._known.pop((_content(before), before.linked), None)
        self._held[free] = self.missing[free] = record
        return free

    def _chain(self, first: int) -> list[int]:
        chain: list[int] = []
        while first in IDS and first not in chain:
            chain.append(first)
            record = self._held.get(first)
            first = NO_LINK if record is None else record.linked
        return chain


def _content(record: ProfileRecord) -> object:
    return record.start, record.end, record.weekdays, record.segments
