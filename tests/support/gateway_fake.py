"""A session that does what a test tells it to."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from controller.errors import LocalProtocolError
from controller.session import Command, Event, OpenDoor, Packet


@dataclass
class FakeSession:
    """Reports every packet's bytes as prepared events; a packet "crash" kills it."""

    reports: dict[bytes, list[Event]] = field(default_factory=dict)
    outgoing: list[Packet] = field(default_factory=list)
    received: list[Packet] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    timeouts: list[float] = field(default_factory=list)
    due: float | None = None
    happened: list[Event] = field(default_factory=list)

    def receive_data(self, packet: Packet, now: float) -> None:
        del now
        if packet.data == b"crash":
            raise RuntimeError("a fault in the session")
        self.received.append(packet)
        self.happened += self.reports.get(packet.data, [])

    def send(self, command: Command, now: float) -> None:
        del now
        if isinstance(command, OpenDoor) and command.seconds < 0:
            raise LocalProtocolError("doors do not open for negative times")
        self.commands.append(command)
        self.outgoing.append(Packet(type(command).__name__.encode()))

    def data_to_send(self, now: float) -> Sequence[Packet]:
        del now
        packets, self.outgoing = self.outgoing, []
        return packets

    def events(self) -> Sequence[Event]:
        events, self.happened = self.happened, []
        return events

    def deadline(self) -> float | None:
        return self.due

    def on_timeout(self, now: float) -> None:
        self.timeouts.append(now)
        self.due = None
