"""A half-duplex OSDP bus in virtual time: bytes take as long as the baud says."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from math import inf

from controller.protocols.osdp.peripheral import Peripheral
from controller.session import Event, Packet, Session

BITS_PER_BYTE = 10
TURNAROUND = 0.001


@dataclass
class VirtualWire:
    """Carries frames between one session and its readers, and nothing else.

    `mangle` may change or lose what one side sends; `answer` is the gateway: it sees
    each event as it happens.
    """

    session: Session
    readers: Sequence[Peripheral]
    baud: int
    answer: Callable[[Event, float], None] = lambda _event, _now: None
    mangle: Callable[[bytes, bool], bytes] = lambda data, _reply: data
    turnaround: float = TURNAROUND
    now: float = 0.0
    events: list[Event] = field(default_factory=list)
    frames: list[tuple[float, bool, bytes]] = field(default_factory=list)
    _agenda: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _order: "count[int]" = field(default_factory=count)

    def at(self, moment: float, action: Callable[[], None]) -> None:
        """Do something at a moment, after what was planned for it before."""
        heappush(self._agenda, (moment, next(self._order), action))

    def run(self, until: float) -> None:
        """Let time pass."""
        while True:
            self._serve()
            due = self.session.deadline()
            deadline = inf if due is None else max(due, self.now)
            planned = self._agenda[0][0] if self._agenda else inf
            moment = min(deadline, planned)
            if moment > until:
                self.now = until
                return
            self.now = moment
            if planned <= deadline:
                heappop(self._agenda)[2]()
            else:
                self.session.on_timeout(self.now)

    def duration(self, data: bytes) -> float:
        """Return how long the wire is busy with these bytes."""
        return len(data) * BITS_PER_BYTE / self.baud

    def _serve(self) -> None:
        for event in self.session.events():
            self.events.append(event)
            self.answer(event, self.now)
        for packet in self.session.data_to_send(self.now):
            self._carry(packet.data, reply=False)

    def _carry(self, data: bytes, *, reply: bool) -> None:
        start = self.now + self.turnaround
        self.frames.append((start, reply, data))
        arrived = self.mangle(data, reply)
        end = start + self.duration(data)
        deliver = self._to_session if reply else self._to_readers
        self.at(end, lambda: deliver(arrived))

    def _to_session(self, data: bytes) -> None:
        self.session.receive_data(Packet(data), self.now)

    def _to_readers(self, data: bytes) -> None:
        for reader in self.readers:
            reader.receive_data(data, self.now)
        for reader in self.readers:
            for reply in reader.data_to_send(self.now):
                self._carry(reply, reply=True)
