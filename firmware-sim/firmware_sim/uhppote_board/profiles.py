"""Whether a profile lets a card pass at a moment."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time

from controller.protocols.uhppote.fields import Weekdays
from controller.protocols.uhppote.messages.schedules import ProfileRecord, Segment


def allows(
    profiles: Mapping[int, ProfileRecord], number: int, moment: datetime
) -> bool:
    """Say whether a profile, or one it is linked to, covers a moment.

    A profile that is not defined lets pass, as do real boards (uhppote-simulator,
    `checkTimeProfile`).
    """
    return any(
        profile is None or _covers(profile, moment)
        for profile in _chain(profiles, number)
    )


def applies(start: date | None, end: date | None, days: Weekdays, day: date) -> bool:
    """Say whether a day lies in a period and on one of its weekdays."""
    if start is None or end is None or not start <= day <= end:
        return False
    return days[day.weekday()]


def minute_of(moment: datetime) -> time:
    """Return the minute boards compare with."""
    return moment.time().replace(second=0, microsecond=0)


def _chain(
    profiles: Mapping[int, ProfileRecord], number: int
) -> Iterator[ProfileRecord | None]:
    """Follow the links from a profile; a circle ends where it closes."""
    seen: set[int] = set()
    while number and number not in seen:
        seen.add(number)
        profile = profiles.get(number)
        yield profile
        number = profile.linked if profile else 0


def _covers(profile: ProfileRecord, moment: datetime) -> bool:
    today = applies(profile.start, profile.end, profile.weekdays, moment.date())
    minute = minute_of(moment)
    return today and any(_inside(each, minute) for each in profile.segments)


def _inside(segment: Segment, minute: time) -> bool:
    """Say whether a segment covers a minute; 00:00 to 00:00 is an unused segment."""
    if segment.start is None or segment.end is None or segment.start == segment.end:
        return False
    return segment.start <= minute <= segment.end
