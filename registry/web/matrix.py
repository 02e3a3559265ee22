"""The house matrix (楼盘表): floors by units, each with its state."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from registry.domain.house import BuildingMatrix, UnitCell, UnitState
from registry.web.words import UNIT_STATES, Badge

LET = (
    UnitState.LET_REGISTERED,
    UnitState.DUE,
    UnitState.OCCUPANT_MISSING,
    UnitState.UNFILED,
)
TO_CHECK = (UnitState.OCCUPANT_MISSING, UnitState.UNFILED)


@dataclass(frozen=True, slots=True)
class Slot:
    """A place of a row: a unit, or a stretch of `span` columns without one."""

    span: int
    cell: UnitCell | None = None

    @property
    def badge(self) -> Badge | None:
        """How the unit's state is shown."""
        return UNIT_STATES[self.cell.state] if self.cell else None


@dataclass(frozen=True, slots=True)
class Floor:
    """A row of the matrix."""

    number: int
    slots: tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class Filter:
    """One choice of the filter, and how many units it leaves."""

    state: UnitState
    badge: Badge
    count: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What a building amounts to."""

    units: int
    let: int
    unfiled: int
    occupants: int
    due: int
    to_check: int

    @property
    def filed_percent(self) -> float | None:
        """Share of let units that are filed; None when nothing is let."""
        return 100 * (self.let - self.unfiled) / self.let if self.let else None


@dataclass(frozen=True, slots=True)
class Matrix:
    """All a template needs to draw the matrix."""

    columns: tuple[str, ...]
    floors: tuple[Floor, ...]
    filters: tuple[Filter, ...]
    figures: Figures


def draw(building: BuildingMatrix) -> Matrix:
    """Return the matrix of a building."""
    cells = [cell for _, row in building.floors for cell in row]
    counts = Counter(cell.state for cell in cells)
    columns = _columns([row for _, row in building.floors])
    return Matrix(
        columns=columns,
        floors=tuple(
            Floor(number, _slots(row, columns)) for number, row in building.floors
        ),
        filters=tuple(
            Filter(state, badge, counts[state])
            for state, badge in UNIT_STATES.items()
            if counts[state]
        ),
        figures=Figures(
            units=len(cells),
            let=sum(counts[state] for state in LET),
            unfiled=counts[UnitState.UNFILED],
            occupants=sum(cell.occupants for cell in cells),
            due=counts[UnitState.DUE],
            to_check=sum(counts[state] for state in TO_CHECK),
        ),
    )


def _columns(rows: Sequence[Sequence[UnitCell]]) -> tuple[str, ...]:
    """Return the stairwell positions: the last two digits of a unit's number.

    Where two units of a floor share them, positions are simply counted.
    """
    if all(len({_position(c) for c in row}) == len(row) for row in rows):
        return tuple(sorted({_position(cell) for row in rows for cell in row}))
    widest = max(map(len, rows))
    return tuple(f"{n:02d}" for n in range(1, widest + 1))


def _position(cell: UnitCell) -> str:
    return cell.unit.number[-2:]


def _slots(row: Sequence[UnitCell], columns: Sequence[str]) -> tuple[Slot, ...]:
    placed = {_position(cell): cell for cell in row}
    if not (len(placed) == len(row) and set(columns) >= placed.keys()):
        placed = dict(zip(columns, row, strict=False))
    slots: list[Slot] = []
    for column in columns:
        cell = placed.get(column)
        if cell is None and slots and slots[-1].cell is None:
            slots[-1] = Slot(slots[-1].span + 1)
        else:
            slots.append(Slot(1, cell))
    return tuple(slots)
