"""Many passages in one statement, said as each database takes them fastest."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TypeAlias

from sqlalchemy import Connection, Dialect, String, Table
from sqlalchemy.orm import Session

from registry.persistence.locks import Lock, take
from registry.persistence.passages import PassageRow

Cell: TypeAlias = int | float | str | None
PassageLine: TypeAlias = tuple[Cell, ...]
"""A passage as COLUMNS say; times are microseconds, cards have a sign."""
Lines: TypeAlias = Sequence[PassageLine]
SHARED = ("gateway", "epoch", "recorded_at")
COLUMNS = (
    "seq",
    "door",
    "at",
    "granted",
    "reason",
    "direction",
    "card",
    "card_state",
    "credential",
    "party",
    "unit",
    "permit",
    "controller",
    "controller_epoch",
    "controller_index",
    "controller_at",
    "uncertainty",
    "own",
)


@dataclass(frozen=True, slots=True)
class Source:
    """What the passages of a batch share: whose record it is, and when it came."""

    gateway: str
    epoch: int
    recorded_at: int


def add_passages(session: Session, source: Source, lines: Lines) -> None:
    """Insert passages in their order; their numbers rise in the order of commits."""
    if not lines:
        return
    take(session, Lock.LINES)
    connection = session.connection()
    _WAYS[connection.dialect.name](connection, source, lines)


def _one_by_one(connection: Connection, source: Source, lines: Lines) -> None:
    """Insert row by row: SQLite is called, not spoken to."""
    shared = (source.gateway, source.epoch, source.recorded_at)
    names = (*SHARED, *COLUMNS)
    marks = ", ".join("?" * len(names))
    statement = f"INSERT INTO passages ({', '.join(names)}) VALUES ({marks})"  # noqa: S608 - our own names
    connection.exec_driver_sql(statement, [(*shared, *line) for line in lines])


def _unnested(connection: Connection, source: Source, lines: Lines) -> None:
    """Insert columns as arrays: one statement, whatever the size of the batch."""
    columns = zip(*lines, strict=True)
    arrays = [array(column) for array, column in zip(_ARRAYS, columns, strict=True)]
    shared = (source.gateway, source.epoch, source.recorded_at)
    connection.exec_driver_sql(_unnesting(connection.dialect), (*shared, *arrays))


_WAYS: Mapping[str, Callable[[Connection, Source, Lines], None]] = MappingProxyType(
    {"sqlite": _one_by_one, "postgresql": _unnested}
)


@cache
def _unnesting(dialect: Dialect) -> str:
    table = PassageRow.__table__
    assert isinstance(table, Table)  # noqa: S101 - a mapped class has a table

    def cast(name: str) -> str:
        return f"%s::{table.c[name].type.compile(dialect)}"

    shared = ", ".join(map(cast, SHARED))
    arrays = ", ".join(f"{cast(name)}[]" for name in COLUMNS)
    names = ", ".join((*SHARED, *COLUMNS))
    rows = f"SELECT {shared}, lines.* FROM unnest({arrays}) AS lines"  # noqa: S608 - our own names
    return f"INSERT INTO passages ({names}) {rows}"


def _numbers(column: Iterable[Cell]) -> str:
    """Return numbers or flags as PostgreSQL writes an array.

    So is every array of ours: the driver's own way takes several times as long.
    """
    return "{" + ",".join(map(str, column)).replace("None", "NULL") + "}"


def _texts(column: Iterable[Cell]) -> str:
    """Return texts as an array; in a batch most of them come again and again."""
    cells = list(column)
    said = {cell: "NULL" if cell is None else _quoted(str(cell)) for cell in set(cells)}
    return "{" + ",".join([said[cell] for cell in cells]) + "}"


def _quoted(words: str) -> str:
    escaped = words.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


_ARRAYS = tuple(
    _texts if isinstance(PassageRow.__table__.c[name].type, String) else _numbers
    for name in COLUMNS
)
