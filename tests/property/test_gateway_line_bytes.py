"""Any bytes from any wire leave a line running and its neighbours alone."""

import asyncio
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.protocols import PROTOCOLS, TransportKind
from controller.session import Event, LineSettings, Packet
from controller.vocabulary import ControllerId
from gateway.clock import Clock
from gateway.line import Line
from tests.support.memory_transport import MemoryTransport
from tests.support.protocol_members import PEERS, member

MEMBER = ControllerId("member")
MOST_SENT = 1_000_000
PLACES = st.sampled_from(
    ["", "menhu/door/7/up", "menhu/door/7/state", "elsewhere", *PEERS]
)
PACKETS = st.lists(st.builds(Packet, st.binary(max_size=2000), PLACES), max_size=30)


@pytest.mark.parametrize("protocol", sorted(PROTOCOLS))
@given(packets=PACKETS)
@settings(max_examples=50, deadline=None)
def test_noise_crashes_no_line(protocol: str, packets: list[Packet]) -> None:
    entry = PROTOCOLS[protocol]
    baud = 9600 if entry.transport is TransportKind.SERIAL else 0
    bus = LineSettings((member(protocol, MEMBER),), baud)
    events: list[Event] = []
    sent: list[int] = []

    async def listen() -> Line:
        wire = MemoryTransport(lambda packet: sent.append(len(packet.data)))
        line = Line(
            "line",
            [MEMBER],
            lambda now: entry.open(bus, now, os.urandom),
            wire,
            Clock(),
            events.extend,
        )
        task = asyncio.create_task(line.run())
        await asyncio.sleep(0)
        for packet in packets:
            wire.deliver(packet)
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return line

    assert asyncio.run(listen()).crashes == 0
    assert {event.controller for event in events} <= {MEMBER}
    assert sum(sent) < MOST_SENT
