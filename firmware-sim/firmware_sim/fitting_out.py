"""A planned street put to work: wires strung, boards powered, doors connected."""

import asyncio
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from controller.protocols.esp_rfid.device import DeviceSettings, Flash
from controller.protocols.esp_rfid.topics import read_address
from controller.protocols.osdp.peripheral import Peripheral, ReaderSettings
from controller.protocols.osdp.replies import Identity
from controller.protocols.smart_door.door import DoorSettings
from controller.protocols.smart_door.memory import DoorMemory
from controller.vocabulary import DoorId
from firmware_sim.board_door import BoardDoor, Cabinet
from firmware_sim.bus import BusDoor, SerialBus
from firmware_sim.esp_door import EspStreetDoor
from firmware_sim.esp_rfid import EspDoor, Nearby
from firmware_sim.hardware import (
    READER_INPUTS,
    BoardFitting,
    Bus,
    Fitting,
    Hardware,
)
from firmware_sim.installation import esp_topic
from firmware_sim.lock import Lock, Surroundings
from firmware_sim.plan import dice
from firmware_sim.reader import Reader
from firmware_sim.simulator import SimulatedDoor, Street
from firmware_sim.street import ZONE
from firmware_sim.taps import Settle
from firmware_sim.uhppote_board.board import Board
from firmware_sim.uhppote_board.clock import BoardClock
from firmware_sim.uhppote_board.endpoint import BoardEndpoint
from firmware_sim.uhppote_board.memory import BoardMemory
from firmware_sim.wire import Wire

ESP_HEARTBEAT = 5.0
"""Seconds; devices come with 180, and a gateway that starts hears of none sooner."""
_VENDOR = b"MHU"
_CONNECTS_A_SECOND = 100
_LARGEST_DRIFT = 50e-6
"""Seconds a second by which a board's crystal is off: about four a day."""


async def fit_out(
    folder: Path, hardware: Hardware, keys: Mapping[str, bytes], settle: Settle
) -> Street:
    """Put the wires into `folder`/lines and connect everything; raises OSError."""
    doors: dict[str, SimulatedDoor] = {}
    locks: dict[str, Lock] = {}
    async with AsyncExitStack() as stack:
        if hardware.boards:
            endpoint = await _power_boards(hardware)
            stack.push_async_callback(endpoint.close)
            doors |= _board_doors(hardware.boards, endpoint, settle)
        for bus in hardware.buses:
            line, readers = _string(folder, hardware.seed, bus, keys, settle)
            stack.callback(line.close)
            doors |= readers
        for name, lock in _locks(hardware, keys, settle):
            stack.callback(lock.close)
            doors[name] = locks[name] = lock
        for name, esp in _esps(hardware, settle):
            stack.callback(esp.close)
            doors[name] = esp
        close = stack.pop_all().aclose
    return Street(doors, locks, close)


async def _power_boards(hardware: Hardware) -> BoardEndpoint:
    chance = dice(hardware.seed, "boards")
    now = asyncio.get_running_loop().time()
    wall = datetime.now(ZoneInfo(ZONE)).replace(tzinfo=None)
    boards = []
    for fitting in hardware.boards:
        drift = chance.uniform(-_LARGEST_DRIFT, _LARGEST_DRIFT)
        clock = BoardClock(wall, now, drift)
        memory = BoardMemory(fitting.serial, clock, size=fitting.size)
        boards.append(Board(memory, now))
    return await BoardEndpoint.open(boards, chance, port=hardware.site.board_port)


def _board_doors(
    fittings: tuple[BoardFitting, ...], endpoint: BoardEndpoint, settle: Settle
) -> dict[str, SimulatedDoor]:
    doors: dict[str, SimulatedDoor] = {}
    for fitting, board in zip(fittings, endpoint.boards, strict=True):
        cabinet = Cabinet(board, endpoint)
        for each in fitting.doors:
            doors[each.door] = BoardDoor(cabinet, each.address, settle)
    return doors


def _string(
    folder: Path, seed: int, bus: Bus, keys: Mapping[str, bytes], settle: Settle
) -> tuple[SerialBus, dict[str, SimulatedDoor]]:
    readers = [
        _reader(fitting, keys[fitting.id] if bus.secure else None, settle)
        for fitting in bus.readers
    ]
    line = SerialBus(
        folder / "lines" / bus.name, Wire(bus.baud, dice(seed, bus.name)), readers
    )
    fitted = zip(bus.readers, readers, strict=True)
    return line, {fitting.door: BusDoor(reader, line) for fitting, reader in fitted}


def _reader(fitting: Fitting, key: bytes | None, settle: Settle) -> Reader:
    serial = int(fitting.id.rpartition("-")[2])
    identity = Identity(_VENDOR, 1, 1, serial, bytes(3))
    secure = key is not None
    settings = ReaderSettings(
        fitting.address, identity, key, secure, inputs=READER_INPUTS
    )

    def build(now: float) -> Peripheral:
        return Peripheral(settings, now, os.urandom)

    return Reader(fitting.id, build, settle, time.monotonic())


def _locks(
    hardware: Hardware, keys: Mapping[str, bytes], settle: Settle
) -> Iterator[tuple[str, Lock]]:
    host, port = _broker(hardware)
    around = Surroundings(host, port, os.urandom, dice(hardware.seed, "locks"))
    epoch = int(time.time())
    for place, fitting in enumerate(hardware.locks):
        settings = DoorSettings(fitting.id, DoorId(fitting.door), keys[fitting.id])
        lock = Lock(settings, DoorMemory(epoch), around, settle)
        lock.open(place / _CONNECTS_A_SECOND)
        yield fitting.door, lock


def _esps(hardware: Hardware, settle: Settle) -> Iterator[tuple[str, EspStreetDoor]]:
    near = Nearby(*_broker(hardware), dice(hardware.seed, "esps"))
    for place, fitting in enumerate(hardware.esps):
        topic = read_address(esp_topic(fitting))
        settings = DeviceSettings(topic, fitting.id, heartbeat=ESP_HEARTBEAT)
        address = f"10.66.{place >> 8}.{place & 255}"
        device = EspDoor(settings, Flash(), address, near)
        device.open(place / _CONNECTS_A_SECOND)
        yield fitting.door, EspStreetDoor(fitting.id, device, settle)


def _broker(hardware: Hardware) -> tuple[str, int]:
    host, _, port = hardware.site.broker.rpartition(":")
    return host, int(port)
