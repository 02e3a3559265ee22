"""The board itself: discovery, network address, clock, defaults."""

from datetime import date, datetime
from ipaddress import IPv4Address

from controller.protocols.uhppote.codec import at, constant
from controller.protocols.uhppote.fields import (
    ADDRESS,
    DATE,
    HARDWARE_ADDRESS,
    MOMENT,
    U32,
    VERSION,
)
from controller.protocols.uhppote.message import (
    MAGIC,
    Done,
    Function,
    Guarded,
    Reply,
    Request,
    message,
)


def _given(value: object) -> None:
    if value is None:
        raise ValueError("must be given")


@message(Function.DISCOVER)
class Discover(Request):
    """Ask one board, or with serial 0 every board, who it is."""


@message(Function.DISCOVER)
class DiscoverReply(Reply):
    """Who a board is; `version` as in "8.92", `released` is its firmware's date."""

    address: IPv4Address = at(8, ADDRESS)
    netmask: IPv4Address = at(12, ADDRESS)
    gateway: IPv4Address = at(16, ADDRESS)
    hardware_address: bytes = at(20, HARDWARE_ADDRESS)
    version: str = at(26, VERSION)
    released: date | None = at(28, DATE)


@message(Function.SET_ADDRESS)
class SetAddress(Request):
    """Give a board a network address; it restarts and never replies."""

    address: IPv4Address = at(8, ADDRESS)
    netmask: IPv4Address = at(12, ADDRESS)
    gateway: IPv4Address = at(16, ADDRESS)
    magic: int = constant(20, U32, default=MAGIC)


@message(Function.SET_TIME)
class SetTime(Request):
    """Set the clock: local wall time, to the second."""

    moment: datetime | None = at(8, MOMENT, _given)


@message(Function.SET_TIME)
class SetTimeReply(Reply):
    """What the clock says now that it is set."""

    moment: datetime | None = at(8, MOMENT)


@message(Function.GET_TIME)
class GetTime(Request):
    """Ask what the clock says."""


@message(Function.GET_TIME)
class GetTimeReply(Reply):
    """What the clock says: local wall time."""

    moment: datetime | None = at(8, MOMENT)


@message(Function.RESTORE_DEFAULTS)
class RestoreDefaults(Guarded):
    """Forget cards, profiles, tasks, events and settings."""


@message(Function.RESTORE_DEFAULTS)
class RestoreDefaultsReply(Done):
    """Whether the defaults are restored."""
