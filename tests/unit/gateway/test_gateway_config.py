from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from controller.session import Contact, LineSettings, Member
from controller.vocabulary import ControllerId
from controller.wiegand import ByteOrder
from gateway.config.checks import bind_address, line_settings
from gateway.config.installation import load
from gateway.config.problems import ConfigInvalid
from gateway.config.settings import Network
from tests.support.gateway_files import CONFIG, KEYS, PANEL, READER_KEY, install

REGISTRY = Ed25519PrivateKey.generate().public_key()


def problems(folder: Path, config: str = CONFIG, keys: str = KEYS) -> list[str]:
    """Return what is wrong with an installation, a line each."""
    with pytest.raises(ConfigInvalid) as caught:
        load(install(folder, REGISTRY, config, keys))
    return str(caught.value).splitlines()


def test_a_sound_installation_is_read_as_it_is_meant(tmp_path: Path) -> None:
    installation = load(install(tmp_path, REGISTRY))
    bus, doors = installation.config.lines
    assert installation.data == tmp_path / "gateway-data"
    assert installation.port(bus) == tmp_path / "lines/bus-01"
    reader = Member(ControllerId("reader-1"), "0", READER_KEY, unlock_seconds=5.0)
    assert line_settings(bus, installation.keys) == LineSettings((reader,), 9600)
    assert line_settings(doors, installation.keys).baud == 0
    assert bus.controllers[0].wiegand is ByteOrder.STANDARD


def test_inputs_are_named_in_the_order_of_the_reader(tmp_path: Path) -> None:
    wired = CONFIG.replace("5.0", '5.0, inputs = ["door", "exit_button", "fire"]')
    installation = load(install(tmp_path, REGISTRY, wired))
    (member,) = line_settings(installation.config.lines[0], installation.keys).members
    assert member.inputs == (Contact.DOOR, Contact.EXIT_BUTTON, Contact.FIRE)


def test_foreign_cards_stay_unless_a_line_says_otherwise(tmp_path: Path) -> None:
    keys = KEYS.splitlines()[0]
    for wish, removes in (("", False), ("remove_foreign_cards = true\n", True)):
        text = KEYLESS.replace("broker =", f"{wish}broker =")
        installation = load(install(tmp_path, REGISTRY, text, keys))
        settings = line_settings(installation.config.lines[1], installation.keys)
        assert [each.remove_foreign for each in settings.members] == [removes]


KEYLESS = CONFIG.replace('"smart_door"', '"esp_rfid"')


def test_a_protocol_without_keys_wants_none(tmp_path: Path) -> None:
    assert problems(tmp_path, KEYLESS)[-1].endswith("Take it out of the keys file.")
    load(install(tmp_path, REGISTRY, KEYLESS, KEYS.splitlines()[0]))


