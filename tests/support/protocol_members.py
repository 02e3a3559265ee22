"""A member of a line of any protocol in the table, as it may be installed."""

from collections.abc import Mapping
from types import MappingProxyType

from controller.protocols import PROTOCOLS
from controller.session import Member
from controller.vocabulary import ControllerId

ADDRESSES: Mapping[str, str] = MappingProxyType({"uhppote": "7/1@192.0.2.7"})
"""Where a protocol's addresses are not simply a name."""
PEERS = ("192.0.2.7:60000", "192.0.2.7:9", "192.0.2.8:60000")


def address(protocol: str) -> str:
    """Return an address on a line of a protocol."""
    return ADDRESSES.get(protocol, "7")


def key(protocol: str) -> bytes | None:
    """Return a key of the right size, None where the wire knows none."""
    size = PROTOCOLS[protocol].key_size
    return bytes(range(size)) if size else None


def member(protocol: str, name: ControllerId) -> Member:
    """Return a member that its protocol accepts."""
    return Member(name, address(protocol), key(protocol))
