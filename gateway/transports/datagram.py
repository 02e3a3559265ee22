"""UDP as a transport: one socket for all the boards of a line."""

import asyncio
import logging
import socket
from ipaddress import ip_address
from typing import cast

from controller.session import Packet
from gateway.transports import Receive

SHORTEST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
ATTEMPTS = 8
LOG = logging.getLogger(__name__)

Place = tuple[str, int]


class Datagrams(asyncio.DatagramProtocol):
    """A UDP socket, opened again when it breaks; a packet's peer is "address:port".

    Datagrams of another size than `size` bytes are counted and dropped, as is what
    cannot be sent or would wait: sessions repeat it. The local port is never one of
    the `taken`: boards answer from theirs, and a socket there would hear its own
    broadcasts.
    """

    def __init__(self, bind: Place, size: int, taken: frozenset[int]) -> None:
        """Name the local address (port 0: any); it is opened by `run`."""
        self._bind, self._size, self._taken = bind, size, taken
        self._endpoint: asyncio.DatagramTransport | None = None
        self._receive: Receive | None = None
        self._broken: asyncio.Future[None] | None = None
        self._places: dict[str, Place] = {}
        self._full = False
        self.dropped = 0
        self.bad = 0

    async def run(self, receive: Receive) -> None:
        """Carry packets until cancelled."""
        loop = asyncio.get_running_loop()
        pause = SHORTEST_PAUSE
        while True:
            self._receive, self._broken = receive, loop.create_future()
            try:
                own = _open(self._bind, self._taken)
                await loop.create_datagram_endpoint(lambda: self, sock=own)
            except OSError as error:
                LOG.warning("%s:%d cannot be opened: %s", *self._bind, error)
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
                continue
            pause = SHORTEST_PAUSE
            try:
                await self._broken
            finally:
                self._close()

    @property
    def place(self) -> Place | None:
        """Where the socket is bound, while it is open."""
        if self._endpoint is None:
            return None
        host, port = self._endpoint.get_extra_info("sockname")[:2]
        return str(host), int(port)

    def send(self, packet: Packet) -> None:
        """Send a packet, or drop it while there is no socket or no room."""
        endpoint, place = self._endpoint, self._place(packet.peer)
        if endpoint is None or place is None or self._full:
            self.dropped += 1
        else:
            endpoint.sendto(packet.data, place)

    def pause_writing(self) -> None:
        """See asyncio: the kernel takes no more."""
        self._full = True

    def resume_writing(self) -> None:
        """See asyncio."""
        self._full = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self._endpoint = cast("asyncio.DatagramTransport", transport)
        self._full = False

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        """See asyncio."""
        if len(data) != self._size:
            self.bad += 1
        elif self._receive is not None:
            self._receive(Packet(data, f"{addr[0]}:{addr[1]}"))

    def error_received(self, exc: Exception) -> None:
        """Count what a host or the kernel refused; the session notices the silence."""
        LOG.debug("a datagram was refused: %s", exc)
        self.dropped += 1

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        if exc is not None:
            LOG.warning("the socket is gone: %s", exc)
        self._endpoint = None
        if self._broken is not None and not self._broken.done():
            self._broken.set_result(None)

    def _close(self) -> None:
        self._receive = None
        if self._endpoint is not None:
            self._endpoint.abort()
            self._endpoint = None

    def _place(self, peer: str) -> Place | None:
        if peer not in self._places:
            try:
                self._places[peer] = place_of(peer)
            except ValueError:
                return None
        return self._places[peer]


def place_of(peer: str) -> Place:
    """Return address and port of "address:port", or raise ValueError."""
    host, _, port = peer.rpartition(":")
    address, number = str(ip_address(host)), int(port)
    if not 0 < number < 2**16:
        raise ValueError(f"{port} is no port")
    return address, number


def _open(bind: Place, taken: frozenset[int]) -> socket.socket:
    """Return a bound socket; those the system puts on a taken port are given back."""
    refused: list[socket.socket] = []
    try:
        for _ in range(ATTEMPTS):
            own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            own.settimeout(0)
            try:
                own.bind(bind)
            except OSError:
                own.close()
                raise
            if own.getsockname()[1] not in taken:
                return own
            refused.append(own)
    finally:
        for other in refused:
            other.close()
    raise OSError("the system offers taken ports only")
