"""An outbox in a folder of a test, and entries to put into it."""

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from controller.encoding import encode_entry
from controller.vocabulary import CardNumber, ControllerId, DoorId, Passage, Reason
from gateway.store.ballast import Ballast
from gateway.store.outbox import Outbox
from gateway.store.segment import Cursor

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
LOCK = ControllerId("lock-1")


def entry(number: int) -> bytes:
    """Return an encoded passage that differs from every other."""
    at = NOON + timedelta(milliseconds=number)
    passage = Passage(DoorId("door-1"), at, True, Reason.PERMIT, CardNumber(number + 1))
    return encode_entry(passage)


def entries(first: int, count: int) -> list[bytes]:
    """Return consecutive entries."""
    return [entry(number) for number in range(first, first + count)]


def cursor(index: int) -> dict[ControllerId, Cursor]:
    """Return the lock's cursor in its first epoch."""
    return {LOCK: Cursor(1, index)}


def open_outbox(
    folder: Path, wall: Callable[[], float] = NOON.timestamp, ballast: int = 0
) -> Outbox:
    """Open an outbox as the daemon does."""
    folder.mkdir(exist_ok=True)
    return Outbox(folder / "outbox", Ballast(folder / "ballast", ballast), wall)


def pending(outbox: Outbox, epoch: int) -> list[bytes]:
    """Return everything of an epoch that can still be sent."""
    read = outbox.read(epoch, 10**6)
    return [] if read is None else list(read.entries)


def spoil(path: Path, statement: str) -> None:
    """Change a segment behind the outbox's back."""
    database = sqlite3.connect(path)
    with database:
        database.execute(statement)
    database.close()
