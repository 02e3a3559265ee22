"""What a board keeps in flash: it outlives every power cut."""

from dataclasses import dataclass, field
from datetime import date
from functools import partial
from ipaddress import IPv4Address

from controller.protocols.uhppote.messages.doors import AntiPassback, Interlock
from controller.protocols.uhppote.messages.schedules import ProfileRecord, TaskRecord
from firmware_sim.uhppote_board.card_table import CardTable
from firmware_sim.uhppote_board.clock import BoardClock
from firmware_sim.uhppote_board.doors import DoorSettings
from firmware_sim.uhppote_board.event_ring import EventRing

CARDS = 20_000
MOST_DOORS = 4
NOWHERE = IPv4Address(0)
NETMASK = IPv4Address("255.255.255.0")
RELEASED = date(2018, 8, 16)


@dataclass(slots=True)
class Network:
    """A board's place on the network."""

    address: IPv4Address = NOWHERE
    netmask: IPv4Address = NETMASK
    gateway: IPv4Address = NOWHERE


@dataclass(slots=True)
class Listener:
    """Where events are pushed to; `interval` in seconds, 0 for no repetition."""

    address: IPv4Address = NOWHERE
    port: int = 0
    interval: int = 0

    @property
    def peer(self) -> str:
        """Return address and port, "" when nobody listens."""
        unset = self.address == NOWHERE or self.port == 0
        return "" if unset else f"{self.address}:{self.port}"


def _doors(count: int) -> dict[int, DoorSettings]:
    return {door: DoorSettings() for door in range(1, count + 1)}


@dataclass(slots=True)
class Settings:
    """What a restore puts back to the defaults."""

    doors: dict[int, DoorSettings] = field(default_factory=partial(_doors, MOST_DOORS))
    profiles: dict[int, ProfileRecord] = field(default_factory=dict)
    tasks: list[TaskRecord] = field(default_factory=list)
    tasks_waiting: list[TaskRecord] = field(default_factory=list)
    network: Network = field(default_factory=Network)
    listener: Listener = field(default_factory=Listener)
    interlock: int = Interlock.OFF
    anti_passback: int = AntiPassback.OFF
    special_events: bool = False
    pc_control: bool = False


@dataclass(slots=True)
class BoardMemory:
    """One board for `size` doors; `version` "6.62" begins its events in the old way."""

    serial: int
    clock: BoardClock
    version: str = "8.92"
    size: int = MOST_DOORS
    cards: CardTable = field(default_factory=lambda: CardTable(CARDS))
    events: EventRing = field(default_factory=EventRing)
    settings: Settings = field(init=False)

    def __post_init__(self) -> None:
        """Begin with the settings a board is delivered with."""
        self.settings = Settings(_doors(self.size))

    def restore(self) -> None:
        """Forget everything but who and where the board is."""
        network = self.settings.network
        self.settings = Settings(_doors(self.size), network=network)
        self.cards.clear()
        self.events.clear()

    @property
    def interrupted(self) -> bool:
        """Whether a write was cut off in the middle since the last repair."""
        return self.cards.interrupted or self.events.interrupted

    def tear_next(self) -> None:
        """Let the next write of a card or an event be cut off in the middle."""
        self.cards.tears_next = self.events.tears_next = True

    def repair(self) -> None:
        """Take torn records for none, as a board that starts does."""
        for part in (self.cards, self.events):
            part.tears_next = part.interrupted = False

    @property
    def hardware_address(self) -> bytes:
        """Return the MAC address: two fixed bytes, then the serial number."""
        return b"\x00\x66" + self.serial.to_bytes(4, "big")
