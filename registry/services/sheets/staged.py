"""Rows that wait to be recorded: what they say is sealed until it is."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TypeVar

from registry.domain.sheets.checks import Context, Outcome, check
from registry.domain.sheets.faults import CellFault, Line
from registry.domain.sheets.jobs import ImportRow, RowState
from registry.domain.sheets.kinds import Draft, SheetKind
from registry.domain.sheets.known import mentions
from registry.domain.sheets.table import Row, read_row
from registry.persistence.unit_of_work import UnitOfWork
from registry.services.identity import Identity
from registry.services.sheets.facts import facts

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Told:
    """A row of the file and whom it was found to tell of."""

    row: Row
    party: str | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """A row, and what it says or what is wrong with it."""

    told: Told
    outcome: Outcome | None = field(repr=False)
    faults: tuple[CellFault, ...] = ()


def check_rows(
    uow: UnitOfWork,
    identity: Identity,
    kind: SheetKind,
    context: Context,
    rows: Sequence[Told],
) -> list[Checked]:
    """Read rows and hold them against the register and those before them."""
    read = [(told, *read_row(kind, told.row)) for told in rows]
    drafts = [draft for _, draft, _ in read if draft is not None]
    asked = mentions(drafts, context.codes)
    context.known = facts(uow, identity, kind, asked)
    return [_held(kind, context, *one) for one in read]


def _held(
    kind: SheetKind,
    context: Context,
    told: Told,
    draft: Draft | None,
    faults: tuple[CellFault, ...],
) -> Checked:
    if draft is None:
        return Checked(told, None, faults)
    outcome = check(kind, context, told.row.line, draft, told.party)
    if outcome.faults:
        return Checked(told, None, outcome.faults)
    return Checked(replace(told, party=outcome.party), outcome)


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Return items in lists of at most so many."""
    left = iter(items)
    while batch := list(islice(left, size)):
        yield batch


class Staging:
    """Seals rows and opens them."""

    def __init__(self, identity: Identity, job: str) -> None:
        """Work for one import."""
        self._identity = identity
        self._job = job

    def rows(self, checked: Iterable[Checked]) -> list[ImportRow]:
        """Return rows to keep, ready or faulty."""
        return [
            ImportRow(
                one.told.row.line.row,
                RowState.FAULTY if one.faults else RowState.READY,
                self._seal(one.told),
                one.faults,
            )
            for one in checked
        ]

    def told(self, row: ImportRow) -> Told:
        """Open a row."""
        sealed = row.content or b""
        text = self._identity.open(sealed, self._place(row.number))
        content = json.loads(text)
        line = Line(row.number, content["letters"])
        return Told(Row(line, content["cells"], content["stray"]), content["party"])

    def seal_codes(self, codes: dict[str, str]) -> bytes:
        """Seal whom the codes of the file mean."""
        return self._identity.seal(json.dumps(codes), self._place("codes"))

    def open_codes(self, sealed: bytes | None) -> dict[str, str]:
        """Open whom the codes of the file mean."""
        if sealed is None:
            return {}
        codes: dict[str, str] = json.loads(
            self._identity.open(sealed, self._place("codes"))
        )
        return codes

    def _seal(self, told: Told) -> bytes:
        content = {
            "cells": dict(told.row.cells),
            "letters": dict(told.row.line.letters),
            "stray": told.row.stray,
            "party": told.party,
        }
        text = json.dumps(content, ensure_ascii=False)
        return self._identity.seal(text, self._place(told.row.line.row))

    def _place(self, what: int | str) -> str:
        return f"import_rows|content|{self._job}|{what}"
