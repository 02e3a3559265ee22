"""Which reader hangs on which bus, which door on which board, what stands alone."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import cycle

from controller.session import USUAL_INPUTS, Contact
from firmware_sim.street import Door, Protocol, Street

BAUDS = (9600, 38400)
READER_INPUTS = (*USUAL_INPUTS, Contact.FIRE)
"""What is wired to the inputs of every reader."""
BOARD_SIZES = (1, 2, 4)
_BUS_LENGTHS = (4, 3)
_BOARD_LOADS = (4, 4, 2, 1)
_BY_TCP = 1
"""Which board is spoken to over TCP; all others are over UDP."""
_SERIALS = 100_000_000
"""A board's serial number begins with how many doors it has."""


class Network(StrEnum):
    """What carries a board's messages."""

    UDP = "udp"
    TCP = "tcp"


@dataclass(frozen=True, slots=True)
class Fitting:
    """A controller and the door it is fitted to; its address on a bus or board."""

    id: str
    door: str
    address: int = 0


@dataclass(frozen=True, slots=True)
class Bus:
    """Readers that share one pair of wires, and whether they insist on secrecy."""

    name: str
    baud: int
    readers: tuple[Fitting, ...]
    secure: bool = True


@dataclass(frozen=True, slots=True)
class BoardFitting:
    """A UHPPOTE board for one, two or four doors, and those that hang on it."""

    serial: int
    size: int
    network: Network
    doors: tuple[Fitting, ...]


@dataclass(frozen=True, slots=True)
class Site:
    """Where a street meets: the broker, and where boards listen and push events."""

    broker: str
    board_port: int
    event_port: int


@dataclass(frozen=True, slots=True)
class Hardware:
    """Everything with a wire: seed and site are what the simulator starts from."""

    seed: int
    site: Site
    buses: tuple[Bus, ...]
    locks: tuple[Fitting, ...] = ()
    boards: tuple[BoardFitting, ...] = ()
    esps: tuple[Fitting, ...] = ()


def wire_up(street: Street, site: Site, baud: int | None = None) -> Hardware:
    """Hang readers on buses of three or four; `baud` sets the speed of them all."""
    protocols = {c.id: c.protocol for c in street.controllers}
    doors = {
        p: [d for d in street.doors if protocols[d.controller] is p] for p in Protocol
    }
    speeds = cycle([baud] if baud else BAUDS)
    return Hardware(
        seed=street.seed,
        site=site,
        buses=tuple(
            Bus(f"bus-{n:02}", next(speeds), _fit(group))
            for n, group in enumerate(_groups(doors[Protocol.OSDP], _BUS_LENGTHS), 1)
        ),
        locks=_alone(doors[Protocol.SMART_DOOR]),
        boards=tuple(
            _board(n, group)
            for n, group in enumerate(_groups(doors[Protocol.UHPPOTE], _BOARD_LOADS))
        ),
        esps=_alone(doors[Protocol.ESP_RFID]),
    )


def _board(number: int, doors: Sequence[Door]) -> BoardFitting:
    size = next(size for size in BOARD_SIZES if size >= len(doors))
    serial = size * _SERIALS + 5_419_896 + number
    network = Network.TCP if number == _BY_TCP else Network.UDP
    return BoardFitting(serial, size, network, _fit(doors, first=1))


def _groups(doors: list[Door], lengths: Iterable[int]) -> Iterator[list[Door]]:
    sizes = cycle(lengths)
    while doors:
        size = next(sizes)
        yield doors[:size]
        doors = doors[size:]


def _fit(doors: Iterable[Door], first: int = 0) -> tuple[Fitting, ...]:
    return tuple(Fitting(d.controller, d.id, n) for n, d in enumerate(doors, first))


def _alone(doors: Iterable[Door]) -> tuple[Fitting, ...]:
    return tuple(Fitting(d.controller, d.id) for d in doors)
