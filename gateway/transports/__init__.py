"""The transport port: what carries packets between a line and its session."""

from collections.abc import Callable
from typing import Protocol

from controller.session import Packet

Receive = Callable[[Packet], None]


class Transport(Protocol):
    """A way to a line that mends itself; packets may be lost, sessions repeat them."""

    async def run(self, receive: Receive) -> None:
        """Carry packets until cancelled, connecting again whenever it must."""

    def send(self, packet: Packet) -> None:
        """Send a packet, or drop it while there is no connection."""
