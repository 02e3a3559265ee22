"""Our OSDP beside two other implementations, over a pty that may be slow."""

import logging
import random
import time
from collections.abc import Iterator
from itertools import count

import osdp_sys
import pytest
from osdp._secure_channel import calculate_scbk

from controller.protocols.osdp import Identity, Peripheral, ReaderSettings, open_bus
from controller.protocols.osdp.codes import NakReason, ReplyCode
from controller.protocols.osdp.commands import SetOutputs
from controller.protocols.osdp.frames import FrameDecoder
from controller.session import (
    CardPresented,
    LineSettings,
    Member,
    Offline,
    Online,
    OpenDoor,
    ShowRefusal,
)
from controller.vocabulary import ControllerId
from tests.support.osdp_peers import (
    LibosdpControl,
    LibosdpReader,
    OurControl,
    OurReader,
    run_until,
    running_panel,
)
from tests.support.pty_wire import PtyWire

READER = ControllerId("reader-5")
KEY = bytes(range(16))
OTHER_KEY = bytes(range(16, 32))
CARD = 0x2ABCDEF
CARD_LENGTH = 26
IDENTITY = Identity(b"\x01\x02\x03", 4, 5, 6, b"\x01\x00\x00")
CLIENT = b"\x01\x02\x04\x05\x06\x00\x00\x00"
SETTLED = 0.6

secured = pytest.mark.parametrize("key", [None, KEY], ids=["clear", "secure"])


@pytest.fixture(params=[0, 9600], ids=["whole writes", "byte by byte at 9600"])
def wire(request: pytest.FixtureRequest) -> Iterator[PtyWire]:
    with PtyWire(request.param) as wire:
        yield wire


@pytest.fixture
def fast_wire() -> Iterator[PtyWire]:
    with PtyWire() as wire:
        yield wire


def our_control(wire: PtyWire, key: bytes | None, *, secure: bool) -> OurControl:
    member = Member(READER, "5", key, secure=secure)
    settings = LineSettings((member,), wire.baud)
    session = open_bus(settings, time.monotonic(), random.randbytes)
    return OurControl(session, wire.left_fd)


def our_reader(wire: PtyWire, key: bytes | None, *, secure: bool) -> OurReader:
    settings = ReaderSettings(5, IDENTITY, key, secure=secure)
    peripheral = Peripheral(settings, time.monotonic(), random.randbytes)
    return OurReader(peripheral, wire.right_fd)


@secured
def test_our_control_side_with_libosdp_reader(wire: PtyWire, key: bytes | None) -> None:
    control = our_control(wire, key, secure=key is not None)
    flags = osdp_sys.FLAG_ENFORCE_SECURE if key else 0
    reader = LibosdpReader(wire.right_fd, key, flags)
    assert run_until(lambda: control.seen(Online), control, reader)
    assert Online(READER, secure=key is not None) in control.events
    assert run_until(lambda: control.settled, control, reader)
    reader.obey()
    reader.present_card(CARD, CARD_LENGTH)
    assert run_until(lambda: control.seen(CardPresented), control, reader)
    assert CardPresented(READER, CARD, CARD_LENGTH) in control.events
    control.session.send(OpenDoor(READER, 3.0), time.monotonic())
    control.session.send(ShowRefusal(READER), time.monotonic())
    assert run_until(lambda: len(reader.commands) >= 4, control, reader)
    relay, refusal, beep, grant = reader.commands
    assert relay["command"] == osdp_sys.CMD_OUTPUT
    assert (relay["output_no"], relay["control_code"], relay["timer_count"]) == (
        0,
        5,
        30,
    )
    assert refusal["on_color"] == osdp_sys.LED_COLOR_RED
    assert beep["command"] == osdp_sys.CMD_BUZZER
    assert grant["on_color"] == osdp_sys.LED_COLOR_GREEN
    assert not control.seen(Offline)


@pytest.mark.parametrize(
    ("theirs", "flags"),
    [(OTHER_KEY, osdp_sys.FLAG_ENFORCE_SECURE), (None, 0)],
    ids=["wrong key", "no secure channel"],
)
def test_our_control_side_refuses_libosdp_reader(
    fast_wire: PtyWire, theirs: bytes | None, flags: int
) -> None:
    control = our_control(fast_wire, KEY, secure=True)
    reader = LibosdpReader(fast_wire.right_fd, theirs, flags)
    assert run_until(lambda: control.seen(Offline), control, reader)
    run_until(lambda: False, control, reader, patience=2.5)
    assert not control.seen(Online)
    offline = [event for event in control.events if isinstance(event, Offline)]
    assert "refused" in offline[0].cause


