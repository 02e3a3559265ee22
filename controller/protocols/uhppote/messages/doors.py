"""Doors: opening, modes, anti-passback, interlock, keypads, decisions by a host."""

from enum import IntEnum

from controller.protocols.uhppote.codec import at, constant
from controller.protocols.uhppote.fields import (
    DOOR,
    FLAG,
    FOUR_FLAGS,
    U8,
    U32,
    FourFlags,
    within,
)
from controller.protocols.uhppote.message import (
    MAGIC,
    Done,
    Function,
    Reply,
    Request,
    message,
)


class DoorMode(IntEnum):
    """How a door stands when nobody passes."""

    NORMALLY_OPEN = 1
    NORMALLY_CLOSED = 2
    CONTROLLED = 3


class AntiPassback(IntEnum):
    """Which doors are ways in (before the colon) and out (after it)."""

    OFF = 0
    PAIRS = 1
    TWO_AND_TWO = 2
    ONE_AND_TWO = 3
    ONE_AND_THREE = 4


class Interlock(IntEnum):
    """Which doors are never open together; the wire skips from 4 to 8."""

    OFF = 0
    DOORS_12 = 1
    DOORS_34 = 2
    DOORS_12_AND_34 = 3
    DOORS_123 = 4
    DOORS_1234 = 8


def _interlock(value: int) -> None:
    Interlock(value)


@message(Function.OPEN_DOOR)
class OpenDoor(Request):
    """Unlock a door for its delay."""

    door: int = at(8, U8, DOOR)


@message(Function.OPEN_DOOR)
class OpenDoorReply(Done):
    """Whether the door is unlocked."""


@message(Function.SET_DOOR)
class SetDoor(Request):
    """Set a door's mode, and how long it stays unlocked (s)."""

    door: int = at(8, U8, DOOR)
    mode: int = at(9, U8, within(1, 3))
    delay: int = at(10, U8)


@message(Function.SET_DOOR)
class SetDoorReply(Reply):
    """The mode and delay that now hold."""

    door: int = at(8, U8)
    mode: int = at(9, U8)
    delay: int = at(10, U8)


@message(Function.GET_DOOR)
class GetDoor(Request):
    """Ask for a door's mode and delay."""

    door: int = at(8, U8, DOOR)


@message(Function.GET_DOOR)
class GetDoorReply(Reply):
    """A door's mode, and how long it stays unlocked (s)."""

    door: int = at(8, U8)
    mode: int = at(9, U8)
    delay: int = at(10, U8)


@message(Function.SET_ANTI_PASSBACK)
class SetAntiPassback(Request):
    """Make cards go in before they go out, and out before they go in again."""

    mode: int = at(8, U8, within(0, 4))


@message(Function.SET_ANTI_PASSBACK)
class SetAntiPassbackReply(Done):
    """Whether it is taken."""


@message(Function.GET_ANTI_PASSBACK)
class GetAntiPassback(Request):
    """Ask which way of anti-passback holds."""


@message(Function.GET_ANTI_PASSBACK)
class GetAntiPassbackReply(Reply):
    """Which way of anti-passback holds."""

    mode: int = at(8, U8)


@message(Function.SET_INTERLOCK)
class SetInterlock(Request):
    """Let no two of some doors be open together."""

    mode: int = at(8, U8, _interlock)


@message(Function.SET_INTERLOCK)
class SetInterlockReply(Done):
    """Whether it is taken."""


@message(Function.SET_KEYPADS)
class SetKeypads(Request):
    """Say at which readers a PIN is wanted."""

    readers: FourFlags = at(8, FOUR_FLAGS)


@message(Function.SET_KEYPADS)
class SetKeypadsReply(Done):
    """Whether it is taken."""


@message(Function.SET_PC_CONTROL)
class SetPcControl(Request):
    """Let a host decide; the board does again after 30 s without a request."""

    enabled: bool = at(12, FLAG)
    magic: int = constant(8, U32, default=MAGIC)


@message(Function.SET_PC_CONTROL)
class SetPcControlReply(Done):
    """Whether it is taken."""
