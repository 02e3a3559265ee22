"""What controllers say once and keep no record of: taken at once, or owned up to."""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from controller.cbor import EPOCH, MICROSECOND, microseconds
from controller.encoding import encode_entry
from controller.session import Event, PassageSeen, Uncertain, Watched
from controller.vocabulary import ControllerId, Entry, Passage, Unwatched
from gateway.site import Site
from gateway.store.recorder import Append
from gateway.store.segment import Cursor, Cursors

WATCHED = 0
"""The epoch of a cursor that holds a moment: microseconds since 1970."""
LATENESS = 1.0
"""Seconds a message may be on its way."""
LOG = logging.getLogger(__name__)


class Sightings:
    """Records passages seen and spans in which nobody watched.

    The cursor of such a controller is the moment up to which all is recorded, so
    that a gateway that starts again knows since when it was away.
    """

    def __init__(
        self, site: Site, cursors: Callable[[], Cursors], append: Append
    ) -> None:
        """Take where things are recorded."""
        self._doors, self._clock, self._counters = site.doors, site.clock, site.counters
        self._cursors = cursors
        self._append = append
        self._lost_since: dict[ControllerId, datetime] = {}

    def handle(self, event: Event) -> None:
        """Take what is seen, and what may not have been."""
        match event:
            case PassageSeen():
                self._counters.reported += 1
                self._record(event.controller, [self._passage(event)])
            case Uncertain():
                self._record(event.controller, self._unwatched(event))
            case Watched():
                self._record(event.controller, [])

    def _record(self, controller: ControllerId, entries: list[Entry]) -> None:
        now = self._clock.now()
        lost_since = self._lost_since.pop(controller, None)
        if lost_since is not None:
            entries.insert(0, self._span(controller, lost_since, now))
        cursor = Cursor(WATCHED, microseconds(now))
        done = self._append(map(encode_entry, entries), {controller: cursor})
        since = lost_since or now
        done.add_done_callback(lambda done: self._recorded(controller, since, done))

    def _recorded(
        self, controller: ControllerId, since: datetime, done: asyncio.Future[None]
    ) -> None:
        """Own up to a loss with whatever is recorded next."""
        if done.cancelled() or done.exception() is not None:
            LOG.error("%s: what it said is not recorded and is lost", controller)
            self._counters.unrecorded += 1
            before = self._lost_since.get(controller, since)
            self._lost_since[controller] = min(before, since)

    def _passage(self, seen: PassageSeen) -> Passage:
        return Passage(
            door=self._doors.of(seen.controller).id,
            at=self._clock.now(),
            granted=seen.granted,
            reason=seen.reason,
            card=seen.card,
            permit=seen.permit,
            direction=seen.direction,
            controller_at=seen.controller_at,
            uncertainty=LATENESS,
        )

    def _unwatched(self, doubt: Uncertain) -> list[Entry]:
        """Return the span of a doubt; nothing for a controller never heard before."""
        since = self._watched_until(doubt.controller)
        if doubt.since is not None:
            since = self._wall(doubt.since)
        if since is None:
            return []
        return [self._span(doubt.controller, since, self._wall(doubt.until))]

    def _span(
        self, controller: ControllerId, since: datetime, until: datetime
    ) -> Unwatched:
        self._counters.unwatched += 1
        until = max(since, until)
        LOG.warning("%s may have been used unseen %s to %s", controller, since, until)
        return Unwatched(controller, since, until)

    def _watched_until(self, controller: ControllerId) -> datetime | None:
        cursor = self._cursors().get(controller)
        if cursor is None or cursor.epoch != WATCHED:
            return None
        return EPOCH + cursor.index * MICROSECOND

    def _wall(self, moment: float) -> datetime:
        ago = timedelta(seconds=self._clock.monotonic() - moment)
        return (self._clock.now() - ago).astimezone(UTC)
