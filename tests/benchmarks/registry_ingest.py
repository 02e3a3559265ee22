"""Passages per second into the registry, beside bare SQLite inserts of the same size.

Run: python -m tests.benchmarks.registry_ingest
"""

import sqlite3
from pathlib import Path
from sys import stdout
from tempfile import TemporaryDirectory
from time import perf_counter

from sqlalchemy import event

from controller.uplink.messages import GENESIS, PassageBatch, chain
from registry.persistence.database import PRAGMAS
from tests.support.registry_bench import (
    OWNER_CARD,
    ROOM_CARD,
    TENANT_CARD,
    UNKNOWN_CARD,
    Bench,
    batch,
    passage,
    registry,
)

SIZES = (1, 100, 500)
PASSAGES = 5000
CARDS = (TENANT_CARD, ROOM_CARD, OWNER_CARD, UNKNOWN_CARD)
BODY = bytes(120)
HEADING = (
    f"{'batch':>6} {'passages/s':>12} {'locked':>9} {'bare rows/s':>12} {'share':>7}\n"
)
ROW = "{:>6} {:>12,.0f} {:>6.1f} ms {:>12,.0f} {:>7.1%}\n"


def batches(size: int) -> list[PassageBatch]:
    """Return a record in batches of one size; every size has its own epoch."""
    made, previous = [], GENESIS
    for start in range(0, PASSAGES if size > 1 else 300, size):
        numbers = range(start, start + size)
        lines = [passage(n, CARDS[n % len(CARDS)]) for n in numbers]
        made.append(batch(lines, start + 1, previous, epoch=size))
        previous = chain(previous, made[-1].entries)
    return made


def ingest(bench: Bench, record: list[PassageBatch]) -> tuple[float, float]:
    """Return the seconds it takes to store a record, a commit for each batch.

    The second is how long of these nobody else may write.
    """
    begun, locked = 0.0, 0.0

    def note(_: object) -> None:
        nonlocal begun
        begun = perf_counter()

    started = perf_counter()
    for part in record:
        with bench.services.store.writing() as uow:
            event.listen(uow.session.get_bind(), "begin", note)
            bench.services.ingest.accept(uow, part)
            event.remove(uow.session.get_bind(), "begin", note)
        locked += perf_counter() - begun
    return perf_counter() - started, locked


def bare(path: Path, record: list[PassageBatch]) -> float:
    """Return the seconds SQLite alone takes for as many rows and commits."""
    with sqlite3.connect(path, isolation_level=None) as connection:
        for pragma in PRAGMAS:
            connection.execute(pragma)
        connection.execute(
            "CREATE TABLE IF NOT EXISTS line (number INTEGER PRIMARY KEY, body BLOB)"
        )
        started = perf_counter()
        for part in record:
            connection.execute("BEGIN IMMEDIATE")
            rows = [(BODY,)] * len(part.entries)
            connection.executemany("INSERT INTO line (body) VALUES (?)", rows)
            connection.execute("COMMIT")
        seconds = perf_counter() - started
    connection.close()
    return seconds


def main() -> None:
    """Measure and print the table."""
    with TemporaryDirectory() as folder, registry(Path(folder)) as bench:
        stdout.write(HEADING)
        for size in SIZES:
            record = batches(size)
            count = size * len(record)
            seconds, locked = ingest(bench, record)
            ours = count / seconds
            limit = count / bare(Path(folder) / "bare.db", record)
            held = locked / len(record) * 1000
            stdout.write(ROW.format(size, ours, held, limit, ours / limit))


if __name__ == "__main__":
    main()
