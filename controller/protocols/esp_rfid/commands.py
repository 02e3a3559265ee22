"""What an esp-rfid device is told, as README-MQTT.md (branch dev) describes it.

A device obeys when `doorip` is its own address, compared as text.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from controller.errors import LocalProtocolError, MessageRefused
from controller.protocols.esp_rfid.messages import (
    LARGEST_TIME,
    LONGEST_ADDRESS,
    LONGEST_NAME,
    LONGEST_UID,
    MOST_RELAYS,
    User,
    read_user,
)
from controller.protocols.esp_rfid.reading import (
    LONGEST_MESSAGE,
    Fields,
    read_object,
    read_pseudo_object,
)

LONGEST_COMMAND = 19
"""Characters of a command that the device's queue keeps."""
LONGEST_SENT = 1024
"""Bytes of a command of ours: the device copies it whole several times."""


class Verb(StrEnum):
    """The commands there are; `open` and `close` come from the source only."""

    GET_USERS = "getuserlist"
    ADD_USER = "adduser"
    DELETE_USER = "deletuid"
    DELETE_USERS = "deletusers"
    OPEN_DOOR = "opendoor"
    OPEN = "open"
    CLOSE = "close"
    DELETE_LOG = "deletlog"
    GET_CONFIGURATION = "getconf"
    UPDATE_CONFIGURATION = "updateconf"
    REBOOT = "reboot"


@dataclass(frozen=True, slots=True)
class Order:
    """A command and what some of them need.

    `uid` for deletuid, `user` for adduser, `relay` (from 0) for open and close,
    `configuration` for updateconf.
    """

    verb: Verb
    uid: str | None = None
    user: User | None = None
    relay: int | None = None
    configuration: Mapping[str, object] | None = field(default=None, hash=False)


def write_order(order: Order, address: str) -> bytes:
    """Return a command for the device at an address.

    Raises LocalProtocolError for one the device would cut short or not take.
    """
    if not 1 <= len(address) <= LONGEST_ADDRESS:
        raise LocalProtocolError("a command needs the device's address")
    values: dict[str, object] = {"cmd": order.verb, "doorip": address}
    match order.verb:
        case Verb.DELETE_USER:
            values["uid"] = _fitting(order.uid, LONGEST_UID, "uid")
        case Verb.ADD_USER:
            values |= _user_values(order.user)
        case Verb.OPEN | Verb.CLOSE:
            if order.relay is None or not 0 <= order.relay < MOST_RELAYS:
                raise LocalProtocolError(f"relay must be 0 to {MOST_RELAYS - 1}")
            values["door"] = str(order.relay)
        case Verb.UPDATE_CONFIGURATION:
            if order.configuration is None:
                raise LocalProtocolError("updateconf needs a configuration")
            values["configfile"] = dict(order.configuration)
    data = json.dumps(values, separators=(",", ":")).encode()
    longest = LONGEST_SENT if order.configuration is None else LONGEST_MESSAGE - 1
    if len(data) > longest:
        raise LocalProtocolError(f"the command has more than {longest} bytes")
    return data


def read_order(data: bytes) -> tuple[Order, str]:
    """Read a command and the address it is for, in JSON or single-quoted."""
    try:
        values = read_object(data)
    except MessageRefused:
        values = read_pseudo_object(data)
    fields = Fields(values)
    address = fields.text("doorip", LONGEST_ADDRESS)
    name = fields.text("cmd", LONGEST_COMMAND)
    try:
        verb = Verb(name)
    except ValueError as error:
        raise MessageRefused(f"{name!r} is no command") from error
    match verb:
        case Verb.DELETE_USER:
            return Order(verb, uid=fields.text("uid", LONGEST_UID)), address
        case Verb.ADD_USER:
            return Order(verb, user=read_user(fields)), address
        case Verb.OPEN | Verb.CLOSE:
            relay = fields.number("door", 0, MOST_RELAYS - 1)
            return Order(verb, relay=relay), address
        case Verb.UPDATE_CONFIGURATION:
            return Order(verb, configuration=fields.object("configfile")), address
    return Order(verb), address


def _user_values(user: User | None) -> dict[str, object]:
    """Return a user as documented: numbers as text, one `acctype` for each relay."""
    if user is None:
        raise LocalProtocolError("adduser needs a user")
    if not 0 <= user.since <= user.until <= LARGEST_TIME:
        raise LocalProtocolError("a user needs times that fit 32 bits, in order")
    values: dict[str, object] = {
        "uid": _fitting(user.uid, LONGEST_UID, "uid"),
        "user": _fitting(user.name, LONGEST_NAME, "name"),
        "acctype": str(user.access[0]),
    }
    for relay, kind in enumerate(user.access[1:], 2):
        if kind:
            values[f"acctype{relay}"] = str(kind)
    values["validsince"] = str(user.since)
    values["validuntil"] = str(user.until)
    return values


def _fitting(text: str | None, longest: int, name: str) -> str:
    if not text or len(text) > longest or not (text.isascii() and text.isprintable()):
        raise LocalProtocolError(f"{name} must be 1 to {longest} ASCII characters")
    return text
