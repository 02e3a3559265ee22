"""A street as a file (`menhu-street/1`): read whole, every fault by its JSON path."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from registry.domain.hardware import Controller, Door, Gateway
from registry.domain.places import Area, Building, Room, Unit
from registry.domain.tenancy import Occupancy, Tenancy


@dataclass(frozen=True, slots=True)
class StreetFile:
    """Everything a street file holds; names by party, cards by number."""

    code: str
    areas: tuple[Area, ...]
    buildings: tuple[Building, ...]
    units: tuple[Unit, ...]
    rooms: tuple[Room, ...]
    names: Mapping[str, str] = field(repr=False)
    tenancies: tuple[Tenancy, ...]
    occupancies: tuple[Occupancy, ...]
    residences: tuple[Occupancy, ...]
    cards: Mapping[int, str] = field(repr=False)
    gateways: tuple[Gateway, ...]
    controllers: tuple[Controller, ...]
    doors: tuple[Door, ...]


def read_street(document: object) -> StreetFile:
    """Read a parsed street file; raises Invalid with every fault found."""
    raise NotImplementedError(document)
