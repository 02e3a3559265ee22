"""From an event and a period to the last day and the moment after which it is late.

Counted as the Civil Code counts (arts. 201-203): the day of the event is not
counted, hours run from the moment itself, a month ends on the same day of the month
or on its last, and a last day lasts until midnight. That a last day on a holiday moves
to the next workday (art. 203) is said there of periods of civil law; nothing that was
read says it of duties to an authority, so no deadline is moved here.
"""

from calendar import monthrange
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from registry.domain.deadlines.workdays import Workdays
from registry.domain.policy.value import PolicyValue, Unit

ONE_DAY, INSTANT = timedelta(days=1), timedelta(microseconds=1)
YEAR_MONTHS = 12
Event = date | datetime
"""What a deadline runs from: a moment, or a day if no more is known."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """The last day in the street, and the moment from which it is too late.

    `provisional` says that the holidays of a year in between are not known yet.
    """

    day: date
    late_from: datetime
    provisional: bool = False


def due_by(
    event: Event, rule: PolicyValue, workdays: Workdays, zone: ZoneInfo
) -> Deadline:
    """Return the deadline a rule sets from an event; a moment has its time zone.

    Raises ValueError for an amount that is no time.
    """
    if rule.unit is Unit.HOURS:
        late_from = _moment(event, zone) + rule.period
        last = (late_from - INSTANT).astimezone(zone).date()
        return Deadline(max(last, day_in(event, zone)), late_from)
    last_day = LAST_DAYS.get(rule.unit)
    if last_day is None:
        raise ValueError(f"{rule.key} is no deadline: it is counted in {rule.unit}")
    first = day_in(event, zone)
    last, provisional = last_day(first, rule.amount, workdays)
    return Deadline(last, start_of(last + ONE_DAY, zone), provisional)


def day_in(event: Event, zone: ZoneInfo) -> date:
    """Return the day of an event in the street."""
    if isinstance(event, datetime):
        return event.astimezone(zone).date()
    return event


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """Return when a day begins in the street, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def add_months(day: date, months: int) -> date:
    """Return the same day some months later, or earlier; the month's last if none."""
    index = day.year * YEAR_MONTHS + day.month - 1 + months
    year, month = divmod(index, YEAR_MONTHS)
    month += 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def _moment(event: Event, zone: ZoneInfo) -> datetime:
    """Return a moment; of a day its end, so that nobody is called late too soon."""
    if isinstance(event, datetime):
        return event.astimezone(UTC)
    return start_of(event + ONE_DAY, zone)


def _calendar_days(first: date, amount: int, _workdays: Workdays) -> tuple[date, bool]:
    return first + amount * ONE_DAY, False


def _months(first: date, amount: int, _workdays: Workdays) -> tuple[date, bool]:
    return add_months(first, amount), False


def _working_days(first: date, amount: int, workdays: Workdays) -> tuple[date, bool]:
    day, provisional = first, False
    while amount > 0:
        day += ONE_DAY
        amount -= workdays.worked(day)
        provisional = provisional or not workdays.published(day)
    return day, provisional


LAST_DAYS: Mapping[Unit, Callable[[date, int, Workdays], tuple[date, bool]]] = {
    Unit.CALENDAR_DAYS: _calendar_days,
    Unit.WORKING_DAYS: _working_days,
    Unit.MONTHS: _months,
}
