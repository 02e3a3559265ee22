"""Alarms of all doors: detected here, recorded among the passages, told once.

A raised alarm is remembered on disk before it is recorded. After a restart it is
recorded again under the same name, which the registry knows, so that whatever
instant the gateway is killed at nothing is missing and nothing is there twice.
"""

import asyncio
import logging
import sqlite3
from dataclasses import dataclass, replace
from datetime import timedelta

from controller.alarms import AlarmLimits, AlarmSignal, DoorAlarms
from controller.cbor import MICROSECOND
from controller.encoding import encode_entry
from controller.session import (
    Command,
    CommandFailed,
    ContactChanged,
    Event,
    HoldDoor,
    Offline,
    Online,
    OpenDoor,
    PassageReported,
    PassageSeen,
)
from controller.vocabulary import AlarmChange, AlarmKind, ControllerId, DoorId
from gateway.doors import Door
from gateway.site import Site
from gateway.store.recorder import Append
from gateway.store.state import State

OWN_PATIENCE = 5.0
"""Seconds a door that decides alone has for telling why it opened."""
MOST_DOUBT = 5.0
"""Seconds a passage may lie beside the opening it explains."""
MOST_WAITING = 1_000
"""Changes that wait for the disk; beyond them an alarm that is over is left out."""
RETRY = 10.0
LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class _Watch:
    """A door, its detector and when that wants to be called."""

    door: Door
    detector: DoorAlarms
    timer: asyncio.TimerHandle | None = None


class Alarms:
    """Watches every door and records what is raised and cleared."""

    def __init__(self, site: Site, state: State, append: Append) -> None:
        """Go on with the alarms that were raised before; needs a running loop."""
        self._clock, self._counters = site.clock, site.counters
        self._state = state
        self._append = append
        raised = state.alarms()
        self._raised = {(change.door, change.kind): change for change in raised}
        self._last = {place: change.raised_at for place, change in self._raised.items()}
        self._waiting: list[AlarmChange] = []
        self._under_way: list[AlarmChange] = []
        now = self._clock.monotonic()
        self._watches: dict[ControllerId, _Watch] = {}
        for door in site.doors:
            kinds = [change.kind for change in raised if change.door == door.id]
            detector = DoorAlarms(_limits(door), now, kinds)
            self._watches[door.controller] = _Watch(door, detector)
            self._settle(self._watches[door.controller])
        watched = {door.id for door in site.doors}
        for change in raised:
            self._record(change if change.door in watched else self._over(change))

    def commanded(self, command: Command) -> None:
        """Take a command on its way to a door: an opening explains what follows."""
        watch, now = self._watches[command.controller], self._clock.monotonic()
        match command:
            case OpenDoor(seconds=seconds):
                watch.detector.explain(now, now + seconds, now)
            case HoldDoor(seconds=seconds):
                watch.detector.free(now, now + seconds)
            case _:
                return
        self._settle(watch)

    def notice(
        self, controller: ControllerId, kind: AlarmKind, *, raised: bool
    ) -> None:
        """Take what another part found out of a door."""
        watch = self._watches[controller]
        watch.detector.notice(kind, self._clock.monotonic(), raised=raised)
        self._settle(watch)

    def handle(self, event: Event) -> None:
        """Take what an event says of a door."""
        watch, now = self._watches[event.controller], self._clock.monotonic()
        match event:
            case ContactChanged(contact=contact, active=active):
                watch.detector.contact(contact, now, active=active)
            case PassageReported():
                self._reported(watch, event, now)
            case PassageSeen(granted=True):
                watch.detector.explain(now, now + watch.door.unlock_seconds, now)
            case CommandFailed(command=HoldDoor()):
                watch.detector.free(now, now)
            case Online():
                watch.detector.online(now)
            case Offline():
                watch.detector.offline(now)
            case _:
                return
        self._settle(watch)

    def _reported(self, watch: _Watch, report: PassageReported, now: float) -> None:
        wall = self._clock.now()
        at, doubt = watch.door.clock.correct(report.controller_at, wall)
        moment, doubt = now - (wall - at).total_seconds(), min(doubt, MOST_DOUBT)
        if report.granted:
            until = moment + watch.door.unlock_seconds + doubt
            watch.detector.explain(moment - doubt, until, now)
        if now - moment > OWN_PATIENCE:
            watch.detector.hear_of_the_past(now)

    def _settle(self, watch: _Watch) -> None:
        """Record what a detector found and set the clock for its next call."""
        for signal in watch.detector.signals():
            self._change(watch.door.id, signal)
        if watch.timer is not None:
            watch.timer.cancel()
            watch.timer = None
        due = watch.detector.deadline()
        if due is not None:
            pause = max(due - self._clock.monotonic(), 0)
            loop = asyncio.get_running_loop()
            watch.timer = loop.call_later(pause, self._time_passes, watch)

    def _time_passes(self, watch: _Watch) -> None:
        watch.detector.on_timeout(self._clock.monotonic())
        self._settle(watch)

    def _change(self, door: DoorId, signal: AlarmSignal) -> None:
        place = door, signal.kind
        ago = timedelta(seconds=self._clock.monotonic() - signal.moment)
        at = self._clock.now() - ago
        if signal.raised:
            # A clock that is set back must not give two alarms one name.
            if place in self._last:
                at = max(at, self._last[place] + MICROSECOND)
            change = self._raised[place] = AlarmChange(*place, at)
            self._last[place] = at
            self._remember(change)
        else:
            change = self._raised.pop(place)
            change = replace(change, cleared_at=max(at, change.raised_at))
        word = "raised" if signal.raised else "cleared"
        LOG.warning("door=%s alarm=%s %s", door, signal.kind, word)
        self._record(change)

    def _over(self, change: AlarmChange) -> AlarmChange:
        """Return the end of an alarm at a door this gateway no longer has."""
        return replace(change, cleared_at=max(self._clock.now(), change.raised_at))

    def _record(self, change: AlarmChange) -> None:
        if change.cleared_at is not None and len(self._waiting) >= MOST_WAITING:
            begun = AlarmChange(change.door, change.kind, change.raised_at)
            if begun in self._waiting:
                self._waiting.remove(begun)
                self._counters.unrecorded += 1
                self._remember(change)
                return
        self._waiting.append(change)
        self._flush()

    def _flush(self) -> None:
        """Record all that waits, in order, one commit at a time."""
        if self._under_way or not self._waiting:
            return
        self._under_way, self._waiting = self._waiting, []
        done = self._append(map(encode_entry, self._under_way), {})
        done.add_done_callback(self._recorded)

    def _recorded(self, done: asyncio.Future[None]) -> None:
        told, self._under_way = self._under_way, []
        if done.cancelled() or (error := done.exception()) is not None:
            cause = "cancelled" if done.cancelled() else error
            LOG.error("%d alarm changes wait for the disk: %s", len(told), cause)
            self._waiting = told + self._waiting
            asyncio.get_running_loop().call_later(RETRY, self._flush)
            return
        for change in told:
            if change.cleared_at is not None:
                self._remember(change)
        self._flush()

    def _remember(self, change: AlarmChange) -> None:
        try:
            self._state.note_alarm(change)
        except sqlite3.Error as error:
            LOG.warning("an alarm is not remembered: %s", error)


def _limits(door: Door) -> AlarmLimits:
    limits = AlarmLimits(door.held_open_seconds, unlock=door.unlock_seconds)
    if not door.capabilities.decides:
        return limits
    return replace(limits, patience=OWN_PATIENCE)
