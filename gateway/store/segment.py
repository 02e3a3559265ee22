"""One file of the outbox: an epoch, a hash chain, and the controllers' cursors."""

import sqlite3
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from controller.uplink.messages import link
from controller.vocabulary import ControllerId
from gateway.errors import FileDamaged
from gateway.store.database import (
    companions,
    connect,
    is_damage,
    sync,
    transaction,
)

SCHEMA = """
CREATE TABLE entry (
    seq INTEGER PRIMARY KEY, stored INTEGER NOT NULL, previous BLOB NOT NULL,
    body BLOB NOT NULL, crc INTEGER NOT NULL);
CREATE TABLE cursor (
    controller TEXT PRIMARY KEY, epoch TEXT NOT NULL, idx TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE receipt (upto INTEGER NOT NULL, chain BLOB NOT NULL);
CREATE TABLE damaged AS SELECT * FROM entry;
"""
# Cursors are text: they use all 64 bits, SQLite's integers 63.
KEEP_DAMAGED = "INSERT INTO damaged SELECT * FROM entry WHERE seq = ? AND seq <= ?"
NEXT = """SELECT seq, previous, body, crc FROM entry
WHERE seq > ? ORDER BY seq LIMIT ?"""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Up to which of its events a controller's record is durable here."""

    epoch: int
    index: int


Cursors = Mapping[ControllerId, Cursor]
_Row = tuple[int, bytes, bytes, int]


@dataclass(frozen=True, slots=True)
class Slice:
    """Consecutive entries as they can be sent; `previous` is the chain before them."""

    first: int
    previous: bytes
    entries: tuple[bytes, ...]
    after_loss: bool


