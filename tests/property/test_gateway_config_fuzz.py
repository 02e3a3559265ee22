"""Whatever somebody writes into gateway.toml: a list of problems, or a daemon."""

import tempfile
from pathlib import Path
from unicodedata import category

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.config.checks import bind_address, broker_address, line_settings
from gateway.config.installation import Installation, load
from gateway.config.problems import ConfigInvalid
from tests.support.gateway_files import CONFIG as TWO_LINES
from tests.support.gateway_files import KEYS, PANEL, install

REGISTRY = Ed25519PrivateKey.generate().public_key()
CONFIG = TWO_LINES + PANEL
LINES = CONFIG.splitlines()
BREAKS_A_LINE = {"Cc", "Zl", "Zp"}
VALUES = st.sampled_from(
    [
        *("0", "-1", "1.5", "nan", "inf", "-inf", "9" * 30, "9" * 5000, "true"),
        *('""', '"x"', '"\\u0000"', '"\\n"', '"."', '"/"', '"../.."', f'"{"x" * 65}"'),
        *("[]", "[1]", "[[]]", "{}", "{ id = 1 }", "[{}]", "1979-05-27", "07:32:00"),
        *('"http://"', '"http://[::1"', '"http://h:99999"', '"//"', '"a:b:c"', '":1"'),
        *("[" * 3000, '"\\u202e"', '"h:0"', '"[::1]:1883"', '"u@h:1"', '"h:1/p"'),
        *('"udp"', '"tcp"', '"7@1.2.3.4"', '"1.2.3.4:60000"', '"::1"', '"1.2.3.4:x"'),
    ]
)
FIELDS = st.sampled_from(
    [
        *("id", "data", "keys", "ballast_megabytes", "registry", "lines", "url"),
        *("public_key", "name", "protocol", "port", "baud", "broker", "controllers"),
        *("network", "bind"),
        *("door", "address", "unlock_seconds", "secure", "commissioning", "wiegand"),
        *("home_assistant", "held_open_seconds"),
    ]
)


def read(config: bytes, keys: str = KEYS) -> Installation | list[str]:
    """Return an installation, or what is wrong with it."""
    with tempfile.TemporaryDirectory() as folder:
        path = install(Path(folder), REGISTRY, "", keys)
        path.write_bytes(config)
        try:
            return load(path)
        except ConfigInvalid as error:
            for problem in error.problems:
                assert problem.field.strip()
                assert problem.message.endswith((".", ")"))
                assert problem.remedy
            return str(error).splitlines()


def usable(installation: Installation) -> bool:
    """Say whether everything in an installation can be opened as it stands."""
    for line in installation.config.lines:
        assert line.controllers
        settings = line_settings(line, installation.keys)
        assert (settings.baud > 0) is (line.port is not None)
        if line.broker is not None:
            host, port = broker_address(line.broker)
            assert host
            assert 0 < port < 65536
        if line.network is not None:
            assert bind_address(line.bind)[1] < 65536
        for each in line.controllers:
            assert 0 < each.unlock_seconds <= 60
            assert 0 < each.held_open_seconds <= 86_400
            assert BREAKS_A_LINE.isdisjoint(map(category, each.id))
    return True


def test_the_untouched_file_is_in_order() -> None:
    assert isinstance(read(CONFIG.encode()), Installation)


@given(st.binary(max_size=300))
@example(b"\xff")
@example(b"x=" + b"[" * 100_000)
@example(b"id = 1" + b"0" * 5000)
def test_any_bytes_are_refused_with_a_reason(content: bytes) -> None:
    found = read(content)
    assert isinstance(found, list)
    assert found


@given(FIELDS, VALUES)
def test_any_value_of_any_field_is_taken_or_named(field: str, value: str) -> None:
    changed = [
        f"{field} = {value}" if line.startswith(f"{field} =") else line
        for line in LINES
    ]
    text = "\n".join(changed).replace("unlock_seconds = 5.0", f"{field} = {value}")
    found = read(text.encode())
    if isinstance(found, Installation):
        assert usable(found)


@given(
    st.integers(0, len(LINES) - 1),
    st.integers(0, len(LINES) - 1),
    st.sampled_from(["drop", "double", "swap", "cut"]),
)
def test_lines_lost_doubled_or_misplaced_are_no_crash(
    one: int, other: int, how: str
) -> None:
    lines = LINES[:]
    match how:
        case "drop":
            del lines[one]
        case "double":
            lines.insert(other, lines[one])
        case "swap":
            lines[one], lines[other] = lines[other], lines[one]
        case _:
            lines[one] = lines[one][: other % max(len(lines[one]), 1)]
    found = read("\n".join(lines).encode())
    if isinstance(found, Installation):
        assert usable(found)


@given(st.integers(0, len(CONFIG) - 1), st.characters(codec="utf-8"))
@example(CONFIG.index('"reader-1"') + 1, "\x80")
@example(CONFIG.index('"reader-1"') + 1, "\u2028")
def test_a_slip_of_the_pen_is_no_crash(place: int, letter: str) -> None:
    found = read((CONFIG[:place] + letter + CONFIG[place + 1 :]).encode())
    if isinstance(found, Installation):
        assert usable(found)


@given(st.text(max_size=80), st.one_of(st.text(max_size=80), st.integers()))
def test_any_keys_file_is_refused_without_showing_a_key(
    name: str, value: str | int
) -> None:
    found = read(CONFIG.encode(), f"{name}={value!r}\n{KEYS[:-4]}")
    assert isinstance(found, list)
    secret = KEYS.split('"')[1]
    assert not any(secret in line for line in found)


@pytest.mark.parametrize(
    ("was", "becomes", "field"),
    [
        ('data = "gateway-data"', 'data = "\\u0000"', "data"),
        ('keys = "keys.toml"', 'keys = ""', "keys"),
        ('"registry.pub"', '"a\\u0000"', "registry.public_key"),
        ('"lines/bus-01"', '"\\u0000"', "lines[0].port"),
        ('id = "gateway-1"', 'id = "gate\\nway"', "id"),
        ('door = "back"', 'door = "\\u007f"', "lines[1].controllers[0].door"),
    ],
)
def test_names_that_no_file_or_message_can_carry_are_refused(
    was: str, becomes: str, field: str
) -> None:
    assert was in CONFIG
    found = read(CONFIG.replace(was, becomes, 1).encode())
    assert isinstance(found, list)
    assert [line.split(":")[0] for line in found] == [field]
