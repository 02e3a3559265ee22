"""The simulated device has the habits of a real one."""

import json
from typing import Any

import pytest

from controller.protocols.esp_rfid.commands import Order, Verb, write_order
from controller.protocols.esp_rfid.device import DeviceSettings, EspRfid, Flash
from controller.protocols.esp_rfid.messages import Access, User
from controller.protocols.esp_rfid.reading import LONGEST_MESSAGE
from controller.protocols.esp_rfid.topics import read_address
from controller.session import Packet
from controller.vocabulary import CardNumber

WALL = 1_800_000_000.0
IP, COMMANDS = "10.0.0.7", "rfid/cmd"
USER = User("4d", "menhu-1", (1, 0, 1, 0), 0, 2_000_000_000)
CARD = CardNumber(0x4D)


class Bench:
    def __init__(self, relays: int = 1, capacity: int = 1000) -> None:
        self.flash = Flash(capacity=capacity)
        settings = DeviceSettings(read_address("rfid"), "door-7", relays=relays)
        self.device = EspRfid(settings, self.flash, IP)
        self.device.connected(0.0, WALL)
        self.said()

    def said(self) -> list[dict[str, Any]]:
        packets = self.device.data_to_send()
        assert all(packet.peer == "rfid/send" for packet in packets)
        return [json.loads(packet.data) for packet in packets]

    def tell(self, data: bytes, place: str = COMMANDS) -> list[dict[str, Any]]:
        self.device.receive_data(Packet(data, place), WALL)
        return self.said()

    def order(self, verb: Verb, **values: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - of each verb
        return self.tell(write_order(Order(verb, **values), IP))


def test_it_says_boot_on_every_connection_and_then_beats() -> None:
    bench = Bench()
    bench.device.on_timeout(179.0, WALL)
    assert bench.said() == []
    bench.device.on_timeout(180.0, WALL + 180)
    (beat,) = bench.said()
    assert (beat["type"], beat["uptime"], beat["ip"]) == ("heartbeat", 180, IP)
    bench.device.disconnected()
    assert bench.device.deadline() is None
    bench.device.connected(200.0, WALL)
    (boot,) = bench.said()
    assert (boot["type"], boot["uptime"]) == ("boot", "0")


def test_what_it_says_while_away_is_lost() -> None:
    bench = Bench()
    bench.device.tap(CARD, WALL)
    bench.device.disconnected()
    bench.device.tap(CARD, WALL)
    bench.device.press_button(WALL)
    bench.device.on_timeout(1000.0, WALL)
    bench.device.connected(1000.0, WALL)
    assert [message["type"] for message in bench.said()] == ["boot"]
    assert bench.device.openings == 1


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (write_order(Order(Verb.OPEN_DOOR), "10.0.0.70"), COMMANDS),
        (write_order(Order(Verb.OPEN_DOOR), IP), "rfid/send"),
        (b'{"cmd":"opendoor"}', COMMANDS),
        (b"nonsense", COMMANDS),
        (b'{"cmd":"opendoor","doorip":"10.0.0.7"}'.ljust(LONGEST_MESSAGE), COMMANDS),
    ],
)
def test_what_is_not_for_it_moves_nothing(data: bytes, place: str) -> None:
    bench = Bench()
    assert bench.tell(data, place) == []
    assert bench.device.openings == 0


@pytest.mark.parametrize("verb", [Verb.OPEN, Verb.CLOSE])
def test_home_assistant_commands_move_a_relay(verb: Verb) -> None:
    bench = Bench()
    (answer,) = bench.tell(f"{{cmd:'{verb}', door:'0', doorip:'{IP}'}}".encode())
    assert (answer["username"], answer["uid"]) == ("MQTT", " ")
    assert bench.device.openings == 1


def test_users_are_kept_listed_and_deleted() -> None:
    bench = Bench()
    (added,) = bench.order(Verb.ADD_USER, user=USER)
    assert added == {"type": "adduser", "ip": IP, "hostname": "door-7"}
    (listed,) = bench.order(Verb.GET_USERS)
    assert (listed["cmd"], listed["uid"], listed["acctype3"]) == ("adduser", "4d", "1")
    assert bench.order(Verb.DELETE_USER, uid="unknown")[0]["type"] == "deletuid"
    bench.order(Verb.DELETE_USERS)
    assert bench.order(Verb.GET_USERS) == []


def test_a_full_device_acknowledges_all_the_same() -> None:
    bench = Bench(capacity=1)
    bench.order(Verb.ADD_USER, user=USER)
    other = User("4e", "menhu-2", (1, 0, 0, 0), 0, 2_000_000_000)
    assert bench.order(Verb.ADD_USER, user=other)[0]["type"] == "adduser"
    assert set(bench.flash.files) == {"4d"}


@pytest.mark.parametrize(
    ("kind", "since", "until", "access"),
    [
        (1, 0, int(WALL), Access.ALWAYS),
        (1, 0, int(WALL) - 1, Access.EXPIRED),
        (1, int(WALL) + 1, int(WALL) + 2, Access.EXPIRED),
        (0, 0, int(WALL), Access.DISABLED),
        (99, 0, 0, Access.ADMIN),
    ],
)
def test_it_decides_by_kind_and_time(
    kind: int, since: int, until: int, access: Access
) -> None:
    bench = Bench()
    user = User("4d", "u", (kind, 0, 0, 0), since, until)
    bench.order(Verb.ADD_USER, user=user)
    assert bench.device.tap(CARD, WALL) is access
    assert bench.said()[-1]["access"] == access


def test_several_relays_have_a_word_each() -> None:
    bench = Bench(relays=3)
    bench.order(Verb.ADD_USER, user=USER)
    bench.device.tap(CARD, WALL)
    (said,) = bench.said()
    assert said["access"] == ["Always", "Disabled", "Always"]
    assert len(said["doorName"]) == 3


def test_a_file_that_is_no_user_opens_nothing() -> None:
    bench = Bench()
    bench.flash.files["4d"] = b'{"type":"getconf"'
    assert bench.device.tap(CARD, WALL) is Access.DISABLED


def test_the_rest_is_answered_as_documented() -> None:
    bench = Bench()
    (configuration,) = bench.order(Verb.GET_CONFIGURATION)
    assert configuration["configfile"]
    assert bench.order(Verb.DELETE_LOG)[0]["type"] == "deletlog"
    assert bench.order(Verb.REBOOT) == []
    assert bench.device.rebooting
    answer = bench.order(Verb.UPDATE_CONFIGURATION, configuration={"a": 1})
    assert answer[0]["type"] == "updateconf"
