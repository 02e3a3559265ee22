"""esp-rfid messages against those its makers published."""

import json
from dataclasses import replace
from typing import Any

import pytest

from controller.errors import LocalProtocolError, MessageRefused
from controller.protocols.esp_rfid.commands import Order, Verb, read_order, write_order
from controller.protocols.esp_rfid.messages import User, read_message, read_tag
from controller.protocols.esp_rfid.reading import (
    LONGEST_MESSAGE,
    read_object,
    read_pseudo_object,
)
from tests.support.vectors import load

VECTORS = load("esp_rfid")
ADDRESS = "192.168.1.20"
USER = User("1234", "User Name", (1, 0, 0, 0), 0, 1608466200)


def plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


@pytest.mark.parametrize("vector", VECTORS["message"], ids=lambda v: v["source"])
def test_published_messages_are_read(vector: dict[str, Any]) -> None:
    message = read_message(vector["text"].encode())
    assert type(message).__name__ == vector["kind"]
    read = {name: plain(getattr(message, name)) for name in vector["fields"]}
    assert read == vector["fields"]


@pytest.mark.parametrize("vector", VECTORS["tag"], ids=lambda v: v["source"])
def test_a_tag_message_names_no_device(vector: dict[str, Any]) -> None:
    passing = read_tag(vector["text"].encode())
    assert list(passing.access) == vector["access"]
    assert passing.hostname is None
    assert passing.known is None


@pytest.mark.parametrize("vector", VECTORS["malformed"], ids=lambda v: v["why"])
def test_malformed_messages_are_refused(vector: dict[str, Any]) -> None:
    with pytest.raises(MessageRefused):
        read_message(vector["text"].encode())


def expected(vector: dict[str, Any]) -> Order:
    user = vector.get("user")
    return Order(
        Verb(vector["verb"]),
        uid=vector.get("uid"),
        user=user and User(**(user | {"access": tuple(user["access"])})),
        relay=vector.get("relay"),
        configuration=vector.get("configuration"),
    )


@pytest.mark.parametrize("vector", VECTORS["order"], ids=lambda v: v["text"])
def test_published_commands_are_written_and_read(vector: dict[str, Any]) -> None:
    order = expected(vector)
    written = write_order(order, ADDRESS)
    assert json.loads(written) == json.loads(vector["text"])
    assert read_order(vector["text"].encode()) == (order, ADDRESS)


@pytest.mark.parametrize("vector", VECTORS["pseudo"], ids=lambda v: v["text"])
def test_single_quoted_commands_are_read(vector: dict[str, Any]) -> None:
    assert read_order(vector["text"].encode()) == (expected(vector), ADDRESS)


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "{cmd:open}",
        "{cmd:'open'",
        "{cmd:'open',}",
        "{'cmd':'open'}",
        "{cmd:'it's'}",
        "{cmd:'a', cmd:'b'}",
        "{cmd:'open'} {cmd:'open'}",
        "{" + ", ".join(f"n{n}:'1'" for n in range(9)) + "}",
        "{cmd:'" + "x" * 129 + "'}",
    ],
)
def test_other_pseudo_objects_are_refused(text: str) -> None:
    with pytest.raises(MessageRefused):
        read_pseudo_object(text.encode())


@pytest.mark.parametrize("data", [b"{cmd:'\xff'}", b"{" + b" " * LONGEST_MESSAGE])
def test_what_is_no_text_is_no_pseudo_object(data: bytes) -> None:
    with pytest.raises(MessageRefused):
        read_pseudo_object(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b" " * (LONGEST_MESSAGE + 1),
        b'{"a":' * 201,
        b"[" * LONGEST_MESSAGE,
        b'{"a":' + b"[" * 6 + b"]" * 6 + b"}",
        b'{"a":Infinity}',
        b'{"a":1' + b"0" * 2000 + b"e999999999999}x",
    ],
)
def test_bounds_hold_before_anything_is_believed(data: bytes) -> None:
    with pytest.raises(MessageRefused):
        read_object(data)


def test_nesting_up_to_the_bound_is_read() -> None:
    assert read_object(b'{"a":' + b"[" * 5 + b"]" * 5 + b"}") == {"a": [[[[[]]]]]}


@pytest.mark.parametrize("address", ["0.0.0.0", "(IP unset)", ""])
def test_no_address_is_no_address(address: str) -> None:
    boot = {"type": "boot", "time": 0, "uptime": "0", "ip": address, "hostname": "h"}
    message = read_message(json.dumps(boot).encode())
    assert getattr(message, "ip", "") is None


@pytest.mark.parametrize(
    ("order", "address"),
    [
        (Order(Verb.OPEN_DOOR), ""),
        (Order(Verb.OPEN_DOOR), "1" * 46),
        (Order(Verb.DELETE_USER), ADDRESS),
        (Order(Verb.DELETE_USER, uid="1" * 20), ADDRESS),
        (Order(Verb.DELETE_USER, uid="张"), ADDRESS),
        (Order(Verb.ADD_USER), ADDRESS),
        (Order(Verb.ADD_USER, user=replace(USER, name="n" * 64)), ADDRESS),
        (Order(Verb.ADD_USER, user=replace(USER, since=2**31)), ADDRESS),
        (Order(Verb.ADD_USER, user=replace(USER, until=2**32)), ADDRESS),
        (Order(Verb.OPEN), ADDRESS),
        (Order(Verb.OPEN, relay=4), ADDRESS),
        (Order(Verb.UPDATE_CONFIGURATION), ADDRESS),
        (Order(Verb.UPDATE_CONFIGURATION, configuration={"a": "x" * 2048}), ADDRESS),
    ],
)
def test_what_a_device_would_cut_short_is_never_written(
    order: Order, address: str
) -> None:
    with pytest.raises(LocalProtocolError):
        write_order(order, address)


def test_a_user_of_several_relays_comes_back() -> None:
    user = replace(USER, access=(0, 1, 99, 0))
    data = write_order(Order(Verb.ADD_USER, user=user), ADDRESS)
    assert read_message(data) == user


@pytest.mark.parametrize("name", ["cmd", "doorip"])
def test_a_command_needs_its_name_and_its_address(name: str) -> None:
    values = {"cmd": "opendoor", "doorip": ADDRESS}
    del values[name]
    with pytest.raises(MessageRefused):
        read_order(json.dumps(values).encode())


def test_a_command_there_is_not_is_refused() -> None:
    with pytest.raises(MessageRefused):
        read_order(b'{"cmd":"listusr","doorip":"192.168.1.20"}')
