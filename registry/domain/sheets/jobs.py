"""An import of a sheet: where it stands, and where each of its rows does."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from registry.domain.machine import Machine
from registry.domain.sheets.faults import CellFault
from registry.domain.sheets.kinds import SheetKind

BATCH = 500
"""Rows applied or taken back in one transaction."""
ABANDONED = timedelta(days=30)
"""After so long without a word, what a file said is given up."""


class ImportState(StrEnum):
    """Where an import stands."""

    CHECKED = "checked"
    """Read and held against the register; nothing of it is on record."""
    APPLYING = "applying"
    FAULTY = "faulty"
    """Done but for the faulty rows, which may be corrected."""
    DONE = "done"
    UNDOING = "undoing"
    UNDONE = "undone"
    DISCARDED = "discarded"


class ImportEvent(StrEnum):
    """What may happen to an import."""

    CONFIRMED = "confirmed"
    CORRECTED = "corrected"
    APPLIED = "applied"
    APPLIED_WITH_FAULTS = "applied with faults"
    GIVEN_UP = "discarded"
    UNDO_BEGUN = "undone"
    UNDO_FINISHED = "undone to the end"


_S, _E = ImportState, ImportEvent

IMPORTS: Machine[ImportState, ImportEvent] = Machine(
    "the import",
    _S.CHECKED,
    {
        (_S.CHECKED, _E.CONFIRMED): _S.APPLYING,
        (_S.CHECKED, _E.CORRECTED): _S.CHECKED,
        (_S.CHECKED, _E.GIVEN_UP): _S.DISCARDED,
        (_S.APPLYING, _E.APPLIED): _S.DONE,
        (_S.APPLYING, _E.APPLIED_WITH_FAULTS): _S.FAULTY,
        (_S.APPLYING, _E.UNDO_BEGUN): _S.UNDOING,
        (_S.FAULTY, _E.CORRECTED): _S.APPLYING,
        (_S.FAULTY, _E.GIVEN_UP): _S.DONE,
        (_S.FAULTY, _E.UNDO_BEGUN): _S.UNDOING,
        (_S.DONE, _E.UNDO_BEGUN): _S.UNDOING,
        (_S.UNDOING, _E.UNDO_FINISHED): _S.UNDONE,
    },
)


class RowState(StrEnum):
    """Where a row of an import stands."""

    READY = "ready"
    FAULTY = "faulty"
    APPLIED = "applied"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class Import:
    """An import: whose, of what, how far."""

    id: str
    kind: SheetKind
    state: ImportState
    actor: str
    started_at: datetime
    changed_at: datetime
    counts: Mapping[RowState, int]

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return sum(self.counts.values())

    def count(self, state: RowState) -> int:
        """Return how many rows are in a state."""
        return self.counts.get(state, 0)


@dataclass(frozen=True, slots=True)
class ImportRow:
    """A row of an import; what it says is sealed, and gone once it is applied.

    `created` are references to the records it made, such as `tenancy:T-1`.
    """

    number: int
    state: RowState
    content: bytes | None = field(default=None, repr=False)
    faults: tuple[CellFault, ...] = ()
    created: tuple[str, ...] = ()
    party: str | None = None
