"""TCP as a transport: a connection for each request, closed after its reply."""

import asyncio
import logging
from contextlib import suppress

from controller.session import Packet
from gateway.transports import Receive
from gateway.transports.datagram import place_of

PATIENCE = 5.0
"""Seconds from the first SYN to the last byte of a reply."""
MOST_OPEN = 512
LOG = logging.getLogger(__name__)


class Streams:
    """Requests and replies of `size` bytes; a packet's peer is "address:port".

    A new request to a peer ends the one before it: its session gave that up.
    """

    def __init__(self, host: str, size: int) -> None:
        """Name the local address ("0.0.0.0": any)."""
        self._host, self._size = host, size
        self._receive: Receive | None = None
        self._open: dict[str, asyncio.Task[None]] = {}
        self.dropped = 0
        self.bad = 0

    async def run(self, receive: Receive) -> None:
        """Carry packets until cancelled."""
        self._receive = receive
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self._receive = None
            tasks = list(self._open.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def send(self, packet: Packet) -> None:
        """Send a request, or drop it while there is no room."""
        before = self._open.get(packet.peer)
        if before is not None:
            before.cancel()
        if self._receive is None or len(self._open) >= MOST_OPEN:
            self.dropped += 1
            return
        task = asyncio.get_running_loop().create_task(self._ask(packet))
        self._open[packet.peer] = task
        task.add_done_callback(lambda done: self._done(packet.peer, done))

    async def _ask(self, packet: Packet) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                reply = await self._exchange(packet)
        except (OSError, ValueError, EOFError, TimeoutError) as error:
            LOG.debug("%s gave no reply: %s", packet.peer, error)
            self.bad += 1
            return
        if self._receive is not None:
            self._receive(Packet(reply, packet.peer))

    async def _exchange(self, packet: Packet) -> bytes:
        host, port = place_of(packet.peer)
        reader, writer = await asyncio.open_connection(
            host, port, limit=2 * self._size, local_addr=(self._host, 0)
        )
        try:
            writer.write(packet.data)
            return await reader.readexactly(self._size)
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    def _done(self, peer: str, task: asyncio.Task[None]) -> None:
        if self._open.get(peer) is task:
            del self._open[peer]
        if not task.cancelled() and task.exception() is not None:
            LOG.error("a request to %s failed", peer, exc_info=task.exception())
