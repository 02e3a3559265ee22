"""Imports of sheets: read and checked, confirmed, applied in batches, undone."""

import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from registry.audit.trail import Action, Deed, record
from registry.domain.errors import Conflict, NotFound
from registry.domain.sheets.checks import Context
from registry.domain.sheets.jobs import (
    ABANDONED,
    BATCH,
    IMPORTS,
    Import,
    ImportEvent,
    ImportRow,
    ImportState,
    RowState,
)
from registry.domain.sheets.kinds import SheetKind
from registry.domain.sheets.known import Known
from registry.domain.sheets.table import rows_of
from registry.persistence.unit_of_work import Store, UnitOfWork
from registry.services.identity import Identity
from registry.services.permits import PermitService
from registry.services.sheets.corrections import corrected, fault_table
from registry.services.sheets.creating import Desk, affected, create
from registry.services.sheets.sheet_files import read_table
from registry.services.sheets.staged import (
    Checked,
    Staging,
    Told,
    batches,
    check_rows,
)
from registry.services.sheets.undoing import ids_of, in_the_way, take_back

Progress = Callable[[Import], object]
"""Told how far an import is, after every batch."""
Reading = Callable[[int], object]
"""Told how many rows were read and checked."""
CLOCK = "clock"
"""Who gives an import up when nobody else does."""
MOST_NAMED = 20
"""Records named in one refusal."""


def silent(_job: Import) -> None:
    """Tell nobody."""


def unheard(_rows: int) -> None:
    """Tell nobody."""


