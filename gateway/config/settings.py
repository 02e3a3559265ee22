"""The sections of gateway.toml."""

from enum import StrEnum
from typing import Annotated, TypeAlias

from msgspec import Meta, Struct

from controller.session import USUAL_INPUTS, Contact
from controller.wiegand import ByteOrder

Name: TypeAlias = Annotated[
    str,
    Meta(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*\Z"),
]
FileName: TypeAlias = Annotated[str, Meta(min_length=1, pattern=r"^[^\x00]*\Z")]
LONGEST_UNLOCK = 60.0
LONGEST_HELD_OPEN = 86_400.0


class Network(StrEnum):
    """What carries a line over a network: datagrams, or a connection per request."""

    UDP = "udp"
    TCP = "tcp"


class ControllerSection(Struct, frozen=True, forbid_unknown_fields=True):
    """One controller and the door it moves; `secure` false lets it speak in clear.

    A door that stays open longer than `held_open_seconds` raises an alarm. `inputs`
    names what is wired to a reader's inputs, from its first one on.
    """

    id: Name
    door: Name
    address: Name
    unlock_seconds: Annotated[float, Meta(gt=0, le=LONGEST_UNLOCK)] = 5.0
    held_open_seconds: Annotated[float, Meta(gt=0, le=LONGEST_HELD_OPEN)] = 60.0
    secure: bool = True
    commissioning: bool = False
    wiegand: ByteOrder = ByteOrder.STANDARD
    inputs: Annotated[tuple[Contact, ...], Meta(max_length=8)] = USUAL_INPUTS


class LineSection(Struct, frozen=True, forbid_unknown_fields=True):
    """One bus: a serial device, a broker or a network, and who is on it.

    `bind` is our own address on that network, "address" or "address:port". Cards on
    its controllers that we never put there stay unless `remove_foreign_cards`.
    """

    name: Name
    protocol: Name
    port: FileName | None = None
    baud: int = 9600
    broker: str | None = None
    network: Network | None = None
    bind: str | None = None
    remove_foreign_cards: bool = False
    controllers: tuple[ControllerSection, ...] = ()


class RegistrySection(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the registry is and the key it signs with (a PEM file)."""

    url: str
    public_key: FileName


class Config(Struct, frozen=True, forbid_unknown_fields=True):
    """A whole gateway.toml; relative paths are relative to the file.

    `home_assistant` is a broker (host:port) that is told how the doors are.
    """

    id: Name
    registry: RegistrySection
    data: FileName = "gateway-data"
    keys: FileName = "keys.toml"
    ballast_megabytes: Annotated[int, Meta(ge=0, le=4096)] = 16
    home_assistant: str | None = None
    lines: tuple[LineSection, ...] = ()
