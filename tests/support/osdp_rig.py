"""A small OSDP bus on a virtual wire, with the faults a test asks for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from controller.protocols.osdp import Identity, Peripheral, ReaderSettings, open_bus
from controller.protocols.osdp.frames import Frame, FrameDecoder
from controller.session import Event, LineSettings, Member, Offline
from controller.vocabulary import ControllerId
from tests.support.osdp_wire import VirtualWire

KEY = bytes(range(16))
OTHER_KEY = bytes(range(16, 32))


def name(address: int) -> ControllerId:
    """Return the controller id of the reader at an address."""
    return ControllerId(f"reader-{address}")


def member(
    address: int = 0,
    key: bytes | None = KEY,
    *,
    secure: bool = True,
    commissioning: bool = False,
) -> Member:
    """Return a member of the bus."""
    return Member(name(address), str(address), key, secure, commissioning)


def clear_member(address: int = 0) -> Member:
    """Return a member that may speak in clear."""
    return member(address, None, secure=False)


def reader(
    address: int = 0,
    key: bytes | None = KEY,
    *,
    secure: bool = True,
    commissioning: bool = False,
    outputs: int = 1,
) -> Peripheral:
    """Return a reader."""
    identity = Identity(b"\x01\x02\x03", 4, 5, address, b"\x01\x00\x00")
    settings = ReaderSettings(address, identity, key, secure, commissioning, outputs)
    return Peripheral(settings, 0.0, Random(address + 100).randbytes)  # noqa: S311


def clear_reader(address: int = 0) -> Peripheral:
    """Return a reader that speaks in clear."""
    return reader(address, None, secure=False)


def bus(
    members: Sequence[Member], readers: Sequence[Peripheral], baud: int = 9600
) -> VirtualWire:
    """Return a wire with a control side and some readers on it."""
    random = Random(1)  # noqa: S311 # repeatable on purpose
    session = open_bus(LineSettings(tuple(members), baud), 0.0, random.randbytes)
    return VirtualWire(session, list(readers), baud)


@dataclass
class Lose:
    """Loses the frames a test points at."""

    chosen: Callable[[bytes, bool], bool]
    count: int = 1

    def __call__(self, data: bytes, reply: bool) -> bytes:
        """Carry a frame, or lose it."""
        if self.count and self.chosen(data, reply):
            self.count -= 1
            return b""
        return data


def kinds(events: Sequence[Event]) -> list[str]:
    """Return what sort of events there were, in order."""
    return [type(event).__name__ for event in events]


def frame_of(data: bytes) -> Frame:
    """Return the one frame these bytes hold."""
    (frame,) = FrameDecoder().receive(data)
    return frame


def commands(wire: VirtualWire) -> list[tuple[float, Frame]]:
    """Return when each command went out, and the command."""
    return [(at, frame_of(data)) for at, reply, data in wire.frames if not reply]


def causes(wire: VirtualWire) -> list[str]:
    """Return why readers went offline, in order."""
    return [event.cause for event in wire.events if isinstance(event, Offline)]


def clear_bus(count: int = 1, baud: int = 9600) -> VirtualWire:
    """Return a bus in clear, readers and members alike."""
    return bus(
        [clear_member(at) for at in range(count)],
        [clear_reader(at) for at in range(count)],
        baud,
    )


def secure_bus(count: int = 1) -> VirtualWire:
    """Return a secured bus, readers and members alike."""
    return bus([member(at) for at in range(count)], [reader(at) for at in range(count)])
