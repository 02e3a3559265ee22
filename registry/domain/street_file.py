"""A street as a file (`menhu-street/1`): read whole, every fault by its JSON path."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from registry.domain.errors import Fault, FieldError, Invalid
from registry.domain.file_reading import NO_DAY, Item, Reading
from registry.domain.filing import FilingState, LettingMode, RentalFiling
from registry.domain.hardware import Controller, Door, Gateway
from registry.domain.occupancy import Basis, Occupancy
from registry.domain.places import Area, AreaKind, Building, Room, Unit, UnitUse
from registry.domain.tenancy import Tenancy

FORMAT = "menhu-street/1"


@dataclass(frozen=True, slots=True)
class StreetFile:
    """Everything a street file holds; names by party, cards by number."""

    code: str
    example: bool
    areas: tuple[Area, ...]
    buildings: tuple[Building, ...]
    units: tuple[Unit, ...]
    rooms: tuple[Room, ...]
    names: Mapping[str, str] = field(repr=False)
    filings: tuple[RentalFiling, ...]
    tenancies: tuple[Tenancy, ...]
    occupancies: tuple[Occupancy, ...]
    residences: tuple[Occupancy, ...]
    cards: Mapping[int, str] = field(repr=False)
    gateways: tuple[Gateway, ...]
    controllers: tuple[Controller, ...]
    doors: tuple[Door, ...]


def read_street(document: object) -> StreetFile:
    """Read a parsed street file; raises Invalid with every fault found."""
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise Invalid(
            [
                FieldError(
                    "$.format",
                    Fault.MALFORMED,
                    f"this is not a {FORMAT} file",
                    "give the street.json that `menhu-sim plan` wrote",
                )
            ]
        )
    reading = Reading(document)
    street = _read(reading, example=document.get("example") is True)
    if reading.errors:
        raise Invalid(reading.errors)
    return street


def _read(reading: Reading, *, example: bool) -> StreetFile:
    top = reading.item("street")
    street = Area(top.key("code", "area"), AreaKind.STREET, top.text("name"))
    communities = [
        Area(i.key("code", "area"), AreaKind.COMMUNITY, i.text("name"), street.code)
        for i in reading.items("communities")
    ]
    grids = [
        Area(
            i.key("code", "area"),
            AreaKind.GRID,
            i.text("name"),
            i.reference("community", "area"),
        )
        for i in reading.items("grids")
    ]
    buildings = tuple(map(_building, reading.items("buildings")))
    unit_items = reading.items("units")
    units = tuple(map(_unit, unit_items))
    rooms = tuple(
        Room(room.key("code", "room"), unit.code, room.text("name"))
        for unit, item in zip(units, unit_items, strict=True)
        for room in item.items("rooms")
    )
    names = {i.key("code", "party"): i.text("name") for i in reading.items("parties")}
    homes = {unit.code: unit.building for unit in units}
    tenancy_items = reading.items("tenancies")
    unit_of = {room.code: room.unit for room in rooms}
    tenancies = tuple(_tenancy(item, unit_of) for item in tenancy_items)
    return StreetFile(
        code=street.code,
        example=example,
        areas=(street, *communities, *grids),
        buildings=buildings,
        units=units,
        rooms=rooms,
        names=names,
        filings=_filings(tenancies, tenancy_items),
        tenancies=tenancies,
        occupancies=tuple(
            _stay(tenancy, party, homes)
            for tenancy, item in zip(tenancies, tenancy_items, strict=True)
            for party in item.references("occupants", "party")
        ),
        residences=tuple(_residence(i, homes) for i in reading.items("residences")),
        cards={
            i.card("card"): i.reference("party", "party")
            for i in reading.items("credentials")
        },
        gateways=tuple(
            Gateway(i.key("id", "gateway"), i.text("name"))
            for i in reading.items("gateways")
        ),
        controllers=tuple(map(_controller, reading.items("controllers"))),
        doors=tuple(map(_door, reading.items("doors"))),
    )


def _building(item: Item) -> Building:
    return Building(
        item.key("code", "building"),
        item.reference("grid", "area"),
        item.text("name"),
        item.text("address"),
        item.integer("storeys"),
    )


def _unit(item: Item) -> Unit:
    return Unit(
        item.key("code", "unit"),
        item.reference("building", "building"),
        item.text("number"),
        item.integer("floor"),
        UnitUse(item.choice("use", UnitUse)),
    )


def _tenancy(item: Item, unit_of: Mapping[str, str]) -> Tenancy:
    start, end = item.day("start"), item.day("end")
    if NO_DAY not in (start, end) and end <= start:
        item.fault("end", "it does not come after the start", "correct the dates")
    unit = item.reference("unit", "unit")
    room = None if item.maybe("room") is None else item.reference("room", "room")
    if unit_of.get(room or "", unit) != unit:
        item.fault("room", "it is in another unit", "give a room of the unit")
    landlord = item.maybe("landlord")
    return Tenancy(
        item.key("code", "tenancy"),
        unit,
        room,
        None if landlord is None else item.reference("landlord", "party"),
        start,
        end,
    )


def _stay(tenancy: Tenancy, party: str, homes: Mapping[str, str]) -> Occupancy:
    return Occupancy(
        f"{tenancy.id}.{party}",
        party,
        tenancy.unit,
        homes.get(tenancy.unit, ""),
        Basis.TENANT,
        tenancy.start,
        tenancy.end,
        tenancy.id,
        tenancy.room,
    )


def _filings(
    tenancies: Iterable[Tenancy], items: Iterable[Item]
) -> tuple[RentalFiling, ...]:
    """Return a filing for each unit whose tenancies all say that it is filed."""
    filed: dict[str, list[Tenancy]] = defaultdict(list)
    unfiled = set()
    for tenancy, item in zip(tenancies, items, strict=True):
        if item.flag("filed"):
            filed[tenancy.unit].append(tenancy)
        else:
            unfiled.add(tenancy.unit)
    return tuple(
        RentalFiling(
            f"{unit}.filing",
            unit,
            next((t.landlord for t in those if t.landlord), None),
            LettingMode.ROOM if any(t.room for t in those) else LettingMode.WHOLE,
            FilingState.ACCEPTED,
            accepted_on=min(t.start for t in those),
        )
        for unit, those in filed.items()
        if unit not in unfiled
    )


def _residence(item: Item, homes: Mapping[str, str]) -> Occupancy:
    unit = item.reference("unit", "unit")
    party = item.reference("party", "party")
    home = homes.get(unit, "")
    return Occupancy(f"{unit}.{party}", party, unit, home, Basis.OWNER)


def _controller(item: Item) -> Controller:
    return Controller(
        item.key("id", "controller"),
        item.reference("gateway", "gateway"),
        item.text("protocol"),
    )


def _door(item: Item) -> Door:
    return Door(
        item.key("id", "door"),
        item.reference("controller", "controller", once=True),
        item.reference("building", "building"),
        item.text("name"),
    )
