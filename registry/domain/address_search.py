"""Finding a place by what somebody calls it: a code, an address, a name, a number."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from registry.domain.identifiers.typed import plain as plainly
from registry.domain.places import Building, Unit

plain = lru_cache(maxsize=20_000)(plainly)
"""The compatible form of a text; the addresses of a street are asked for again."""


class PlaceKind(StrEnum):
    """What was found."""

    AREA = "area"
    BUILDING = "building"
    UNIT = "unit"


class FoundBy(StrEnum):
    """What of a place is what was typed, the surest first."""

    CODE = "code"
    EXTERNAL_CODE = "external_code"
    ADDRESS = "address"
    ALIAS = "alias"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Match:
    """A place, and what it was found by."""

    place: str
    kind: PlaceKind
    by: FoundBy


@dataclass(frozen=True, slots=True)
class Beginning:
    """A building whose address, alias or name begins what was typed, and the rest."""

    building: str
    by: FoundBy
    rest: str


def beginnings(text: str, buildings: Iterable[Building]) -> Iterator[Beginning]:
    """Yield the buildings whose address or name what was typed begins with."""
    wanted = plain(text)
    for building in buildings:
        for said, by in (
            (building.address, FoundBy.ADDRESS),
            (building.name, FoundBy.NAME),
        ):
            start = plain(said)
            if start and wanted.startswith(start):
                yield Beginning(building.code, by, wanted.removeprefix(start))


def prefixes(text: str) -> list[str]:
    """Return every beginning of what was typed, in compatible form."""
    wanted = plain(text)
    return [wanted[:length] for length in range(1, len(wanted) + 1)]


def within(beginning: Beginning, units: Iterable[Unit]) -> list[Match]:
    """Return the building itself where nothing follows, or the unit of the number."""
    if not beginning.rest:
        return [Match(beginning.building, PlaceKind.BUILDING, beginning.by)]
    return [
        Match(unit.code, PlaceKind.UNIT, beginning.by)
        for unit in units
        if plain(unit.number) == beginning.rest
    ]


def surest(matches: Iterable[Match]) -> list[Match]:
    """Return each place once, by the surest thing it was found by, those first."""
    order = list(FoundBy)
    best: dict[str, Match] = {}
    for match in sorted(matches, key=lambda m: (order.index(m.by), m.place)):
        best.setdefault(match.place, match)
    return list(best.values())
