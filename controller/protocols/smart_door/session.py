"""The gateway's side: all smart doors of one broker."""

from collections.abc import Callable, Sequence

from controller.errors import LocalProtocolError, MessageRefused
from controller.protocols.smart_door.peer import Peer
from controller.protocols.smart_door.topics import Direction, topic
from controller.session import (
    RENEWED,
    Command,
    Event,
    LineSettings,
    Packet,
    Session,
)


class BrokerSession:
    """Fulfils `controller.session.Session`; `Packet.peer` is the topic."""

    def __init__(self, settings: LineSettings, random: Callable[[int], bytes]) -> None:
        self.unknown = 0
        """Packets from topics that are no door of ours."""
        self.refused = 0
        """Packets of our doors that were malformed or not theirs."""
        self._packets: list[Packet] = []
        self._events: list[Event] = []
        self._peers: dict[str, Peer] = {}
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

    def send(self, command: Command, now: float) -> None:
        """Carry out a command, or report why not; LocalProtocolError: no such door."""
        peer = self._peers.get(command.controller)
        if peer is None:
            raise LocalProtocolError(
                f"{command.controller} is no smart door of this broker"
            )
        peer.command(command, now)

    def data_to_send(self, now: float) -> Sequence[Packet]:
        """Return what must go out now, in order; each packet is returned once."""
        del now
        packets = list(self._packets)
        self._packets.clear()
        return packets

    def events(self) -> Sequence[Event]:
        """Return what happened since the last call."""
        events = list(self._events)
        self._events.clear()
        return events

    def deadline(self) -> float | None:
        """Return when `on_timeout` wants to be called next."""
        deadlines = [peer.deadline() for peer in self._peers.values()]
        return min((due for due in deadlines if due is not None), default=None)

    def on_timeout(self, now: float) -> None:
        """Let time pass: repeats, questions, doors that fell silent."""
        for peer in self._peers.values():
            peer.on_timeout(now)


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