class Segment:
    """The entries of one epoch without a receipt; raises sqlite3.Error.

    One thread writes; reads come from any thread, one at a time.
    """

    def __init__(self, path: Path) -> None:
        """Open a complete segment; its name is its epoch."""
        self.path = path
        self.epoch = int(path.stem)
        self._damaged: set[int] = set()
        try:
            self._writer = connect(path)
            self._reader = connect(path)
            self.receipted: int
            self._receipted_chain: bytes
            self.receipted, self._receipted_chain = self._reader.execute(
                "SELECT upto, chain FROM receipt"
            ).fetchone()
            self.tip, self.chain = self._read_tip()
            self.cursors = self._read_cursors()
        except (sqlite3.Error, TypeError, ValueError) as error:
            self.close()
            if isinstance(error, sqlite3.Error) and not is_damage(error):
                raise
            raise FileDamaged(f"{path.name} is damaged: {error}") from error

    @classmethod
    def create(
        cls, folder: Path, epoch: int, previous: bytes, cursors: Cursors
    ) -> "Segment":
        """Make a segment whole under a temporary name, then give it its own."""
        unfinished, path = folder / f"{epoch}.new", folder / f"{epoch}.db"
        for leftover in companions(unfinished):
            leftover.unlink(missing_ok=True)
        database = connect(unfinished)
        try:
            database.executescript(SCHEMA)
            with transaction(database):
                database.execute("INSERT INTO receipt VALUES (0, ?)", (previous,))
                _put_cursors(database, cursors)
        finally:
            database.close()
        sync(unfinished)
        unfinished.rename(path)
        sync(folder)
        return cls(path)

    @property
    def pending(self) -> int:
        """How many entries have no receipt."""
        return self.tip - self.receipted

    def append(self, entries: Sequence[bytes], cursors: Cursors, stored: int) -> None:
        """Add entries and move cursors in one commit that is on disk on return."""
        seq, chain = self.tip, self.chain
        rows = []
        for body in entries:
            seq += 1
            rows.append((seq, stored, chain, body, _crc(seq, chain, body)))
            chain = link(chain, body)
        with transaction(self._writer):
            self._writer.executemany("INSERT INTO entry VALUES (?, ?, ?, ?, ?)", rows)
            _put_cursors(self._writer, cursors)
        self.tip, self.chain = seq, chain
        self.cursors = {**self.cursors, **cursors}

    def read(self, limit: int) -> Slice | None:
        """Return the next entries to send, from the first sound one on."""
        after = self.receipted
        while rows := self._reader.execute(NEXT, (after, limit)).fetchall():
            after = rows[-1][0]
            good = {seq for seq, *rest, crc in rows if crc == _crc(seq, *rest)}
            self._damaged |= {row[0] for row in rows} - good
            if good:
                run = _run([row for row in rows if row[0] >= min(good)], good)
                first, previous, *_ = run[0]
                entries = tuple(body for _, _, body, _ in run)
                return Slice(first, previous, entries, first != self.receipted + 1)
        return None

    def chain_at(self, seq: int) -> bytes | None:
        """Return the chain hash after an entry, or None when we do not hold it."""
        if seq == self.receipted:
            return self._receipted_chain
        if seq == self.tip:
            return self.chain
        row = self._reader.execute(NEXT, (seq - 1, 1)).fetchone()
        return None if row is None or row[0] != seq else link(row[1], row[2])

    def settle(self, upto: int, chain: bytes) -> None:
        """Forget what a receipt covers; damaged rows stay for whoever looks."""
        with transaction(self._writer):
            for seq in self._damaged:
                self._writer.execute(KEEP_DAMAGED, (seq, upto))
            self._writer.execute("DELETE FROM entry WHERE seq <= ?", (upto,))
            self._writer.execute(
                "UPDATE receipt SET upto = ?, chain = ?", (upto, chain)
            )
        self.note_receipt(upto, chain)

    def note_receipt(self, upto: int, chain: bytes) -> None:
        """Know of a receipt until the next start; the disk may be too full for it."""
        self.receipted, self._receipted_chain = upto, chain

    def holds_damage(self) -> bool:
        """Say whether rows were found damaged."""
        count = "SELECT count(*) FROM damaged"
        return bool(self._damaged) or self._reader.execute(count).fetchone()[0] > 0

    def check(self) -> None:
        """Look at every page; raises FileDamaged when one is unsound."""
        (verdict,) = self._reader.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            self.close()
            raise FileDamaged(f"{self.path.name} is damaged: {verdict}")

    def oldest(self) -> int | None:
        """Return when the oldest pending entry was stored, in unix seconds."""
        row = self._reader.execute(
            "SELECT stored FROM entry WHERE seq > ? ORDER BY seq LIMIT 1",
            (self.receipted,),
        ).fetchone()
        return None if row is None else int(row[0])

    def close(self) -> None:
        """Let the file go."""
        for name in ("_reader", "_writer"):
            database = getattr(self, name, None)
            if database is not None:
                database.close()

    def _read_tip(self) -> tuple[int, bytes]:
        row = self._reader.execute(
            "SELECT seq, previous, body FROM entry ORDER BY seq DESC LIMIT 1"
        ).fetchone()
        if row is None:
            return self.receipted, self._receipted_chain
        return max(row[0], self.receipted), link(row[1], row[2])

    def _read_cursors(self) -> dict[ControllerId, Cursor]:
        rows = self._reader.execute("SELECT controller, epoch, idx FROM cursor")
        return {ControllerId(c): Cursor(int(e), int(i)) for c, e, i in rows}


def _run(rows: Sequence[_Row], good: set[int]) -> Sequence[_Row]:
    """Return the rows up to the first that is damaged or missing."""
    first = rows[0][0]
    numbered = takewhile(
        lambda item: item[1][0] == first + item[0] and item[1][0] in good,
        enumerate(rows),
    )
    return [row for _, row in numbered]


def _put_cursors(database: sqlite3.Connection, cursors: Cursors) -> None:
    database.executemany(
        "INSERT OR REPLACE INTO cursor VALUES (?, ?, ?)",
        [(name, str(at.epoch), str(at.index)) for name, at in cursors.items()],
    )


def _crc(seq: int, previous: bytes, body: bytes) -> int:
    return zlib.crc32(body, zlib.crc32(previous, seq & 0xFFFFFFFF))
