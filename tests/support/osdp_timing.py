"""Measures card to relay over a virtual OSDP bus: deterministic, from a seed."""

from dataclasses import dataclass
from random import Random

from controller.protocols.osdp.commands import SetOutputs
from controller.protocols.osdp.control import open_bus
from controller.protocols.osdp.peripheral import Peripheral, ReaderSettings
from controller.protocols.osdp.replies import Identity
from controller.session import (
    CardPresented,
    Event,
    LineSettings,
    Member,
    Online,
    OpenDoor,
)
from controller.vocabulary import ControllerId
from tests.support.osdp_wire import BITS_PER_BYTE, TURNAROUND, VirtualWire

KEY = bytes(range(16))
CARD_LENGTH = 26
SETTLING = {False: 4.0, True: 64.0}
"""Seconds before the first tap; a dead reader has been dead for a while."""

_POLL = {True: 14, False: 8}
_CARD = {True: 30, False: 16}
_OUT = {True: 30, False: 12}


@dataclass(frozen=True, slots=True)
class BusPlan:
    """A bus to measure; `dead` readers never answer, `dying` ones until the taps."""

    readers: int
    baud: int
    secure: bool = True
    dead: int = 0
    dying: int = 0

    def bytes_time(self, count: int) -> float:
        """Return what that many bytes cost on this wire."""
        return count * BITS_PER_BYTE / self.baud

    @property
    def floor(self) -> float:
        """Least time from card to relay: card and output frames, two turnarounds.

        The card comes just before the end of a poll of its own reader.
        """
        count = _CARD[self.secure] + _OUT[self.secure]
        return self.bytes_time(count) + 2 * TURNAROUND

    def least(self, share: float) -> float:
        """Return what no control side can beat for this share of random taps.

        A card waits for its reader's turn, which comes once per cycle.
        """
        return self.floor + share * self.cycle

    @property
    def cycle(self) -> float:
        """Time the wire needs to poll every living reader once."""
        exchange = self.bytes_time(2 * _POLL[self.secure]) + 2 * TURNAROUND
        return (self.readers - self.dead - self.dying) * exchange


@dataclass(frozen=True, slots=True)
class Latencies:
    """Card to relay in seconds, sorted."""

    sorted: tuple[float, ...]

    def percentile(self, share: float) -> float:
        """Return the value that this share of the taps does not exceed."""
        return self.sorted[min(len(self.sorted) - 1, int(len(self.sorted) * share))]


def build_bus(plan: BusPlan, seed: int) -> VirtualWire:
    """Set up a bus whose gateway opens for every card; the last readers are dead."""
    random = Random(seed)  # noqa: S311 # repeatable on purpose
    key = KEY if plan.secure else None
    members = tuple(
        Member(ControllerId(f"reader-{at}"), str(at), key, secure=plan.secure)
        for at in range(plan.readers)
    )
    session = open_bus(LineSettings(members, plan.baud), 0.0, random.randbytes)
    identity = Identity(b"\x00\x00\x00", 1, 1, 1, b"\x01\x00\x00")
    readers = [
        Peripheral(
            ReaderSettings(at, identity, key, secure=plan.secure),
            0.0,
            random.randbytes,
        )
        for at in range(plan.readers - plan.dead)
    ]

    def answer(event: Event, now: float) -> None:
        if isinstance(event, CardPresented):
            session.send(OpenDoor(event.controller, 3.0), now)

    return VirtualWire(session, readers, plan.baud, answer)


def measure(plan: BusPlan, taps: int, seed: int = 1) -> Latencies:
    """Tap cards at random and return how long each relay took."""
    wire = build_bus(plan, seed)
    random = Random(seed + 1)  # noqa: S311 # repeatable on purpose
    wire.run(SETTLING[plan.dead > 0])
    assert sum(isinstance(event, Online) for event in wire.events) == len(wire.readers)
    wire.readers = wire.readers[: len(wire.readers) - plan.dying]
    latencies: list[float] = []
    for number in range(taps):
        reader = random.choice(wire.readers)
        tapped = wire.now + random.uniform(0.2, 0.6)
        wire.run(tapped)
        reader.present_card(number % 2**CARD_LENGTH, CARD_LENGTH, tapped)
        wire.run(tapped + 0.5)
        opened = [
            event.at for event in reader.events() if type(event.message) is SetOutputs
        ]
        latencies.append(opened[0] - tapped)
    online = sum(isinstance(event, Online) for event in wire.events)
    assert online == plan.readers - plan.dead, "nobody came online twice"
    return Latencies(tuple(sorted(latencies)))