class SheetImports:
    """Brings sheets into the register, each step in transactions of its own."""

    def __init__(
        self,
        store: Store,
        identity: Identity,
        permits: PermitService,
        clock: Callable[[], datetime],
        *,
        batch: int = BATCH,
    ) -> None:
        """Work on a store with the services an import needs, so many rows a time."""
        self._batch = batch
        self._store = store
        self._identity = identity
        self._permits = permits
        self._clock = clock

    def read(
        self,
        kind: SheetKind,
        data: bytes,
        actor: str,
        reading: Reading = unheard,
    ) -> Import:
        """Read a file and check every row; nothing of it is on record yet.

        Raises Invalid for a file that is no such sheet. Other writers wait only while
        the rows are kept, not while they are read.
        """
        rows = map(Told, rows_of(kind, read_table(data)))
        checked, context = self._checked(kind, rows, {}, reading)
        now = self._clock()
        job = Import(
            f"I-{secrets.token_hex(8)}", kind, ImportState.CHECKED, actor, now, now, {}
        )
        staging = Staging(self._identity, job.id)
        kept = staging.rows(checked)
        with self._store.writing() as uow:
            uow.imports.add(job, kept)
            uow.imports.keep_codes(job.id, staging.seal_codes(context.codes))
            self._note(uow, job.id, Action.SHEET_READ, actor)
        return self.get(job.id)

    def get(self, id_: str) -> Import:
        """Return an import and how far it is."""
        with self._store.reading() as uow:
            return _found(uow, id_)

    def newest(self, limit: int) -> list[Import]:
        """Return the latest imports."""
        with self._store.reading() as uow:
            return uow.imports.newest(limit)

    def faulty(self, id_: str, limit: int | None = None) -> list[ImportRow]:
        """Return the faulty rows of an import, the first first."""
        with self._store.reading() as uow:
            _found(uow, id_)
            return uow.imports.rows(id_, RowState.FAULTY, limit)

    def fault_table(self, id_: str) -> Iterator[list[str]]:
        """Return the faulty rows of an import as a sheet to be corrected."""
        staging = Staging(self._identity, id_)
        return fault_table(self.get(id_).kind, staging, self.faulty(id_))

    def confirm(self, id_: str, actor: str) -> Import:
        """Let an import begin: from now on it goes on until it is through."""
        with self._store.writing() as uow:
            self._move(uow, id_, ImportEvent.CONFIRMED)
            self._note(uow, id_, Action.SHEET_CONFIRMED, actor)
        return self.get(id_)

    def run(self, id_: str, actor: str, progress: Progress = silent) -> Import:
        """Apply or take back batch after batch, from wherever it stopped."""
        steps = {
            ImportState.APPLYING: self._apply,
            ImportState.UNDOING: self._take_back,
        }
        while (step := steps.get((job := self.get(id_)).state)) is not None:
            with self._store.writing() as uow:
                step(uow, id_, actor)
            progress(self.get(id_))
        return job

    def correct(self, id_: str, data: bytes, actor: str) -> Import:
        """Take corrected rows in place of faulty ones; a confirmed import goes on.

        Each row says by its number which it replaces; a name left out is kept.
        """
        with self._store.reading() as uow:
            job = _found(uow, id_)
            IMPORTS.after(job.state, ImportEvent.CORRECTED)
            waiting = {r.number: r for r in uow.imports.rows(id_, RowState.FAULTY)}
            staging = Staging(self._identity, id_)
            codes = staging.open_codes(uow.imports.codes(id_))
        rows = corrected(staging, waiting, rows_of(job.kind, read_table(data)))
        checked, context = self._checked(job.kind, rows, codes)
        with self._store.writing() as uow:
            self._move(uow, id_, ImportEvent.CORRECTED)
            still = {r.number for r in uow.imports.rows(id_, RowState.FAULTY)}
            if not {one.told.row.line.row for one in checked} <= still:
                raise Conflict("somebody else corrected this import just now")
            uow.imports.put(id_, staging.rows(checked))
            uow.imports.keep_codes(id_, staging.seal_codes(context.codes))
            self._note(uow, id_, Action.SHEET_CORRECTED, actor)
        return self.get(id_)

    def discard(self, id_: str, actor: str) -> Import:
        """Give up what is not on record; what is on record stays."""
        with self._store.writing() as uow:
            self._move(uow, id_, ImportEvent.GIVEN_UP)
            uow.imports.discard(id_)
            self._note(uow, id_, Action.SHEET_DISCARDED, actor)
        return self.get(id_)

    def forget(self, uow: UnitOfWork) -> None:
        """Give up what nobody confirmed or corrected for a long time."""
        for job in uow.imports.waiting(self._clock() - ABANDONED):
            self._move(uow, job.id, ImportEvent.GIVEN_UP)
            uow.imports.discard(job.id)
            self._note(uow, job.id, Action.SHEET_DISCARDED, CLOCK)

    def undo(self, id_: str) -> Import:
        """Begin to take an import back; `run` does it.

        Raises Conflict with the records that were changed or used meanwhile.
        """
        with self._store.reading() as uow:
            job = _found(uow, id_)
            if job.state is not ImportState.UNDOING:
                IMPORTS.after(job.state, ImportEvent.UNDO_BEGUN)
            rows = uow.imports.rows(id_, RowState.APPLIED)
            mine = ids_of(_created(rows))
            blocked: set[str] = set()
            for batch in batches(rows, self._batch):
                blocked |= in_the_way(uow, _created(batch), mine)
        _refuse(blocked)
        if job.state is not ImportState.UNDOING:
            with self._store.writing() as uow:
                self._move(uow, id_, ImportEvent.UNDO_BEGUN)
                uow.imports.discard(id_)
        return self.get(id_)

    def _checked(
        self,
        kind: SheetKind,
        rows: Iterable[Told],
        codes: dict[str, str],
        reading: Reading = unheard,
    ) -> tuple[list[Checked], Context]:
        context = Context(Known(), codes)
        checked: list[Checked] = []
        for batch in batches(rows, self._batch):
            with self._store.reading() as uow:
                checked += check_rows(uow, self._identity, kind, context, batch)
            reading(len(checked))
        return checked, context

    def _apply(self, uow: UnitOfWork, id_: str, actor: str) -> None:
        job = _found(uow, id_, lock=True)
        if job.state is not ImportState.APPLYING:
            return
        rows = uow.imports.rows(id_, RowState.READY, self._batch)
        staging = Staging(self._identity, id_)
        context = Context(Known(), staging.open_codes(uow.imports.codes(id_)))
        told = [staging.told(row) for row in rows]
        checked = check_rows(uow, self._identity, job.kind, context, told)
        accepted = [one.outcome for one in checked if one.outcome is not None]
        desk = Desk(uow, self._identity, context.known, actor, self._clock())
        made = iter(create(job.kind, desk, accepted))
        pairs = zip(rows, checked, strict=True)
        uow.imports.put(id_, [_after(row, one, made) for row, one in pairs])
        cards = affected(uow, job.kind, accepted)
        self._derive(uow, cards)
        if rows:
            self._note(uow, id_, Action.SHEET_APPLIED, actor, _span(rows))
        if len(rows) < self._batch:
            self._finish(uow, id_)

    def _finish(self, uow: UnitOfWork, id_: str) -> None:
        faulty = _found(uow, id_).count(RowState.FAULTY) > 0
        event = ImportEvent.APPLIED_WITH_FAULTS if faulty else ImportEvent.APPLIED
        self._move(uow, id_, event)
        if not faulty:
            uow.imports.forget(id_)

    def _take_back(self, uow: UnitOfWork, id_: str, actor: str) -> None:
        if _found(uow, id_, lock=True).state is not ImportState.UNDOING:
            return
        # The last first: what a row used of an earlier one is gone before that one.
        rows = uow.imports.rows(id_, RowState.APPLIED, self._batch, last_first=True)
        created = _created(rows)
        _refuse(in_the_way(uow, created, ids_of(created)))
        cards = take_back(uow, self._identity, created, actor, self._clock())
        uow.imports.put(id_, [replace(row, state=RowState.UNDONE) for row in rows])
        self._derive(uow, cards)
        if rows:
            self._note(uow, id_, Action.SHEET_UNDONE, actor, _span(rows))
        if len(rows) < self._batch:
            self._move(uow, id_, ImportEvent.UNDO_FINISHED)

    def _derive(self, uow: UnitOfWork, cards: set[int]) -> None:
        if cards:
            self._permits.rederive(uow, sorted(cards))

    def _move(self, uow: UnitOfWork, id_: str, event: ImportEvent) -> None:
        job = _found(uow, id_, lock=True)
        uow.imports.move(id_, IMPORTS.after(job.state, event), self._clock())

    def _note(
        self,
        uow: UnitOfWork,
        id_: str,
        action: Action,
        actor: str,
        rows: str | None = None,
    ) -> None:
        record(uow, [Deed(actor, action, f"import:{id_}", rows)], self._clock())


