"""Boards on the network: one UDP and one TCP port, shared by serial number."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from math import inf
from random import Random
from typing import Self, cast

from controller.protocols.uhppote.message import SIZE
from firmware_sim.faults import NO_FAULTS, disturb
from firmware_sim.uhppote_board.board import Board
from firmware_sim.uhppote_board.wire import respond

HOST = "127.0.0.1"
_PATIENCE = 5.0
_SERIAL = slice(4, 8)
_ATTEMPTS = 20
Address = tuple[str, int]


class BoardEndpoint(asyncio.DatagramProtocol):
    """Gives each board what is meant for it, and wakes it in time."""

    def __init__(self, boards: Iterable[Board], dice: Random) -> None:
        self._loop = asyncio.get_running_loop()
        self.boards = tuple(boards)
        self._by_serial = {board.memory.serial: board for board in self.boards}
        self.faults = NO_FAULTS
        self.heard = 0
        self._dice = dice
        self._transport: asyncio.DatagramTransport | None = None
        self._server: asyncio.Server | None = None
        self._timers: dict[int, asyncio.TimerHandle] = {}
        self._unplugged: dict[int, float] = {}

    @classmethod
    async def open(
        cls, boards: Iterable[Board], dice: Random, host: str = HOST, port: int = 0
    ) -> Self:
        """Serve boards on a host; port 0 takes one that is free for UDP and TCP.

        `faults` strike datagrams both ways, and no connection; `dice` throws them.
        """
        endpoint = cls(boards, dice)
        for attempt in range(_ATTEMPTS):
            try:
                await endpoint._listen(host, port)
                break
            except OSError:
                if port or attempt == _ATTEMPTS - 1:
                    raise
        endpoint.flush()
        return endpoint

    @property
    def port(self) -> int:
        """Return the port both servers have."""
        if self._transport is None:
            raise RuntimeError("the endpoint is closed")
        return int(self._transport.get_extra_info("sockname")[1])

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the socket."""
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Let every board hear it, and send back what any of them says."""
        self.heard += 1
        if data:
            self._carry(data, lambda heard: self._hear(heard, addr))

    def error_received(self, _exc: Exception) -> None:
        """Let a listener that is not there be: boards never know."""

    def unplug(self, board: Board, seconds: float) -> None:
        """Take a board's cable for a while: it hears nobody and nobody hears it."""
        self._unplugged[board.memory.serial] = self._loop.time() + seconds

    def flush(self) -> None:
        """Send what boards push after something was done to them."""
        for board in self.boards:
            self._flush(board)

    async def close(self) -> None:
        """Leave the network."""
        for timer in self._timers.values():
            timer.cancel()
        if self._transport:
            self._transport.close()
        if self._server:
            self._server.close()
            await self._server.wait_closed()

    async def _listen(self, host: str, port: int) -> None:
        await self._loop.create_datagram_endpoint(lambda: self, (host, port))
        try:
            self._server = await asyncio.start_server(self._connected, host, self.port)
        except OSError:
            if self._transport:
                self._transport.close()
            raise

    async def _connected(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Answer one request, as boards do, and hang up."""
        try:
            with suppress(TimeoutError, asyncio.IncompleteReadError, OSError):
                async with asyncio.timeout(_PATIENCE):
                    data = await reader.readexactly(SIZE)
                for answer in self._ask(data):
                    writer.write(answer)
                await writer.drain()
        finally:
            writer.close()

    def _hear(self, data: bytes, addr: Address) -> None:
        for answer in self._ask(data):
            self._send(answer, addr)

    def _ask(self, data: bytes) -> list[bytes]:
        now = self._loop.time()
        answers = []
        for board in self._meant(data):
            answer = respond(board, data, now)
            if answer is not None:
                answers.append(answer)
            self._flush(board)
        return answers

    def _meant(self, data: bytes) -> Iterable[Board]:
        """Return who may answer: nobody else needs to look at it."""
        serial = int.from_bytes(data[_SERIAL], "little")
        boards = self.boards
        if serial:
            board = self._by_serial.get(serial)
            boards = () if board is None else (board,)
        return [board for board in boards if self._plugged(board)]

    def _plugged(self, board: Board) -> bool:
        return self._unplugged.get(board.memory.serial, -inf) <= self._loop.time()

    def _flush(self, board: Board) -> None:
        pushed = board.data_to_send()
        for packet in pushed if self._plugged(board) else ():
            host, _, port = packet.peer.rpartition(":")
            self._send(packet.data, (host, int(port)))
        timer = self._timers.pop(board.memory.serial, None)
        if timer:
            timer.cancel()
        due = board.deadline(self._loop.time())
        if due is not None:
            timer = self._loop.call_at(due, self._wake, board)
            self._timers[board.memory.serial] = timer

    def _wake(self, board: Board) -> None:
        board.on_timeout(self._loop.time())
        self._flush(board)

    def _send(self, data: bytes, addr: Address) -> None:
        self._carry(data, lambda sent: self._transmit(sent, addr))

    def _transmit(self, data: bytes, addr: Address) -> None:
        if self._transport and not self._transport.is_closing():
            self._transport.sendto(data, addr)

    def _carry(self, data: bytes, deliver: Callable[[bytes], None]) -> None:
        """Hand a datagram on, as far as the faults let it through."""
        for pause, piece in disturb(data, self.faults, self._dice):
            if pause:
                self._loop.call_later(pause, deliver, piece)
            else:
                deliver(piece)
