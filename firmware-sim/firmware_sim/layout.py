"""Where houses, units and doors stand: 12 communities, 79 grids, 171 doors."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil
from random import Random

from firmware_sim.street import (
    Building,
    Controller,
    Door,
    Gateway,
    Grid,
    Place,
    Protocol,
    Unit,
    UnitUse,
)

STREET = Place("S01", "南华西街")
GATEWAY = Gateway("gateway-1", "示例网关 1")
COMMUNITIES = 12
GRIDS = 79
DOORS = 171
SHOPS_PER_BUILDING = 2
_DOORS_PER_BUILDING = 1.3
_USUAL_FLOORS = 6
_MOST_FLATS_ON_A_FLOOR = 8
_NAMES = {
    Protocol.OSDP: "reader",
    Protocol.SMART_DOOR: "lock",
    Protocol.UHPPOTE: "relay",
    Protocol.ESP_RFID: "esp",
}


@dataclass(frozen=True, slots=True)
class Ground:
    """What stands, before anybody moves in."""

    communities: tuple[Place, ...]
    grids: tuple[Grid, ...]
    buildings: tuple[Building, ...]
    shops: tuple[Unit, ...]
    flats: tuple[Unit, ...]
    controllers: tuple[Controller, ...]
    doors: tuple[Door, ...]


def building_count(doors: int) -> int:
    """Return how many buildings share so many doors."""
    return ceil(doors / _DOORS_PER_BUILDING)


def lay_out(dice: Random, fittings: Mapping[Protocol, int], flats: int) -> Ground:
    """Return houses with at least `flats` flats; the first doors have readers."""
    count = building_count(sum(fittings.values()))
    floors, width = _shape(ceil(flats / count))
    communities = tuple(
        Place(f"C{n + 1:02}", f"示例社区 {n + 1:02}") for n in range(COMMUNITIES)
    )
    grids = tuple(
        Grid(
            code=f"G{n + 1:03}",
            community=communities[n * COMMUNITIES // GRIDS].code,
            name=f"第 {n + 1:03} 网格",
        )
        for n in range(GRIDS)
    )
    buildings = tuple(
        Building(
            code=f"B{n + 1:03}",
            grid=grids[n * GRIDS // max(count, GRIDS)].code,
            name=f"示例楼 {n + 1:03}",
            address=f"示例路 {n * 2 + 1} 号",
            storeys=floors + 1,
        )
        for n in range(count)
    )
    controllers = tuple(_controllers(fittings))
    return Ground(
        communities=communities,
        grids=grids,
        buildings=buildings,
        shops=tuple(
            _unit(building, 1, place, UnitUse.SHOP)
            for building in buildings
            for place in range(SHOPS_PER_BUILDING)
        ),
        flats=tuple(
            _unit(building, floor, place, UnitUse.VACANT)
            for building in buildings
            for floor in range(2, building.storeys + 1)
            for place in range(width)
        ),
        controllers=controllers,
        doors=tuple(_doors(dice, buildings, controllers)),
    )


def _shape(flats: int) -> tuple[int, int]:
    """Return floors of flats and flats on a floor that hold so many flats."""
    width = min(ceil(flats / _USUAL_FLOORS), _MOST_FLATS_ON_A_FLOOR)
    return ceil(flats / width), width


def _unit(building: Building, floor: int, place: int, use: UnitUse) -> Unit:
    number = f"{floor:02}{place + 1:02}"
    return Unit(f"{building.code}-{number}", building.code, number, floor, use)


def _controllers(fittings: Mapping[Protocol, int]) -> Iterator[Controller]:
    for protocol, name in _NAMES.items():
        for n in range(1, fittings[protocol] + 1):
            yield Controller(f"{name}-{n:03}", GATEWAY.id, protocol)


def _doors(
    dice: Random, buildings: tuple[Building, ...], controllers: tuple[Controller, ...]
) -> Iterator[Door]:
    second = len(controllers) - len(buildings)
    places = [(building, "正门") for building in buildings]
    places += [(building, "后门") for building in dice.sample(buildings, second)]
    places.sort(key=lambda place: place[0].code)
    for n, ((building, name), controller) in enumerate(
        zip(places, controllers, strict=True)
    ):
        yield Door(f"door-{n + 1:03}", controller.id, building.code, name)
