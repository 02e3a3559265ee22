"""What a decision costs until it is durable, and how fast the outbox takes rows."""

# ruff: noqa: T201 - a benchmark prints its table

import asyncio
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from controller.decision import decide
from controller.encoding import encode_entry
from controller.permit_table import PermitTable
from controller.schedule import Validity
from controller.vocabulary import CardNumber, DoorId, Passage, Permit, PermitId
from gateway.store.ballast import Ballast
from gateway.store.database import connect
from gateway.store.outbox import Outbox
from gateway.store.recorder import Recorder

TAPS = 2_000
ROWS = 20_000
BATCHES = (1, 10, 100, 500)
NOW = datetime.now(UTC)
DOOR, CARD = DoorId("door-001"), CardNumber(4_400_000_000)
TABLE = PermitTable(
    [Permit(PermitId(1), CARD, DOOR, Validity(NOW, NOW + timedelta(days=1)))]
)


def decided() -> bytes:
    """Decide on a card and return the entry that says so."""
    answer = decide(TABLE, DOOR, CARD, NOW)
    passage = Passage(DOOR, NOW, answer.granted, answer.reason, CARD, answer.permit)
    return encode_entry(passage)


def quantiles(spent: list[float]) -> str:
    """Return p50 and p99 in microseconds as table cells."""
    spent.sort()
    half, most = spent[len(spent) // 2], spent[len(spent) * 99 // 100]
    return f"{half * 1e6:.0f} | {most * 1e6:.0f}"


def timed(act: Callable[[], object], times: int = TAPS) -> list[float]:
    """Return how long each of many calls took."""
    spent = []
    for _ in range(times):
        begun = time.perf_counter()
        act()
        spent.append(time.perf_counter() - begun)
    return spent


def bare_appends(folder: Path) -> list[float]:
    """Append an entry to a preallocated file and wait for the disk: the limit."""
    body = decided()
    handle = os.open(folder / "bare", os.O_CREAT | os.O_WRONLY)
    os.posix_fallocate(handle, 0, len(body) * TAPS)
    os.fsync(handle)

    def append() -> None:
        os.write(handle, body)
        os.fdatasync(handle)

    spent = timed(append)
    os.close(handle)
    return spent


async def recorded(outbox: Outbox) -> list[float]:
    """Decide and wait until the recorder says that it is durable."""
    recorder, spent = Recorder(outbox), []
    for _ in range(TAPS):
        begun = time.perf_counter()
        await recorder.append([decided()], {})
        spent.append(time.perf_counter() - begun)
    await recorder.close()
    return spent


def bare_rows(folder: Path, batch: int) -> float:
    """Return rows a second into a plain table, the same pragmas."""
    database = connect(folder / f"bare-{batch}.db")
    database.execute("CREATE TABLE entry (seq INTEGER PRIMARY KEY, body BLOB)")
    body, count = decided(), ROWS if batch > 1 else TAPS
    begun = time.perf_counter()
    for first in range(0, count, batch):
        database.execute("BEGIN")
        database.executemany(
            "INSERT INTO entry VALUES (?, ?)",
            [(first + number, body) for number in range(batch)],
        )
        database.execute("COMMIT")
    spent = time.perf_counter() - begun
    database.close()
    return count / spent


def outbox_rows(outbox: Outbox, batch: int) -> float:
    """Return rows a second into the outbox: chained, checksummed, with cursors."""
    bodies, count = [decided()] * batch, ROWS if batch > 1 else TAPS
    begun = time.perf_counter()
    for _ in range(0, count, batch):
        outbox.append(bodies, {})
    return count / (time.perf_counter() - begun)


def main() -> None:
    """Print the figures as Markdown tables."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        folder = Path(name)
        outbox = Outbox(folder / "outbox", Ballast(folder / "b", 0), time.time)
        direct = timed(lambda: outbox.append([decided()], {}))
        rows = {
            "bare append + fdatasync, the limit": bare_appends(folder),
            "decide + encode": timed(decided),
            "decide + outbox commit": direct,
            "decide + recorder, from the event loop": asyncio.run(recorded(outbox)),
        }
        print(f"Durable decisions (SQLite {sqlite3.sqlite_version})\n")
        print("| | p50 µs | p99 µs |\n|---|---:|---:|")
        for label, spent in rows.items():
            print(f"| {label} | {quantiles(spent)} |")
        print("\n| rows per commit | bare SQLite rows/s | outbox rows/s | share |")
        print("|---:|---:|---:|---:|")
        for batch in BATCHES:
            bare, ours = bare_rows(folder, batch), outbox_rows(outbox, batch)
            print(f"| {batch} | {bare:,.0f} | {ours:,.0f} | {ours / bare:.2f} |")
        outbox.close()


if __name__ == "__main__":
    main()