@secured
def test_our_reader_with_libosdp_control_side(wire: PtyWire, key: bytes | None) -> None:
    reader = our_reader(wire, key, secure=key is not None)
    control = LibosdpControl(wire.left_fd, key)
    assert run_until(
        lambda: control.online and control.secure is (key is not None), reader, control
    )
    assert reader.peripheral.secure is (key is not None)
    reader.peripheral.present_card(CARD, CARD_LENGTH, time.monotonic())
    assert run_until(lambda: bool(control.events), reader, control)
    card = control.events[0]
    assert card["event"] == osdp_sys.EVENT_CARDREAD
    assert card["length"] == CARD_LENGTH
    assert card["data"] == (CARD << 6).to_bytes(4, "big")
    control.open_relay(30)
    assert run_until(lambda: bool(reader.commanded), reader, control)
    assert isinstance(reader.commanded[0].message, SetOutputs)
    assert reader.peripheral.relay(reader.commanded[0].at + 2.9)
    assert not reader.peripheral.relay(reader.commanded[0].at + 3.1)


@pytest.mark.parametrize("theirs", [OTHER_KEY, None], ids=["wrong key", "clear"])
def test_our_reader_refuses_libosdp_control_side(
    fast_wire: PtyWire, theirs: bytes | None
) -> None:
    reader = our_reader(fast_wire, KEY, secure=True)
    control = LibosdpControl(fast_wire.left_fd, theirs)
    run_until(lambda: False, reader, control, patience=2.5)
    reader.peripheral.present_card(CARD, CARD_LENGTH, time.monotonic())
    run_until(lambda: False, reader, control, patience=1.0)
    assert not reader.peripheral.secure
    assert not control.events
    decoder = FrameDecoder()
    frames = [frame for data in reader.replies for frame in decoder.receive(data)]
    refused = {frame.data[0] for frame in frames if frame.code == ReplyCode.NAK}
    assert NakReason.SECURITY_REQUIRED in refused


@secured
@pytest.mark.filterwarnings("ignore:datetime.datetime.utcfromtimestamp")
def test_our_reader_with_another_control_panel(
    wire: PtyWire, key: bytes | None
) -> None:
    # The package logs every reply; its own console handler is not ours to show.
    logging.getLogger("osdp").setLevel(logging.CRITICAL)
    own = calculate_scbk(key, CLIENT) if key else None
    reader = our_reader(wire, own, secure=key is not None)
    with running_panel(wire.left_fd, wire.baud, key) as (panel, line, cards):
        assert run_until(
            lambda: (
                panel.is_online(line, 5)
                and reader.peripheral.secure is (key is not None)
            ),
            reader,
        )
        reader.peripheral.present_card(CARD, CARD_LENGTH, time.monotonic())
        assert run_until(lambda: bool(cards), reader)
    assert cards == [(5, CARD_LENGTH, (CARD << 6).to_bytes(4, "big"))]


def test_a_noisy_wire_neither_loses_nor_doubles_a_card() -> None:
    passed = count(1)

    def disturb(data: bytes) -> bytes:
        return bytes(byte ^ 0x20 if next(passed) % 211 == 0 else byte for byte in data)

    with PtyWire(corrupt=disturb) as wire:
        control = our_control(wire, KEY, secure=True)
        reader = our_reader(wire, KEY, secure=True)
        assert run_until(lambda: control.seen(Online), control, reader)
        for card in range(1, 11):
            reader.peripheral.present_card(card, CARD_LENGTH, time.monotonic())
            expected = CardPresented(READER, card, CARD_LENGTH)
            assert run_until(lambda: expected in control.events, control, reader)  # noqa: B023 # asked at once
        run_until(lambda: False, control, reader, patience=SETTLED)
    cards = [event for event in control.events if isinstance(event, CardPresented)]
    assert [card.bits for card in cards] == list(range(1, 11))
    assert next(passed) > 211
