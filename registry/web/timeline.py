"""Lines of a timeline in plain words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from controller.vocabulary import CardNumber
from registry.domain.credential import CardState
from registry.domain.timeline import (
    RecordedGap,
    RecordedPassage,
    RecordedUnwatched,
    TimelineEntry,
)
from registry.web.words import CARD_STATES, GRANTED, HAPPENINGS, REFUSED, Badge

LATE = timedelta(minutes=2)
"""A passage that took longer to arrive is marked as a late one."""
VAGUE_SECONDS = 2.0
"""A time less sure than this says so."""

OPENED = Badge("放行", "check", "ok")
SHUT = Badge("未放行", "cross", "miss")
LOST_EVENTS = Badge("记录缺口", "alert", "due")
UNHEARD = Badge("可能漏记", "alert", "due")
REGISTERED = Badge("登记", "file", "own")


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its badge, what happened, and what is known beside it."""

    at: datetime
    badge: Badge
    text: str
    door: str | None = None
    card: str | None = None
    card_note: str | None = None
    holder: str | None = None
    notes: tuple[str, ...] = ()
    whole_day: bool = False

    @property
    def facts(self) -> list[str]:
        """What is known beside the event, in the order it is shown."""
        card = None if self.card is None else f"卡 {self.card}"
        known = (self.door, self.holder, card, self.card_note, *self.notes)
        return [fact for fact in known if fact]


@dataclass(frozen=True, slots=True)
class Names:
    """What a timeline calls doors, and holders by their masked names."""

    doors: Mapping[str, str]
    holders: Mapping[str, str]


def line(entry: TimelineEntry, names: Names) -> Line:
    """Return an entry as a line."""
    if entry.passage is not None:
        return _passage(entry.passage, names)
    if entry.gap is not None:
        return _gap(entry.gap, names)
    if entry.unwatched is not None:
        return _unwatched(entry.unwatched, entry.at, names)
    return Line(
        at=entry.at,
        badge=REGISTERED,
        text=HAPPENINGS[entry.kind],
        card=None if entry.card is None else masked(entry.card),
        holder=names.holders.get(entry.party or ""),
        whole_day=entry.credential is None,
    )


def masked(card: int) -> str:
    """Return the last digits of a card number."""
    return str(CardNumber(card))


def _passage(passage: RecordedPassage, names: Names) -> Line:
    words = GRANTED if passage.granted else REFUSED
    return Line(
        at=passage.at,
        badge=OPENED if passage.granted else SHUT,
        text=words.get(passage.reason, "原因未说明"),
        door=names.doors.get(passage.door, passage.door),
        card=None if passage.card is None else masked(passage.card),
        card_note=_card_note(passage.card_state),
        holder=names.holders.get(passage.party or ""),
        notes=_doubts(passage),
    )


def _card_note(state: CardState | None) -> str | None:
    """Name a card that was not simply in force."""
    if state is None or state is CardState.ACTIVE:
        return None
    return CARD_STATES[state].word


def _doubts(passage: RecordedPassage) -> tuple[str, ...]:
    notes = []
    if passage.recorded_at - passage.at > LATE:
        notes.append("补传")
    if passage.uncertainty >= VAGUE_SECONDS:
        notes.append(f"时间误差约 {passage.uncertainty:.0f} 秒")
    return tuple(notes)


def _gap(gap: RecordedGap, names: Names) -> Line:
    missing = gap.last - gap.first + 1
    return Line(
        at=gap.recorded_at,
        badge=LOST_EVENTS,
        text=f"控制器有 {missing} 条记录已丢失，无法补回",
        door=names.doors.get(gap.door or "", gap.door),
    )


def _unwatched(span: RecordedUnwatched, at: datetime, names: Names) -> Line:
    minutes = -((span.since - span.until) // timedelta(minutes=1))
    return Line(
        at=at,
        badge=UNHEARD,
        text=f"此前 {minutes} 分钟门禁失联，其间的通行可能没有记录",
        door=names.doors.get(span.door or "", span.door),
    )
