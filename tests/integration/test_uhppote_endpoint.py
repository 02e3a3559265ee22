"""The wire to simulated boards, under hosts that behave badly."""

import asyncio
import socket
from collections.abc import AsyncIterator
from ipaddress import IPv4Address
from random import Random

import pytest

from controller.protocols.uhppote.messages.board import Discover, GetTime
from controller.protocols.uhppote.messages.events import SetListener, StatusReply
from controller.protocols.uhppote.tables import decode_reply
from firmware_sim.faults import NO_FAULTS, WireFaults
from firmware_sim.uhppote_board.access import Swipe
from firmware_sim.uhppote_board.endpoint import BoardEndpoint
from tests.support.uhppote_board import CARD, SERIAL, new_board
from tests.support.waiting import until

HOST = "127.0.0.1"
PATIENCE = 10.0
STREET = 171


def dice() -> Random:
    return Random(1)  # noqa: S311 - repeatable


class Ear(asyncio.DatagramProtocol):
    """Keeps what arrives."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[bytes] = asyncio.Queue()

    def datagram_received(self, data: bytes, _addr: object) -> None:
        self.heard.put_nowait(data)


class Caller:
    """A host's socket."""

    def __init__(self, transport: asyncio.DatagramTransport, ear: Ear) -> None:
        self.transport = transport
        self._ear = ear

    @property
    def port(self) -> int:
        return int(self.transport.get_extra_info("sockname")[1])

    def send(self, data: bytes, endpoint: BoardEndpoint) -> None:
        self.transport.sendto(data, (HOST, endpoint.port))

    async def next(self) -> bytes:
        async with asyncio.timeout(PATIENCE):
            return await self._ear.heard.get()


@pytest.fixture
async def endpoint() -> AsyncIterator[BoardEndpoint]:
    boards = [new_board(SERIAL + number) for number in range(STREET)]
    endpoint = await BoardEndpoint.open(boards, dice())
    yield endpoint
    await endpoint.close()


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    loop = asyncio.get_running_loop()
    transport, ear = await loop.create_datagram_endpoint(Ear, (HOST, 0))
    yield Caller(transport, ear)
    transport.close()


async def test_a_whole_street_shares_a_port_by_serial_number(
    endpoint: BoardEndpoint, caller: Caller
) -> None:
    for number in range(STREET):
        caller.send(GetTime(SERIAL + number).encode(), endpoint)
        assert decode_reply(await caller.next()).serial == SERIAL + number
    caller.send(Discover(0).encode(), endpoint)
    found = [decode_reply(await caller.next()).serial for _ in range(STREET)]
    assert found == [SERIAL + number for number in range(STREET)]


async def test_nonsense_is_not_answered_and_does_no_harm(
    endpoint: BoardEndpoint, caller: Caller
) -> None:
    for data in (b"", b"\x17", bytes(63), bytes(64), bytes(65), b"\xff" * 1400):
        caller.send(data, endpoint)
    caller.send(GetTime(SERIAL).encode(), endpoint)
    assert decode_reply(await caller.next()).serial == SERIAL


async def test_a_connection_carries_one_request_in_pieces(
    endpoint: BoardEndpoint,
) -> None:
    reader, writer = await asyncio.open_connection(HOST, endpoint.port)
    wire = GetTime(SERIAL).encode()
    async with asyncio.timeout(PATIENCE):
        for piece in (wire[:1], wire[1:40], wire[40:] + wire):
            writer.write(piece)
            await writer.drain()
        assert decode_reply(await reader.readexactly(64)).serial == SERIAL
        writer.write_eof()
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await reader.readexactly(1)
    writer.close()


@pytest.mark.parametrize("wire", [b"", b"\x17\x20", bytes(64)])
async def test_a_connection_that_asks_nothing_is_closed(
    endpoint: BoardEndpoint, caller: Caller, wire: bytes
) -> None:
    reader, writer = await asyncio.open_connection(HOST, endpoint.port)
    writer.write(wire)
    writer.write_eof()
    async with asyncio.timeout(PATIENCE):
        assert await reader.read() == b""
    writer.close()
    caller.send(GetTime(SERIAL).encode(), endpoint)
    assert decode_reply(await caller.next()).serial == SERIAL


async def test_the_last_event_is_repeated_without_being_asked(
    endpoint: BoardEndpoint, caller: Caller
) -> None:
    listen = SetListener(SERIAL, IPv4Address(HOST), caller.port, 1)
    caller.send(listen.encode(), endpoint)
    decode_reply(await caller.next())
    now = asyncio.get_running_loop().time()
    endpoint.boards[0].swipe(Swipe(CARD.number, 1), now)
    endpoint.flush()
    first, again = [decode_reply(await caller.next()) for _ in range(2)]
    assert isinstance(first, StatusReply)
    assert isinstance(again, StatusReply)
    assert first.event == again.event
    assert again.sequence == first.sequence + 1


async def test_a_listener_that_is_not_there_harms_nobody(
    endpoint: BoardEndpoint, caller: Caller
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gone:
        gone.bind((HOST, 0))
        port = gone.getsockname()[1]
    caller.send(SetListener(SERIAL, IPv4Address(HOST), port, 0).encode(), endpoint)
    decode_reply(await caller.next())
    now = asyncio.get_running_loop().time()
    for _ in range(3):
        endpoint.boards[0].swipe(Swipe(CARD.number, 1), now)
        endpoint.flush()
    caller.send(GetTime(SERIAL).encode(), endpoint)
    assert decode_reply(await caller.next()).serial == SERIAL


async def test_a_port_in_use_is_refused(endpoint: BoardEndpoint) -> None:
    with pytest.raises(OSError, match="in use"):
        await BoardEndpoint.open((), dice(), port=endpoint.port)


async def test_a_closed_endpoint_has_no_port_and_closes_once_more() -> None:
    endpoint = await BoardEndpoint.open((new_board(),), dice())
    await endpoint.close()
    await endpoint.close()
    endpoint.flush()
    unopened = BoardEndpoint((), dice())
    with pytest.raises(RuntimeError, match="closed"):
        _ = unopened.port
    await unopened.close()


async def test_a_lossy_wire_loses_tears_and_delays(
    endpoint: BoardEndpoint, caller: Caller
) -> None:
    endpoint.faults = WireFaults(drop=1.0)
    caller.send(GetTime(SERIAL).encode(), endpoint)
    caller.send(GetTime(SERIAL).encode(), endpoint)
    await until(lambda: endpoint.heard == 2)
    endpoint.faults = WireFaults(corrupt=1.0, split=1.0, delay=0.0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
        mute.sendto(b"", (HOST, endpoint.port))
    await until(lambda: endpoint.heard == 3)
    endpoint.faults = WireFaults(late=1.0, delay=0.01)
    caller.send(GetTime(SERIAL + 1).encode(), endpoint)
    assert decode_reply(await caller.next()).serial == SERIAL + 1
    endpoint.faults = WireFaults(split=1.0, delay=0.0)
    caller.send(GetTime(SERIAL).encode(), endpoint)
    await until(lambda: endpoint.heard == 5)
    endpoint.faults = NO_FAULTS
    caller.send(GetTime(SERIAL + 2).encode(), endpoint)
    assert decode_reply(await caller.next()).serial == SERIAL + 2
