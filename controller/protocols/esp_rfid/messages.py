"""What an esp-rfid device says, as README-MQTT.md (branch dev) describes it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from controller.errors import MessageRefused
from controller.protocols.esp_rfid.reading import Fields, read_object

MOST_RELAYS = 4
LARGEST_TIME = 2**32 - 1
"""Seconds since 1970 as the device keeps them, an unsigned number of 32 bits."""
LEAST_TIME = -(2**31)
LONGEST_ADDRESS = 45
LONGEST_HOSTNAME = 64
LONGEST_UID = 19
"""Characters of a uid that the device's queue keeps."""
LONGEST_NAME = 63
LONGEST_DESCRIPTION = 256
NO_ADDRESS = frozenset({"", "0.0.0.0", "(IP unset)"})


class Access(StrEnum):
    """What became of a card at one relay."""

    ADMIN = "Admin"
    ALWAYS = "Always"
    DISABLED = "Disabled"
    EXPIRED = "Expired"
    DENIED = "Denied"
    WRONG_PIN = "Wrong pin code"


GRANTING = frozenset({Access.ADMIN, Access.ALWAYS})


class Level(StrEnum):
    """How grave a log record is."""

    INFO = "INFO"
    WARN = "WARN"
    ERROR = "ERRO"


@dataclass(frozen=True, slots=True)
class Alive:
    """A boot or a heartbeat: its clock and uptime in seconds, where it is.

    The device says `boot` whenever it has connected to the broker. `time` is close
    to 0 before its clock was set; `ip` is None while it has no address.
    """

    boot: bool
    time: int
    uptime: int
    ip: str | None
    hostname: str


@dataclass(frozen=True, slots=True)
class Passing:
    """Somebody held a card to the reader, pressed the button or sent a command.

    `access` has one item for each relay; `hostname` is None on the topic `tag`.
    """

    time: int
    access: tuple[Access, ...]
    uid: str
    username: str
    hostname: str | None
    known: bool | None = None

    @property
    def granted(self) -> bool:
        """Whether any relay was switched."""
        return not GRANTING.isdisjoint(self.access)


@dataclass(frozen=True, slots=True)
class LogRecord:
    """A line of the device's event log; it is sent only where that is switched on."""

    level: Level
    source: str
    description: str
    data: str
    time: int
    hostname: str


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A command was carried out; which of several alike is not said."""

    command: str
    ip: str | None
    hostname: str


@dataclass(frozen=True, slots=True)
class Configuration:
    """The answer to getconf; it holds passwords, so nothing of it is kept."""

    ip: str | None
    hostname: str


@dataclass(frozen=True, slots=True)
class User:
    """One entry of the device's list of users; times in seconds since 1970.

    It names no device. What `adduser` stored comes back word for word.
    """

    uid: str
    name: str
    access: tuple[int, ...]
    since: int
    until: int


Message = Alive | Passing | LogRecord | Acknowledged | Configuration | User
ACKNOWLEDGED = ("adduser", "deletuid", "deletusers", "deletlog", "updateconf")


def read_message(data: bytes) -> Message:
    """Read a message of the topic `send`, or raise MessageRefused."""
    fields = Fields(read_object(data))
    if "type" not in fields and "uid" in fields:
        return read_user(fields)
    kind = fields.text("type")
    reader = _READERS.get(kind)
    if reader is None:
        raise MessageRefused(f"a message of no known type {kind[:20]!r}")
    return reader(fields)


def read_tag(data: bytes) -> Passing:
    """Read a message of the topic `tag`, used instead with Home Assistant."""
    return _passing(Fields(read_object(data)), None, None)


def _alive(fields: Fields) -> Alive:
    return Alive(
        boot=fields.text("type") == "boot",
        time=_time(fields),
        uptime=fields.number("uptime", 0, LARGEST_TIME),
        ip=_address(fields),
        hostname=_hostname(fields),
    )


def _access(fields: Fields) -> Passing:
    return _passing(fields, _hostname(fields), fields.flag("isKnown"))


def _passing(fields: Fields, hostname: str | None, known: bool | None) -> Passing:  # noqa: FBT001 - what the device said
    try:
        access = tuple(map(Access, fields.texts("access", MOST_RELAYS)))
    except ValueError as error:
        raise MessageRefused("access is none of those known") from error
    uid, name = fields.text("uid"), fields.text("username")
    return Passing(_time(fields), access, uid, name, hostname, known)


def _log_record(fields: Fields) -> LogRecord:
    return LogRecord(
        Level(fields.text("type")),
        fields.text("src"),
        fields.text("desc", LONGEST_DESCRIPTION),
        fields.text("data", LONGEST_DESCRIPTION),
        _time(fields),
        _hostname(fields),
    )


def _acknowledged(fields: Fields) -> Acknowledged:
    return Acknowledged(fields.text("type"), _address(fields), _hostname(fields))


def _configuration(fields: Fields) -> Configuration:
    fields.object("configfile")
    return Configuration(_address(fields), _hostname(fields))


def read_user(fields: Fields) -> User:
    """Read a user as a command or a list names one."""
    others = (f"acctype{relay}" for relay in range(2, MOST_RELAYS + 1))
    kinds = [_number_or_0(fields, name, 255) for name in ("acctype", *others)]
    return User(
        fields.text("uid", LONGEST_UID),
        fields.text("user", LONGEST_NAME),
        tuple(kinds),
        _number_or_0(fields, "validsince", LARGEST_TIME),
        fields.number("validuntil", 0, LARGEST_TIME),
    )


def _number_or_0(fields: Fields, name: str, largest: int) -> int:
    return fields.number(name, 0, largest) if name in fields else 0


def _time(fields: Fields) -> int:
    return fields.number("time", LEAST_TIME, LARGEST_TIME)


def _address(fields: Fields) -> str | None:
    address = fields.text("ip", LONGEST_ADDRESS)
    return None if address in NO_ADDRESS else address


def _hostname(fields: Fields) -> str:
    return fields.text("hostname", LONGEST_HOSTNAME)


_READERS: Mapping[str, Callable[[Fields], Message]] = {
    "boot": _alive,
    "heartbeat": _alive,
    "access": _access,
    "getconf": _configuration,
    **dict.fromkeys(Level, _log_record),
    **dict.fromkeys(ACKNOWLEDGED, _acknowledged),
}
