"""Where a door is, SERIAL/DOOR@HOST[:PORT], and where its board reaches us."""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address

PORT = 60_000
"""Where boards listen, for UDP and TCP alike."""
FORM = re.compile(
    r"(?P<serial>[0-9]{1,10})(?:/(?P<door>[1-4]))?"
    r"@(?P<host>[0-9.]{7,15})(?::(?P<port>[0-9]{1,5}))?"
)


@dataclass(frozen=True, slots=True)
class Place:
    """A door (1-4) of a board; `peer` is the board's "address:port"."""

    serial: int
    door: int
    peer: str


@dataclass(frozen=True, slots=True)
class Listener:
    """Where a board pushes its events."""

    address: IPv4Address
    port: int


def read_listener(text: str) -> Listener | None:
    """Read "address:port", or raise ValueError; nothing is no listener."""
    if not text:
        return None
    host, _, port = text.rpartition(":")
    return Listener(IPv4Address(host), int(port))


def read_place(text: str) -> Place:
    """Read "SERIAL/DOOR@HOST[:PORT]" (door 1, port 60000), or raise ValueError."""
    found = FORM.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not written SERIAL/DOOR@HOST[:PORT]")
    serial, port = int(found["serial"]), int(found["port"] or PORT)
    if not 0 < serial < 2**32:
        raise ValueError(f"{serial} is no serial number of a board")
    if not 0 < port < 2**16:
        raise ValueError(f"{port} is no port")
    try:
        host = IPv4Address(found["host"])
    except AddressValueError as error:
        raise ValueError(f"{found['host']!r} is no IPv4 address") from error
    return Place(serial, int(found["door"] or 1), f"{host}:{port}")
