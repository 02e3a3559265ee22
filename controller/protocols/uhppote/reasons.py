"""What a board's events mean: reason codes as the street's words."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from controller.protocols.uhppote.messages.events import (
    EventReason,
    EventRecord,
    EventType,
    Way,
)
from controller.session import NothingPassed, PassageReported
from controller.vocabulary import CardNumber, ControllerId, Direction, Reason

ZONE = ZoneInfo("Asia/Shanghai")
"""The wall time all boards keep."""
YEARS = range(2000, 2100)
HALF_SECOND = timedelta(milliseconds=500)
"""How much later an event was than it says, on average: boards drop fractions."""

GRANTED: Mapping[int, Reason] = MappingProxyType(
    {
        EventReason.SWIPE: Reason.PERMIT,
        EventReason.BUTTON: Reason.EXIT_REQUEST,
        EventReason.PASSCODE: Reason.SUPERVISOR_CODE,
        EventReason.REMOTE_OPEN: Reason.REMOTE_OPEN,
        EventReason.REMOTE_OPEN_USB: Reason.REMOTE_OPEN,
    }
)
REFUSED: Mapping[int, Reason] = MappingProxyType(
    {
        EventReason.PC_CONTROL: Reason.CONTROLLER_RULE,
        EventReason.NO_PRIVILEGE: Reason.OTHER_DOOR,
        EventReason.WRONG_PIN: Reason.WRONG_PIN,
        EventReason.ANTI_PASSBACK: Reason.ANTI_PASSBACK,
        EventReason.MORE_CARDS: Reason.MORE_CARDS,
        EventReason.FIRST_CARD: Reason.FIRST_CARD,
        EventReason.NORMALLY_CLOSED: Reason.HELD_SHUT,
        EventReason.INTERLOCK: Reason.INTERLOCK,
        EventReason.LIMITED_TIMES: Reason.CONTROLLER_RULE,
        EventReason.OUTSIDE_PROFILE: Reason.OUTSIDE_HOURS,
        EventReason.UNKNOWN_CARD: Reason.UNKNOWN_CARD,
    }
)
MOVEMENTS: Mapping[int, bool] = MappingProxyType(
    {
        EventReason.DOOR_OPENED: True,
        EventReason.DOOR_CLOSED: False,
        EventReason.FORCED_OPEN: True,
    }
)
"""Which events tell of a door's contact, and whether it is open from then on."""
WITHOUT_CARD = frozenset(GRANTED) - {EventReason.SWIPE}


def event_of(
    record: EventRecord,
    doors: Mapping[int, ControllerId],
    log: ControllerId,
    epoch: int,
    fallback: datetime,
) -> PassageReported | NothingPassed:
    """Return a record as a passage of one of the `doors`, or as nothing of theirs.

    `fallback` is the time (UTC) of a record whose own is no time.
    """
    reason = _reason(record)
    member = doors.get(record.door)
    if reason is None or member is None:
        someone = next(iter(doors.values()))
        return NothingPassed(someone, epoch, record.index, log)
    moment = in_utc(record.moment)
    has_card = record.card > 0 and record.reason not in WITHOUT_CARD
    leaves = record.way == Way.OUT or reason is Reason.EXIT_REQUEST
    return PassageReported(
        controller=member,
        epoch=epoch,
        index=record.index,
        controller_at=moment + HALF_SECOND if moment else fallback,
        granted=record.granted,
        reason=reason,
        card=CardNumber(record.card) if has_card else None,
        permit=None,
        direction=Direction.EXIT if leaves else Direction.ENTRY,
        log=log,
    )


def opened_or_closed(record: EventRecord) -> bool | None:
    """Return whether an event found its door open, None when it tells of no contact."""
    if record.type not in (EventType.DOOR, EventType.ALARM):
        return None
    return MOVEMENTS.get(record.reason)


def in_utc(moment: datetime | None) -> datetime | None:
    """Return a board's wall time in UTC, None for what cannot be one of its times."""
    if moment is None or moment.year not in YEARS:
        return None
    return moment.replace(tzinfo=ZONE).astimezone(UTC)


def wall_time(moment: datetime) -> datetime:
    """Return a moment as a board's clock shows it."""
    return moment.astimezone(ZONE).replace(tzinfo=None)


def _reason(record: EventRecord) -> Reason | None:
    """Return why somebody passed or was refused; None: it is about something else."""
    if record.type not in (EventType.SWIPE, EventType.DOOR):
        return None
    table = GRANTED if record.granted else REFUSED
    reason = table.get(record.reason)
    if reason is None and record.type == EventType.SWIPE and record.card:
        return Reason.PERMIT if record.granted else Reason.CONTROLLER_RULE
    return reason
