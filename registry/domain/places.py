"""Places: areas, buildings, units and rooms."""

from dataclasses import dataclass
from enum import StrEnum


class AreaKind(StrEnum):
    """The three levels of a sub-district."""

    STREET = "street"
    COMMUNITY = "community"
    GRID = "grid"


@dataclass(frozen=True, slots=True)
class Area:
    """A street, one of its communities, or a grid; `parent` is an area's code."""

    code: str
    kind: AreaKind
    name: str
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class Building:
    """A building of a grid."""

    code: str
    grid: str
    name: str
    address: str
    storeys: int


class UnitUse(StrEnum):
    """What a unit is used for."""

    RENTAL = "rental"
    OWNER = "owner"
    SHOP = "shop"
    VACANT = "vacant"


@dataclass(frozen=True, slots=True)
class Unit:
    """A dwelling or a shop of a building; `area` is in square metres."""

    code: str
    building: str
    number: str
    floor: int
    use: UnitUse
    area: float | None = None


class RoomKind(StrEnum):
    """What a room is; everything but the first is not for living."""

    LIVING = "living"
    KITCHEN = "kitchen"
    BATHROOM = "bathroom"
    BALCONY = "balcony"
    PASSAGE = "passage"
    BASEMENT = "basement"
    GARAGE = "garage"


@dataclass(frozen=True, slots=True)
class Room:
    """A room of a unit; one that is not for living must not be let for it."""

    code: str
    unit: str
    name: str
    kind: RoomKind = RoomKind.LIVING
    area: float | None = None
