"""UDP as a transport: one socket for all the boards of a line."""

import asyncio
import logging
import socket
from ipaddress import ip_address

from controller.session import Packet
from gateway.transports import Receive

SHORTEST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
ATTEMPTS = 8
MOST_AT_ONCE = 64
LOG = logging.getLogger(__name__)

Place = tuple[str, int]


class Datagrams:
    """A UDP socket, opened again when it breaks; a packet's peer is "address:port".

    Datagrams of another size than `size` bytes are counted and dropped, as is what
    cannot be sent or would wait: sessions repeat it. The local port is never one of
    the `taken`: boards answer from theirs, and a socket there would hear its own
    broadcasts.
    """

    def __init__(self, bind: Place, size: int, taken: frozenset[int]) -> None:
        """Name the local address (port 0: any); it is opened by `run`."""
        self._bind, self._size, self._taken = bind, size, taken
        self._own: socket.socket | None = None
        self._broken: asyncio.Future[OSError] | None = None
        self._places: dict[str, Place] = {}
        self.dropped = 0
        self.bad = 0

    async def run(self, receive: Receive) -> None:
        """Carry packets until cancelled."""
        pause = SHORTEST_PAUSE
        while True:
            try:
                own = _open(self._bind, self._taken)
            except OSError as error:
                LOG.warning("%s:%d cannot be opened: %s", *self._bind, error)
            else:
                pause = SHORTEST_PAUSE
                cause = await self._carry(own, receive)
                LOG.warning("the socket is gone: %s", cause)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    @property
    def place(self) -> Place | None:
        """Where the socket is bound, while it is open."""
        if self._own is None:
            return None
        host, port = self._own.getsockname()[:2]
        return str(host), int(port)

    def send(self, packet: Packet) -> None:
        """Send a packet, or drop it while there is no socket or no room."""
        place = self._place(packet.peer)
        if self._own is None or place is None:
            self.dropped += 1
            return
        try:
            self._own.sendto(packet.data, place)
        except OSError as error:
            # No room, no way to that host, or what it refused before.
            LOG.debug("a datagram was not sent: %s", error)
            self.dropped += 1

    async def _carry(self, own: socket.socket, receive: Receive) -> OSError:
        loop = asyncio.get_running_loop()
        self._own, self._broken = own, loop.create_future()
        loop.add_reader(own, self._read, own, receive)
        try:
            return await self._broken
        finally:
            loop.remove_reader(own)
            self._own = None
            own.close()

    def _read(self, own: socket.socket, receive: Receive) -> None:
        """Take what is there, but let others have their turn."""
        for _ in range(MOST_AT_ONCE):
            try:
                data, address = own.recvfrom(self._size + 1)
            except BlockingIOError:
                return
            except ConnectionError as error:
                # A host has no such port; the session notices its silence.
                LOG.debug("a datagram was refused: %s", error)
                self.dropped += 1
            except OSError as error:
                self._break(error)
                return
            else:
                self._take(data, address, receive)

    def _take(self, data: bytes, address: Place, receive: Receive) -> None:
        if len(data) != self._size:
            self.bad += 1
        else:
            receive(Packet(data, f"{address[0]}:{address[1]}"))

    def _break(self, error: OSError) -> None:
        if self._broken is not None and not self._broken.done():
            self._broken.set_result(error)

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
