"""The commission command over a pty, with our reader at the other end."""

import os
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from controller.protocols.osdp import Identity, Peripheral, ReaderSettings
from controller.session import Contact
from controller.uplink.commissioning import Check, open_record
from gateway.commissioning.dialogue import CommissioningFailed
from gateway.commissioning.wizard import Operator, commission
from gateway.config.keys import HeldKeys, put_keys
from gateway.config.reading import read_toml
from gateway.device import create_key, read_key
from tests.support.osdp_peers import OurReader
from tests.support.pty_wire import PtyWire

IDENTITY = Identity(b"\x01\x02\x03", 4, 5, 6, b"\x01\x02\x03")
CONFIG = """
id = "gateway-1"
[registry]
url = "https://registry.invalid"
public_key = "registry.pub"
[[lines]]
name = "bus"
protocol = "osdp"
port = "{port}"
baud = 115200
[[lines.controllers]]
id = "reader"
door = "door"
address = "5"
[[lines.controllers]]
id = "neighbour"
door = "other door"
address = "3"
[[lines]]
name = "broker"
protocol = "smart_door"
broker = "127.0.0.1:1"
[[lines.controllers]]
id = "lock"
door = "third door"
address = "lock"
"""
Action = Callable[[Peripheral], None]


@pytest.fixture
def wire() -> Iterator[PtyWire]:
    with PtyWire() as wire:
        yield wire


@pytest.fixture
def config(tmp_path: Path, wire: PtyWire) -> Path:
    path = tmp_path / "gateway.toml"
    path.write_text(CONFIG.format(port=wire.left), encoding="utf-8")
    create_key(tmp_path / "gateway-data")
    return path


@contextmanager
def reader_at(
    wire: PtyWire, address: int, key: bytes | None = None
) -> Iterator[tuple[Peripheral, SimpleQueue[Action]]]:
    """Run a reader that waits for its key; actions are done beside its answers."""
    settings = ReaderSettings(address, IDENTITY, key, commissioning=key is None)
    one = OurReader(Peripheral(settings, time.monotonic(), os.urandom), wire.right_fd)
    actions: SimpleQueue[Action] = SimpleQueue()
    stop = threading.Event()

    def serve() -> None:
        while not stop.wait(0.001):
            try:
                actions.get_nowait()(one.peripheral)
            except Empty:
                one(time.monotonic())

    thread = threading.Thread(target=serve, name="reader")
    thread.start()
    try:
        yield one.peripheral, actions
    finally:
        stop.set()
        thread.join()


def hand_of(actions: SimpleQueue[Action], *, answer: bool) -> Operator:
    """Return an operator who does what the wizard says."""

    def card(one: Peripheral) -> None:
        one.present_card(1, 26, time.monotonic())

    def door(one: Peripheral) -> None:
        one.set_input(Contact.DOOR, active=True)
        one.set_input(Contact.DOOR, active=False)

    def lift(one: Peripheral) -> None:
        one.set_input(Contact.TAMPER, active=True)

    deeds = {"Hold a card": card, "Open the door": door, "Lift the reader": lift}

    def say(text: str) -> None:
        for words, deed in deeds.items():
            if text.startswith(words):
                actions.put(deed)

    return Operator("op-07", say, lambda _question: answer)


def public_key(folder: Path) -> Ed25519PublicKey:
    return read_key(folder / "gateway-data").public_key()


@pytest.mark.parametrize("address", [5, 2], ids=["at home", "to be moved"])
def test_a_new_reader_is_brought_into_service(
    config: Path, wire: PtyWire, address: int
) -> None:
    folder = config.parent
    with reader_at(wire, address) as (one, actions):
        path = commission(config, "reader", 10.0, hand_of(actions, answer=True))
        held = one.key
    keys = folder / "keys.toml"
    assert held == bytes.fromhex(read_toml(keys)["reader"])
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    signer, record = open_record(path.read_bytes(), lambda _: public_key(folder))
    assert (signer, record.operator) == ("gateway-1", "op-07")
    assert (record.controller, record.door) == ("reader", "door")
    assert (record.identity, record.firmware) == ("010203-4-5-00000006", "1.2.3")
    assert (record.address, record.baud) == (5, 115200)
    assert record.passed == set(Check)
    assert held not in path.read_bytes()
    assert held.hex().encode() not in path.read_bytes()


def test_an_attempt_that_was_cut_off_goes_on_with_its_key(
    config: Path, wire: PtyWire
) -> None:
    key = bytes(range(16))
    put_keys(config.parent / "keys.toml", "reader", HeldKeys(key))
    with reader_at(wire, 5, key) as (one, actions):
        path = commission(config, "reader", 10.0, hand_of(actions, answer=False))
        assert one.key == key
    assert path.exists()


def test_a_reader_with_a_strange_key_is_left_alone(config: Path, wire: PtyWire) -> None:
    said: list[str] = []
    with (
        reader_at(wire, 5, bytes(16)) as (one, _),
        pytest.raises(CommissioningFailed, match="installation mode"),
    ):
        commission(
            config,
            "reader",
            1.0,
            Operator("op-07", said.append, lambda _question: True),
        )
    assert one.key == bytes(16)
    assert any("not in service" in text for text in said)
    assert not list((config.parent / "gateway-data").rglob("*.cose"))


@pytest.mark.parametrize("name", ["lock", "stranger"])
def test_only_readers_that_are_configured(config: Path, name: str) -> None:
    with pytest.raises(CommissioningFailed):
        commission(config, name, 1.0, Operator("op-07", print, lambda _question: True))


def test_other_keys_stay_and_nothing_is_left_beside_them(tmp_path: Path) -> None:
    keys = tmp_path / "keys.toml"
    keys.write_text('"first" = "00"\n', encoding="utf-8")
    put_keys(keys, 'odd "name" 门', HeldKeys(b"\x01\x02"))
    assert read_toml(keys) == {"first": "00", 'odd "name" 门': "0102"}
    assert [path.name for path in tmp_path.iterdir()] == ["keys.toml"]
