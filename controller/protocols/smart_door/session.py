"""The gateway's side: all smart doors of one broker."""

from collections.abc import Callable

from controller.errors import MessageRefused
from controller.peers import PeerSession
from controller.protocols.smart_door.peer import Peer
from controller.protocols.smart_door.topics import Direction, topic
from controller.session import (
    RENEWED,
    LineSettings,
    Packet,
    Session,
)


class BrokerSession(PeerSession[Peer]):
    """Fulfils `controller.session.Session`; `Packet.peer` is the topic."""

    def __init__(self, settings: LineSettings, random: Callable[[int], bytes]) -> None:
        super().__init__("smart door of this broker")
        self.unknown = 0
        """Packets from topics that are no door of ours."""
        self.refused = 0
        """Packets of our doors that were malformed or not theirs."""
        self._receivers: dict[str, Callable[[bytes, float], None]] = {}
        for member in settings.members:
            peer = Peer(member, random, self._packets.append, self._events.append)
            up = topic(member.address, Direction.UP)
            if up in self._receivers or member.controller in self._peers:
                raise ValueError(f"{member.controller} is not alone at {up}")
            self._peers[member.controller] = peer
            self._receivers[up] = peer.receive
            self._receivers[topic(member.address, Direction.STATE)] = peer.hint

    def receive_data(self, packet: Packet, now: float) -> None:
        """Take what arrived; any bytes are allowed and none may raise."""
        receive = self._receivers.get(packet.peer)
        if receive is None:
            self.unknown += packet != RENEWED
            return
        try:
            receive(packet.data, now)
        except MessageRefused:
            self.refused += 1


def open_broker(
    settings: LineSettings, now: float, random: Callable[[int], bytes]
) -> Session:
    """Return the session for the smart doors of one broker.

    `address` of a member is the device in its topics, `key` 32 bytes; `random`
    must be fit for cryptography. Raises ValueError for an unfit or repeated address
    and for an unfit key.
    """
    del now  # the first word is a door's, or the broker's hint that there is one
    return BrokerSession(settings, random)
