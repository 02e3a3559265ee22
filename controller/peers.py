"""A line on which each controller has a peer of its own: what all such lines share."""

from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

from controller.errors import LocalProtocolError
from controller.session import Command, Event, Packet
from controller.vocabulary import ControllerId


class Peer(Protocol):
    """One controller as its gateway sees it."""

    def command(self, command: Command, now: float) -> None:
        """Carry out a command, or report at once that it cannot be."""

    def deadline(self) -> float | None:
        """Return when `on_timeout` wants to be called next."""

    def on_timeout(self, now: float) -> None:
        """Let time pass."""


P = TypeVar("P", bound=Peer)


class PeerSession(Generic[P]):
    """Fulfils `controller.session.Session` but for `receive_data`.

    A peer is made with `_packets.append` and `_events.append`, where it leaves what it
    wants sent and reported.
    """

    def __init__(self, kind: str) -> None:
        """Take what a controller of this line is called."""
        self._kind = kind
        self._packets: list[Packet] = []
        self._events: list[Event] = []
        self._peers: dict[ControllerId, P] = {}

    def send(self, command: Command, now: float) -> None:
        """Carry out a command, or report why not; LocalProtocolError: unknown."""
        peer = self._peers.get(command.controller)
        if peer is None:
            raise LocalProtocolError(f"{command.controller} is no {self._kind}")
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
        """Let time pass for every peer."""
        for peer in self._peers.values():
            peer.on_timeout(now)
