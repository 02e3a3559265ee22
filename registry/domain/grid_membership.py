"""Which grid a building belongs to, from one day to another: grids are redrawn."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from registry.domain.addresses import Validity
from registry.domain.errors import Conflict, Fault, FieldError, Invalid


@dataclass(frozen=True, slots=True)
class GridMembership:
    """A building belongs to a grid in some time, as a source says."""

    building: str
    grid: str
    source: str
    valid: Validity


def grid_on(memberships: Sequence[GridMembership], day: date, usual: str) -> str:
    """Return the grid of a building on a day; the usual one where none is on record."""
    return next((m.grid for m in memberships if m.valid.holds(day)), usual)


def moved(
    memberships: Sequence[GridMembership], new: GridMembership, usual: str, today: date
) -> tuple[GridMembership, ...]:
    """Return the memberships of a building that belongs to another grid from a day on.

    What was true before that day stays. Raises Invalid for a day to come, and Conflict
    where it belongs there already or a later move is on record.
    """
    start = new.valid.start
    if start is None or start > today:
        message, remedy = "a move is recorded when it has happened", "give today's day"
        raise Invalid([FieldError("start", Fault.CONTRADICTION, message, remedy)])
    before = memberships or (
        GridMembership(
            new.building, usual, "the street as it was imported", Validity()
        ),
    )
    last = before[-1]
    if last.grid == new.grid:
        raise Conflict("the building belongs to this grid already")
    if last.valid.start is not None and last.valid.start >= start:
        raise Conflict("a move of that day or later is on record")
    ended = replace(last, valid=replace(last.valid, end=start))
    return (*before[:-1], ended, replace(new, valid=Validity(start)))
