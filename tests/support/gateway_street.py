"""Devices for a real daemon: a reader on a pty, a smart door on a broker."""

import asyncio
import os
import pty
import tty
from collections import deque
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from controller.protocols.osdp import Identity, Peripheral, ReaderSettings
from controller.protocols.smart_door.door import DoorSettings, SmartDoor
from controller.protocols.smart_door.memory import DoorMemory
from controller.protocols.smart_door.topics import ONLINE, Direction, topic
from controller.session import Packet
from controller.vocabulary import CardNumber, DoorId
from controller.wiegand import Format, encode
from tests.support.gateway_files import LOCK_KEY, READER_KEY

STEP = 0.002


class LiveReader:
    """A reader with address 0 on a pty that a link in `lines` names."""

    def __init__(self, link: Path) -> None:
        identity = Identity(b"\x01\x02\x03", 4, 5, 6, b"\x01\x00\x00")
        settings = ReaderSettings(0, identity, READER_KEY)
        self.device = Peripheral(settings, monotonic(), os.urandom)
        self._far, near = pty.openpty()
        tty.setraw(near)
        os.set_blocking(self._far, False)
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(os.ttyname(near))
        self._near = near

    def tap(self, card: int) -> None:
        """Hold a card to the reader."""
        bits, length = encode(CardNumber(card), Format.W34)
        self.device.present_card(bits, length, monotonic())

    def unlocked(self) -> bool:
        """Say whether the relay is drawn."""
        return self.device.relay(monotonic())

    async def run(self) -> None:
        """Be a reader until cancelled."""
        while True:
            with suppress(OSError):
                self.device.receive_data(os.read(self._far, 4096), monotonic())
            for data in self.device.data_to_send(monotonic()):
                os.write(self._far, data)
            await asyncio.sleep(STEP)


class LiveDoor:
    """The smart door lock-1."""

    def __init__(self, port: int) -> None:
        settings = DoorSettings("lock-1", DoorId("back"), LOCK_KEY)
        self.memory = DoorMemory(epoch=3)
        self.device = SmartDoor(settings, self.memory, os.urandom)
        self._arrived: deque[Packet] = deque()
        self._client = Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = lambda _client, _data, message: self._arrived.append(
            Packet(bytes(message.payload), message.topic)
        )
        self._client.connect("127.0.0.1", port)
        self._client.subscribe(topic("lock-1", Direction.DOWN), qos=1)
        self._client.publish(topic("lock-1", Direction.STATE), ONLINE, 1, retain=True)
        self._client.loop_start()

    def tap(self, card: int) -> bool:
        """Hold a card to the door; says whether it opened."""
        now = datetime.now(UTC)
        return self.device.tap(CardNumber(card), monotonic(), now).granted

    async def run(self) -> None:
        """Be a door until cancelled."""
        self.device.connected(monotonic(), datetime.now(UTC))
        try:
            while True:
                now, wall = monotonic(), datetime.now(UTC)
                while self._arrived:
                    self.device.receive_data(self._arrived.popleft(), now, wall)
                self.device.on_timeout(now, wall)
                for packet in self.device.data_to_send():
                    self._client.publish(packet.peer, packet.data, qos=1)
                await asyncio.sleep(STEP)
        finally:
            self._client.disconnect()
            self._client.loop_stop()
