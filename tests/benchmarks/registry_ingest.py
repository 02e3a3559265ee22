"""Signed batches to committed and attributed passages, beside what databases can do.

The limit is the same rows, ready made, in the same table with the same indexes, in
commits of the same size: binary COPY on PostgreSQL, executemany on SQLite. The other
end is the mapper's way: a row and a commit for each passage. All take turns.

Run: python -m tests.benchmarks.registry_ingest
"""

import sqlite3
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from pathlib import Path
from random import Random
from statistics import median
from sys import stdout
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import psycopg
from sqlalchemy import select, text

from controller.uplink.codec import decode
from controller.uplink.messages import GENESIS, PassageBatch, Receipt, chain
from controller.vocabulary import DoorId, GatewayId
from registry.domain.history import Source as Recorder
from registry.domain.occupancy import Basis, Occupancy
from registry.domain.parties import Party
from registry.persistence.passage_lines import COLUMNS, SHARED
from registry.persistence.passages import PassageRow
from registry.server import collect_seldom
from tests.support.postgresql import IN_THE_FOLDER, NewDatabase, databases
from tests.support.registry_bench import (
    BACK,
    FAR,
    FRONT,
    GATEWAY,
    OTHER_GATEWAY,
    Bench,
    batch,
    passage,
    registry,
)

SIZES, ROUNDS, PASSAGES, SINGLES = (100, 500), 5, 8000, 100
RESIDENTS = range(10_000, 12_000)
DOORS: dict[GatewayId, tuple[DoorId, ...]] = {
    GATEWAY: (FRONT, BACK),
    OTHER_GATEWAY: (FAR,),
}
NAMES = (*SHARED, *COLUMNS)
LIST = ", ".join(NAMES)
TEXTS = {"gateway", "door", "reason", "direction", "card_state", "party", "unit"}
TYPES = dict.fromkeys(TEXTS | {"controller"}, "text") | {
    "granted": "bool",
    "own": "bool",
    "uncertainty": "float8",
}
EPOCHS = count(1)
DURABLE = {"fsync": "on", "full_page_writes": "on", "shared_buffers": "512MB"}
HEADING = """\
database    batch  two gateways  one gateway        limit  share       mapper  times
"""
LINE = (
    "{:<10} {:>6} {:>11,.0f}/s {:>10,.0f}/s {:>10,.0f}/s {:>6.2f} "
    "{:>10,.0f}/s {:>6.0f}\n"
)


@dataclass
class Run:
    """Rows per second of every way, round by round."""

    two: list[float] = field(default_factory=list)
    one: list[float] = field(default_factory=list)
    limit: list[float] = field(default_factory=list)
    mapper: list[float] = field(default_factory=list)


def settle(bench: Bench) -> None:
    """Let the house have many residents, each with a card."""
    holders = [(card, f"R{card}") for card in RESIDENTS]
    with bench.services.store.writing() as uow:
        uow.parties.add(Party(party) for _, party in holders)
        homes = [
            Occupancy(f"O-{party}", party, "B1-0201", "B1", Basis.TENANT)
            for _, party in holders
        ]
        uow.occupancies.add(homes, Recorder("benchmark"), bench.now)
        uow.credentials.add(holders, bench.now.replace(year=2025))
        uow.session.execute(text("ANALYZE"))


def signed(bench: Bench, gateway: GatewayId, size: int, total: int) -> list[bytes]:
    """Return a new epoch of a gateway's record as it would be sent."""
    dice, epoch, previous, made = Random(size), next(EPOCHS), GENESIS, []  # noqa: S311 - repeatable
    for start in range(0, total, size):
        lines = [
            passage(n, dice.choice(RESIDENTS), dice.choice(DOORS[gateway]))
            for n in range(start, start + size)
        ]
        part = replace(batch(lines, start + 1, previous, epoch), gateway=gateway)
        previous = chain(previous, part.entries)
        made.append(bench.sign(part, gateway))
    return made


def take(bench: Bench, record: Sequence[bytes]) -> None:
    """Do with each batch what the process that serves does, but for HTTP."""
    services = bench.services
    for data in record:
        with services.store.reading() as uow:
            key_of = partial(services.gateways.key, uow)
            _, sent = decode(data, key_of, PassageBatch)
        with services.store.recording() as uow:
            assert isinstance(services.ingest.accept(uow, sent), Receipt)


