"""Permits as a board can hold them: dates and doors of a card, chains of profiles.

A board knows dates and, in time profiles, minutes of weekdays. What it holds is
never wider than the permit: a start is rounded up to a minute and an end down.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from controller.protocols.uhppote.fields import EVERY_DAY, Weekdays
from controller.protocols.uhppote.messages.cards import IMPOSSIBLE_CARDS
from controller.protocols.uhppote.messages.schedules import NO_SEGMENT, Segment
from controller.protocols.uhppote.reasons import ZONE, wall_time
from controller.schedule import DAYS_PER_WEEK, MINUTES_PER_DAY, WeeklyProfile
from controller.vocabulary import Permit

EARLIEST = datetime(2000, 1, 1, 12, tzinfo=UTC)
LATEST = datetime(2099, 12, 31, 12, tzinfo=UTC)
SEGMENTS = 3
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)

Span = tuple[int, int]
"""Minutes of a day, the second one not included."""


class NotRepresentable(Exception):
    """A permit asks for what a board cannot hold."""


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """What one profile says: dates inclusive, weekdays from Monday, spans of a day."""

    start: date
    end: date
    weekdays: Weekdays
    spans: tuple[Span, ...]

    @property
    def whole(self) -> bool:
        """Whether the hours do not matter."""
        return self.weekdays == EVERY_DAY and self.spans == ((0, MINUTES_PER_DAY),)

    def segments(self) -> tuple[Segment, Segment, Segment]:
        """Return the spans as a profile has them: both ends inclusive."""
        row = [
            Segment(_clock(opens), _clock(closes - 1)) for opens, closes in self.spans
        ]
        first, second, third = row + [NO_SEGMENT] * (SEGMENTS - len(row))
        return first, second, third


@dataclass(frozen=True, slots=True)
class Terms:
    """What a card may on a board; a door without windows it may not pass."""

    start: date
    end: date
    doors: Mapping[int, tuple[Window, ...]]

    def always(self, door: int) -> bool:
        """Whether the card's dates say all there is to say of a door."""
        everything = Window(self.start, self.end, EVERY_DAY, ((0, MINUTES_PER_DAY),))
        return everything in self.doors[door]


def check(permit: Permit) -> None:
    """Raise NotRepresentable for a permit no board can hold."""
    card = permit.card.value
    if card in IMPOSSIBLE_CARDS or card >= 2**32:
        raise NotRepresentable(f"no board can hold card {permit.card}")
    if permit.profile is not None and permit.profile.zone != ZONE.key:
        raise NotRepresentable(
            f"hours in {permit.profile.zone} are no hours of a board in {ZONE.key}"
        )


def terms_of(permits: Iterable[tuple[int, Permit]]) -> Terms | None:
    """Return what the permits of one card, each with its door, come to together."""
    doors: dict[int, set[Window]] = {}
    for door, permit in permits:
        doors.setdefault(door, set()).update(windows(permit))
    found = [window for row in doors.values() for window in row]
    if not found:
        return None
    return Terms(
        min(window.start for window in found),
        max(window.end for window in found),
        {door: tuple(sorted(row)) for door, row in doors.items() if row},
    )


def windows(permit: Permit) -> Iterator[Window]:
    """Cut a permit into profiles: its first day, its last, and those between."""
    week = _week(permit.profile)
    for start, end, span in _pieces(permit):
        yield from _hours(start, end, span, week)


def _pieces(permit: Permit) -> Iterator[tuple[date, date, Span]]:
    validity = permit.validity
    if validity.end <= EARLIEST or validity.start >= LATEST:
        return
    start = wall_time(max(validity.start, EARLIEST))
    end = wall_time(min(validity.end, LATEST))
    start = (start + MINUTE - timedelta(microseconds=1)).replace(
        second=0, microsecond=0
    )
    first, last = start.date(), end.date()
    opens, closes = _minutes(start), _minutes(end)
    if first >= last:
        if first == last and opens < closes:
            yield first, last, (opens, closes)
        return
    if opens:
        yield first, first, (opens, MINUTES_PER_DAY)
        first += DAY
    if first < last:
        yield first, last - DAY, (0, MINUTES_PER_DAY)
    if closes:
        yield last, last, (0, closes)


def _hours(
    start: date, end: date, limit: Span, week: list[list[Span]]
) -> Iterator[Window]:
    """Group the weekdays of some dates by their hours, three spans a profile."""
    days = min((end - start).days + 1, DAYS_PER_WEEK)
    concerned = {(start.weekday() + day) % DAYS_PER_WEEK for day in range(days)}
    groups: dict[tuple[Span, ...], set[int]] = {}
    for weekday in concerned:
        spans = tuple(_clipped(week[weekday], limit))
        for at in range(0, len(spans), SEGMENTS):
            groups.setdefault(spans[at : at + SEGMENTS], set()).add(weekday)
    for spans, weekdays in groups.items():
        # Which other days are set does not matter between dates that have none.
        chosen = set(range(DAYS_PER_WEEK)) if weekdays == concerned else weekdays
        yield Window(start, end, _flags(chosen), spans)


def _week(profile: WeeklyProfile | None) -> list[list[Span]]:
    if profile is None:
        return [[(0, MINUTES_PER_DAY)] for _ in range(DAYS_PER_WEEK)]
    week: list[list[Span]] = [[] for _ in range(DAYS_PER_WEEK)]
    for hours in sorted(profile.hours, key=lambda each: each.opens):
        spans = week[hours.weekday]
        if spans and hours.opens <= spans[-1][1]:
            opens, closes = spans.pop()
            spans.append((opens, max(closes, hours.closes)))
        else:
            spans.append((hours.opens, hours.closes))
    return week


def _clipped(spans: Iterable[Span], limit: Span) -> Iterator[Span]:
    for opens, closes in spans:
        span = max(opens, limit[0]), min(closes, limit[1])
        # A span of the one minute of midnight would read as none at all.
        if span[0] < span[1] and span != (0, 1):
            yield span


def _flags(weekdays: set[int]) -> Weekdays:
    monday, tuesday, wednesday, thursday, friday, saturday, sunday = (
        day in weekdays for day in range(DAYS_PER_WEEK)
    )
    return monday, tuesday, wednesday, thursday, friday, saturday, sunday


def _minutes(moment: datetime) -> int:
    return moment.hour * 60 + moment.minute


def _clock(minute: int) -> time:
    return time(minute // 60, minute % 60)
