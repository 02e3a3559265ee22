"""What is true of a unit, in seven columns from the right to let to the door.

Each column says how many facts there are, since when and who says so; where a column
does not follow from the one before it, that is a gap. A gap asks for a look at the
register: it says nothing about anybody.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from registry.domain.external_filing import ExternalFiling, ExternalKind, ExternalState
from registry.domain.filing import PENDING, RentalFiling
from registry.domain.history import Source, Version
from registry.domain.occupancy import Basis, Occupancy, OccupancyState
from registry.domain.places import Unit, UnitUse
from registry.domain.rights import Contract, RightToLet
from registry.domain.tenancy import Tenancy

T = TypeVar("T")


class Column(StrEnum):
    """The seven columns, in their order."""

    RIGHT = "right"
    CONTRACTED = "contracted"
    DECLARED = "declared"
    CONFIRMED = "confirmed"
    FILED = "filed"
    GRANTED = "granted"
    USED = "used"


class Gap(StrEnum):
    """What does not follow from what stands before it."""

    NO_RIGHT = "no_right"
    UNFILED = "unfiled"
    NO_CONTRACT = "no_contract"
    NOBODY_DECLARED = "nobody_declared"
    UNCONFIRMED = "unconfirmed"
    NOT_FILED_ELSEWHERE = "not_filed_elsewhere"
    KEY_UNCONFIRMED = "key_unconfirmed"
    USED_AFTER_END = "used_after_end"
    USED_WHILE_EMPTY = "used_while_empty"


@dataclass(frozen=True, slots=True)
class Cell:
    """One column of a unit; `since` and `source` are of the newest fact in it."""

    column: Column
    count: int
    since: date | None = None
    source: Source | None = None
    recorded_at: datetime | None = None
    gap: Gap | None = None
    pending: bool = False


@dataclass(frozen=True, slots=True)
class Patience:
    """Days a gap is given before it is one; each is a policy value."""

    contract_filing: int
    confirmation: int
    after_end: int


@dataclass(frozen=True, slots=True)
class Keys:
    """Cards that open the house on a day, by who holds them."""

    holders: frozenset[str]
    cards: int
    since: date | None = None


@dataclass(frozen=True, slots=True)
class Use:
    """Days on which cards of the unit opened a door, in the weeks before a day."""

    days: int
    last: date | None


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """Everything the columns of one unit are read from, as of a day."""

    unit: Unit
    rights: Sequence[Version[RightToLet]]
    filings: Sequence[Version[RentalFiling]]
    contracts: Sequence[Version[Contract]]
    tenancies: Sequence[Version[Tenancy]]
    occupancies: Sequence[Version[Occupancy]]
    elsewhere: Sequence[Version[ExternalFiling]]
    keys: Keys
    use: Use


@dataclass(frozen=True, slots=True)
class UnitTruth:
    """A unit and its seven cells."""

    unit: Unit
    cells: tuple[Cell, ...]

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What does not follow, in the order of the columns."""
        return tuple(cell.gap for cell in self.cells if cell.gap is not None)


OWN = frozenset({Basis.OWNER, Basis.FAMILY})
"""Who lives in a unit without its being let."""
ELSEWHERE_COUNTS = frozenset(
    {ExternalState.SUBMITTED, ExternalState.GRANTED, ExternalState.EXEMPT}
)


def read(facts: UnitFacts, day: date, patience: Patience) -> UnitTruth:
    """Return what is true of a unit on a day."""
    reading = _Reading(facts, day, patience)
    return UnitTruth(
        facts.unit,
        (
            reading.right(),
            reading.contracted(),
            reading.declared(),
            reading.confirmed(),
            reading.filed(),
            reading.granted(),
            reading.used(),
        ),
    )


