"""What autonomous controllers recorded: kept once, without a silent hole."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import TypeGuard

from controller.encoding import encode_entry
from controller.session import (
    AcknowledgePassages,
    Command,
    Event,
    NothingPassed,
    Online,
    PassageReported,
    PassagesLost,
    ResumePassages,
)
from controller.vocabulary import ControllerId, Entry, Gap, Origin, Passage
from gateway.site import Site
from gateway.store.recorder import Append
from gateway.store.segment import Cursor, Cursors

News = PassageReported | PassagesLost | NothingPassed
MOST_WAITING = 2_000
"""Reports of one controller that wait for the disk; it repeats those beyond."""
LOG = logging.getLogger(__name__)


class Reports:
    """Records what controllers report, then lets them forget it.

    One commit of a log is under way at a time: were a later one to succeed after an
    earlier one failed, the cursor would jump over what was lost. For the same reason
    nothing behind a report that was not recorded is taken before the controller
    repeats that report. A log is one controller's, or shared by the doors of a board.
    """

    def __init__(
        self,
        site: Site,
        cursors: Callable[[], Cursors],
        append: Append,
        send: Callable[[Command], None],
    ) -> None:
        """Take where things are recorded and how controllers are told."""
        self._doors, self._clock, self._counters = site.doors, site.clock, site.counters
        self._cursors = cursors
        self._append = append
        self._send = send
        self._waiting: dict[ControllerId, list[News]] = {}
        self._missed: dict[ControllerId, Cursor] = {}

    def handle(self, events: Sequence[Event]) -> None:
        """Take the reports among some events."""
        news = [event for event in events if self._is_news(event)]
        for log, reports in groupby(news, _log_of):
            waiting = self._waiting.get(log)
            if waiting is None:
                self._record(log, list(reports))
            elif len(waiting) < MOST_WAITING:
                waiting += reports
            else:
                self._miss(next(reports))

    def _is_news(self, event: Event) -> TypeGuard[News]:
        """Say whether a report follows on what was taken before it."""
        if isinstance(event, Online):
            # From here on the controller sends everything that is not acknowledged.
            self._missed.pop(event.log or event.controller, None)
            self._resume(event)
        if not isinstance(event, News):
            return False
        missed = self._missed.get(_log_of(event))
        if missed is not None:
            follows = missed.index if event.epoch == missed.epoch else 1
            # Epochs of a named log are counted: a loss of an older one comes first.
            ahead = event.log is not None and event.epoch > missed.epoch
            if ahead or _first(event) > follows:
                return False
            del self._missed[_log_of(event)]
        return True

    def _resume(self, online: Online) -> None:
        """Tell a controller that cannot know it where its log was read up to."""
        if online.log is not None:
            cursor = self._cursors().get(online.log) or Cursor(0, 0)
            self._send(ResumePassages(online.controller, cursor.epoch, cursor.index))

    def _miss(self, report: News) -> None:
        """Take nothing behind a report until it is repeated."""
        cursor = self._cursors().get(_log_of(report))
        first = _first(report)
        if cursor is not None and cursor.epoch == report.epoch:
            first = max(first, cursor.index + 1)
        self._missed[_log_of(report)] = Cursor(report.epoch, first)

    def _record(self, log: ControllerId, news: list[News]) -> None:
        cursor = durable = self._cursors().get(log)
        entries: list[Entry] = []
        for report in news:
            added, cursor = self._entries(report, cursor)
            entries += added
        if cursor is None:
            return
        if cursor == durable:
            self._counters.repeated += len(news)
            self._acknowledge(news[0], cursor)
            return
        self._waiting[log] = []
        done = self._append(map(encode_entry, entries), {log: cursor})
        done.add_done_callback(lambda done: self._recorded(news[0], cursor, done))

    def _recorded(
        self, first: News, cursor: Cursor, done: asyncio.Future[None]
    ) -> None:
        log = _log_of(first)
        waiting = self._waiting.pop(log)
        if done.cancelled() or done.exception() is not None:
            LOG.error("%s: its reports are not recorded; it keeps them", log)
            self._counters.unrecorded += 1
            self._miss(first)
            return
        self._acknowledge(first, cursor)
        if waiting:
            self._record(log, waiting)

    def _acknowledge(self, report: News, cursor: Cursor) -> None:
        name = report.controller
        self._send(AcknowledgePassages(name, cursor.epoch, cursor.index))

    def _entries(
        self, report: News, cursor: Cursor | None
    ) -> tuple[list[Entry], Cursor | None]:
        """Return what a report adds to the record, and the cursor after it."""
        if report.log and cursor is not None and report.epoch < cursor.epoch:
            # We count the epochs of such a log: an older one is a repeat.
            return [], cursor
        same = cursor is not None and cursor.epoch == report.epoch
        expected = cursor.index + 1 if cursor is not None and same else 1
        if isinstance(report, PassagesLost):
            first = expected if cursor is not None else max(report.first, 1)
            if first > report.last:
                return [], cursor
            return [self._gap(report, first, report.last)], Cursor(
                report.epoch, report.last
            )
        if same and report.index < expected:
            return [], cursor
        entries: list[Entry] = []
        if cursor is not None and report.index > expected:
            entries.append(self._gap(report, expected, report.index - 1))
        if isinstance(report, PassageReported):
            entries.append(self._passage(report))
        return entries, Cursor(report.epoch, report.index)

    def _gap(self, report: News, first: int, last: int) -> Gap:
        """Return a hole, told of the controller so that it is seen at a door."""
        self._counters.gaps += 1
        LOG.warning("%s lost its events %d to %d", report.controller, first, last)
        return Gap(report.controller, report.epoch, first, last)

    def _passage(self, report: PassageReported) -> Passage:
        self._counters.reported += 1
        door = self._doors.of(report.controller)
        at, uncertainty = door.clock.correct(report.controller_at, self._clock.now())
        return Passage(
            door=door.id,
            at=at,
            granted=report.granted,
            reason=report.reason,
            card=report.card,
            permit=report.permit,
            direction=report.direction,
            origin=Origin(_log_of(report), report.epoch, report.index),
            controller_at=report.controller_at,
            uncertainty=uncertainty,
        )


def _log_of(report: News) -> ControllerId:
    return report.log or report.controller


def _first(report: News) -> int:
    return report.first if isinstance(report, PassagesLost) else report.index
