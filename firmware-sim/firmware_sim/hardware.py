"""Which reader hangs on which bus, and which doors decide for themselves."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import cycle

from controller.session import USUAL_INPUTS, Contact
from firmware_sim.street import Door, Protocol, Street

BAUDS = (9600, 38400)
READER_INPUTS = (*USUAL_INPUTS, Contact.FIRE)
"""What is wired to the inputs of every reader."""
_BUS_SIZES = (4, 3)


@dataclass(frozen=True, slots=True)
class Fitting:
    """A controller and the door it is fitted to; its address on a bus, if any."""

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
class Hardware:
    """Everything with a wire: seed and broker are what the simulator starts from."""

    seed: int
    broker: str
    buses: tuple[Bus, ...]
    locks: tuple[Fitting, ...]


def wire_up(street: Street, broker: str, baud: int | None = None) -> Hardware:
    """Hang readers on buses of three or four; `baud` sets the speed of them all."""
    protocols = {c.id: c.protocol for c in street.controllers}
    doors = {
        p: [d for d in street.doors if protocols[d.controller] is p] for p in Protocol
    }
    speeds = cycle([baud] if baud else BAUDS)
    return Hardware(
        seed=street.seed,
        broker=broker,
        buses=tuple(
            Bus(f"bus-{n:02}", next(speeds), _fit(group))
            for n, group in enumerate(_groups(doors[Protocol.OSDP]), 1)
        ),
        locks=tuple(Fitting(d.controller, d.id) for d in doors[Protocol.SMART_DOOR]),
    )


def _groups(doors: list[Door]) -> Iterator[list[Door]]:
    sizes = cycle(_BUS_SIZES)
    while doors:
        size = next(sizes)
        yield doors[:size]
        doors = doors[size:]


def _fit(doors: Iterable[Door]) -> tuple[Fitting, ...]:
    return tuple(Fitting(d.controller, d.id, n) for n, d in enumerate(doors))
