"""What on record mentions something, found by the foreign keys of every table."""

from collections.abc import Collection, Iterator

from sqlalchemy import Column, ColumnElement, Table, or_, select
from sqlalchemy.orm import Session

from registry.persistence.rows import Record

ASIDE = frozenset({"identities", "import_rows"})
"""Tables that say nothing about what they mention."""


def mentioned(
    session: Session,
    target: str,
    ids: Collection[str],
    mine: Collection[str] = (),
    *,
    history: bool = False,
) -> set[str]:
    """Return those of some ids that something else on record mentions.

    `target` is a column, such as `parties.id`. Records whose own id is among `mine`
    do not count, nor what was superseded, withdrawn or ended, unless history does.
    """
    found: set[str] = set()
    for table, column in _pointing(target):
        query = select(column, *([table.c.id] if "id" in table.c else []))
        query = query.where(column.in_(list(ids)))
        if not history:
            query = query.where(*_alive(table))
        found |= {
            row[0]
            for row in session.execute(query)
            if len(row) == 1 or row[1] not in mine
        }
    return found


def _pointing(target: str) -> Iterator[tuple[Table, Column[str]]]:
    for table in Record.metadata.sorted_tables:
        if table.name in ASIDE:
            continue
        for column in table.columns:
            keys = {key.target_fullname for key in column.foreign_keys}
            # A version names its own record by its id: that is no mention of it.
            if target in keys and not column.primary_key and column.name != "id":
                yield table, column


def _alive(table: Table) -> Iterator[ColumnElement[bool]]:
    if "superseded_at" in table.c:
        yield table.c.superseded_at.is_(None)
    if "valid_from" in table.c and "valid_to" in table.c:
        since, until = table.c.valid_from, table.c.valid_to
        yield or_(until.is_(None), since.is_(None), since < until)
    if "ended_at" in table.c:
        yield table.c.ended_at.is_(None)
    if "revoked_at" in table.c:
        yield table.c.revoked_at.is_(None)
