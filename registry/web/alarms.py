"""Alarms as rows: what, where, for how long, and who took them on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from registry.domain.alarms import Alarm
from registry.domain.hardware import DoorStatus
from registry.web.words import ALARM_KINDS, ALARM_STATES, Badge, Sign

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SPANS = ((DAY, "天"), (HOUR, "小时"), (MINUTE, "分钟"))


@dataclass(frozen=True, slots=True)
class AlarmRow:
    """An alarm with the words for its kind, its state and its length."""

    alarm: Alarm
    sign: Sign
    badge: Badge
    door: str
    building: str | None
    house: str | None
    lasts: str

    @property
    def waits(self) -> bool:
        """Whether somebody is still to take it on."""
        return self.alarm.acknowledgement is None


@dataclass(frozen=True, slots=True)
class Places:
    """What doors and houses are called, by id and by code."""

    doors: Mapping[str, DoorStatus]
    buildings: Mapping[str, str]


def rows(alarms: Iterable[Alarm], places: Places, now: datetime) -> list[AlarmRow]:
    """Return alarms as rows, in the order given."""
    return [row(alarm, places, now) for alarm in alarms]


def row(alarm: Alarm, places: Places, now: datetime) -> AlarmRow:
    """Return an alarm as a row."""
    status = places.doors.get(alarm.door)
    building = None if status is None else status.door.building
    return AlarmRow(
        alarm=alarm,
        sign=ALARM_KINDS[alarm.kind],
        badge=ALARM_STATES[alarm.state],
        door=alarm.door if status is None else status.door.name,
        building=building,
        house=None if building is None else places.buildings.get(building, building),
        lasts=_lasts(alarm, now),
    )


def _lasts(alarm: Alarm, now: datetime) -> str:
    if alarm.cleared_at is None:
        return f"已持续 {span(now - alarm.raised_at)}"
    return f"前后 {span(alarm.cleared_at - alarm.raised_at)}"


def span(length: timedelta) -> str:
    """Return a length of time in its largest unit, rounded down."""
    for unit, word in SPANS:
        if length >= unit:
            return f"{length // unit} {word}"
    return "不到 1 分钟"
