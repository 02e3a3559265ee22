"""A transport without a wire."""

import asyncio
from collections.abc import Callable

from controller.session import Packet
from gateway.transports import Receive


class MemoryTransport:
    """Hands packets to a function and takes them from `deliver`."""

    def __init__(self, on_send: Callable[[Packet], None]) -> None:
        """Send to a function."""
        self._on_send = on_send
        self._receive: Receive | None = None

    async def run(self, receive: Receive) -> None:
        """Be connected until cancelled."""
        self._receive = receive
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self._receive = None

    def send(self, packet: Packet) -> None:
        """Hand a packet over."""
        self._on_send(packet)

    def deliver(self, packet: Packet) -> None:
        """Let a packet arrive, when somebody listens."""
        if self._receive is not None:
            self._receive(packet)
