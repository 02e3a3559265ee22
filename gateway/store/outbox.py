"""The record of passages without a receipt: a row of segments, the last one active."""

import logging
import sqlite3
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from controller.uplink.messages import GENESIS
from gateway.errors import FileDamaged, StoreFailed
from gateway.store.ballast import Ballast
from gateway.store.database import companions, is_full
from gateway.store.segment import Cursors, Segment, Slice

DAMAGED, FORKED = "damaged", "forked"
T = TypeVar("T")
LOG = logging.getLogger(__name__)


class Outbox:
    """Entries by epoch; one thread calls what changes it.

    An epoch is above every one before it and not below the unix time it begins at,
    so that a wiped store does not use one again.
    """

    def __init__(
        self, folder: Path, ballast: Ballast, wall: Callable[[], float]
    ) -> None:
        """Open what is there; what cannot be opened is set aside."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._ballast = ballast
        self._wall = wall
        self.set_aside_count = 0
        self._segments: dict[int, Segment] = {}
        self._cursors: Cursors = {}
        self._chain = GENESIS
        for unfinished in folder.glob("*.new*"):
            unfinished.unlink()
        stems = (path.stem for path in folder.glob("*.db"))
        for epoch in sorted(int(stem) for stem in stems if stem.isdecimal()):
            self._open(epoch)
        if not self._segments or max(self._segments) != self._last_epoch():
            self._begin()

    @property
    def active(self) -> int:
        """The epoch that new entries go to."""
        return max(self._segments)

    @property
    def cursors(self) -> Cursors:
        """How far each controller's events are durable here."""
        return self._cursors

    @property
    def depth(self) -> int:
        """How many entries have no receipt."""
        return sum(segment.pending for segment in self._segments.values())

    def epochs(self) -> tuple[int, ...]:
        """Return the epochs held, oldest first."""
        return tuple(sorted(self._segments))

    def pending(self, epoch: int) -> int:
        """How many entries of an epoch have no receipt."""
        segment = self._segments.get(epoch)
        return 0 if segment is None else segment.pending

    def backlog(self) -> int | None:
        """Return the oldest epoch, but the active one, with something to send."""
        return next(
            (
                epoch
                for epoch in self.epochs()
                if epoch != self.active and self.pending(epoch)
            ),
            None,
        )

    def oldest(self) -> int | None:
        """Return when the oldest pending entry was stored, in unix seconds."""
        pending = (s for _, s in sorted(self._segments.items()) if s.pending)
        first = next(pending, None)
        return None if first is None else first.oldest()

    def append(self, entries: Sequence[bytes], cursors: Cursors) -> None:
        """Make entries and cursors durable together, or raise StoreFailed."""
        now = int(self._wall())
        if self._day_is_over(now):
            self._try(self.roll_over)
        try:
            self._append(entries, cursors, now)
        except (sqlite3.Error, OSError) as error:
            self._recover(self.active, error)
            raise StoreFailed(f"the outbox cannot be written: {error}") from error
        self._remember(self._segments[self.active])

    def read(self, epoch: int, limit: int) -> Slice | None:
        """Return what of an epoch is to be sent next, if any of it can be read."""
        segment = self._segments.get(epoch)
        try:
            return None if segment is None else segment.read(limit)
        except sqlite3.Error:
            LOG.exception("epoch %d cannot be read", epoch)
            return None

    def chain_at(self, epoch: int, seq: int) -> bytes | None:
        """Return our chain hash after an entry, or None when we do not hold it."""
        segment = self._segments.get(epoch)
        return None if segment is None else segment.chain_at(seq)

    def receipted(self, epoch: int) -> int:
        """Return up to where an epoch has a receipt."""
        return self._segments[epoch].receipted

    def settle(self, epoch: int, upto: int, chain: bytes) -> None:
        """Forget what a receipt covers, the whole file where that is possible."""
        segment = self._segments.get(epoch)
        if segment is None or upto <= segment.receipted:
            return
        if epoch != self.active and upto == segment.tip:
            self._drop(epoch)
            return
        try:
            segment.settle(upto, chain)
        except sqlite3.Error as error:
            if is_full(error):
                segment.note_receipt(upto, chain)
                return
            self._recover(epoch, error)
            raise StoreFailed(f"the outbox cannot be written: {error}") from error

    def give_up_unreadable(self, epoch: int) -> None:
        """Set a segment aside in which nothing is left that can be sent."""
        if self.pending(epoch) and self.read(epoch, 1) is None:
            LOG.error("nothing of epoch %d can be read: set aside", epoch)
            self.set_aside(epoch, DAMAGED)

    def roll_over(self) -> None:
        """Begin a new segment, so that what came before drains beside it."""
        before = self.active
        if self._segments[before].tip == 0:
            return
        self._begin()
        if not self.pending(before):
            self._drop(before)

    def set_aside(self, epoch: int, label: str) -> None:
        """Keep a segment's files out of the way under a name that says why."""
        segment = self._segments.get(epoch)
        if segment is None:
            return
        if epoch == self.active:
            self._begin()
        self._forget(epoch)
        self._rename(epoch, label)

    def close(self) -> None:
        """Let all files go."""
        for segment in self._segments.values():
            segment.close()

    def _open(self, epoch: int) -> None:
        try:
            segment = self._relieved(lambda: Segment(self._path(epoch)))
        except FileDamaged:
            LOG.exception("segment %d cannot be read and is set aside", epoch)
            self._rename(epoch, DAMAGED)
            return
        self._segments[epoch] = segment
        self._remember(segment)

    def _begin(self) -> None:
        epoch = max(self._last_epoch() + 1, int(self._wall()))
        segment = self._relieved(
            lambda: Segment.create(self._folder, epoch, self._chain, self._cursors)
        )
        self._segments = {**self._segments, epoch: segment}

    def _append(self, entries: Sequence[bytes], cursors: Cursors, now: int) -> None:
        """Append; with the ballast gone, go on in a segment that can outlive this one.

        A full disk takes no deletion, but a whole file can go.
        """
        try:
            self._segments[self.active].append(entries, cursors, now)
        except sqlite3.Error as error:
            if not is_full(error) or not self._ballast.release():
                raise
            self.roll_over()
            self._segments[self.active].append(entries, cursors, now)

    def _recover(self, epoch: int, error: Exception) -> None:
        """Look again at what is really on disk; begin anew when it is unsound."""
        if is_full(error):
            return
        LOG.error("outbox: %s; reopening epoch %d", error, epoch)
        self._segments[epoch].close()
        try:
            segment = Segment(self._path(epoch))
            segment.check()
        except FileDamaged:
            self._try(lambda: self.set_aside(epoch, DAMAGED))
        except (sqlite3.Error, OSError):
            LOG.exception("epoch %d is out of reach", epoch)
        else:
            self._segments[epoch] = segment
            if epoch == self.active:
                self._remember(segment)

    def _relieved(self, action: Callable[[], T]) -> T:
        """Do something once more with the ballast gone, when the disk is full."""
        try:
            return action()
        except (sqlite3.Error, OSError) as error:
            if not is_full(error) or not self._ballast.release():
                raise
            return action()

    def _try(self, action: Callable[[], None]) -> None:
        try:
            action()
        except (sqlite3.Error, OSError):
            LOG.exception("the outbox cannot begin a new segment")

    def _day_is_over(self, now: int) -> bool:
        segment = self._segments[self.active]
        return segment.tip > 0 and _day(now) != _day(segment.epoch)

    def _drop(self, epoch: int) -> None:
        segment = self._segments[epoch]
        damaged = segment.holds_damage()
        self._forget(epoch)
        if damaged:
            self._rename(epoch, DAMAGED)
        else:
            for path in companions(self._path(epoch)):
                path.unlink(missing_ok=True)

    def _forget(self, epoch: int) -> None:
        """Close a segment; other threads may be going through those that stay."""
        self._segments[epoch].close()
        self._segments = {e: s for e, s in self._segments.items() if e != epoch}

    def _remember(self, segment: Segment) -> None:
        self._chain, self._cursors = segment.chain, segment.cursors

    def _rename(self, epoch: int, label: str) -> None:
        self.set_aside_count += 1
        for path in companions(self._path(epoch)):
            if path.exists():
                path.rename(path.with_name(path.name.replace(".db", f".{label}")))

    def _path(self, epoch: int) -> Path:
        return self._folder / f"{epoch}.db"

    def _last_epoch(self) -> int:
        stems = (path.name.split(".")[0] for path in self._folder.iterdir())
        return max((int(stem) for stem in stems if stem.isdecimal()), default=0)


def _day(seconds: int) -> object:
    return datetime.fromtimestamp(seconds, UTC).date()
