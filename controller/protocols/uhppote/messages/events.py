"""Events: the status with the last one, the ring, its register, the listener."""

from datetime import date, datetime, time
from enum import IntEnum
from ipaddress import IPv4Address

from controller.protocols.uhppote.codec import Record, at, constant, nested, record
from controller.protocols.uhppote.fields import (
    ADDRESS,
    FLAG,
    FOUR_FLAGS,
    MOMENT,
    SHORT_DATE,
    TIME,
    U8,
    U16,
    U32,
    FourFlags,
)
from controller.protocols.uhppote.message import (
    MAGIC,
    Done,
    Function,
    Reply,
    Request,
    message,
)

FIRST_EVENT = 0
LAST_EVENT = 0xFFFFFFFF


class EventType(IntEnum):
    """What kind of event it was; OVERWRITTEN marks an index the ring has lost."""

    NONE = 0
    SWIPE = 1
    DOOR = 2
    ALARM = 3
    OVERWRITTEN = 255


class Way(IntEnum):
    """Which reader of a door it was."""

    IN = 1
    OUT = 2


class EventReason(IntEnum):
    """Why; a board may send others."""

    NONE = 0
    SWIPE = 1
    PC_CONTROL = 5
    NO_PRIVILEGE = 6
    WRONG_PIN = 7
    ANTI_PASSBACK = 8
    MORE_CARDS = 9
    FIRST_CARD = 10
    NORMALLY_CLOSED = 11
    INTERLOCK = 12
    LIMITED_TIMES = 13
    OUTSIDE_PROFILE = 15
    UNKNOWN_CARD = 18
    BUTTON = 20
    DOOR_OPENED = 23
    DOOR_CLOSED = 24
    PASSCODE = 25
    POWER_ON = 28
    RESET = 29
    BUTTON_DISABLED = 30
    BUTTON_FORCED_LOCK = 31
    BUTTON_OFFLINE = 32
    BUTTON_INTERLOCK = 33
    THREAT = 34
    HELD_OPEN = 37
    FORCED_OPEN = 38
    FIRE = 39
    FORCED_CLOSED = 40
    THEFT = 41
    ZONE = 42
    EMERGENCY = 43
    REMOTE_OPEN = 44
    REMOTE_OPEN_USB = 45


@record(20)
class EventRecord(Record):
    """One event; index 0 is none. `type`, `way` and `reason` are as they came."""

    index: int = at(0, U32)
    type: int = at(4, U8)
    granted: bool = at(5, FLAG)
    door: int = at(6, U8)
    way: int = at(7, U8)
    card: int = at(8, U32)
    moment: datetime | None = at(12, MOMENT)
    reason: int = at(19, U8)


NO_EVENT = EventRecord(
    0, 0, granted=False, door=0, way=0, card=0, moment=None, reason=0
)


@message(Function.STATUS)
class GetStatus(Request):
    """Ask how the doors and the clock stand, and for the last event."""


@message(Function.STATUS)
class StatusReply(Reply):
    """How it stands, as a reply or pushed to the listener with a new event.

    `relays` has bit 0 for door 1, set when unlocked; bits 0 and 1 of `inputs` are
    fire and forced lock, in an order on which the sources differ; the date and time
    are the board's clock now.
    """

    event: EventRecord = at(8, nested(EventRecord))
    open: FourFlags = at(28, FOUR_FLAGS)
    buttons: FourFlags = at(32, FOUR_FLAGS)
    system_error: int = at(36, U8)
    system_time: time | None = at(37, TIME)
    sequence: int = at(40, U32)
    special: int = at(48, U8)
    relays: int = at(49, U8)
    inputs: int = at(50, U8)
    system_date: date | None = at(51, SHORT_DATE)

    @property
    def moment(self) -> datetime | None:
        """Return what the board's clock says, if it says anything."""
        if self.system_date is None or self.system_time is None:
            return None
        return datetime.combine(self.system_date, self.system_time)


@message(Function.GET_EVENT)
class GetEvent(Request):
    """Ask for one event; FIRST_EVENT and LAST_EVENT name the ends of the ring."""

    index: int = at(8, U32)


@message(Function.GET_EVENT)
class GetEventReply(Reply):
    """An event, none (index 0), or that it is overwritten (its type)."""

    event: EventRecord = at(8, nested(EventRecord))


@message(Function.SET_EVENT_INDEX)
class SetEventIndex(Request):
    """Write the one register a board keeps for its hosts."""

    index: int = at(8, U32)
    magic: int = constant(12, U32, default=MAGIC)


@message(Function.SET_EVENT_INDEX)
class SetEventIndexReply(Done):
    """Whether the register changed."""


@message(Function.GET_EVENT_INDEX)
class GetEventIndex(Request):
    """Ask for the register."""


@message(Function.GET_EVENT_INDEX)
class GetEventIndexReply(Reply):
    """What the register holds."""

    index: int = at(8, U32)


@message(Function.RECORD_SPECIAL_EVENTS)
class RecordSpecialEvents(Request):
    """Let buttons and door contacts make events, or stop it."""

    enabled: bool = at(8, FLAG)


@message(Function.RECORD_SPECIAL_EVENTS)
class RecordSpecialEventsReply(Done):
    """Whether the setting is taken."""


@message(Function.SET_LISTENER)
class SetListener(Request):
    """Say where events are pushed to; `interval` also repeats the last (s, 0 off)."""

    address: IPv4Address = at(8, ADDRESS)
    port: int = at(12, U16)
    interval: int = at(14, U8)


@message(Function.SET_LISTENER)
class SetListenerReply(Done):
    """Whether the listener is set."""


@message(Function.GET_LISTENER)
class GetListener(Request):
    """Ask where events are pushed to."""


@message(Function.GET_LISTENER)
class GetListenerReply(Reply):
    """Where events are pushed to, and how often the last is repeated (s, 0 off)."""

    address: IPv4Address = at(8, ADDRESS)
    port: int = at(12, U16)
    interval: int = at(14, U8)
