"""The edges of what a configuration may say about networks, brokers and keys."""

import pytest

from controller.session import LineSettings, Member
from controller.vocabulary import ControllerId
from gateway.config.checks import (
    bind_address,
    broker_address,
    line_settings,
    problems_of,
)
from gateway.config.settings import (
    Config,
    ControllerSection,
    LineSection,
    Network,
    RegistrySection,
)

KEY = bytes(range(16))
READER = ControllerSection(id="reader", door="front", address="0")
BUS = LineSection(name="bus", protocol="osdp", port="bus", controllers=(READER,))
BOARD = ControllerSection(id="board", door="side", address="7/2@192.0.2.7")


def found(*lines: LineSection, url: str = "https://registry.example") -> list[str]:
    """Return the fields that make no sense."""
    registry = RegistrySection(url=url, public_key="registry.pub")
    config = Config(id="gateway-1", registry=registry, lines=lines)
    return [problem.field for problem in problems_of(config, {"reader": KEY})]


def panels(network: Network, bind: str | None) -> LineSection:
    return LineSection(
        name="panels",
        protocol="uhppote",
        network=network,
        bind=bind,
        controllers=(BOARD,),
    )


@pytest.mark.parametrize(
    ("bind", "place"),
    [
        ("192.0.2.1", ("192.0.2.1", 0)),
        ("192.0.2.1:1", ("192.0.2.1", 1)),
        ("0.0.0.0:65535", ("0.0.0.0", 65535)),
    ],
)
def test_a_bind_is_an_address_perhaps_with_a_port(
    bind: str, place: tuple[str, int]
) -> None:
    assert bind_address(bind) == place


@pytest.mark.parametrize(
    "bind", ["", ":60001", "localhost", "1.2.3", "1.2.3.4:x", "1.2.3.4:-1", "1.2.3.4:٣"]
)
def test_what_is_no_bind_is_refused(bind: str) -> None:
    with pytest.raises(ValueError, match="a bind is an IPv4 address"):
        bind_address(bind)


@pytest.mark.parametrize(
    ("broker", "place"),
    [("broker:1", ("broker", 1)), ("[::1]:65535", ("::1", 65535))],
)
def test_a_broker_is_a_host_and_a_port(broker: str, place: tuple[str, int]) -> None:
    assert broker_address(broker) == place


@pytest.mark.parametrize("broker", ["", "broker", ":1883", "broker:0", "broker:1/x"])
def test_what_is_no_broker_is_refused(broker: str) -> None:
    with pytest.raises(ValueError, match="host:port"):
        broker_address(broker)


@pytest.mark.parametrize(
    ("url", "fields"),
    [
        ("http://localhost:8080", []),
        ("http://[::1]:8080", []),
        ("http://127.9.9.9", []),
        ("https://192.0.2.1", []),
        ("http://registry.example", ["registry.url"]),
        ("http://192.0.2.1", ["registry.url"]),
        ("https://", ["registry.url"]),
        ("https://registry.example:99999", ["registry.url"]),
    ],
)
def test_a_registry_is_spoken_to_in_clear_on_this_machine_only(
    url: str, fields: list[str]
) -> None:
    assert found(BUS, url=url) == fields


@pytest.mark.parametrize(
    ("network", "bind", "fields"),
    [
        (Network.UDP, None, []),
        (Network.UDP, "127.0.0.1:60001", []),
        (Network.TCP, None, []),
        (Network.TCP, "127.0.0.1", []),
        (Network.TCP, "127.0.0.1:60001", ["lines[0].bind"]),
        (Network.UDP, "127.0.0.1:60000", ["lines[0].bind"]),
    ],
)
def test_a_port_of_our_own_is_for_datagrams_and_not_the_boards(
    network: Network, bind: str | None, fields: list[str]
) -> None:
    assert found(panels(network, bind)) == fields


def test_lines_may_not_share_names_or_ports_and_readers_no_address() -> None:
    other = ControllerSection(id="other", door="back", address="0", secure=False)
    both = LineSection(
        name="bus", protocol="osdp", port="bus", controllers=(READER, other)
    )
    assert found(both) == ["lines[0].controllers[].address"]
    apart = LineSection(name="bus", protocol="osdp", port="bus", controllers=(other,))
    assert found(BUS, apart) == ["lines[].name", "lines[].port"]


def test_a_line_of_nobody_is_named() -> None:
    nobody = LineSection(name="bus", protocol="osdp", port="bus")
    assert "lines[0].controllers" in found(nobody)


def test_a_reader_in_clear_needs_no_key_and_a_secure_one_does() -> None:
    keyless = ControllerSection(id="other", door="back", address="1")
    clear = ControllerSection(id="other", door="back", address="1", secure=False)
    for member, fields in ((keyless, ["lines[0].controllers[0].id"]), (clear, [])):
        line = LineSection(
            name="bus", protocol="osdp", port="bus", controllers=(member,)
        )
        assert found(line) == fields


def test_a_line_s_settings_are_those_of_its_members() -> None:
    clear = ControllerSection(
        id="other", door="back", address="1", secure=False, commissioning=True
    )
    line = LineSection(
        name="bus", protocol="osdp", port="bus", baud=38400, controllers=(READER, clear)
    )
    members = (
        Member(ControllerId("reader"), "0", KEY, secure=True, unlock_seconds=5.0),
        Member(
            ControllerId("other"),
            "1",
            secure=False,
            commissioning=True,
            unlock_seconds=5.0,
        ),
    )
    assert line_settings(line, {"reader": KEY}) == LineSettings(members, 38400)
