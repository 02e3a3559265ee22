"""Many permits in little memory: sorted columns instead of objects."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Generic, TypeVar

from controller.cbor import EPOCH, MICROSECOND, microseconds
from controller.encoding import LARGEST_COUNT, digest_bytes, permit_weight
from controller.schedule import Validity, WeeklyProfile
from controller.vocabulary import CardNumber, DoorId, Permit, PermitId

Row = tuple[int, int, int, int, int, int]
"""Card, door, permit id, start, end, profile: a permit as the columns keep it."""

Terms = tuple[PermitId, int, int, WeeklyProfile | None]
"""Permit id, start and end in microseconds since 1970, weekly profile."""

REBUILD_SHARE = 100
"""Changes to more than one row in this many are cheaper by sorting anew."""

T = TypeVar("T")


class PermitTable:
    """The permits of a gateway or of a door, found by card in logarithmic time.

    100,000 permits take about 4 MB. Rows are sorted by card, door and permit id.
    """

    def __init__(self, permits: Iterable[Permit] = ()) -> None:
        """Take permits in any order; of several with one id the last one counts."""
        self._doors: _Interned[DoorId] = _Interned()
        self._profiles: _Interned[WeeklyProfile | None] = _Interned()
        self._weight = 0
        self._fill([])
        self.apply((), permits)

    def apply(self, removed: Iterable[PermitId], put: Iterable[Permit]) -> None:
        """Drop the removed, then put permits in; a put replaces what has its id.

        Ids that are not here are no error. ValueError changes nothing.
        """
        wanted = {permit.id: permit for permit in put}
        for identity in wanted:
            if not 0 <= identity <= LARGEST_COUNT:
                raise ValueError(
                    f"permit id must be 0 to {LARGEST_COUNT}, not {identity}"
                )
        gone = wanted.keys() | set(removed)
        dropped = [row for row, identity in enumerate(self._ids) if identity in gone]
        added = [self._row_of(permit) for permit in wanted.values()]
        self._weight += sum(map(permit_weight, wanted.values()))
        self._weight -= sum(permit_weight(self._permit(row)) for row in dropped)
        if (len(dropped) + len(added)) * REBUILD_SHARE > len(self):
            absent = set(dropped)
            kept = enumerate(zip(*self._columns, strict=True))
            self._fill([row for place, row in kept if place not in absent] + added)
        else:
            self._splice(dropped, added)

    def terms(self, card: CardNumber, door: DoorId) -> list[Terms]:
        """Return the terms on which a card may open a door, by rising permit id."""
        return [
            (
                PermitId(self._ids[row]),
                self._starts[row],
                self._ends[row],
                self._profiles.get(self._row_profiles[row]),
            )
            for row in self._span(card.value, self._doors.find(door))
        ]

    def of_card(self, card: CardNumber) -> tuple[Permit, ...]:
        """Return what a card holds for any door."""
        return tuple(map(self._permit, self._card_span(card.value)))

    def of_door(self, door: DoorId) -> tuple[Permit, ...]:
        """Return the permits of a door; looks at every row."""
        wanted = self._doors.find(door)
        return tuple(
            self._permit(row)
            for row, place in enumerate(self._row_doors)
            if place == wanted
        )

    def permits(self) -> Iterator[Permit]:
        """Go through all permits by card, not to be changed meanwhile."""
        return map(self._permit, range(len(self)))

    @property
    def digest(self) -> bytes:
        """The digest of the set, as `controller.encoding.digest_of` gives it."""
        return digest_bytes(self._weight)

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, card: CardNumber) -> bool:
        return len(self._card_span(card.value)) > 0

    def _fill(self, rows: list[Row]) -> None:
        rows.sort()
        columns = tuple(zip(*rows, strict=True)) or ((),) * 6
        cards, doors, ids, starts, ends, profiles = columns
        self._cards = array("Q", cards)
        self._row_doors = array("I", doors)
        self._ids = array("q", ids)
        self._starts = array("q", starts)
        self._ends = array("q", ends)
        self._row_profiles = array("I", profiles)
        self._columns = (
            self._cards,
            self._row_doors,
            self._ids,
            self._starts,
            self._ends,
            self._row_profiles,
        )

    def _splice(self, dropped: list[int], added: list[Row]) -> None:
        for place in reversed(dropped):
            for column in self._columns:
                del column[place]
        for row in added:
            card, door, identity, *_ = row
            span = self._span(card, door)
            place = bisect_left(self._ids, identity, span.start, span.stop)
            for column, value in zip(self._columns, row, strict=True):
                column.insert(place, value)

    def _card_span(self, card: int) -> range:
        first = bisect_left(self._cards, card)
        return range(first, bisect_right(self._cards, card, first))

    def _span(self, card: int, door: int) -> range:
        rows = self._card_span(card)
        first = bisect_left(self._row_doors, door, rows.start, rows.stop)
        return range(first, bisect_right(self._row_doors, door, first, rows.stop))

    def _row_of(self, permit: Permit) -> Row:
        return (
            permit.card.value,
            self._doors.keep(permit.door),
            permit.id,
            microseconds(permit.validity.start),
            microseconds(permit.validity.end),
            self._profiles.keep(permit.profile),
        )

    def _permit(self, row: int) -> Permit:
        return Permit(
            PermitId(self._ids[row]),
            CardNumber(self._cards[row]),
            self._doors.get(self._row_doors[row]),
            Validity(_moment(self._starts[row]), _moment(self._ends[row])),
            self._profiles.get(self._row_profiles[row]),
        )


class _Interned(Generic[T]):
    """Values that recur, kept once and named by a small number from 1."""

    def __init__(self) -> None:
        self._values: list[T] = []
        self._places: dict[T, int] = {}

    def keep(self, value: T) -> int:
        """Return the number of a value, which may be new."""
        place = self._places.setdefault(value, len(self._values) + 1)
        if place > len(self._values):
            self._values.append(value)
        return place

    def find(self, value: T) -> int:
        """Return the number of a value, or 0, which no row carries."""
        return self._places.get(value, 0)

    def get(self, place: int) -> T:
        """Return the value of a number."""
        return self._values[place - 1]


def _moment(value: int) -> datetime:
    return EPOCH + value * MICROSECOND