class _Reading:
    """The facts of one unit on one day."""

    def __init__(self, facts: UnitFacts, day: date, patience: Patience) -> None:
        self._facts = facts
        self._day = day
        self._patience = patience
        self._running = [t for t in facts.tenancies if t.content.holds(day)]
        self._stays = [o for o in facts.occupancies if o.content.holds(day)]
        self._guests = [o for o in self._stays if o.content.basis not in OWN]
        home = facts.unit.use is not UnitUse.SHOP
        self._let = home and bool(self._running or self._guests)

    def right(self) -> Cell:
        """Tell who may let it, and whether it is filed as let."""
        rights = [r for r in self._facts.rights if r.content.holds(self._day)]
        filings = [f for f in self._facts.filings if f.content.live]
        gap = None
        if self._let and not filings:
            gap = Gap.UNFILED
        elif self._let and not rights and not _accepted(filings):
            gap = Gap.NO_RIGHT
        pending = any(f.content.state in PENDING for f in filings)
        told = [_fact(_filed_on(f.content), f) for f in filings]
        told += [_fact(r.content.start, r) for r in rights]
        return _cell(Column.RIGHT, told, gap, pending=pending)

    def contracted(self) -> Cell:
        """Tell what was agreed: tenancies that run, with or without a paper."""
        tenants = [o for o in self._guests if o.content.basis is Basis.TENANT]
        gap = Gap.NO_CONTRACT if tenants and not self._running else None
        told = [_fact(t.content.start, t) for t in self._running]
        return _cell(Column.CONTRACTED, told, gap)

    def declared(self) -> Cell:
        """Tell who is said to live there."""
        gap = Gap.NOBODY_DECLARED if self._running and not self._stays else None
        told = [_fact(_declared_on(o.content), o) for o in self._stays]
        return _cell(Column.DECLARED, told, gap)

    def confirmed(self) -> Cell:
        """Tell who is said to live there by both sides, or by the street."""
        firm = [o for o in self._stays if o.content.state in _FIRM]
        gap = Gap.UNCONFIRMED if self._overdue() else None
        told = [_fact(o.content.confirmed_on or o.content.start, o) for o in firm]
        waiting = len(firm) < len(self._stays)
        return _cell(Column.CONFIRMED, told, gap, pending=waiting)

    def filed(self) -> Cell:
        """Tell what other offices have been told, by their receipts alone."""
        told = [e for e in self._facts.elsewhere if e.content.state in ELSEWHERE_COUNTS]
        filed = {
            e.content.tenancy
            for e in told
            if e.content.kind is ExternalKind.CONTRACT_FILING
        }
        late = self._day - timedelta(days=self._patience.contract_filing)
        missing = [
            t
            for t in self._running
            if t.content.start < late and t.content.id not in filed
        ]
        gap = Gap.NOT_FILED_ELSEWHERE if missing else None
        pending = any(e.content.state is ExternalState.SUBMITTED for e in told)
        facts = [_fact(e.content.on, e) for e in told]
        return _cell(Column.FILED, facts, gap, pending=pending)

    def granted(self) -> Cell:
        """Tell which cards open the house for the unit."""
        keys = self._facts.keys
        gap = Gap.KEY_UNCONFIRMED if keys.holders & self._overdue() else None
        return Cell(Column.GRANTED, keys.cards, keys.since, gap=gap)

    def _overdue(self) -> set[str]:
        """Return who waits too long for the other side to confirm."""
        late = self._day - timedelta(days=self._patience.confirmation)
        return {
            o.content.party
            for o in self._stays
            if o.content.state not in _FIRM
            and (_declared_on(o.content) or date.min) < late
        }

    def used(self) -> Cell:
        """Tell on how many days doors opened for it lately, and when the last time."""
        use, gap = self._facts.use, None
        if use.last is not None and not self._stays:
            left = [
                o.content.end
                for o in self._facts.occupancies
                if o.content.end is not None
            ]
            grace = timedelta(days=self._patience.after_end)
            if not left:
                gap = Gap.USED_WHILE_EMPTY
            elif use.last >= max(left) + grace:
                gap = Gap.USED_AFTER_END
        return Cell(Column.USED, use.days, use.last, gap=gap)


_FIRM = frozenset({OccupancyState.CONFIRMED, OccupancyState.LEAVE_DECLARED})


def _accepted(filings: Iterable[Version[RentalFiling]]) -> bool:
    return any(f.content.accepted_on is not None for f in filings)


def _filed_on(filing: RentalFiling) -> date | None:
    return filing.accepted_on or filing.submitted_on


def _declared_on(occupancy: Occupancy) -> date | None:
    return occupancy.declared_on or occupancy.start


@dataclass(frozen=True, slots=True)
class _Fact:
    """One fact of a column: its day, and who said so when."""

    day: date
    source: Source
    recorded_at: datetime


def _fact(day: date | None, version: Version[T]) -> _Fact:
    return _Fact(day or date.min, version.source, version.recorded_at)


def _cell(
    column: Column, facts: Sequence[_Fact], gap: Gap | None, *, pending: bool = False
) -> Cell:
    if not facts:
        return Cell(column, 0, gap=gap, pending=pending)
    newest = max(facts, key=lambda fact: fact.day)
    since = None if newest.day == date.min else newest.day
    return Cell(
        column,
        len(facts),
        since,
        newest.source,
        newest.recorded_at,
        gap,
        pending,
    )
