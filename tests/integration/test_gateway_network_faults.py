"""UDP and TCP when sockets are full, taken or gone, and when peers answer oddly."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import pytest

from controller.session import Packet
from gateway.transports import datagram, stream
from gateway.transports.datagram import Datagrams, _open, place_of
from gateway.transports.stream import Streams
from tests.support.waiting import until

SIZE = 64
LOCAL = "127.0.0.1"
PING = bytes(range(SIZE))
EVERY_PORT = frozenset(range(2**16))


@asynccontextmanager
async def running(transport: Datagrams | Streams) -> AsyncIterator[list[Packet]]:
    arrived: list[Packet] = []
    task = asyncio.create_task(transport.run(arrived.append))
    await asyncio.sleep(0)
    yield arrived
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def udp() -> socket.socket:
    own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    own.bind((LOCAL, 0))
    return own


def name_of(own: socket.socket) -> str:
    host, port = own.getsockname()
    return f"{host}:{port}"


async def test_a_flood_of_strangers_hides_no_board() -> None:
    line = Datagrams((LOCAL, 0), SIZE, frozenset())
    with udp() as board, udp() as stranger:
        async with running(line) as arrived:
            await until(lambda: line.place)
            place = line.place
            assert place is not None
            for number in range(100):
                stranger.sendto(bytes(number % SIZE), place)
            await until(lambda: line.bad == 100)
            board.sendto(PING, place)
            await until(lambda: arrived)
            assert arrived == [Packet(PING, name_of(board))]
            assert line.bad == 100


async def test_what_the_kernel_does_not_take_is_dropped_and_stops_nothing() -> None:
    line = Datagrams((LOCAL, 0), SIZE, frozenset())
    with udp() as board:
        board.settimeout(5)
        async with running(line):
            line.send(Packet(bytes(70_000), name_of(board)))
            assert line.dropped == 1
            line.send(Packet(PING, name_of(board)))
            assert board.recv(100) == PING


async def test_a_socket_that_breaks_is_opened_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(datagram, "SHORTEST_PAUSE", 0.001)
    line = Datagrams((LOCAL, 0), SIZE, frozenset())
    with udp() as board:
        async with running(line) as arrived:
            first = line.place
            line._break(OSError("the network interface is gone"))
            await until(lambda: line.place not in {first, None})
            assert line.place is not None
            board.sendto(PING, line.place)
            await until(lambda: arrived)
    assert line.place is None


def test_a_port_the_system_picks_is_never_a_taken_one() -> None:
    with pytest.raises(OSError, match="taken ports only"):
        _open((LOCAL, 0), EVERY_PORT)
    free = _open((LOCAL, 0), frozenset())
    assert free.getsockname()[0] == LOCAL
    assert free.getblocking() is False
    free.close()


async def test_a_port_that_stays_taken_is_tried_again_and_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(datagram, "SHORTEST_PAUSE", 0.001)
    monkeypatch.setattr(datagram, "LONGEST_PAUSE", 0.002)
    with udp() as other:
        taken = name_of(other)
        line = Datagrams(other.getsockname(), SIZE, frozenset())
        async with running(line):
            await until(lambda: len(caplog.records) >= 3)
            assert line.place is None
    assert f"{taken} cannot be opened" in caplog.text


@asynccontextmanager
async def answering(*replies: bytes) -> AsyncIterator[tuple[str, list[bytes]]]:
    """Serve one reply for each connection, the last for all that follow."""
    asked: list[bytes] = []
    waiting = list(replies)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readexactly(SIZE))
        writer.write(waiting.pop(0) if len(waiting) > 1 else waiting[0])
        writer.close()

    listening = await asyncio.start_server(serve, LOCAL, 0)
    yield name_of(listening.sockets[0]), asked
    listening.close()
    await listening.wait_closed()


def has_bad(wires: Streams, count: int) -> bool:
    return wires.bad == count


async def test_a_bad_reply_spoils_no_later_one() -> None:
    wires = Streams(LOCAL, SIZE)
    async with answering(b"short", b"", PING) as (peer, asked), running(wires) as got:
        for bad in (1, 2):
            wires.send(Packet(PING, peer))
            await until(partial(has_bad, wires, bad))
        wires.send(Packet(PING[::-1], peer))
        await until(lambda: got)
    assert got == [Packet(PING, peer)]
    assert asked == [PING, PING, PING[::-1]]
    assert (wires.bad, wires.dropped) == (2, 0)


async def test_a_board_that_refuses_connections_is_counted_and_asked_again() -> None:
    wires = Streams(LOCAL, SIZE)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as gone:
        gone.bind((LOCAL, 0))
        nowhere = name_of(gone)
    async with running(wires) as got:
        for bad in (1, 2):
            wires.send(Packet(PING, nowhere))
            await until(partial(has_bad, wires, bad))
        await until(lambda: not wires._open)
    assert (got, wires.dropped) == ([], 0)


async def test_a_request_under_way_when_the_line_ends_is_given_up() -> None:
    wires = Streams(LOCAL, SIZE)
    with socket.create_server((LOCAL, 0)) as silent:
        async with running(wires) as got:
            wires.send(Packet(PING, name_of(silent)))
            await asyncio.sleep(0)
            assert len(wires._open) == 1
        assert (got, wires._open) == ([], {})
        wires.send(Packet(PING, name_of(silent)))
    assert wires.dropped == 1, "and nothing is sent afterwards"


async def test_a_newer_request_gives_its_room_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stream, "MOST_OPEN", 2)
    wires = Streams(LOCAL, SIZE)
    with socket.create_server((LOCAL, 0)) as silent:
        async with answering(PING) as (peer, _), running(wires) as got:
            wires.send(Packet(PING, name_of(silent)))
            wires.send(Packet(PING, peer))
            await until(lambda: got)
            await until(lambda: len(wires._open) == 1)
            wires.send(Packet(PING, peer))
            await until(lambda: len(got) == 2)
    assert (wires.dropped, wires.bad) == (0, 0)


@pytest.mark.parametrize(
    ("peer", "place"),
    [("192.0.2.7:1", ("192.0.2.7", 1)), ("192.0.2.7:65535", ("192.0.2.7", 65535))],
)
def test_a_place_is_read_at_both_ends_of_its_ports(
    peer: str, place: tuple[str, int]
) -> None:
    assert place_of(peer) == place
