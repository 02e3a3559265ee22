"""The gateway's side: all esp-rfid devices of one broker."""

from collections.abc import Callable

from controller.errors import MessageRefused
from controller.peers import PeerSession
from controller.protocols.esp_rfid.messages import Alive, User, read_message, read_tag
from controller.protocols.esp_rfid.peer import Peer
from controller.protocols.esp_rfid.topics import Branch, read_address
from controller.protocols.esp_rfid.turns import Turns
from controller.session import (
    RENEWED,
    LineSettings,
    Member,
    Packet,
    Session,
)


class _Topic:
    """The devices that share a topic, told apart by their hostnames."""

    def __init__(self) -> None:
        self.turns = Turns()
        self.peers: dict[str | None, Peer] = {}

    def add(self, hostname: str | None, peer: Peer) -> bool:
        """Add a device; False when it could not be told apart."""
        if hostname in self.peers or None in self.peers:
            return False
        self.peers[hostname] = peer
        return len(self.peers) == 1 or hostname is not None

    def peer(self, hostname: str | None) -> Peer | None:
        """Return who has a hostname; without one it must be alone."""
        if hostname is None and len(self.peers) == 1:
            return next(iter(self.peers.values()))
        return self.peers.get(hostname) or self.peers.get(None)

    def lister(self) -> Peer | None:
        """Return whose list is being read."""
        return next((p for p in self.peers.values() if p.lists(self.turns)), None)


class BrokerSession(PeerSession[Peer]):
    """Fulfils `controller.session.Session`; `Packet.peer` is the topic."""

    def __init__(self, settings: LineSettings) -> None:
        super().__init__("esp-rfid device of this broker")
        self.unknown = 0
        """Packets from topics or hostnames that are no device of ours."""
        self.refused = 0
        """Packets on our devices' topics that were malformed."""
        self._topics: dict[str, _Topic] = {}
        for member in settings.members:
            self._add(member)

    def receive_data(self, packet: Packet, now: float) -> None:
        """Take what arrived; any bytes are allowed and none may raise."""
        if packet == RENEWED:
            for peer in self._peers.values():
                peer.line_renewed(now)
            return
        name, _, branch = packet.peer.rpartition("/")
        topic = self._topics.get(name)
        if topic is None or branch not in (Branch.SEND, Branch.TAG):
            self.unknown += 1
            return
        try:
            self._take(topic, branch, packet.data, now)
        except MessageRefused:
            self.refused += 1

    def _add(self, member: Member) -> None:
        if member.key:
            raise ValueError(f"{member.controller}: esp-rfid knows no keys")
        place = read_address(member.address)
        topic = self._topics.setdefault(place.topic, _Topic())
        post, report = self._packets.append, self._events.append
        peer = Peer(member, place, topic.turns, post, report)
        if member.controller in self._peers or not topic.add(place.hostname, peer):
            raise ValueError(f"{member.controller} is not alone at {member.address}")
        self._peers[member.controller] = peer

    def _take(self, topic: _Topic, branch: str, data: bytes, now: float) -> None:
        message = read_tag(data) if branch == Branch.TAG else read_message(data)
        if isinstance(message, User):
            lister = topic.lister()
            if lister is not None:
                lister.listed(message, now)
            return
        peer = topic.peer(message.hostname)
        if peer is None:
            self.unknown += 1
            return
        if isinstance(message, Alive):
            for other in topic.peers.values():
                if other is not peer:
                    other.address_taken(message.ip, now)
        peer.receive(message, now)


def open_broker(
    settings: LineSettings, now: float, random: Callable[[int], bytes]
) -> Session:
    """Return the session for the esp-rfid devices of one broker.

    `address` of a member is "TOPIC" or "hostname@TOPIC". Raises ValueError for one
    that is unfit or repeated, and for a key. Whatever a member says of it, no line of
    this protocol is secure.
    """
    del now, random  # a device speaks first, and nothing here is secret
    return BrokerSession(settings)
