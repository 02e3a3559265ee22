"""Both ends of an OSDP line on real descriptors: ours, libosdp's and PyPI osdp's.

libosdp is driven through its extension module, so that no thread of its own runs.
"""

import os
import select
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import osdp_sys
from osdp._control_panel import ControlPanel

from controller.protocols.osdp import Commanded, Peripheral
from controller.protocols.osdp.control import Bus
from controller.session import Event, Packet, Session
from tests.support.pty_wire import read_available

STEP = 0.001
PATIENCE = 15.0
LONGEST_TURN = 0.01
"""Seconds that a turn of our control side may seem to take."""

Member = Callable[[float], None]


def run_until(
    condition: Callable[[], bool], *parts: Member, patience: float = PATIENCE
) -> bool:
    """Let every part work in turn until the condition holds; say whether it did."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        for part in parts:
            part(time.monotonic())
        if condition():
            return True
        time.sleep(STEP)
    return False


@dataclass
class OurControl:
    """Our control side on a descriptor."""

    session: Session
    descriptor: int
    events: list[Event] = field(default_factory=list)
    _lost: float = 0.0
    _turn: float | None = None

    def __call__(self, now: float) -> None:
        """Do what is due; time in which this process stood still does not count.

        Without that a busy machine looks like a silent reader, is set up again, and
        libosdp's binding crashes on the questions of a set-up.
        """
        stood_still = now - (now if self._turn is None else self._turn) - LONGEST_TURN
        self._lost += max(0.0, stood_still)
        self._turn = now
        now -= self._lost
        if data := read_available(self.descriptor):
            self.session.receive_data(Packet(data), now)
        due = self.session.deadline()
        if due is not None and due <= now:
            self.session.on_timeout(now)
        self.events += self.session.events()
        for packet in self.session.data_to_send(now):
            os.write(self.descriptor, packet.data)

    @property
    def settled(self) -> bool:
        """Say whether every reader was asked all it is asked on coming online."""
        assert isinstance(self.session, Bus)
        devices = self.session._devices.values()
        return all(device._online and not device._requests for device in devices)

    def seen(self, kind: type[Event]) -> bool:
        """Say whether an event of a kind has been reported."""
        return any(isinstance(event, kind) for event in self.events)


@dataclass
class OurReader:
    """Our reader on a descriptor."""

    peripheral: Peripheral
    descriptor: int
    commanded: list[Commanded] = field(default_factory=list)
    replies: list[bytes] = field(default_factory=list)

    def __call__(self, now: float) -> None:
        """Do what is due."""
        if data := read_available(self.descriptor):
            self.peripheral.receive_data(data, now)
        self.commanded += self.peripheral.events()
        for reply in self.peripheral.data_to_send(now):
            self.replies.append(reply)
            os.write(self.descriptor, reply)


class _Channel:
    """What libosdp reads and writes."""

    id = 1

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def read(self, limit: int) -> bytes:
        return read_available(self._descriptor, limit)

    def write(self, data: bytes) -> int:
        return os.write(self._descriptor, data)

    def flush(self) -> None:
        """Leave what is on its way alone."""


def _describe(descriptor: int, key: bytes | None, flags: int) -> dict[str, Any]:
    return {
        "name": "reader",
        "address": 5,
        "flags": flags,
        "scbk": key,
        "channel": _Channel(descriptor),
        "version": 1,
        "model": 2,
        "vendor_code": 0xABCDEF,
        "serial_number": 0x01020304,
        "firmware_version": 0x010203,
    }


class FileShelf:
    """One file as libosdp reads or writes it."""

    def __init__(self, data: bytes = b"") -> None:
        self.data = bytearray(data)
        self.kind: int | None = None
        self.whole = False

    @property
    def operations(self) -> dict[str, Callable[..., Any]]:
        """Return what libosdp calls."""
        return {
            "open": self._open,
            "read": self._read,
            "write": self._write,
            "close": self._close,
        }

    def _open(self, kind: int, _size: int) -> int:
        self.kind = kind
        return len(self.data)

    def _read(self, size: int, offset: int) -> bytes:
        return bytes(self.data[offset : offset + size])

    def _write(self, data: bytes, offset: int) -> int:
        self.data[offset:] = data
        return len(data)

    def _close(self, _kind: int) -> int:
        self.whole = True
        return 0


class LibosdpReader:
    """libosdp as a reader."""

    CAPABILITIES = (
        (osdp_sys.CAP_OUTPUT_CONTROL, 1, 1),
        (osdp_sys.CAP_READER_LED_CONTROL, 1, 1),
        (osdp_sys.CAP_READER_AUDIBLE_OUTPUT, 1, 1),
        (osdp_sys.CAP_CONTACT_STATUS_MONITORING, 1, 2),
    )

    def __init__(self, descriptor: int, key: bytes | None, flags: int = 0) -> None:
        osdp_sys.set_loglevel(osdp_sys.LOG_EMERG)
        self.commands: list[dict[str, Any]] = []
        self._device = osdp_sys.PeripheralDevice(
            _describe(descriptor, key, flags),
            capabilities=[
                {"function_code": code, "compliance_level": level, "num_items": items}
                for code, level, items in self.CAPABILITIES
            ],
        )

    def __call__(self, _now: float) -> None:
        """Do what is due."""
        self._device.refresh()

    def obey(self) -> None:
        """Take commands from now on; its binding crashes on status questions."""
        self._device.set_command_callback(self._take)

    def present_card(self, bits: int, length: int) -> None:
        """Read a card."""
        size = -(-length // 8)
        event = {
            "event": osdp_sys.EVENT_CARDREAD,
            "reader_no": 0,
            "format": osdp_sys.CARD_FMT_RAW_UNSPECIFIED,
            "direction": 0,
            "length": length,
            "data": (bits << (size * 8 - length)).to_bytes(size, "big"),
        }
        assert self._device.submit_event(event)

    def press_keys(self, digits: bytes) -> None:
        """Press keys."""
        event = {"event": osdp_sys.EVENT_KEYPRESS, "reader_no": 0, "data": digits}
        assert self._device.submit_event(event)

    def take_files(self) -> "FileShelf":
        """Take files from now on."""
        shelf = FileShelf()
        assert self._device.register_file_ops(0, shelf.operations)
        return shelf

    def _take(self, command: dict[str, Any]) -> tuple[int, None]:
        self.commands.append(command)
        return 0, None


class LibosdpControl:
    """libosdp as a control side."""

    def __init__(self, descriptor: int, key: bytes | None, flags: int = 0) -> None:
        osdp_sys.set_loglevel(osdp_sys.LOG_EMERG)
        self.events: list[dict[str, Any]] = []
        self._panel = osdp_sys.ControlPanel([_describe(descriptor, key, flags)])
        self._panel.set_event_callback(self._take)

    def __call__(self, _now: float) -> None:
        """Do what is due."""
        self._panel.refresh()

    @property
    def online(self) -> bool:
        """Say whether the reader is in service."""
        return bool(self._panel.status())

    @property
    def secure(self) -> bool:
        """Say whether the channel is up."""
        return bool(self._panel.sc_status())

    def open_relay(self, tenths: int) -> None:
        """Release the lock for a while."""
        command = {
            "command": osdp_sys.CMD_OUTPUT,
            "output_no": 0,
            "control_code": 5,
            "timer_count": tenths,
        }
        assert self._panel.submit_command(0, command)

    def set_key(self, key: bytes) -> None:
        """Hand over another key."""
        command = {"command": osdp_sys.CMD_KEYSET, "type": 1, "data": key}
        assert self._panel.submit_command(0, command)

    def move(self, address: int, baud: int) -> None:
        """Ask for another address and speed."""
        command = {
            "command": osdp_sys.CMD_COMSET,
            "address": address,
            "baud_rate": baud,
        }
        assert self._panel.submit_command(0, command)

    def send_file(self, kind: int, data: bytes) -> None:
        """Send a file."""
        shelf = FileShelf(data)
        assert self._panel.register_file_ops(0, shelf.operations)
        command = {"command": osdp_sys.CMD_FILE_TX, "id": kind, "flags": 0}
        assert self._panel.submit_command(0, command)

    def _take(self, _reader: int, event: dict[str, Any]) -> int:
        self.events.append(event)
        return 0


class DescriptorConnection:
    """What PyPI osdp's control panel reads and writes."""

    is_open = True

    def __init__(self, descriptor: int, baud: int) -> None:
        self._descriptor = descriptor
        self.baud_rate = baud or 115200

    def open(self) -> None:
        """Stay open."""

    def close(self) -> None:
        """Stay open: the wire closes its own ends."""

    def write(self, data: bytes) -> None:
        """Send."""
        os.write(self._descriptor, data)

    def read(self, size: int = 1) -> bytes:
        """Wait a reply's time for some bytes."""
        ready, _, _ = select.select([self._descriptor], [], [], 0.3)
        return os.read(self._descriptor, size) if ready else b""


class _Card(Protocol):
    bit_count: int
    data: bytes


@contextmanager
def running_panel(
    descriptor: int, baud: int, master_key: bytes | None
) -> Iterator[tuple[Any, Any, Sequence[Any]]]:
    """Run PyPI osdp's control panel; yields it, its line and the cards it saw."""
    cards: list[Any] = []

    class Panel(ControlPanel):  # type: ignore[misc] # the package has no types
        def on_raw_card_data_reply_received(self, address: int, card: _Card) -> None:
            cards.append((address, card.bit_count, bytes(card.data)))

    before = set(threading.enumerate())
    panel = Panel(master_key)
    line = panel.start_connection(DescriptorConnection(descriptor, baud))
    panel.add_device(line, 5, True, master_key is not None)
    try:
        yield panel, line, cards
    finally:
        panel.shutdown()
        for thread in set(threading.enumerate()) - before:
            thread.join(5)
