"""A reader that was away is back within two seconds, and cheap while it is away."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from controller.protocols.osdp.codes import CommandCode
from controller.session import Online
from tests.support.osdp_rig import (
    bus,
    clear_bus,
    commands,
    frame_of,
    member,
    name,
    secure_bus,
)
from tests.support.osdp_wire import VirtualWire

BACK_WITHIN = 2.0


def back_after(wire: VirtualWire, returned: float) -> float:
    """Return how long the first reader took to be online again."""
    readers, wire.readers = list(wire.readers), list(wire.readers[1:])
    wire.run(returned)
    seen = len(wire.events)
    wire.readers = readers
    for _ in range(400):
        wire.run(wire.now + 0.1)
        if Online(name(0), wire.readers[0].secure) in wire.events[seen:]:
            return wire.now - returned
    return wire.now - returned


@pytest.mark.parametrize("make", [clear_bus, secure_bus])
@pytest.mark.parametrize("away", [12.0, 31.6])
def test_a_reader_is_back_within_two_seconds(
    make: Callable[[int], VirtualWire], away: float
) -> None:
    wire = make(4)
    wire.run(3.0)
    assert back_after(wire, away) <= BACK_WITHIN


def test_a_reader_known_to_reply_slowly_is_found_as_soon() -> None:
    wire = secure_bus(1)
    wire.turnaround = 0.08
    wire.run(4.0)
    assert back_after(wire, 30.0) <= BACK_WITHIN


def test_a_reader_that_comes_back_slower_is_found_too() -> None:
    wire = secure_bus(1)
    wire.run(4.0)
    wire.turnaround = 0.08
    assert back_after(wire, 30.0) < 35.0


def test_a_dead_reader_is_probed_at_most_once_a_second() -> None:
    wire = bus([member(0), member(1)], [])
    wire.run(60.0)
    asked = [
        (at, frame_of(data).address)
        for at, reply, data in wire.frames
        if not reply and at > 20.0
    ]
    assert {frame.code for _, frame in commands(wire)} == {CommandCode.ID}
    for address in (0, 1):
        mine = [at for at, to in asked if to == address]
        assert all(after - before >= 1.0 for before, after in pairwise(mine))
        assert len(mine) >= 25
