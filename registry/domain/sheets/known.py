"""What the register knows of the things some rows mention, and who their people are."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from registry.domain.occupancy import Occupancy
from registry.domain.places import Room, Unit
from registry.domain.rights import RightToLet
from registry.domain.sheets.kinds import (
    CardDraft,
    Draft,
    LandlordDraft,
    OccupantDraft,
    Telling,
    TenancyDraft,
    UnitDraft,
)
from registry.domain.tenancy import Tenancy

PERSON_COLUMNS: Mapping[type[Telling], str] = {
    LandlordDraft: "landlord",
    TenancyDraft: "tenant",
    OccupantDraft: "person",
}


@dataclass(frozen=True, slots=True)
class Mentions:
    """What rows mention, so that the register can be asked for all of it at once."""

    units: frozenset[str]
    doors: frozenset[tuple[str, str]]
    """Buildings with the numbers of units that the rows tell of."""
    tenancies: frozenset[str]
    people: frozenset[str]
    cards: frozenset[int] = field(repr=False)
    names: frozenset[tuple[str, str]] = field(repr=False)
    """Who the rows mention by an id, and as whom."""


@dataclass(frozen=True, slots=True)
class Known:
    """What of it is on record."""

    buildings: frozenset[str] = frozenset()
    units: Mapping[str, Unit] = field(default_factory=dict)
    numbers: frozenset[tuple[str, str]] = frozenset()
    """Buildings with the numbers of their units."""
    rooms: Mapping[str, tuple[Room, ...]] = field(default_factory=dict)
    parties: frozenset[str] = frozenset()
    nameless: frozenset[str] = frozenset()
    agreed: frozenset[tuple[str, str]] = field(default=frozenset(), repr=False)
    """Parties with the name the register has for them, of those the rows gave."""
    rows: Mapping[str, str] = field(default_factory=dict)
    """Who the rows of other imports told of, by IMPORT#ROW."""
    entities: frozenset[str] = frozenset()
    withdrawn: frozenset[str] = frozenset()
    """Tenancies that were taken back: they may be recorded again."""
    rights: Mapping[str, tuple[RightToLet, ...]] = field(default_factory=dict)
    tenancies: Mapping[str, tuple[Tenancy, ...]] = field(default_factory=dict)
    occupancies: Mapping[str, tuple[Occupancy, ...]] = field(default_factory=dict)
    cards: frozenset[int] = field(default=frozenset(), repr=False)

    def party(self, reference: str) -> str | None:
        """Return the party on record that a reference names."""
        found = self.rows.get(reference, reference)
        return found if found in self.parties else None

    def room(self, unit: str, reference: str) -> str | None:
        """Return the code of a unit's room, told by its code or its name."""
        for room in self.rooms.get(unit, ()):
            if reference in (room.code, room.name):
                return room.code
        return None


def mentions(drafts: Iterable[Draft], codes: Mapping[str, str]) -> Mentions:
    """Gather what drafts mention; `codes` says who is meant by codes of the file."""
    found: dict[str, set[str]] = defaultdict(set)
    cards: set[int] = set()
    names: set[tuple[str, str]] = set()
    doors: set[tuple[str, str]] = set()
    for draft in drafts:
        for key in ("unit", "tenancy", "landlord", "tenant", "person"):
            value = getattr(draft, key, None)
            if value is not None:
                found[key].add(value)
        if isinstance(draft, UnitDraft):
            doors.add((draft.building, draft.number))
            found["unit"].add(code_of(draft))
        if isinstance(draft, CardDraft):
            cards.add(draft.card)
        if isinstance(draft, Telling):
            who = person_of(draft)
            if who is not None and draft.name is not None:
                names.add((codes.get(who, who), draft.name))
    people = found["landlord"] | found["tenant"] | found["person"]
    return Mentions(
        frozenset(found["unit"]),
        frozenset(doors),
        frozenset(found["tenancy"]),
        frozenset(people | {codes[p] for p in people if p in codes}),
        frozenset(cards),
        frozenset(names),
    )


def code_of(draft: UnitDraft) -> str:
    """Return the code of a unit: its own, or that of its place."""
    return draft.unit or f"{draft.building}-{draft.number}"


def person_column(draft: Telling) -> str:
    """Return the column that says whom a row tells of."""
    return PERSON_COLUMNS[type(draft)]


def person_of(draft: Telling) -> str | None:
    """Return what a row calls the person it tells of."""
    reference: str | None = getattr(draft, person_column(draft))
    return reference


def touch(
    start: date | None, end: date | None, since: date | None, until: date | None
) -> bool:
    """Say whether two spans of days share one; None is without bound."""
    first = max(start or date.min, since or date.min)
    return first < min(end or date.max, until or date.max)
