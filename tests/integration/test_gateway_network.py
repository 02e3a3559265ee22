"""UDP and TCP on loopback: boards come and go, strangers shout, nothing raises."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import pytest

from controller.session import Packet
from gateway.transports import datagram, stream
from gateway.transports.datagram import Datagrams, place_of
from gateway.transports.stream import Streams
from tests.support.waiting import until

SIZE = 64
LOCAL = "127.0.0.1"
PING, PONG = bytes(range(SIZE)), bytes(reversed(range(SIZE)))


@asynccontextmanager
async def running(transport: Datagrams | Streams) -> AsyncIterator[list[Packet]]:
    arrived: list[Packet] = []
    task = asyncio.create_task(transport.run(arrived.append))
    await asyncio.sleep(0)
    yield arrived
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


class Echo(asyncio.DatagramProtocol):
    """A board that answers each datagram with the same bytes."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.own = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        self.own.sendto(PONG if data == PING else data, addr)


@asynccontextmanager
async def echo() -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    own, _ = await loop.create_datagram_endpoint(Echo, local_addr=(LOCAL, 0))
    host, port = own.get_extra_info("sockname")
    yield f"{host}:{port}"
    own.close()


def datagrams(port: int = 0, taken: frozenset[int] = frozenset()) -> Datagrams:
    return Datagrams((LOCAL, port), SIZE, taken)


async def test_datagrams_carry_both_ways_and_say_who_answers() -> None:
    line = datagrams()
    line.send(Packet(PING, "127.0.0.1:9"))
    assert (line.dropped, line.place) == (1, None)
    async with echo() as one, echo() as other, running(line) as arrived:
        await until(lambda: line.place)
        for peer in (one, other):
            line.send(Packet(PING, peer))
        await until(lambda: len(arrived) == 2)
        assert {packet.peer for packet in arrived} == {one, other}
        assert {packet.data for packet in arrived} == {PONG}
    assert line.place is None


async def test_datagrams_of_another_size_are_counted_and_dropped() -> None:
    line = datagrams()
    async with echo() as peer, running(line) as arrived:
        await until(lambda: line.place)
        for size in (1, 63, 65, 1400):
            line.send(Packet(bytes(size), peer))
        await until(lambda: line.bad == 4)
        assert arrived == []


@pytest.mark.parametrize("peer", ["", "nobody", "host:1", "127.0.0.1:x", "1.2.3.4:0"])
async def test_a_peer_that_is_no_address_is_dropped(peer: str) -> None:
    line, wires = datagrams(), Streams(LOCAL, SIZE)
    async with running(line) as arrived, running(wires) as answers:
        await until(lambda: line.place)
        line.send(Packet(PING, peer))
        wires.send(Packet(PING, peer))
        await until(lambda: wires.bad)
    assert (line.dropped, arrived, answers) == (1, [], [])


async def test_a_board_that_is_not_there_stops_nothing() -> None:
    line = datagrams()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gone:
        gone.bind((LOCAL, 0))
        nowhere = f"{LOCAL}:{gone.getsockname()[1]}"
    async with echo() as peer, running(line) as arrived:
        await until(lambda: line.place)
        for _ in range(3):
            line.send(Packet(PING, nowhere))
        line.send(Packet(PING, peer))
        await until(lambda: arrived)
        line.send(Packet(PING, "255.255.255.255:60000"))
        line.send(Packet(PING, peer))
        await until(lambda: len(arrived) == 2)


async def test_a_socket_that_cannot_be_bound_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(datagram, "SHORTEST_PAUSE", 0.01)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((LOCAL, 0))
        line = datagrams(other.getsockname()[1])
        async with echo() as peer, running(line) as arrived:
            await asyncio.sleep(0.03)
            assert line.place is None
            other.close()
            await until(lambda: line.place)
            line.send(Packet(PING, peer))
            await until(lambda: arrived)


async def test_a_socket_never_takes_the_boards_own_port() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((LOCAL, 0))
        port = probe.getsockname()[1]
    line = datagrams(port, frozenset({port}))
    async with running(line):
        await asyncio.sleep(0.02)
        assert line.place is None


@asynccontextmanager
async def server(reply: bytes, *, hold: bool = False) -> AsyncIterator[str]:
    """A board that speaks TCP; `hold` keeps the connection open and says no more."""
    closing = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readexactly(SIZE)
            writer.write(reply)
            await writer.drain()
            if hold:
                await closing.wait()
        except (OSError, EOFError):
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(serve, LOCAL, 0)
    host, port = listening.sockets[0].getsockname()
    yield f"{host}:{port}"
    closing.set()
    listening.close()
    await listening.wait_closed()


async def test_a_stream_is_a_connection_for_each_request() -> None:
    wires = Streams(LOCAL, SIZE)
    wires.send(Packet(PING, "127.0.0.1:9"))
    assert wires.dropped == 1
    async with server(PONG) as one, server(PONG) as other, running(wires) as arrived:
        for _ in range(3):
            arrived.clear()
            for peer in (one, other):
                wires.send(Packet(PING, peer))
            await until(lambda: len(arrived) == 2)
            assert {packet.peer for packet in arrived} == {one, other}
            await until(lambda: not wires._open)


@pytest.mark.parametrize("reply", [b"", b"short", bytes(SIZE - 1)])
async def test_a_reply_that_is_cut_short_is_none(reply: bytes) -> None:
    wires = Streams(LOCAL, SIZE)
    async with server(reply) as peer, running(wires) as arrived:
        wires.send(Packet(PING, peer))
        await until(lambda: wires.bad)
    assert arrived == []


async def test_more_than_a_reply_is_cut_off() -> None:
    wires = Streams(LOCAL, SIZE)
    async with server(PONG * 1000) as peer, running(wires) as arrived:
        wires.send(Packet(PING, peer))
        await until(lambda: arrived)
    assert arrived == [Packet(PONG, peer)]


async def test_a_board_that_hangs_is_left_and_asked_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wires = Streams(LOCAL, SIZE)
    async with server(b"", hold=True) as peer, running(wires) as arrived:
        wires.send(Packet(PING, peer))
        await asyncio.sleep(0.02)
        wires.send(Packet(PING, peer))
        await asyncio.sleep(0.02)
        assert len(wires._open) == 1
        monkeypatch.setattr(stream, "PATIENCE", 0.01)
        wires.send(Packet(PING, peer))
        await until(lambda: wires.bad)
        assert arrived == []


async def test_connections_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "MOST_OPEN", 1)
    wires = Streams(LOCAL, SIZE)
    async with server(b"", hold=True) as one, server(PONG) as other, running(wires):
        wires.send(Packet(PING, one))
        await asyncio.sleep(0.01)
        wires.send(Packet(PING, other))
        assert wires.dropped == 1


@pytest.mark.parametrize("peer", ["1.2.3.4", "1.2.3.4:", ":1", "1.2.3.4:65536", "a:1"])
def test_a_place_is_an_address_and_a_port(peer: str) -> None:
    with pytest.raises(ValueError, match=r"port|address|invalid literal"):
        place_of(peer)
