"""Imports of sheets and their rows as rows; what a row says is sealed."""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ForeignKey,
    Index,
    LargeBinary,
    Text,
    bindparam,
    delete,
    func,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.domain.errors import Fault
from registry.domain.sheets.faults import CellFault
from registry.domain.sheets.jobs import Import, ImportRow, ImportState, RowState
from registry.domain.sheets.kinds import SheetKind
from registry.persistence.rows import Choice, Moment, Record, add_rows


class ImportJobRow(Record):
    """An import; `codes` are whom the codes of its file mean, sealed."""

    __tablename__ = "import_jobs"
    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[SheetKind] = mapped_column(Choice(SheetKind))
    state: Mapped[ImportState] = mapped_column(Choice(ImportState))
    actor: Mapped[str]
    started_at: Mapped[datetime] = mapped_column(Moment)
    changed_at: Mapped[datetime] = mapped_column(Moment)
    codes: Mapped[bytes | None] = mapped_column(LargeBinary)


class ImportLineRow(Record):
    """A row of an import."""

    __tablename__ = "import_rows"
    __table_args__ = (Index("ix_import_rows_state", "job", "state", "number"),)
    job: Mapped[str] = mapped_column(ForeignKey("import_jobs.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    state: Mapped[RowState] = mapped_column(Choice(RowState))
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    faults: Mapped[str | None] = mapped_column(Text)
    created: Mapped[str | None] = mapped_column(Text)
    party: Mapped[str | None] = mapped_column(ForeignKey("parties.id"))


class Imports:
    """The repository of imports."""

    def __init__(self, session: Session) -> None:
        """Work in a session."""
        self._session = session

    def add(self, job: Import, rows: Sequence[ImportRow]) -> None:
        """Add an import with its rows."""
        values = {
            "id": job.id,
            "kind": job.kind,
            "state": job.state,
            "actor": job.actor,
            "started_at": job.started_at,
            "changed_at": job.changed_at,
        }
        add_rows(self._session, ImportJobRow, [values])
        lines = [{"job": job.id, **_values(row)} for row in rows]
        add_rows(self._session, ImportLineRow, lines)

    def get(self, id_: str, *, lock: bool = False) -> Import | None:
        """Return an import, held until the transaction ends when it is locked."""
        query = select(ImportJobRow).where(ImportJobRow.id == id_)
        row = self._session.scalar(query.with_for_update() if lock else query)
        return None if row is None else self._import(row)

    def newest(self, limit: int) -> list[Import]:
        """Return the latest imports, the newest first."""
        query = select(ImportJobRow).order_by(
            ImportJobRow.started_at.desc(), ImportJobRow.id
        )
        return [self._import(row) for row in self._session.scalars(query.limit(limit))]

    def waiting(self, before: datetime) -> list[Import]:
        """Return imports that wait for somebody since before a moment."""
        states = (ImportState.CHECKED, ImportState.FAULTY)
        query = select(ImportJobRow).where(
            ImportJobRow.state.in_(states), ImportJobRow.changed_at < before
        )
        return [self._import(row) for row in self._session.scalars(query)]

    def move(self, id_: str, state: ImportState, now: datetime) -> None:
        """Let an import be in a state."""
        self._session.execute(
            update(ImportJobRow)
            .where(ImportJobRow.id == id_)
            .values(state=state, changed_at=now)
        )

    def codes(self, id_: str) -> bytes | None:
        """Return whom the codes of an import's file mean, sealed."""
        query = select(ImportJobRow.codes).where(ImportJobRow.id == id_)
        return self._session.scalar(query)

    def keep_codes(self, id_: str, sealed: bytes) -> None:
        """Keep whom the codes of an import's file mean."""
        self._session.execute(
            update(ImportJobRow).where(ImportJobRow.id == id_).values(codes=sealed)
        )

    def rows(
        self,
        id_: str,
        state: RowState,
        limit: int | None = None,
        *,
        last_first: bool = False,
    ) -> list[ImportRow]:
        """Return rows in a state by their number."""
        number = ImportLineRow.number
        query = (
            select(ImportLineRow)
            .where(ImportLineRow.job == id_, ImportLineRow.state == state)
            .order_by(number.desc() if last_first else number)
            .limit(limit)
        )
        columns = query.with_only_columns(*query.selected_columns)
        return [_row(row) for row in self._session.execute(columns)]

    def put(self, id_: str, rows: Iterable[ImportRow]) -> None:
        """Let rows be as they are now."""
        values = [{"of": id_, "at": row.number, **_values(row)} for row in rows]
        if not values:
            return
        those = (
            ImportLineRow.job == bindparam("of"),
            ImportLineRow.number == bindparam("at"),
        )
        self._session.connection().execute(update(ImportLineRow).where(*those), values)

    def forget(self, id_: str) -> None:
        """Delete what the file said; states, faults and references stay."""
        self._session.execute(
            update(ImportLineRow).where(ImportLineRow.job == id_).values(content=None)
        )
        self._session.execute(
            update(ImportJobRow).where(ImportJobRow.id == id_).values(codes=None)
        )

    def discard(self, id_: str) -> None:
        """Delete the rows that created nothing, and what the file said."""
        self.forget(id_)
        waiting = (RowState.READY, RowState.FAULTY)
        self._session.execute(
            delete(ImportLineRow).where(
                ImportLineRow.job == id_, ImportLineRow.state.in_(waiting)
            )
        )

    def told(self, references: Collection[str]) -> dict[str, str]:
        """Return whom applied rows told of, by `IMPORT#ROW`."""
        keys = [
            (job, int(number))
            for job, _, number in (r.partition("#") for r in references)
            if number.isascii() and number.isdigit() and len(number) < 10  # noqa: PLR2004 - more digits than any row has
        ]
        query = select(
            ImportLineRow.job, ImportLineRow.number, ImportLineRow.party
        ).where(
            tuple_(ImportLineRow.job, ImportLineRow.number).in_(keys),
            ImportLineRow.state == RowState.APPLIED,
            ImportLineRow.party.is_not(None),
        )
        found = self._session.execute(query)
        return {f"{job}#{number}": str(party) for job, number, party in found}

    def _import(self, row: ImportJobRow) -> Import:
        query = select(ImportLineRow.state, func.count()).where(
            ImportLineRow.job == row.id
        )
        counts = dict(self._session.execute(query.group_by(ImportLineRow.state)).all())
        return Import(
            row.id,
            row.kind,
            row.state,
            row.actor,
            row.started_at,
            row.changed_at,
            counts,
        )


def _values(row: ImportRow) -> dict[str, Any]:
    faults = [asdict(fault) for fault in row.faults]
    return {
        "number": row.number,
        "state": row.state,
        "content": row.content,
        "faults": json.dumps(faults, ensure_ascii=False) if faults else None,
        "created": " ".join(row.created) or None,
        "party": row.party,
    }


def _row(row: Any) -> ImportRow:  # noqa: ANN401 - columns of a row
    faults = json.loads(row.faults) if row.faults else []
    return ImportRow(
        row.number,
        row.state,
        row.content,
        tuple(CellFault(**{**f, "fault": Fault(f["fault"])}) for f in faults),
        tuple(row.created.split()) if row.created else (),
        row.party,
    )
