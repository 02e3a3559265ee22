"""A smart door on its own connection: it decides alone, broker or no broker."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import inf
from random import Random

from controller.protocols.smart_door.door import DoorSettings, SmartDoor
from controller.protocols.smart_door.memory import DoorMemory
from controller.protocols.smart_door.topics import OFFLINE, ONLINE, Direction, topic
from controller.session import Contact, Packet
from controller.vocabulary import CardNumber
from firmware_sim.faults import WireFaults
from firmware_sim.mqtt_link import Listener, MqttLink, Place
from firmware_sim.taps import Outcome, Settle, Settled, Tap

_OPENS_AFTER = 0.5
_STAYS_OPEN = 2.0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The broker's address, and sources of randomness: secret, and repeatable."""

    host: str
    port: int
    random: Callable[[int], bytes]
    dice: Random


class Lock:
    """A door's firmware, its memory that outlives power cuts, and its client."""

    def __init__(
        self,
        settings: DoorSettings,
        memory: DoorMemory,
        around: Surroundings,
        settle: Settle,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self.name = settings.device
        self.memory = memory
        self._clock_error = timedelta()
        self._settings = settings
        self._around = around
        self._settle = settle
        self._dead_until = -inf
        self._timer: asyncio.TimerHandle | None = None
        self._door = SmartDoor(settings, memory, around.random)
        place = Place(
            host=around.host,
            port=around.port,
            client=settings.device,
            listen=topic(settings.device, Direction.DOWN),
            state=topic(settings.device, Direction.STATE),
            online=ONLINE,
            offline=OFFLINE,
        )
        listener = Listener(self._connected, self._received, self._disconnected)
        self._link = MqttLink(place, listener, around.dice)

    @property
    def connected(self) -> bool:
        """Say whether the broker serves this door."""
        return self._link.connected

    @property
    def waiting(self) -> int:
        """How many people wait for an answer: the door gives it at once."""
        return 0

    def open(self, delay: float = 0.0) -> None:
        """Connect after some seconds."""
        self._link.open(delay)

    def tap(self, tap: Tap) -> None:
        """Hold a card to the door, or press its exit button."""
        now, wall = self._loop.time(), self._wall()
        if now < self._dead_until:
            self._finish(tap, Outcome.UNANSWERED)
            return
        if tap.card is None:
            self._door.exit_request(now, wall)
            granted = True
        else:
            granted = self._door.tap(CardNumber(tap.card), now, wall).granted
        outcome = Outcome.GRANTED if granted else Outcome.REFUSED
        self._finish(tap, outcome, self.memory.epoch, self.memory.last)
        self._flush()

    def cut_power(self, seconds: float) -> None:
        """Lose everything but the memory, and stay dark for a while."""
        self._dead_until = max(self._dead_until, self._loop.time() + seconds)
        self._door = SmartDoor(self._settings, self.memory, self._around.random)
        self.fall_silent(0)

    def fall_silent(self, seconds: float) -> None:
        """Lose the network for a while; the door goes on opening."""
        self._link.cut()
        self._link.open(max(seconds, self._dead_until - self._loop.time()))

    def set_contact(self, contact: Contact, *, active: bool) -> None:
        """Move a contact."""
        now, wall = self._loop.time(), self._wall()
        if contact is Contact.DOOR:
            self._door.set_contact(now, wall, opened=active)
        elif contact is Contact.TAMPER:
            self._door.set_tamper(now, wall, tampered=active)
        self._flush()

    def set_clock_error(self, error: timedelta) -> None:
        """Let the hardware clock be wrong by this much."""
        self._clock_error = error

    def disturb(self, faults: WireFaults) -> None:
        """Give the door's messages these faults, both ways."""
        self._link.faults = faults

    def close(self) -> None:
        """Disconnect for good."""
        if self._timer:
            self._timer.cancel()
        self._link.close()

    def _finish(
        self,
        tap: Tap,
        outcome: Outcome,
        epoch: int | None = None,
        index: int | None = None,
    ) -> None:
        took = self._loop.time() - tap.began
        at = tap.at + timedelta(seconds=took)
        self._settle(Settled(tap, outcome, at, took, self.name, epoch, index))

    def _connected(self) -> None:
        self._door.connected(self._loop.time(), self._wall())
        self._flush()

    def _received(self, packet: Packet) -> None:
        self._door.receive_data(packet, self._loop.time(), self._wall())
        self._flush()

    def _disconnected(self) -> None:
        self._door.disconnected()
        self._flush()

    def _timeout(self) -> None:
        self._door.on_timeout(self._loop.time(), self._wall())
        self._flush()

    def _flush(self) -> None:
        """Send what the door wants sent, let it swing, and wake it when it asks."""
        if self._door.outputs():
            self._swing()
        for packet in self._door.data_to_send():
            self._link.send(packet)
        if self._timer:
            self._timer.cancel()
        due = self._door.deadline()
        self._timer = None if due is None else self._loop.call_at(due, self._timeout)

    def _swing(self) -> None:
        for delay, active in ((_OPENS_AFTER, True), (_STAYS_OPEN, False)):
            self._loop.call_later(delay, self._move, active)

    def _move(self, active: bool) -> None:  # noqa: FBT001  the contact's state
        self.set_contact(Contact.DOOR, active=active)

    def _wall(self) -> datetime:
        return datetime.now(UTC) + self._clock_error
