"""Keys, moves, keypads and files between our OSDP and libosdp, over a pty."""

import random
import time
from collections.abc import Iterator

import osdp_sys
import pytest

from controller.protocols.osdp import Identity, Peripheral, ReaderSettings, open_bus
from controller.protocols.osdp.commands import SetCommunication, SetKey
from controller.protocols.osdp.file_receiver import ReceivedFile
from controller.session import (
    CardPresented,
    Command,
    LineSettings,
    Member,
    Offline,
)
from controller.upkeep import (
    ChangeLine,
    FileProgress,
    FileSent,
    KeyRotated,
    KeysPressed,
    Light,
    LineChanged,
    ReaderIdentified,
    RotateKey,
    SendFile,
    Show,
)
from controller.vocabulary import ControllerId
from tests.support.osdp_peers import (
    LibosdpControl,
    LibosdpReader,
    OurControl,
    OurReader,
    run_until,
)
from tests.support.pty_wire import PtyWire

READER = ControllerId("reader-5")
KEY = bytes(range(16))
OTHER_KEY = bytes(range(16, 32))
DATA = bytes(range(256)) * 4


@pytest.fixture
def wire() -> Iterator[PtyWire]:
    with PtyWire() as wire:
        yield wire


def beside_libosdp_reader(wire: PtyWire) -> tuple[OurControl, LibosdpReader]:
    """Return our control side in service with a libosdp reader that obeys."""
    member = Member(READER, "5", KEY)
    settings = LineSettings((member,), wire.baud)
    session = open_bus(settings, time.monotonic(), random.randbytes)
    control = OurControl(session, wire.left_fd)
    reader = LibosdpReader(wire.right_fd, KEY, osdp_sys.FLAG_ENFORCE_SECURE)
    assert run_until(lambda: control.settled, control, reader)
    reader.obey()
    return control, reader


def beside_libosdp_control(wire: PtyWire) -> tuple[LibosdpControl, OurReader]:
    """Return our reader in service with a libosdp control side."""
    identity = Identity(b"\x01\x02\x03", 4, 5, 6, b"\x01\x00\x00")
    settings = ReaderSettings(5, identity, KEY)
    peripheral = Peripheral(settings, time.monotonic(), random.randbytes)
    reader = OurReader(peripheral, wire.right_fd)
    control = LibosdpControl(wire.left_fd, KEY)
    assert run_until(lambda: control.online and control.secure, reader, control)
    return control, reader


def send(control: OurControl, command: Command) -> None:
    control.session.send(command, time.monotonic())


def test_a_libosdp_reader_takes_its_next_key(wire: PtyWire) -> None:
    control, reader = beside_libosdp_reader(wire)
    assert control.seen(ReaderIdentified)
    send(control, RotateKey(READER, OTHER_KEY))
    assert run_until(lambda: control.seen(KeyRotated), control, reader)
    reader.present_card(7, 26)
    assert run_until(lambda: control.seen(CardPresented), control, reader)
    assert not control.seen(Offline)
    (taken,) = reader.commands
    assert (taken["command"], taken["data"]) == (osdp_sys.CMD_KEYSET, OTHER_KEY)


def test_a_libosdp_reader_moves_to_another_address_and_speed() -> None:
    with PtyWire(9600) as wire:
        control, reader = beside_libosdp_reader(wire)
        send(control, ChangeLine(READER, "9", 115200))
        assert run_until(lambda: control.seen(LineChanged), control, reader)
        wire.baud = 115200
        assert LineChanged(READER, "9", 115200) in control.events
        reader.present_card(7, 26)
        assert run_until(lambda: control.seen(CardPresented), control, reader)
        assert not control.seen(Offline)
    asked, done = reader.commands
    assert asked["command"] == osdp_sys.CMD_COMSET
    assert done["command"] == osdp_sys.CMD_COMSET_DONE
    assert (done["address"], done["baud_rate"]) == (9, 115200)


def test_a_libosdp_reader_shows_what_it_is_told_and_reports_keys(
    wire: PtyWire,
) -> None:
    control, reader = beside_libosdp_reader(wire)
    reader.press_keys(b"12\x0d")
    send(control, Show(READER, 2.0, "", Light.BLUE, 3))
    assert run_until(lambda: len(reader.commands) == 2, control, reader)
    light, beep = reader.commands
    assert light["on_color"] == osdp_sys.LED_COLOR_BLUE
    assert light["timer_count"] == 20
    assert beep["rep_count"] == 3
    assert run_until(lambda: control.seen(KeysPressed), control, reader)
    assert KeysPressed(READER, "12#") in control.events


def test_a_libosdp_reader_takes_a_file(wire: PtyWire) -> None:
    control, reader = beside_libosdp_reader(wire)
    shelf = reader.take_files()
    send(control, SendFile(READER, 13, DATA))
    assert run_until(lambda: control.seen(FileSent), control, reader)
    assert bytes(shelf.data) == DATA
    assert (shelf.kind, shelf.whole) == (13, True)
    assert control.seen(FileProgress)


def test_our_reader_takes_a_file_from_libosdp(wire: PtyWire) -> None:
    control, reader = beside_libosdp_control(wire)
    control.send_file(13, DATA)
    taken: list[ReceivedFile] = []

    def arrived() -> bool:
        if whole := reader.peripheral.take_file():
            taken.append(whole)
        return bool(taken)

    assert run_until(arrived, reader, control)
    assert taken == [ReceivedFile(13, DATA)]


def test_our_reader_takes_its_next_key_from_libosdp(wire: PtyWire) -> None:
    control, reader = beside_libosdp_control(wire)
    control.set_key(OTHER_KEY)
    assert run_until(lambda: reader.peripheral.key == OTHER_KEY, reader, control)
    assert isinstance(reader.commanded[0].message, SetKey)
    reader.peripheral.present_card(7, 26, time.monotonic())
    assert run_until(lambda: bool(control.events), reader, control)


def test_our_reader_moves_where_libosdp_wants_it(wire: PtyWire) -> None:
    control, reader = beside_libosdp_control(wire)
    control.move(9, 115200)
    assert run_until(lambda: bool(reader.commanded), reader, control)
    assert reader.commanded[0].message == SetCommunication(9, 115200)
    reader.peripheral.present_card(7, 26, time.monotonic())
    assert run_until(lambda: bool(control.events), reader, control)
