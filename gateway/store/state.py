"""What the gateway holds: permits, revisions, alarms, readers, a counter."""

import hashlib
import logging
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from controller.cbor import EPOCH, MICROSECOND, microseconds, pack, unpack
from controller.encoding import permit_row, read_permit
from controller.errors import MessageRefused
from controller.vocabulary import (
    AlarmChange,
    AlarmKind,
    CardNumber,
    ControllerId,
    DoorId,
    Permit,
    PermitId,
    Revision,
)
from gateway.errors import FileDamaged
from gateway.store.database import companions, connect, is_damage, transaction

SCHEMA = """
CREATE TABLE IF NOT EXISTS permit (
    id INTEGER PRIMARY KEY, door TEXT NOT NULL, body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS permit_door ON permit (door);
CREATE TABLE IF NOT EXISTS acknowledged (
    door TEXT PRIMARY KEY, revision INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS withdrawn (
    door TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (door, body)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS alarm (
    door TEXT NOT NULL, kind TEXT NOT NULL, raised_at INTEGER NOT NULL,
    PRIMARY KEY (door, kind)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS reader (
    controller TEXT PRIMARY KEY, identity TEXT NOT NULL, seen TEXT NOT NULL,
    configured TEXT NOT NULL, address TEXT NOT NULL,
    baud INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS kept (
    name TEXT PRIMARY KEY, body BLOB NOT NULL, digest BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS number (
    name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
"""
WITHDRAW = "INSERT OR IGNORE INTO withdrawn SELECT door, body FROM permit"
LONGEST_PERMIT = 64 * 1024
HEARTBEATS_RESERVED = 1_000
"""Heartbeat numbers taken with one commit; a restart skips the rest of them."""
LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DoorChange:
    """What changed at one door."""

    removed: frozenset[PermitId]
    put: Mapping[PermitId, Permit]


Changes = Mapping[DoorId, DoorChange]


@dataclass(frozen=True, slots=True)
class KnownReader:
    """A reader as it was first met or accepted, and who answered there last.

    One that moved while its address was `configured` is at `address` and `baud`.
    """

    controller: ControllerId
    identity: str = ""
    seen: str = ""
    configured: str = ""
    address: str = ""
    baud: int = 0

    @property
    def replaced(self) -> bool:
        """Say whether another reader answers than the one we knew."""
        return self.identity != self.seen


