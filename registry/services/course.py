"""What becomes of a record from day to day, said by somebody or by days alone."""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from enum import StrEnum
from typing import Generic, TypeVar

from registry.audit.trail import Action, Deed, record
from registry.domain.history import Channel, Source, Span, Version
from registry.persistence.ledger import Entity, Ledger
from registry.persistence.unit_of_work import UnitOfWork
from registry.services.street_days import StreetDays

T = TypeVar("T", bound=Entity)
CLOCK = Source("clock", Channel.CLOCK)
Passing = Callable[[UnitOfWork, T, date], Iterator[tuple[date, StrEnum, T]]]
"""What days alone make of a record by a day: each event, when, and the record after."""


class Course(Generic[T]):
    """Records events of one kind of record from the day they took effect.

    An event takes back what days alone did later, and never what somebody said later:
    it takes effect at the earliest when that does.
    """

    def __init__(
        self,
        kind: str,
        ledger: Callable[[UnitOfWork], Ledger[T]],
        passing: Passing[T],
        days: StreetDays,
    ) -> None:
        """Keep a ledger whose deeds are called `kind` and the event."""
        self._kind = kind
        self._ledger = ledger
        self._passing = passing
        self._days = days

    def begin(
        self, uow: UnitOfWork, source: Source, deed: Action, new: T, on: date
    ) -> None:
        """Add a record that holds from a day on."""
        now, since = self._days.now(), self._days.begin(on)
        self._ledger(uow).add([new], source, now, since)
        self._audit(uow, source, deed, new.id)

    def last_said(self, uow: UnitOfWork, id_: str) -> date | None:
        """Return the day since when what somebody said last holds; None is always."""
        since = _since(self._current(uow, id_))
        return None if since is None else self._days.day_of(since)

    def standing(self, uow: UnitOfWork, id_: str, on: date) -> T:
        """Return a record as it stood on a day, after what days did until then."""
        current = self._current(uow, id_)
        moment = self._moment(current, on)
        (held,) = [v.content for v in current if v.span.holds(moment)]
        return self.catch_up(uow, held, on)

    def catch_up(self, uow: UnitOfWork, held: T, day: date) -> T:
        """Record what days alone did by a day and return the record after it."""
        for when, event, passed in self._passing(uow, held, day):
            held = passed
            self.keep(uow, CLOCK, event, held, when)
        return held

    def keep(
        self, uow: UnitOfWork, source: Source, event: StrEnum, after: T, on: date
    ) -> None:
        """Record what a record is from a day on because of an event."""
        self._revise(uow, source, after, on)
        deed, reason = Action(f"{self._kind}_{event}"), getattr(after, "reason", None)
        self._audit(uow, source, deed, after.id, reason)

    def correct(
        self, uow: UnitOfWork, source: Source, deed: Action, after: T, on: date
    ) -> None:
        """Record what a record is from a day on, though nothing happened to it."""
        self._revise(uow, source, after, on)
        self._audit(uow, source, deed, after.id)

    def _revise(self, uow: UnitOfWork, source: Source, after: T, on: date) -> None:
        moment = self._moment(self._current(uow, after.id), on)
        self._ledger(uow).revise(after, source, self._days.now(), Span(moment))

    def _current(self, uow: UnitOfWork, id_: str) -> list[Version[T]]:
        every = self._ledger(uow).history(id_)
        return [version for version in every if version.superseded_at is None]

    def _moment(self, current: list[Version[T]], on: date) -> datetime:
        begin, since = self._days.begin(on), _since(current)
        return begin if since is None else max(begin, since)

    def _audit(
        self,
        uow: UnitOfWork,
        source: Source,
        deed: Action,
        id_: str,
        reason: str | None = None,
    ) -> None:
        subject = f"{self._kind}:{id_}"
        record(uow, [Deed(source.actor, deed, subject, reason)], self._days.now())


def _since(current: list[Version[T]]) -> datetime | None:
    said = [v.span.start for v in current if v.source.channel is not Channel.CLOCK]
    return max((start for start in said if start is not None), default=None)
