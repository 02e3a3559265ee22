"""A smart door and its gateway in virtual time, with a broker that can misbehave."""

import copy
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from controller.protocols.smart_door.door import DoorSettings, SmartDoor, Unlock
from controller.protocols.smart_door.memory import DoorMemory
from controller.protocols.smart_door.session import BrokerSession
from controller.protocols.smart_door.topics import ONLINE, Direction, topic
from controller.schedule import Validity
from controller.session import (
    AcknowledgePassages,
    Event,
    LineSettings,
    Member,
    Packet,
    PassageReported,
    PassagesLost,
)
from controller.vocabulary import CardNumber, ControllerId, DoorId, Permit, PermitId

E = TypeVar("E")

KEY = bytes(range(32))
LOCK = ControllerId("lock-1")
DOOR = DoorId("door-1")
START = datetime(2026, 5, 1, 8, tzinfo=UTC)


def numbers(seed: int) -> Callable[[int], bytes]:
    """Return a reproducible source of nonces."""
    return random.Random(seed).randbytes  # noqa: S311 - a test repeats itself


def misfortune(seed: int) -> random.Random:
    """Return a reproducible source of a broker's faults."""
    return random.Random(seed)  # noqa: S311 - a test repeats itself


def permit(number: int, card: int | None = None) -> Permit:
    """Return a permit that holds throughout a test."""
    window = Validity(START - timedelta(days=1), START + timedelta(days=365))
    holder = CardNumber(number if card is None else card)
    return Permit(PermitId(number), holder, DOOR, window)


@dataclass
class Store:
    """What a gateway keeps for good: each passage once, and what is lost."""

    cursors: dict[int, int] = field(default_factory=dict)
    passages: dict[tuple[int, int], PassageReported] = field(default_factory=dict)
    lost: set[tuple[int, int]] = field(default_factory=set)

    def take(self, event: Event) -> bool:
        """Keep an event unless it is kept already; say whether it needs an answer."""
        if not isinstance(event, PassageReported | PassagesLost):
            return False
        cursor = self.cursors.get(event.epoch, 0)
        if isinstance(event, PassageReported):
            if event.index <= cursor:
                return True
            assert event.index == cursor + 1, "a hole nobody reported"
            self.passages[event.epoch, event.index] = event
            self.cursors[event.epoch] = event.index
        else:
            first = max(event.first, cursor + 1)
            self.lost |= {(event.epoch, i) for i in range(first, event.last + 1)}
            self.cursors[event.epoch] = max(cursor, event.last)
        return True


class Line:
    """One door, one gateway, and the broker between them."""

    def __init__(
        self,
        memory: DoorMemory | None = None,
        *,
        door_key: bytes = KEY,
        faults: random.Random | None = None,
    ) -> None:
        self.now = 1000.0
        self.memory = memory or DoorMemory(epoch=7)
        self.door_settings = DoorSettings(LOCK, DOOR, door_key)
        self.broker_up = True
        self.faults = faults
        self.seen: list[Packet] = []
        self.events: list[Event] = []
        self.unlocks: list[Unlock] = []
        self.store = Store()
        self.acknowledging = True
        self._seed = 0
        self.start_gateway()
        self.start_door()

    @property
    def wall(self) -> datetime:
        return START + timedelta(seconds=self.now)

    def start_gateway(self) -> None:
        """Start a gateway that remembers nothing and gets what the broker retains."""
        settings = LineSettings((Member(LOCK, LOCK, KEY),))
        self._seed += 1
        self.gateway = BrokerSession(settings, numbers(self._seed))
        if self.broker_up:
            hint = Packet(ONLINE, topic(LOCK, Direction.STATE))
            self.gateway.receive_data(hint, self.now)

    def start_door(self) -> None:
        """Give the door power: it has what its memory holds, and nothing else."""
        self._seed += 1
        memory = self.memory = copy.deepcopy(self.memory)
        self.door = SmartDoor(self.door_settings, memory, numbers(self._seed))
        self.door.connected(self.now, self.wall)

    def reconnect(self) -> None:
        """Break and restore the door's connection to the broker."""
        self.door.disconnected()
        self.door.connected(self.now, self.wall)

    def settle(self) -> None:
        """Exchange packets until nobody has anything to say at this moment."""
        for _ in range(1000):
            self.look()
            up, down = self.door.data_to_send(), self.gateway.data_to_send(self.now)
            if not up and not down:
                return
            for packet in self._carried(up):
                self.gateway.receive_data(packet, self.now)
            for packet in self._carried(down):
                self.door.receive_data(packet, self.now, self.wall)
        raise AssertionError("they never stop talking")

    def look(self) -> None:
        """Let the gateway's owner work: keep what is reported, then acknowledge."""
        self.unlocks += self.door.outputs()
        for event in self.gateway.events():
            self.events.append(event)
            if self.store.take(event) and self.acknowledging:
                assert isinstance(event, PassageReported | PassagesLost)
                upto = self.store.cursors[event.epoch]
                order = AcknowledgePassages(LOCK, event.epoch, upto)
                self.gateway.send(order, self.now)

    def run(self, seconds: float) -> None:
        """Let virtual time pass, from one deadline to the next."""
        end = self.now + seconds
        self.settle()
        while True:
            dues = (self.door.deadline(), self.gateway.deadline())
            due = min((d for d in dues if d is not None), default=end)
            self.now = min(max(due, self.now + 0.001), end)
            self.door.on_timeout(self.now, self.wall)
            self.gateway.on_timeout(self.now)
            self.settle()
            if self.now >= end:
                return

    def reported(self, kind: type[E]) -> list[E]:
        """Return the events of a kind so far."""
        return [event for event in self.events if isinstance(event, kind)]

    def _carried(self, packets: Sequence[Packet]) -> list[Packet]:
        self.seen += packets
        if not self.broker_up:
            return []
        faults = self.faults
        if faults is None:
            return list(packets)
        carried = [p for p in packets for _ in range(faults.choice((0, 1, 1, 1, 2)))]
        if faults.random() < 0.3:
            faults.shuffle(carried)
        return carried
