"""What depends on the time of day: profiles, tasks, the first card of a door."""

from datetime import date, time
from enum import IntEnum

from controller.protocols.uhppote.codec import Codec, Record, at, nested, record
from controller.protocols.uhppote.fields import (
    DATE,
    DOOR,
    MINUTE,
    U8,
    WEEKDAYS,
    Weekdays,
    within,
)
from controller.protocols.uhppote.message import (
    Done,
    Function,
    Guarded,
    Reply,
    Request,
    message,
)

FIRST_PROFILE, LAST_PROFILE = 2, 254


class TaskType(IntEnum):
    """What a task does at its time; MORE_CARDS is that several cards are wanted."""

    CONTROLLED = 0
    NORMALLY_OPEN = 1
    NORMALLY_CLOSED = 2
    PROFILES_OFF = 3
    PROFILES_ON = 4
    CARD = 5
    CARD_AND_PIN_IN = 6
    CARD_AND_PIN = 7
    MORE_CARDS_ON = 8
    MORE_CARDS_OFF = 9
    TRIGGER_ONCE = 10
    BUTTON_OFF = 11
    BUTTON_ON = 12


class FirstCardMode(IntEnum):
    """How a door stands once its first card was there, or until then."""

    CONTROLLED = 0
    NORMALLY_OPEN = 1
    NORMALLY_CLOSED = 2
    FIRST_CARD_ONLY = 3


@record(4)
class Segment(Record):
    """A span of a day, both ends inclusive to the minute."""

    start: time | None = at(0, MINUTE)
    end: time | None = at(2, MINUTE)


Segments = tuple[Segment, Segment, Segment]
NO_SEGMENT = Segment(time(0), time(0))


def _segments(data: bytes) -> Segments:
    first, second, third = (Segment.decode(data[n : n + 4]) for n in (0, 4, 8))
    return first, second, third


_SEGMENTS: Codec[Segments] = Codec(
    12, lambda row: b"".join(each.encode() for each in row), _segments
)


@record(29)
class ProfileRecord(Record):
    """When a card with this profile may pass; `linked` (0 none) allows more times."""

    id: int = at(0, U8)
    start: date | None = at(1, DATE)
    end: date | None = at(5, DATE)
    weekdays: Weekdays = at(9, WEEKDAYS)
    segments: Segments = at(16, _SEGMENTS)
    linked: int = at(28, U8)


def definable(profile: ProfileRecord) -> None:
    """Raise ValueError for a profile a board does not keep as it is."""
    within(FIRST_PROFILE, LAST_PROFILE)(profile.id)
    if profile.linked:
        within(FIRST_PROFILE, LAST_PROFILE)(profile.linked)
    if profile.start is None or profile.end is None:
        raise ValueError("a profile needs both its dates")
    if profile.start > profile.end:
        raise ValueError("a profile must not end before it starts")
    for each in profile.segments:
        if each.start is None or each.end is None or each.start > each.end:
            raise ValueError("a segment needs its ends in order")


@record(20)
class TaskRecord(Record):
    """What happens at a door on some days at a minute; `cards` is for MORE_CARDS_ON."""

    start: date | None = at(0, DATE)
    end: date | None = at(4, DATE)
    weekdays: Weekdays = at(8, WEEKDAYS)
    minute: time | None = at(15, MINUTE)
    door: int = at(17, U8)
    type: int = at(18, U8)
    cards: int = at(19, U8)


def doable(task: TaskRecord) -> None:
    """Raise ValueError for a task no board knows."""
    DOOR(task.door)
    within(min(TaskType), max(TaskType))(task.type)


@message(Function.SET_PROFILE)
class SetProfile(Request):
    """Define a profile."""

    profile: ProfileRecord = at(8, nested(ProfileRecord), definable)


@message(Function.SET_PROFILE)
class SetProfileReply(Done):
    """Whether the profile is taken."""


@message(Function.GET_PROFILE)
class GetProfile(Request):
    """Ask for a profile."""

    id: int = at(8, U8, within(FIRST_PROFILE, LAST_PROFILE))


@message(Function.GET_PROFILE)
class GetProfileReply(Reply):
    """The profile; its id is 0 when there is none."""

    profile: ProfileRecord = at(8, nested(ProfileRecord))


@message(Function.CLEAR_PROFILES)
class ClearProfiles(Guarded):
    """Forget every profile: whoever holds one may then pass at any time."""


@message(Function.CLEAR_PROFILES)
class ClearProfilesReply(Done):
    """Whether every profile is gone."""


@message(Function.CLEAR_TASKS)
class ClearTasks(Guarded):
    """Forget every task that waits to be taken over."""


@message(Function.CLEAR_TASKS)
class ClearTasksReply(Done):
    """Whether the list is empty."""


@message(Function.ADD_TASK)
class AddTask(Request):
    """Add a task; it does nothing before RefreshTasks."""

    task: TaskRecord = at(8, nested(TaskRecord), doable)


@message(Function.ADD_TASK)
class AddTaskReply(Done):
    """Whether the task is in the list."""


@message(Function.REFRESH_TASKS)
class RefreshTasks(Guarded):
    """Make the list of tasks the one that counts."""


@message(Function.REFRESH_TASKS)
class RefreshTasksReply(Done):
    """Whether the list counts now."""


@message(Function.SET_FIRST_CARD)
class SetFirstCard(Request):
    """Say between which minutes a door changes with its first card, and how."""

    door: int = at(8, U8, DOOR)
    start: time | None = at(9, MINUTE)
    active: int = at(11, U8, within(0, 2))
    end: time | None = at(12, MINUTE)
    inactive: int = at(14, U8, within(0, 3))
    weekdays: Weekdays = at(15, WEEKDAYS)


@message(Function.SET_FIRST_CARD)
class SetFirstCardReply(Done):
    """Whether it is taken."""