@pytest.mark.parametrize(
    ("was", "becomes", "field", "says"),
    [
        ('id = "gateway-1"\n', "", "id:", "is missing"),
        ("[registry]", "[registri]", "registri:", "Did you mean 'registry'?"),
        ("baud = 9600", "bawd = 9600", "lines[0].bawd:", "Did you mean 'baud'?"),
        ("baud = 9600", 'baud = "fast"', "lines[0].baud:", "Expected `int`"),
        ("baud = 9600", "baud = 9601", "lines[0].baud:", "Use one of 9600"),
        ('"osdp"', '"osdq"', "lines[0].protocol:", "Did you mean 'osdp'?"),
        (
            '"osdp"',
            '"x"',
            "lines[0].protocol:",
            "Allowed: esp_rfid, osdp, smart_door",
        ),
        ('port = "lines/bus-01"', "", "lines[0].port:", "osdp needs it"),
        (
            "baud = 9600",
            "remove_foreign_cards = true",
            "lines[0].remove_foreign_cards:",
            "controllers of osdp keep no cards",
        ),
        ("baud = 9600", 'broker = "a:1"', "lines[0].broker:", "no meaning for osdp"),
        ('"127.0.0.1:1883"', '"nowhere"', "lines[1].broker:", "host:port"),
        ('"127.0.0.1:1883"', '"h:99999"', "lines[1].broker:", "out of range"),
        ('address = "0"', 'address = "200"', "lines[0].controllers:", "0 to 126"),
        ('address = "lock-1"', 'address = "+"', "lines[1].controllers:", "/ + #"),
        ('id = "lock-1"', 'id = "lock-2"', "lines[1].controllers[0].id:", "no key"),
        ('id = "lock-1"', 'id = "reader-1"', "controllers[].id:", "used 2 times"),
        ('door = "back"', 'door = "front"', "controllers[].door:", "used 2 times"),
        ("5.0", "-1.0", "controllers[0].unlock_seconds:", "> 0"),
        ("5.0", "5.0, held_open_seconds = 0", "held_open_seconds:", "> 0"),
        ("5.0", "5.0, held_open_seconds = 1e6", "held_open_seconds:", "<= 86400"),
        ("5.0", '5.0, inputs = ["door", "smoke"]', "inputs:", "Invalid enum"),
        ("5.0", '5.0, inputs = ["door", "power"]', "[0].inputs:", "no input of its"),
        ("5.0", '5.0, inputs = ["door", "door"]', "[0].inputs:", "used 2 times"),
        (
            'address = "lock-1"',
            'address = "lock-1", inputs = ["fire"]',
            "lines[1].controllers[0].inputs:",
            "cannot be chosen",
        ),
        ("5.0", '5.0, wiegand = "odd"', "controllers[0].wiegand:", "Invalid enum"),
        ("http://127.0.0.1", "http://192.0.2.1", "registry.url:", "Use https://"),
        ("http://127.0.0.1:8080", "ftp://x", "registry.url:", "is no URL"),
        ("http://127.0.0.1:8080", "http://[", "registry.url:", "is no URL"),
        ('"registry.pub"', '"nothing.pub"', "registry.public_key:", "cannot be read"),
        ('"registry.pub"', '"keys.toml"', "registry.public_key:", "no PEM public key"),
        ('"keys.toml"', '"none.toml"', "none.toml:", "cannot be read"),
        ("[registry]", "registry = 1\n[other]", "registry:", "must be a table"),
        ("[registry]", 'home_assistant = "h"\n[registry]', "home_assistant:", "port"),
        ("[[lines]]", "[[lines", "gateway.toml:", "is no TOML"),
        ("= 1\n", "= -1\n", "ballast_megabytes:", ">= 0"),
    ],
)
def test_a_mistake_is_named_with_its_remedy(
    tmp_path: Path, was: str, becomes: str, field: str, says: str
) -> None:
    assert was in CONFIG
    found = problems(tmp_path, CONFIG.replace(was, becomes, 1))
    assert any(field in line and says in line for line in found), found


def test_a_board_on_a_network_needs_no_key(tmp_path: Path) -> None:
    installation = load(install(tmp_path, REGISTRY, CONFIG + PANEL))
    panels = installation.config.lines[2]
    assert panels.network is Network.UDP
    assert bind_address(panels.bind) == ("127.0.0.1", 60001)
    assert bind_address(None) == ("0.0.0.0", 0)
    assert line_settings(panels, installation.keys) == LineSettings(
        (Member(ControllerId("panel-1"), "7/2@127.0.0.1", unlock_seconds=5.0),),
        place="127.0.0.1:60001",
    )
    for bind in (None, "127.0.0.1", "0.0.0.0:60001"):
        line = msgspec.structs.replace(panels, bind=bind)
        assert line_settings(line, installation.keys).place == "", bind


