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
    """A dwelling or a shop of a building."""

    code: str
    building: str
    number: str
    floor: int
    use: UnitUse


@dataclass(frozen=True, slots=True)
class Room:
    """A room of a unit that is let by itself."""

    code: str
    unit: str
    name: str
