"""What stands on the street and who lives there, as the registry imports it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from enum import StrEnum
from typing import Any

FORMAT = "menhu-street/1"
ZONE = "Asia/Shanghai"


class UnitUse(StrEnum):
    """What a unit is used for."""

    RENTAL = "rental"
    OWNER = "owner"
    SHOP = "shop"
    VACANT = "vacant"


class Protocol(StrEnum):
    """How a door's controller is spoken to."""

    OSDP = "osdp"
    SMART_DOOR = "smart_door"
    UHPPOTE = "uhppote"
    ESP_RFID = "esp_rfid"


@dataclass(frozen=True, slots=True)
class Place:
    """A code and the name people read; the street itself and its communities."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Grid:
    """The area of one grid officer."""

    code: str
    community: str
    name: str


@dataclass(frozen=True, slots=True)
class Building:
    """A house; its doors serve all of its units."""

    code: str
    grid: str
    name: str
    address: str
    storeys: int


@dataclass(frozen=True, slots=True)
class Room:
    """A part of a unit that is let by itself."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Unit:
    """A flat or a shop."""

    code: str
    building: str
    number: str
    floor: int
    use: UnitUse
    rooms: tuple[Room, ...] = ()


@dataclass(frozen=True, slots=True)
class Party:
    """A made-up person."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Tenancy:
    """A unit or a room let to its occupants, up to but not on `end`."""

    code: str
    unit: str
    room: str | None
    landlord: str
    start: date
    end: date
    filed: bool
    occupants: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Residence:
    """An owner or a relative living in the owner's own unit."""

    unit: str
    party: str


@dataclass(frozen=True, slots=True)
class Credential:
    """A party's card."""

    card: int
    party: str


@dataclass(frozen=True, slots=True)
class Gateway:
    """The machine that speaks to the controllers."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Controller:
    """The hardware of one door; doors of one board have one each."""

    id: str
    gateway: str
    protocol: Protocol


@dataclass(frozen=True, slots=True)
class Door:
    """A door of a building, moved by its one controller."""

    id: str
    controller: str
    building: str
    name: str


@dataclass(frozen=True, slots=True)
class Street:
    """The whole street."""

    seed: int
    street: Place
    communities: tuple[Place, ...]
    grids: tuple[Grid, ...]
    buildings: tuple[Building, ...]
    units: tuple[Unit, ...]
    parties: tuple[Party, ...]
    tenancies: tuple[Tenancy, ...]
    residences: tuple[Residence, ...]
    credentials: tuple[Credential, ...]
    gateways: tuple[Gateway, ...]
    controllers: tuple[Controller, ...]
    doors: tuple[Door, ...]


def street_document(street: Street) -> dict[str, Any]:
    """Return the street as the document `menhu-registry seed` imports."""
    document: dict[str, Any] = {"format": FORMAT, "zone": ZONE, "example": True}
    for field in fields(street):
        value = getattr(street, field.name)
        rows = isinstance(value, tuple)
        document[field.name] = [_row(item) for item in value] if rows else value
    document["street"] = asdict(street.street)
    return document


def _row(item: Any) -> Mapping[str, Any]:  # noqa: ANN401  any of the rows above
    row = asdict(item)
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in row.items()
    }
