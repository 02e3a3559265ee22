"""Alarms of doors: raised, acknowledged by somebody, cleared by the door itself.

Acknowledging and clearing do not depend on each other; an alarm is closed once both
have happened.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Self

from controller.vocabulary import AlarmChange, AlarmKind
from registry.domain.errors import Conflict, Invalid
from registry.domain.responsibility import operator_errors, too_long

LONGEST_NOTE = 200
Spans = Mapping[datetime, datetime | None]
"""When the alarms of one kind at one door began, and when those that are over ended."""


class AlarmState(StrEnum):
    """Where an alarm stands."""

    RAISED = "raised"
    ACKNOWLEDGED = "acknowledged"
    CLEARED = "cleared"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Somebody took an alarm on: who, when and what they had to say of it."""

    by: str
    at: datetime
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm; (`gateway`, `epoch`, `seq`) is the line that first told of it."""

    number: int
    door: str
    kind: AlarmKind
    raised_at: datetime
    cleared_at: datetime | None
    recorded_at: datetime
    gateway: str
    epoch: int
    seq: int
    acknowledgement: Acknowledgement | None = None

    @property
    def state(self) -> AlarmState:
        """Where the alarm stands."""
        if self.acknowledgement is None:
            cleared = self.cleared_at is not None
            return AlarmState.CLEARED if cleared else AlarmState.RAISED
        if self.cleared_at is None:
            return AlarmState.ACKNOWLEDGED
        return AlarmState.CLOSED

    def acknowledged(self, acknowledgement: Acknowledgement) -> Self:
        """Return the alarm as taken on, or raise Conflict if somebody was first."""
        if self.acknowledgement is not None:
            raise Conflict(f"alarm {self.number} has been acknowledged already")
        return replace(self, acknowledgement=acknowledgement)


URGENCY = (
    AlarmState.RAISED,
    AlarmState.CLEARED,
    AlarmState.ACKNOWLEDGED,
    AlarmState.CLOSED,
)
"""What comes first where alarms are listed."""


def most_urgent_first(alarms: Iterable[Alarm]) -> list[Alarm]:
    """Order alarms by what is to be done, the newest of each state first."""
    newest = sorted(alarms, key=lambda a: (a.raised_at, a.number), reverse=True)
    return sorted(newest, key=lambda alarm: URGENCY.index(alarm.state))


def taken(spans: Spans, change: AlarmChange) -> Spans:
    """Return the spans that are new or other once a change is known.

    A door has at most one alarm of a kind at a time: where the end of one was never
    told, it ended at the latest when the next began. In whatever order changes
    arrive, and however often, what comes of them is the same.
    """
    begun = change.raised_at
    later = min((at for at in spans if at > begun), default=None)
    earlier = max((at for at in spans if at < begun), default=None)
    after = {begun: _earliest(spans.get(begun), change.cleared_at, later)}
    if earlier is not None:
        after[earlier] = _earliest(spans[earlier], begun)
    return {at: end for at, end in after.items() if at not in spans or spans[at] != end}


def _earliest(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)


def read_acknowledgement(operator: str, note: str, now: datetime) -> Acknowledgement:
    """Read who acknowledges and what they note, or raise Invalid with every fault."""
    operator, note = operator.strip(), note.strip()
    errors = operator_errors(operator, "give the name of who takes it on")
    if len(note) > LONGEST_NOTE or not note.isprintable():
        errors.append(too_long("note", "a note", LONGEST_NOTE))
    if errors:
        raise Invalid(errors)
    return Acknowledgement(operator, now, note or None)
