"""One street from one seed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from random import Random

from firmware_sim.layout import (
    DOORS,
    GATEWAY,
    SHOPS_PER_BUILDING,
    STREET,
    building_count,
    lay_out,
)
from firmware_sim.population import Population, household_sizes
from firmware_sim.street import Protocol, Street

RESIDENTS = 3_000
MOST_RESIDENTS = 60_000
MOST_DOORS = 999
_SHARES = {Protocol.OSDP: 0.3, Protocol.UHPPOTE: 0.25, Protocol.ESP_RFID: 0.1}
"""What hangs at doors where nothing else was asked for; the rest are smart doors."""
_OCCUPIED = 0.92
_KEEPERS = 0.1
_SHOPS_LET = 0.9


@dataclass(frozen=True, slots=True)
class Size:
    """How large a street is wanted, and with what at its doors; None: a usual share.

    Doors that are neither readers' nor boards' nor esp-rfid devices' are smart doors.
    """

    residents: int = RESIDENTS
    doors: int = DOORS
    readers: int | None = None
    board_doors: int | None = None
    esp_doors: int | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be built, naming the option and its range."""
        _within("doors", self.doors, 1, MOST_DOORS)
        _within("residents", self.residents, 1, MOST_RESIDENTS)
        left = self.doors
        for option in ("readers", "board_doors", "esp_doors"):
            wanted = getattr(self, option)
            if wanted is not None:
                _within(option.replace("_", "-"), wanted, 0, left)
                left -= wanted

    def fittings(self) -> Mapping[Protocol, int]:
        """Return how many doors speak each protocol."""
        asked = {
            Protocol.OSDP: self.readers,
            Protocol.UHPPOTE: self.board_doors,
            Protocol.ESP_RFID: self.esp_doors,
        }
        fixed = {p: count for p, count in asked.items() if count is not None}
        left = self.doors - sum(fixed.values())
        for protocol, share in _SHARES.items():
            if protocol not in fixed:
                fixed[protocol] = min(round(self.doors * share), left)
                left -= fixed[protocol]
        return {Protocol.SMART_DOOR: left, **fixed}


def dice(seed: int, purpose: str) -> Random:
    """Return a source of numbers that is the same for the same seed and purpose."""
    return Random(f"{seed} {purpose}")  # noqa: S311  reproducible on purpose


def plan_street(seed: int, size: Size, today: date) -> Street:
    """Return the street of this seed; tenancies run or end soon as of `today`."""
    shops = building_count(size.doors) * SHOPS_PER_BUILDING
    keepers = min(int(size.residents * _KEEPERS), int(shops * _SHOPS_LET))
    people = dice(seed, "people")
    sizes = household_sizes(people, size.residents - keepers)
    flats = round(len(sizes) / _OCCUPIED)
    ground = lay_out(dice(seed, "ground"), size.fittings(), flats)
    population = Population(people, today)
    population.let_shops(ground.shops, keepers)
    population.move_in(ground.flats, sizes)
    return Street(
        seed=seed,
        street=STREET,
        communities=ground.communities,
        grids=ground.grids,
        buildings=ground.buildings,
        units=tuple(sorted(population.units, key=lambda unit: unit.code)),
        parties=tuple(population.parties),
        tenancies=tuple(population.tenancies),
        residences=tuple(population.residences),
        credentials=population.credentials(),
        gateways=(GATEWAY,),
        controllers=ground.controllers,
        doors=ground.doors,
    )


def _within(option: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise ValueError(f"{option} must be {least} to {most}, not {value}")