@pytest.mark.parametrize(
    ("was", "becomes", "field", "says"),
    [
        ('"udp"', '"ipx"', "lines[2].network:", "Invalid enum value"),
        ('network = "udp"', "", "lines[2].network:", 'Add network = "udp"'),
        ('"udp"', '"udp"\nport = "a"', "lines[2].port:", "no meaning for uhppote"),
        ('"udp"', '"udp"\nbroker = "a:1"', "lines[2].broker:", "no meaning"),
        (":60001", ":60000", "lines[2].bind:", "60000 is the boards' own port"),
        (":60001", ":0", "lines[2].bind:", "a bind is an IPv4 address"),
        (":60001", ":65536", "lines[2].bind:", "a bind is an IPv4 address"),
        ("127.0.0.1:60001", "::1", "lines[2].bind:", "a bind is an IPv4 address"),
        ('"udp"', '"tcp"', "lines[2].bind:", "a port has no meaning for tcp"),
        ("7/2@", "7/5@", "lines[2].controllers:", "SERIAL/DOOR@HOST[:PORT]"),
        ('"panel-1"', '"lock-1"', "lines[2].controllers[0].id:", "has a key, and"),
        ('"panel-1"', '"p", commissioning = true', "lines[2].controllers:", "no keys"),
    ],
)
def test_a_mistake_about_a_network_is_named_with_its_remedy(
    tmp_path: Path, was: str, becomes: str, field: str, says: str
) -> None:
    assert was in PANEL
    found = problems(tmp_path, CONFIG + PANEL.replace(was, becomes, 1))
    assert any(field in line and says in line for line in found), found


@pytest.mark.parametrize("place", ['[[lines]]\nname = "bus-01"', '"smart-doors"'])
def test_only_a_network_has_a_network(tmp_path: Path, place: str) -> None:
    assert place in CONFIG
    added = f'{place}\nnetwork = "tcp"\nbind = "1.2.3.4"'
    found = problems(tmp_path, CONFIG.replace(place, added, 1))
    fields = [line.split(":")[0].split(".")[-1] for line in found]
    assert fields == ["network", "bind"]


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        (KEYS.replace("0f", "0"), "is no string of hex digits"),
        (KEYS.replace('0f"\nlock', '"\nlock'), "the key has 15 bytes, not 16"),
        ("reader-1 = 7", "is no string of hex digits"),
    ],
)
def test_a_bad_key_is_named(tmp_path: Path, keys: str, says: str) -> None:
    assert any(says in line for line in problems(tmp_path, keys=keys))


def test_keys_that_others_may_read_are_refused(tmp_path: Path) -> None:
    path = install(tmp_path, REGISTRY)
    (tmp_path / "keys.toml").chmod(0o640)
    with pytest.raises(ConfigInvalid, match=r"mode 0640.*chmod 600"):
        load(path)


def test_a_key_of_another_kind_is_no_registry(tmp_path: Path) -> None:
    path = install(tmp_path, REGISTRY)
    other = generate_private_key(SECP256R1()).public_key()
    pem = other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "registry.pub").write_bytes(pem)
    with pytest.raises(ConfigInvalid, match="no Ed25519 key"):
        load(path)


def test_every_problem_is_found_in_one_pass(tmp_path: Path) -> None:
    structural = CONFIG.replace("baud", "bawd").replace("broker", "brocker")
    fields = [line.split(":")[0] for line in problems(tmp_path, structural)]
    assert fields == ["lines[0].bawd", "lines[1].brocker"]
    senseless = (
        CONFIG.replace("9600", "1")
        .replace("127.0.0.1:8080", "192.0.2.1")
        .replace('"127.0.0.1:1883"', '"nowhere"')
    )
    fields = [line.split(":")[0] for line in problems(tmp_path, senseless)]
    assert fields == ["registry.url", "lines[0].baud", "lines[1].broker"]


def test_without_keys_everything_else_is_still_checked(tmp_path: Path) -> None:
    wrong = CONFIG.replace('"keys.toml"', '"none.toml"').replace("9600", "1")
    found = problems(tmp_path, wrong)
    assert len(found) == 2
    assert "no key" not in "".join(found)
