"""Our place in one board's events: pulled by index, never ahead of what is durable.

A board only counts. That it was reset, restored or exchanged shows in a last index
that went back; everything after that belongs to a new epoch.
"""

from dataclasses import dataclass

WINDOW = 64
"""Events that may be reported before the first of them is durable."""
PATIENCE = 10.0
"""Seconds a report may wait for its acknowledgement before it is made again."""
MOST_DOUBTS = 3
"""Contradictions about one event before it alone counts as lost."""


@dataclass(frozen=True, slots=True)
class Loss:
    """Events nobody will ever see, both bounds included."""

    epoch: int
    first: int
    last: int


class EventLog:
    """What to ask for next, and what became of it."""

    def __init__(self) -> None:
        """Know nothing: neither our cursor nor the board's last event."""
        self.epoch: int | None = None
        self.reported = 0
        self.durable = 0
        self._last: int | None = None
        self.highest = 0
        self._fresh = False
        self._overwritten = False
        self._oldest: int | None = None
        self._doubts = 0
        self._loss: Loss | None = None
        self._due: float | None = None

    @property
    def went_back(self) -> bool:
        """Whether the board's last event lies before what we know of."""
        if self.epoch is None or self._last is None:
            return False
        return self._last < max(self.highest, self.reported, self.durable)

    @property
    def wants_oldest(self) -> bool:
        """Whether the next question is where the ring begins."""
        ready = self.epoch is not None and bool(self._last)
        return ready and (self._overwritten or self._fresh)

    def wanted(self) -> int | None:
        """Return the index to ask for, if one may be asked for."""
        if self.epoch is None or self._last is None or self.wants_oldest:
            return None
        if self.reported >= self._last or self.reported - self.durable >= WINDOW:
            return None
        return self.reported + 1

    def heard(self, last: int) -> None:
        """Take the board's last index, 0 for none."""
        self._last = last
        self.highest = max(self.highest, last)

    def resume(self, epoch: int, index: int, now: float) -> list[Loss]:
        """Go on behind our durable cursor; returns a loss that is told again."""
        if self.epoch is None:
            self._fresh = epoch == 0
            self.epoch, self.durable = max(epoch, 1), index
        else:
            self.acknowledge(epoch, index, now)
        self.rewind()
        self._wait(now)
        return self._losses()

    def acknowledge(self, epoch: int, index: int, now: float) -> None:
        """Take that everything up to an index is durable."""
        loss = self._loss
        if loss is not None and (epoch, index) >= (loss.epoch, loss.last):
            self._loss = None
        if epoch == self.epoch:
            self.durable = max(self.durable, index)
            self.reported = max(self.reported, self.durable)
        self._wait(now)

    def rewind(self) -> None:
        """Report again whatever is not durable."""
        self.reported = self.durable
        self._overwritten, self._oldest, self._due = False, None, None

    def begin_anew(self, now: float) -> list[Loss]:
        """Begin a new epoch; returns what of the old one can never be fetched."""
        known = max(self.highest, self.reported)
        if self.epoch is not None and known > self.durable:
            self._loss = Loss(self.epoch, self.durable + 1, known)
        self.epoch = (self.epoch or 0) + 1
        self.durable = self._doubts = 0
        self.highest = self._last or 0
        self._fresh = False
        self.rewind()
        self._wait(now)
        return self._losses()

    def report(self, index: int, now: float) -> None:
        """Note that an event is told to our owner."""
        self.reported = index
        self._overwritten, self._oldest, self._doubts = False, None, 0
        if self._due is None:
            self._due = now + PATIENCE

    def overwritten(self) -> None:
        """Note that the event asked for is gone: ask for the oldest next."""
        self._overwritten = True

    def missing(self) -> None:
        """Note that the board denies an event: hear its last index first."""
        self._last = None
        self._doubt()

    def begins_at(self, oldest: int, now: float) -> Loss | None:
        """Take where the ring begins; returns what is lost, once that is certain.

        Two answers are wanted and the lower one counts: a late reply to an older
        question must not turn living events into lost ones.
        """
        if self._fresh:
            self._fresh = False
            self.durable = self.reported = max(oldest - 1, 0)
            return None
        if oldest <= self.reported + 1 and self._doubts < MOST_DOUBTS:
            self._overwritten = False
            self._doubt()
            return None
        oldest = max(oldest, self.reported + 2)
        if self._oldest is None:
            self._oldest = oldest
            return None
        last = min(oldest, self._oldest) - 1
        loss = Loss(self.epoch or 0, self.reported + 1, last)
        self.report(last, now)
        return loss

    def deadline(self) -> float | None:
        """Return when reports without an acknowledgement are made again."""
        return self._due

    def on_timeout(self, now: float) -> list[Loss]:
        """Make reports again that nobody acknowledged; returns a loss among them."""
        if self._due is None or now < self._due:
            return []
        self.rewind()
        self._wait(now)
        return self._losses()

    def _wait(self, now: float) -> None:
        """Give our owner time to acknowledge what it was told."""
        told = self._loss is not None or self.reported > self.durable
        self._due = now + PATIENCE if told else None

    def _doubt(self) -> None:
        self._doubts += 1
        if self._doubts >= MOST_DOUBTS:
            self._overwritten = True

    def _losses(self) -> list[Loss]:
        return [] if self._loss is None else [self._loss]
