"""SQLite opened the one way we trust: WAL, and a sync with every commit."""

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BUSY_SECONDS = 5.0
PRIMARY_CODE = 0xFF
DAMAGE = frozenset(
    {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}
)
"""What SQLite says of broken pages, of other files, and of tables that are missing."""


def connect(path: Path) -> sqlite3.Connection:
    """Open or create a database whose commits are on disk when they return."""
    database = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
    except sqlite3.Error:
        database.close()
        raise
    return database


@contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    """Commit what happens inside, or nothing of it."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise


def is_full(error: Exception) -> bool:
    """Say whether the disk had no room."""
    if isinstance(error, OSError):
        return error.errno == errno.ENOSPC
    return _code(error) == sqlite3.SQLITE_FULL


def is_damage(error: Exception) -> bool:
    """Say whether a file is not what we wrote, rather than out of reach just now."""
    return _code(error) in DAMAGE


def _code(error: Exception) -> int:
    return getattr(error, "sqlite_errorcode", 0) & PRIMARY_CODE


def companions(path: Path) -> tuple[Path, ...]:
    """Return a database's file and those SQLite keeps beside it."""
    return tuple(path.with_name(path.name + end) for end in ("", "-wal", "-shm"))


def sync(path: Path) -> None:
    """Put a file, or the names in a folder, on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
