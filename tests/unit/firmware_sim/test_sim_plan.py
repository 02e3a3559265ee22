import re
from collections import Counter
from datetime import date, timedelta

import pytest

from controller.vocabulary import CardNumber
from controller.wiegand import Format, encode
from firmware_sim.plan import Size, dice, plan_street
from firmware_sim.population import FOREIGN_CARDS
from firmware_sim.street import Protocol, Street, UnitUse, street_document

TODAY = date(2026, 3, 1)


@pytest.fixture(scope="module")
def street() -> Street:
    return plan_street(7, Size(), TODAY)


def test_the_street_has_its_size(street: Street) -> None:
    assert len(street.communities) == 12
    assert len(street.grids) == 79
    assert len(street.doors) == len(street.controllers) == 171
    assert len(street.credentials) == 3000
    protocols = Counter(controller.protocol for controller in street.controllers)
    assert protocols == {
        Protocol.OSDP: 51,
        Protocol.SMART_DOOR: 60,
        Protocol.UHPPOTE: 43,
        Protocol.ESP_RFID: 17,
    }


@pytest.mark.parametrize(
    ("size", "counts"),
    [
        (Size(doors=1), (0, 1, 0, 0)),
        (Size(doors=9), (3, 3, 2, 1)),
        (Size(doors=9, readers=9), (9, 0, 0, 0)),
        (Size(doors=9, readers=0), (0, 6, 2, 1)),
        (Size(doors=9, readers=8), (8, 0, 1, 0)),
        (Size(doors=9, esp_doors=9), (0, 0, 0, 9)),
        (Size(doors=9, readers=1, board_doors=4, esp_doors=2), (1, 2, 4, 2)),
    ],
)
def test_what_is_not_asked_for_has_its_usual_share(
    size: Size, counts: tuple[int, int, int, int]
) -> None:
    fittings = size.fittings()
    kinds = (
        Protocol.OSDP,
        Protocol.SMART_DOOR,
        Protocol.UHPPOTE,
        Protocol.ESP_RFID,
    )
    assert tuple(fittings[kind] for kind in kinds) == counts


def test_the_same_seed_is_the_same_street(street: Street) -> None:
    assert plan_street(7, Size(), TODAY) == street
    assert plan_street(8, Size(), TODAY) != street


def test_every_place_has_its_parts(street: Street) -> None:
    assert {grid.community for grid in street.grids} == {
        community.code for community in street.communities
    }
    assert {building.grid for building in street.buildings} == {
        grid.code for grid in street.grids
    }
    buildings = {building.code for building in street.buildings}
    assert {door.building for door in street.doors} == buildings
    assert {unit.building for unit in street.units} == buildings
    doors_of = Counter(door.building for door in street.doors)
    assert set(doors_of.values()) == {1, 2}


def test_units_are_numbered_by_floor(street: Street) -> None:
    storeys = {building.code: building.storeys for building in street.buildings}
    for unit in street.units:
        assert unit.code == f"{unit.building}-{unit.number}"
        assert int(unit.number[:2]) == unit.floor <= storeys[unit.building]
        assert (unit.use is UnitUse.SHOP) == (unit.floor == 1)
    codes = [unit.code for unit in street.units]
    assert codes == sorted(set(codes))


def test_all_kinds_of_homes_are_there(street: Street) -> None:
    uses = Counter(unit.use for unit in street.units)
    assert uses[UnitUse.RENTAL] > uses[UnitUse.OWNER] > uses[UnitUse.VACANT] > 20
    assert uses[UnitUse.SHOP] == 2 * len(street.buildings)
    rooms = {room.code: unit for unit in street.units for room in unit.rooms}
    assert len(rooms) > 50
    let = [tenancy for tenancy in street.tenancies if tenancy.room]
    assert {tenancy.room for tenancy in let} == set(rooms)
    assert all(rooms[t.room].code == t.unit for t in let if t.room)
    assert all(rooms[t.room].use is UnitUse.RENTAL for t in let if t.room)


def test_tenancies_run_today_and_some_need_attention(street: Street) -> None:
    assert all(t.start <= TODAY < t.end for t in street.tenancies)
    soon = TODAY + timedelta(days=30)
    ending = sum(t.end <= soon for t in street.tenancies)
    unfiled = sum(not t.filed for t in street.tenancies)
    assert 0.03 < ending / len(street.tenancies) < 0.15
    assert 0.03 < unfiled / len(street.tenancies) < 0.15
    occupants = {person for t in street.tenancies for person in t.occupants}
    assert not occupants & {t.landlord for t in street.tenancies}
    by_unit: dict[str, set[str]] = {}
    for tenancy in street.tenancies:
        by_unit.setdefault(tenancy.unit, set()).add(tenancy.landlord)
    assert {len(landlords) for landlords in by_unit.values()} == {1}


def test_people_are_plainly_made_up(street: Street) -> None:
    pattern = re.compile("[示样测范]例住户[甲乙丙丁戊己庚辛][0-9]{6}")
    assert all(pattern.fullmatch(party.name) for party in street.parties)
    assert len({party.name for party in street.parties}) == len(street.parties)
    assert {party.name[0] for party in street.parties} == set("示样测范")
    assert all(place.name.startswith("示例") for place in street.communities)


def test_cards_fit_readers_and_belong_to_one_person(street: Street) -> None:
    cards = [credential.card for credential in street.credentials]
    assert len(set(cards)) == len(cards)
    assert len({c.party for c in street.credentials}) == len(cards)
    for card in cards:
        assert encode(CardNumber(card), Format.W34)[1] == 34
        assert card not in FOREIGN_CARDS
        assert card < 2**32


def test_the_document_is_what_the_registry_imports(street: Street) -> None:
    document = street_document(street)
    assert document["format"] == "menhu-street/1"
    assert document["example"] is True
    assert document["zone"] == "Asia/Shanghai"
    assert document["street"] == {"code": "S01", "name": "南华西街"}
    tenancy = document["tenancies"][0]
    assert date.fromisoformat(tenancy["end"]) == street.tenancies[0].end
    assert set(document) >= {"units", "parties", "residences", "credentials"}
    assert document["doors"][0] == {
        "id": "door-001",
        "controller": "reader-001",
        "building": "B001",
        "name": "正门",
    }


def test_a_full_street_has_sixty_thousand_people() -> None:
    street = plan_street(7, Size(residents=60_000), TODAY)
    assert len({c.card for c in street.credentials}) == 60_000
    assert max(building.storeys for building in street.buildings) < 40


@pytest.mark.parametrize(
    ("field", "size"),
    [
        ("doors", {"doors": 0}),
        ("doors", {"doors": 1000}),
        ("residents", {"residents": 0}),
        ("residents", {"residents": 60_001}),
        ("readers", {"doors": 5, "readers": 6}),
        ("readers", {"readers": -1}),
        ("board-doors", {"doors": 5, "readers": 3, "board_doors": 3}),
        ("esp-doors", {"doors": 5, "board_doors": 3, "esp_doors": 3}),
    ],
)
def test_an_impossible_size_is_refused_by_name(
    field: str, size: dict[str, int]
) -> None:
    with pytest.raises(ValueError, match=f"^{field} must be"):
        Size(**size)


def test_dice_fall_the_same_for_the_same_purpose() -> None:
    assert dice(1, "a").random() == dice(1, "a").random()
    assert dice(1, "a").random() != dice(1, "b").random()
