"""Who lives on the street: plainly synthetic people, their tenancies and cards."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from itertools import chain
from random import Random

from firmware_sim.street import (
    Credential,
    Party,
    Residence,
    Room,
    Tenancy,
    Unit,
    UnitUse,
)

CARDS = range(1_000_000_000, 4_000_000_000)
"""Allocated numbers; all fit the 32 bits of a Wiegand-34 reader."""

FOREIGN_CARDS = range(1, 1_000_000_000)
"""Numbers no resident's card carries."""

_SURNAMES = "示样测范"
_STEMS = "甲乙丙丁戊己庚辛"
_HOUSEHOLDS = ((1, 2, 3, 4), (30, 35, 25, 10))
_OWNERS = 0.36
_SHARED = 0.15
_UNFILED = 0.08
_ENDING = 0.08
_ENDING_DAYS = 30
_TERM = timedelta(days=365)
_FLATS_OF_A_LANDLORD = 3


def household_sizes(dice: Random, people: int) -> list[int]:
    """Return sizes of households that together have so many people."""
    sizes: list[int] = []
    while people:
        size = min(dice.choices(*_HOUSEHOLDS)[0], people)
        sizes.append(size)
        people -= size
    return sizes


class Population:
    """People moving in, unit by unit."""

    def __init__(self, dice: Random, today: date) -> None:
        self._dice = dice
        self._today = today
        self._landlord = ""
        self._lettings = 0
        self.parties: list[Party] = []
        self.tenancies: list[Tenancy] = []
        self.residences: list[Residence] = []
        self.units: list[Unit] = []

    def let_shops(self, shops: Iterable[Unit], keepers: int) -> None:
        """Let so many shops to one keeper each, and leave the others empty."""
        for place, shop in enumerate(shops):
            if place < keepers:
                self._let(shop, {None: [self._person()]})
            self.units.append(shop)

    def move_in(self, flats: Iterable[Unit], sizes: Iterable[int]) -> None:
        """Give every household a flat somewhere; the flats left over stay vacant."""
        flats = list(flats)
        sizes = list(sizes)
        homes = dict(
            zip(self._dice.sample(range(len(flats)), len(sizes)), sizes, strict=True)
        )
        for place, flat in enumerate(flats):
            size = homes.get(place)
            self.units.append(self._settle(flat, size) if size else flat)

    def credentials(self) -> tuple[Credential, ...]:
        """Return one card for everybody who lives or works here."""
        people = sorted(
            chain(
                (residence.party for residence in self.residences),
                chain.from_iterable(tenancy.occupants for tenancy in self.tenancies),
            )
        )
        cards = self._dice.sample(CARDS, len(people))
        return tuple(map(Credential, cards, people))

    def _settle(self, flat: Unit, size: int) -> Unit:
        people = [self._person() for _ in range(size)]
        if self._dice.random() < _OWNERS:
            self.residences += [Residence(flat.code, person) for person in people]
            return replace(flat, use=UnitUse.OWNER)
        if size == 1 or self._dice.random() >= _SHARED:
            self._let(flat, {None: people})
            return replace(flat, use=UnitUse.RENTAL)
        rooms = tuple(_rooms(flat, size))
        self._let(flat, {room.code: [p] for room, p in zip(rooms, people, strict=True)})
        return replace(flat, use=UnitUse.RENTAL, rooms=rooms)

    def _let(self, unit: Unit, occupants: Mapping[str | None, list[str]]) -> None:
        if self._lettings % _FLATS_OF_A_LANDLORD == 0:
            self._landlord = self._person()
        self._lettings += 1
        for room, people in occupants.items():
            self._sign(unit, room, people)

    def _sign(self, unit: Unit, room: str | None, people: list[str]) -> None:
        start, end = self._term()
        self.tenancies.append(
            Tenancy(
                code=f"T{len(self.tenancies) + 1:06}",
                unit=unit.code,
                room=room,
                landlord=self._landlord,
                start=start,
                end=end,
                filed=self._dice.random() >= _UNFILED,
                occupants=tuple(people),
            )
        )

    def _term(self) -> tuple[date, date]:
        if self._dice.random() < _ENDING:
            end = self._today + timedelta(days=self._dice.randint(1, _ENDING_DAYS))
            return end - _TERM, end
        latest = _TERM.days - _ENDING_DAYS - 1
        start = self._today - timedelta(days=self._dice.randint(1, latest))
        return start, start + _TERM

    def _person(self) -> str:
        number = len(self.parties) + 1
        surname = _SURNAMES[number % len(_SURNAMES)]
        stem = _STEMS[number // len(_SURNAMES) % len(_STEMS)]
        party = Party(f"P{number:06}", f"{surname}例住户{stem}{number:06}")
        self.parties.append(party)
        return party.code


def _rooms(flat: Unit, count: int) -> Iterator[Room]:
    for letter in "ABCD"[:count]:
        yield Room(f"{flat.code}-{letter}", letter)
