"""The engine: where SQLite's and PostgreSQL's habits are evened out."""

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event

WRITES = "writes"
"""The execution option of connections that are going to write."""
PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA busy_timeout = 10000",
)


def database_url(path: Path) -> str:
    """Return the address of an SQLite file."""
    return f"sqlite+pysqlite:///{path}"


def open_engine(url: str) -> Engine:
    """Return an engine whose transactions keep what they promise."""
    engine = create_engine(url, pool_size=10, max_overflow=40)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: sqlite3.Connection, _record: Any) -> None:  # noqa: ANN401 - the pool's own
    """Set what SQLite forgets between connections; we begin transactions ourselves."""
    connection.isolation_level = None
    for pragma in PRAGMAS:
        connection.execute(pragma)


def _begin(connection: Connection) -> None:
    """Take the write lock at once, so that no transaction fails half way for it."""
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
