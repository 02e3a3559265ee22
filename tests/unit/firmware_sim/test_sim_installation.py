import tomllib
from datetime import date
from pathlib import Path

import pytest

from firmware_sim.hardware import Hardware, Network, Site, wire_up
from firmware_sim.installation import read_hardware, read_keys, write_installation
from firmware_sim.neighbours import read_neighbours
from firmware_sim.plan import Size, plan_street

TODAY = date(2026, 3, 1)
FILES = ("street.json", "sim.toml", "gateway.toml")


SIZE = Size(40, 16, readers=5, board_doors=5, esp_doors=2)
SITE = Site("127.0.0.1:1883", 60000, 60001)


def install(folder: Path, baud: int | None = None, size: Size = SIZE) -> Hardware:
    street = plan_street(7, size, TODAY)
    hardware = wire_up(street, SITE, baud)
    write_installation(folder, street, hardware, "http://127.0.0.1:8080")
    return hardware


def test_hardware_survives_its_file(tmp_path: Path) -> None:
    hardware = install(tmp_path)
    assert read_hardware(tmp_path) == hardware


def test_all_but_the_keys_follows_from_the_seed(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    install(one)
    install(two)
    for name in FILES:
        assert (one / name).read_bytes() == (two / name).read_bytes()
    assert read_keys(one).keys() == read_keys(two).keys()
    assert not set(read_keys(one).values()) & set(read_keys(two).values())


def test_keys_are_secret_and_of_the_right_size(tmp_path: Path) -> None:
    (tmp_path / "keys.toml").touch(mode=0o644)
    install(tmp_path)
    assert (tmp_path / "keys.toml").stat().st_mode & 0o777 == 0o600
    keys = read_keys(tmp_path)
    assert len(keys["reader-001"]) == 16
    assert len(keys["lock-001"]) == 32
    assert len(set(keys.values())) == len(keys) == 5 + 4, (
        "boards and esp-rfid have none"
    )


def test_the_gateway_is_told_of_every_controller(tmp_path: Path) -> None:
    install(tmp_path)
    settings = tomllib.loads((tmp_path / "gateway.toml").read_text("utf-8"))
    assert settings["id"] == "gateway-1"
    assert settings["registry"] == {
        "url": "http://127.0.0.1:8080",
        "public_key": "registry.pub",
    }
    first, second, doors, boards, lone_board, esps = settings["lines"]
    assert (first["port"], first["baud"], second["baud"]) == (
        "lines/bus-01",
        9600,
        38400,
    )
    assert [len(line["controllers"]) for line in settings["lines"]] == [
        *(4, 1, 4, 4, 1, 2)
    ]
    assert first["controllers"][1] == {
        "id": "reader-002",
        "door": "door-002",
        "address": "1",
        "unlock_seconds": 5.0,
        "secure": True,
        "wiegand": "standard",
        "inputs": ["door", "exit_button", "fire"],
    }
    assert doors["broker"] == "127.0.0.1:1883"
    assert doors["controllers"][0] == {
        "id": "lock-001",
        "door": "door-006",
        "address": "lock-001",
    }
    assert [boards["network"], lone_board["network"]] == ["udp", "tcp"]
    assert boards["bind"] == "127.0.0.1:60001", "where boards push to"
    assert lone_board["bind"] == "127.0.0.1"
    assert boards["controllers"][1] == {
        "id": "relay-002",
        "door": "door-011",
        "address": "405419896/2@127.0.0.1:60000",
        "unlock_seconds": 5.0,
    }
    assert lone_board["controllers"][0]["address"] == "105419897/1@127.0.0.1:60000"
    assert esps["broker"] == "127.0.0.1:1883"
    assert esps["controllers"][0] == {
        "id": "esp-001",
        "door": "door-015",
        "address": "rfid/esp-001",
    }


def test_boards_are_as_large_as_they_need_to_be(tmp_path: Path) -> None:
    boards = install(tmp_path, size=Size(40, 14, 0, board_doors=14)).boards
    assert [(board.size, len(board.doors)) for board in boards] == [
        *((4, 4), (4, 4), (2, 2), (1, 1), (4, 3))
    ]
    assert [board.network for board in boards].count(Network.TCP) == 1


@pytest.mark.parametrize(
    ("size", "protocols"),
    [
        (Size(40, 9, 0, 0, 0), ["smart_door"]),
        (Size(40, 9, readers=9), ["osdp"]),
        (Size(40, 9, board_doors=9), ["uhppote"]),
        (Size(40, 9, esp_doors=9), ["esp_rfid"]),
    ],
)
def test_a_kind_of_door_that_is_not_there_has_no_line(
    tmp_path: Path, size: Size, protocols: list[str]
) -> None:
    hardware = install(tmp_path, size=size)
    settings = tomllib.loads((tmp_path / "gateway.toml").read_text("utf-8"))
    assert sorted({line["protocol"] for line in settings["lines"]}) == protocols
    assert read_hardware(tmp_path) == hardware


def test_one_speed_can_be_asked_of_all_buses(tmp_path: Path) -> None:
    assert {bus.baud for bus in install(tmp_path, baud=115200).buses} == {115200}


def test_neighbours_use_the_doors_of_their_house(tmp_path: Path) -> None:
    install(tmp_path)
    street = plan_street(7, SIZE, TODAY)
    people = read_neighbours(tmp_path, TODAY)
    assert {person.card for person in people} == {c.card for c in street.credentials}
    houses = {door.id: door.building for door in street.doors}
    assert all(len({houses[door] for door in p.doors}) == 1 for p in people)
    assert {door for person in people for door in person.doors} <= houses.keys()


def test_people_whose_tenancy_ended_are_gone(tmp_path: Path) -> None:
    install(tmp_path)
    later = read_neighbours(tmp_path, date(2028, 1, 1))
    street = plan_street(7, SIZE, TODAY)
    cards = {c.party: c.card for c in street.credentials}
    assert {p.card for p in later} == {cards[r.party] for r in street.residences}
