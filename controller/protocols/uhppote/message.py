"""A message: 64 bytes, a function and the serial number of a board."""

from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import ClassVar, TypeVar, dataclass_transform

from controller.errors import MessageRefused
from controller.protocols.uhppote.codec import Record, at, constant, record
from controller.protocols.uhppote.fields import FLAG, U32

SIZE = 64
START_OF_MESSAGE = 0x17
MAGIC = 0x55AAAA55

M = TypeVar("M", bound="Message")


class Function(IntEnum):
    """What a message is about; a reply has its request's function."""

    STATUS = 0x20
    SET_TIME = 0x30
    GET_TIME = 0x32
    OPEN_DOOR = 0x40
    PUT_CARD = 0x50
    DELETE_CARD = 0x52
    DELETE_CARDS = 0x54
    COUNT_CARDS = 0x58
    GET_CARD = 0x5A
    GET_CARD_AT = 0x5C
    SET_DOOR = 0x80
    GET_DOOR = 0x82
    SET_ANTI_PASSBACK = 0x84
    GET_ANTI_PASSBACK = 0x86
    SET_PROFILE = 0x88
    CLEAR_PROFILES = 0x8A
    SET_PASSCODES = 0x8C
    RECORD_SPECIAL_EVENTS = 0x8E
    SET_LISTENER = 0x90
    GET_LISTENER = 0x92
    DISCOVER = 0x94
    SET_ADDRESS = 0x96
    GET_PROFILE = 0x98
    SET_PC_CONTROL = 0xA0
    SET_INTERLOCK = 0xA2
    SET_KEYPADS = 0xA4
    CLEAR_TASKS = 0xA6
    ADD_TASK = 0xA8
    SET_FIRST_CARD = 0xAA
    REFRESH_TASKS = 0xAC
    GET_EVENT = 0xB0
    SET_EVENT_INDEX = 0xB2
    GET_EVENT_INDEX = 0xB4
    RESTORE_DEFAULTS = 0xC8


@record(SIZE)
class Message(Record):
    """Who is meant, or who answers; `serial` 0 is every board, for discovery only."""

    function: ClassVar[Function]
    serial: int = at(4, U32)

    def encode(self) -> bytes:
        """Return the 64 bytes; raises LocalProtocolError."""
        return bytes((START_OF_MESSAGE, self.function)) + Record.encode(self)[2:]


@record(SIZE)
class Request(Message):
    """What a host asks of a board."""


@record(SIZE)
class Reply(Message):
    """What a board answers, or says unasked."""


@record(SIZE)
class Guarded(Request):
    """A request a board only follows with the magic word in it."""

    magic: int = constant(8, U32, default=MAGIC)


@record(SIZE)
class Done(Reply):
    """Whether the board did it."""

    ok: bool = at(8, FLAG)


@dataclass_transform(frozen_default=True, field_specifiers=(at, constant))
def message(function: Function) -> Callable[[type[M]], type[M]]:
    """Make a class the message of a function."""

    def build(kind: type[M]) -> type[M]:
        kind.function = function
        return record(SIZE)(kind)

    return build


def decode(kinds: Mapping[int, type[M]], data: bytes) -> M:
    """Read a message of one of some kinds; raises MessageRefused."""
    if len(data) != SIZE:
        raise MessageRefused(f"{len(data)} bytes are no message")
    start, function = data[0], data[1]
    if start != START_OF_MESSAGE:
        raise MessageRefused(f"a message does not begin with {start:#04x}")
    if function not in kinds:
        raise MessageRefused(f"function {function:#04x} is not known")
    return kinds[function].decode(data)
