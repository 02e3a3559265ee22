"""An esp-rfid door on its own connection: what it says while away is lost."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf
from random import Random

from controller.protocols.esp_rfid.device import DeviceSettings, EspRfid, Flash
from controller.protocols.esp_rfid.topics import Branch
from controller.session import Packet
from controller.vocabulary import CardNumber
from firmware_sim.faults import WireFaults
from firmware_sim.mqtt_link import Listener, MqttLink, Place

_GRANTED = ("Always", "Admin")


@dataclass(frozen=True, slots=True)
class Nearby:
    """Where the broker is, and a repeatable source of chance."""

    host: str
    port: int
    dice: Random


class EspDoor:
    """A device, its files that outlive power cuts, and its client at QoS 0."""

    def __init__(
        self, settings: DeviceSettings, flash: Flash, ip: str, near: Nearby
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self.flash = flash
        self._settings = settings
        self.device = EspRfid(settings, flash, ip)
        self.clock_set = True
        self._dark_until = -inf
        self._timer: asyncio.TimerHandle | None = None
        place = Place(
            host=near.host,
            port=near.port,
            client=settings.hostname,
            listen=settings.place.branch(Branch.COMMAND),
            state=f"{settings.place.topic}/avty",
            online=b"online",
            offline=b"offline",
        )
        listener = Listener(self._connected, self._received, self._disconnected)
        self._link = MqttLink(place, listener, near.dice)

    @property
    def connected(self) -> bool:
        """Say whether the broker serves this door."""
        return self._link.connected

    @property
    def dark(self) -> bool:
        """Say whether the power is cut."""
        return self._loop.time() < self._dark_until

    def open(self, delay: float = 0.0) -> None:
        """Connect after some seconds."""
        self._link.open(delay)

    def tap(self, card: int) -> bool:
        """Hold a card to the door; says whether it opened."""
        access = self.device.tap(CardNumber(card), self._wall())
        self._flush()
        return access in _GRANTED

    def press_button(self) -> None:
        """Press the exit button."""
        self.device.press_button(self._wall())
        self._flush()

    def set_door(self, *, opened: bool, forced: bool = False) -> None:
        """Move the door; `forced` opens it with the lock shut."""
        if not self.dark:
            self.device.set_door(self._wall(), opened=opened, forced=forced)
            self._flush()

    def cut_power(self, seconds: float) -> None:
        """Lose everything but the files, and stay dark for a while."""
        self._dark_until = max(self._dark_until, self._loop.time() + seconds)
        self.device = EspRfid(self._settings, self.flash, self.device.ip)
        self.fall_silent(0)

    def fall_silent(self, seconds: float, ip: str | None = None) -> None:
        """Lose the network for a while, and perhaps come back with another address."""
        self._link.cut()
        if ip is not None:
            self.device.move(ip)
        self._link.open(max(seconds, self._dark_until - self._loop.time()))

    def disturb(self, faults: WireFaults) -> None:
        """Give the device's messages these faults, both ways."""
        self._link.faults = faults

    def close(self) -> None:
        """Disconnect for good."""
        if self._timer:
            self._timer.cancel()
        self._link.close()

    def _connected(self) -> None:
        self.device.connected(self._loop.time(), self._wall())
        self._flush()

    def _disconnected(self) -> None:
        self.device.disconnected()

    def _received(self, packet: Packet) -> None:
        self.device.receive_data(packet, self._wall())
        self._flush()

    def _timeout(self) -> None:
        self.device.on_timeout(self._loop.time(), self._wall())
        self._flush()

    def _flush(self) -> None:
        for packet in self.device.data_to_send():
            self._link.send(packet)
        if self._timer:
            self._timer.cancel()
        due = self.device.deadline()
        self._timer = None if due is None else self._loop.call_at(due, self._timeout)

    def _wall(self) -> float:
        return datetime.now(UTC).timestamp() if self.clock_set else self._loop.time()