class State:
    """state.db; a damaged one is set aside, for it can be filled again.

    The registry has the permits, and readers say anew who they are.
    """

    def __init__(self, path: Path) -> None:
        """Open or create it."""
        self._lock = threading.Lock()
        try:
            self._database = _prepare(path)
        except FileDamaged:
            for file in companions(path):
                if file.exists():
                    file.rename(file.with_name(f"{file.name}.damaged"))
            self._database = _prepare(path)
        self._heartbeat = self._number("heartbeat")
        self._heartbeats_end = self._heartbeat

    @property
    def revision(self) -> Revision:
        """The revision the permits are at."""
        return Revision(self._number("revision"))

    def permits(self) -> Iterator[Permit]:
        """Go through all permits that can be read."""
        return _readable(self._rows("SELECT id, body FROM permit"))

    def of_door(self, door: DoorId) -> tuple[Permit, ...]:
        """Return the permits of one door."""
        rows = self._rows("SELECT id, body FROM permit WHERE door = ?", door)
        return tuple(_readable(rows))

    def apply(
        self, revision: Revision, removed: Sequence[PermitId], put: Sequence[Permit]
    ) -> Changes:
        """Move to a revision in one commit; returns what that means by door."""
        with self._lock, transaction(self._database):
            leaving_ids = [*removed, *(permit.id for permit in put)]
            gone = self._doors_of(leaving_ids)
            self._database.executemany(
                f"{WITHDRAW} WHERE id = ?", ((identity,) for identity in leaving_ids)
            )
            self._database.executemany(
                "DELETE FROM permit WHERE id = ?", ((permit,) for permit in removed)
            )
            self._put(revision, put)
        leaving: dict[DoorId, set[PermitId]] = defaultdict(set)
        arriving: dict[DoorId, dict[PermitId, Permit]] = defaultdict(dict)
        for permit in put:
            arriving[permit.door][permit.id] = permit
        for identity, door in gone.items():
            if identity not in arriving[door]:
                leaving[door].add(identity)
        return {
            door: DoorChange(frozenset(leaving[door]), arriving[door])
            for door in arriving
        }

    def replace(self, revision: Revision, permits: Iterable[Permit]) -> None:
        """Hold these permits and no others."""
        with self._lock, transaction(self._database):
            self._database.execute(WITHDRAW)
            self._database.execute("DELETE FROM permit")
            self._put(revision, permits)

    def withdrawn(self, door: DoorId) -> frozenset[CardNumber]:
        """Return the cards that lost permits at a door since it confirmed its own."""
        rows = self._rows("SELECT 0, body FROM withdrawn WHERE door = ?", door)
        return frozenset(permit.card for permit in _readable(rows))

    def acknowledged(self) -> dict[DoorId, Revision]:
        """Return which revision is in force at each door."""
        rows = self._rows("SELECT door, revision FROM acknowledged")
        return {DoorId(door): Revision(revision) for door, revision in rows}

    def acknowledge(self, doors: Sequence[DoorId], revision: Revision) -> None:
        """Note that a revision is in force at some doors."""
        with self._lock, transaction(self._database):
            self._database.executemany(
                "INSERT OR REPLACE INTO acknowledged VALUES (?, ?)",
                [(door, revision) for door in doors],
            )
            if revision == self._number_now("revision"):
                self._database.executemany(
                    "DELETE FROM withdrawn WHERE door = ?", [(door,) for door in doors]
                )

    def alarms(self) -> list[AlarmChange]:
        """Return the alarms that are raised."""
        rows = self._rows("SELECT door, kind, raised_at FROM alarm")
        return [
            AlarmChange(DoorId(door), AlarmKind(kind), EPOCH + at * MICROSECOND)
            for door, kind, at in rows
        ]

    def note_alarm(self, change: AlarmChange) -> None:
        """Remember an alarm while it is raised."""
        raised_at = microseconds(change.raised_at)
        place = change.door, change.kind.value, raised_at
        with self._lock, transaction(self._database):
            if change.cleared_at is None:
                self._database.execute(
                    "INSERT OR REPLACE INTO alarm VALUES (?, ?, ?)", place
                )
            else:
                self._database.execute(
                    "DELETE FROM alarm WHERE door = ? AND kind = ? AND raised_at = ?",
                    place,
                )

    def readers(self) -> list[KnownReader]:
        """Return what is known of readers."""
        rows = self._rows(
            "SELECT controller, identity, seen, configured, address, baud FROM reader"
        )
        return [KnownReader(ControllerId(name), *rest) for name, *rest in rows]

    def keep_reader(self, reader: KnownReader) -> None:
        """Remember what is known of a reader."""
        with self._lock, transaction(self._database):
            self._database.execute(
                "INSERT OR REPLACE INTO reader VALUES (?, ?, ?, ?, ?, ?)",
                astuple(reader),
            )

    def keep(self, name: str, body: bytes) -> None:
        """Hold some bytes under a name instead of those before."""
        digest = hashlib.sha256(body).digest()
        with self._lock, transaction(self._database):
            self._database.execute(
                "INSERT OR REPLACE INTO kept VALUES (?, ?, ?)", (name, body, digest)
            )

    def kept(self, name: str) -> bytes | None:
        """Return the bytes held under a name, unless they are not what was written."""
        rows = self._rows("SELECT body, digest FROM kept WHERE name = ?", name)
        for body, digest in rows:
            if isinstance(body, bytes) and hashlib.sha256(body).digest() == digest:
                return body
            LOG.error("%s cannot be read: its digest is another", name)
        return None

    def next_heartbeat(self) -> int:
        """Return a number above every one before it, across restarts."""
        if self._heartbeat == self._heartbeats_end:
            self._heartbeats_end += HEARTBEATS_RESERVED
            with self._lock, transaction(self._database):
                self._set_number("heartbeat", self._heartbeats_end)
        self._heartbeat += 1
        return self._heartbeat

    def close(self) -> None:
        """Let the file go."""
        with self._lock:
            self._database.close()

    def _rows(self, query: str, *values: object) -> list[Any]:
        with self._lock:
            return self._database.execute(query, values).fetchall()

    def _number(self, name: str) -> int:
        with self._lock:
            return self._number_now(name)

    def _number_now(self, name: str) -> int:
        query = "SELECT value FROM number WHERE name = ?"
        row = self._database.execute(query, (name,)).fetchone()
        return int(row[0]) if row else 0

    def _set_number(self, name: str, value: int) -> None:
        self._database.execute(
            "INSERT OR REPLACE INTO number VALUES (?, ?)", (name, value)
        )

    def _doors_of(self, identities: Sequence[PermitId]) -> dict[PermitId, DoorId]:
        found = {}
        for identity in identities:
            row = self._database.execute(
                "SELECT door FROM permit WHERE id = ?", (identity,)
            ).fetchone()
            if row is not None:
                found[identity] = DoorId(row[0])
        return found

    def _put(self, revision: Revision, permits: Iterable[Permit]) -> None:
        self._database.executemany(
            "INSERT OR REPLACE INTO permit VALUES (?, ?, ?)",
            ((p.id, p.door, pack(permit_row(p))) for p in permits),
        )
        self._set_number("revision", revision)


def _prepare(path: Path) -> sqlite3.Connection:
    try:
        return _open(path)
    except sqlite3.Error as error:
        if not is_damage(error):
            raise
        raise FileDamaged(f"{path.name} is damaged: {error}") from error


def _open(path: Path) -> sqlite3.Connection:
    database = connect(path)
    try:
        database.executescript(SCHEMA)
        (verdict,) = database.execute("PRAGMA quick_check").fetchone()
    except sqlite3.Error:
        database.close()
        raise
    if verdict != "ok":
        database.close()
        raise FileDamaged(f"{path.name} is damaged: {verdict}")
    return database


def _readable(rows: Iterable[tuple[PermitId, bytes]]) -> Iterator[Permit]:
    """Leave damaged rows out: the digest then differs and the registry sends all."""
    for identity, body in rows:
        try:
            yield read_permit(unpack(body, LONGEST_PERMIT))
        except MessageRefused as error:
            LOG.error("permit %d cannot be read: %s", identity, error)  # noqa: TRY400 - the reason says it all