def _found(uow: UnitOfWork, id_: str, *, lock: bool = False) -> Import:
    job = uow.imports.get(id_, lock=lock)
    if job is None:
        raise NotFound(f"there is no import {id_!r}")
    return job


def _after(row: ImportRow, one: Checked, made: Iterator[tuple[str, ...]]) -> ImportRow:
    """Return a row as it is once it was applied, or was found faulty after all."""
    if one.outcome is None:
        return replace(row, state=RowState.FAULTY, faults=one.faults)
    return ImportRow(
        row.number,
        RowState.APPLIED,
        created=next(made),
        party=one.outcome.party,
    )


def _created(rows: Iterable[ImportRow]) -> list[str]:
    return [reference for row in rows for reference in row.created]


def _span(rows: Sequence[ImportRow]) -> str:
    numbers = [row.number for row in rows]
    return f"rows {min(numbers)} to {max(numbers)}"


def _refuse(blocked: set[str]) -> None:
    """Raise Conflict when records are in the way of taking back."""
    if not blocked:
        return
    named = ", ".join(sorted(blocked)[:MOST_NAMED])
    more = len(blocked) - MOST_NAMED
    rest = f" and {more} more" if more > 0 else ""
    raise Conflict(
        f"changed or used since the import, so that it cannot be taken back: "
        f"{named}{rest}; undo those changes first, but a unit that was ever "
        "mentioned stays"
    )