def ours(bench: Bench, records: Sequence[Sequence[bytes]]) -> float:
    """Return the seconds that the records of some gateways take, side by side."""
    with ThreadPoolExecutor(len(records)) as pool:
        started = perf_counter()
        list(pool.map(partial(take, bench), records))
        return perf_counter() - started


def stored(bench: Bench, total: int) -> list[tuple[Any, ...]]:
    """Return what was stored last, ready to be stored again."""
    newest = text(f"SELECT {LIST} FROM passages ORDER BY number DESC LIMIT {total}")  # noqa: S608 - our own names
    with bench.services.store.reading() as uow:
        return [tuple(row) for row in uow.session.execute(newest)]


def copied(bench: Bench, rows: list[tuple[Any, ...]], size: int) -> float:
    """Return the seconds the database takes for rows that are ready."""
    url = bench.settings.database_url
    if url is None:
        marks = ", ".join("?" * len(NAMES))
        insert = f"INSERT INTO passages ({LIST}) VALUES ({marks})"  # noqa: S608 - our own names
        with sqlite3.connect(bench.settings.database, isolation_level=None) as lite:
            started = perf_counter()
            for start in range(0, len(rows), size):
                lite.execute("BEGIN IMMEDIATE")
                lite.executemany(insert, rows[start : start + size])
                lite.execute("COMMIT")
            seconds = perf_counter() - started
        lite.close()
        return seconds
    with psycopg.connect(url.get_secret_value()) as connection:
        started = perf_counter()
        for start in range(0, len(rows), size):
            copy = f"COPY passages ({LIST}) FROM STDIN (FORMAT BINARY)"
            with connection.cursor().copy(copy) as out:
                out.set_types([TYPES.get(name, "int8") for name in NAMES])
                for row in rows[start : start + size]:
                    out.write_row(row)
            connection.commit()
        return perf_counter() - started


def mapped(bench: Bench) -> float:
    """Return the seconds a row takes as an object, with a commit of its own."""
    with bench.services.store.reading() as uow:
        rows = [
            {name: getattr(row, name) for name in NAMES}
            for row in uow.session.scalars(select(PassageRow).limit(SINGLES))
        ]
    started = perf_counter()
    for values in rows:
        with bench.services.store.recording() as uow:
            uow.session.add(PassageRow(**values))
    return (perf_counter() - started) / len(rows)


def measure(bench: Bench, size: int) -> Run:
    """Let every way take its turn, round by round; the first one warms up."""
    run = Run()
    for _ in range(ROUNDS + 1):
        half = PASSAGES // 2
        both = [signed(bench, gateway, size, half) for gateway in DOORS]
        run.two.append(PASSAGES / ours(bench, both))
        rows = stored(bench, PASSAGES)
        run.limit.append(PASSAGES / copied(bench, rows, size))
        alone = [signed(bench, GATEWAY, size, half)]
        run.one.append(half / ours(bench, alone))
        run.mapper.append(1 / mapped(bench))
    return run


@contextmanager
def street(kind: NewDatabase) -> Iterator[Bench]:
    """Set up a registry with residents."""
    with TemporaryDirectory() as folder, registry(Path(folder), kind) as bench:
        settle(bench)
        collect_seldom()
        yield bench


def main() -> None:
    """Measure and print the table."""
    stdout.write(HEADING)
    with databases(**DURABLE) as server:
        kinds: dict[str, NewDatabase] = {"postgresql": server, "sqlite": IN_THE_FOLDER}
        for name, kind in kinds.items():
            with street(kind) as bench:
                for size in SIZES:
                    run = measure(bench, size)
                    two, one, limit, mapper = (
                        median(rates[1:])
                        for rates in (run.two, run.one, run.limit, run.mapper)
                    )
                    best = max(two, one)
                    share, times = best / limit, best / mapper
                    stdout.write(
                        LINE.format(name, size, two, one, limit, share, mapper, times)
                    )


if __name__ == "__main__":
    main()
