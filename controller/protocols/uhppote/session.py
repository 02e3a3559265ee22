"""The gateway's side: all boards of one network line."""

from collections.abc import Callable, Sequence

from controller.errors import LocalProtocolError, MessageRefused
from controller.protocols.uhppote.alarms import Alarms
from controller.protocols.uhppote.message import START_OF_MESSAGE, Reply
from controller.protocols.uhppote.messages.events import StatusReply
from controller.protocols.uhppote.panel import Panel
from controller.protocols.uhppote.places import read_listener, read_place
from controller.protocols.uhppote.tables import decode_reply
from controller.session import (
    Command,
    Event,
    LineSettings,
    Member,
    Packet,
    Session,
)
from controller.vocabulary import ControllerId


class NetworkSession:
    """Fulfils `controller.session.Session`; `Packet.peer` is "address:port".

    Boards are asked side by side, so that none waits for another.
    """

    def __init__(self, settings: LineSettings, now: float) -> None:
        """Take the doors of all boards; raises ValueError for what cannot be."""
        self.refused = 0
        """Packets that are no message."""
        self.unknown = 0
        """Messages of boards that are not ours, or from where ours are not."""
        self.unasked = 0
        """Replies to nothing we asked: late, doubled, or forged."""
        self._packets: list[Packet] = []
        self._events: list[Event] = []
        self._panels: dict[int, Panel] = {}
        self._of: dict[ControllerId, Panel] = {}
        self._listener = read_listener(settings.place)
        for member in settings.members:
            self._add(member)
        self._alarms = Alarms()
        for panel in self._panels.values():
            panel.pump(now)
            self._alarms.add(panel)

    def receive_data(self, packet: Packet, now: float) -> None:
        """Take what arrived; any bytes are allowed and none may raise."""
        try:
            reply = decode_reply(packet.data)
        except MessageRefused:
            self.refused += 1
            return
        panel = self._panels.get(reply.serial)
        if panel is None or _host(packet.peer) != _host(panel.peer):
            self.unknown += 1
            return
        self._hear(panel, packet, reply, now)
        self._alarms.touch(panel)

    def send(self, command: Command, now: float) -> None:
        """Carry out a command, or report why not; LocalProtocolError: no such door."""
        panel = self._of.get(command.controller)
        if panel is None:
            raise LocalProtocolError(f"{command.controller} is no door of this line")
        panel.command(command, now)
        self._alarms.touch(panel)

    def data_to_send(self, now: float) -> Sequence[Packet]:
        """Return what must go out now, in order; each packet is returned once."""
        del now
        packets, self._packets[:] = self._packets[:], []
        return packets

    def events(self) -> Sequence[Event]:
        """Return what happened since the last call."""
        events, self._events[:] = self._events[:], []
        return events

    def deadline(self) -> float | None:
        """Return when `on_timeout` wants to be called next."""
        return self._alarms.first()

    def on_timeout(self, now: float) -> None:
        """Let time pass: repeats, looks at boards, those that fell silent."""
        for _ in self._panels:
            panel = self._alarms.due(now)
            if panel is None:
                return
            panel.on_timeout(now)
            self._alarms.touch(panel)

    def _hear(self, panel: Panel, packet: Packet, reply: Reply, now: float) -> None:
        answers = packet.peer == panel.peer and packet.data[0] == START_OF_MESSAGE
        if answers and panel.receive(reply, now):
            return
        if isinstance(reply, StatusReply):
            panel.hint(reply.event.index, now)
        else:
            self.unasked += 1

    def _add(self, member: Member) -> None:
        if member.key is not None or member.commissioning:
            raise ValueError(f"{member.controller}: boards know no keys")
        if member.controller in self._of:
            raise ValueError(f"{member.controller} is there twice")
        place = read_place(member.address)
        panel = self._panels.get(place.serial)
        if panel is None:
            panel = Panel(
                place.serial,
                place.peer,
                self._packets.append,
                self._events.append,
                self._listener,
            )
            self._panels[place.serial] = panel
        if panel.peer != place.peer:
            raise ValueError(f"board {place.serial} is at {panel.peer} or {place.peer}")
        panel.add(place.door, member)
        self._of[member.controller] = panel


def _host(peer: str) -> str:
    return peer.rpartition(":")[0]


def open_network(
    settings: LineSettings, now: float, random: Callable[[int], bytes]
) -> Session:
    """Return the session for the boards of one network.

    `address` of a member is SERIAL/DOOR@HOST[:PORT], `unlock_seconds` a whole number
    of seconds from 1 to 255. Raises ValueError for anything else, a repeated address
    and any key: boards have none.
    """
    del random  # nothing on this wire is secret or has to be unique
    return NetworkSession(settings, now)
