"""A line of boards in virtual time, over a network that may lose, double and mix."""

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import TypeVar

from controller.protocols.uhppote.session import NetworkSession
from controller.session import (
    AcknowledgePassages,
    ApplyPermits,
    Event,
    LineSettings,
    Member,
    NothingPassed,
    Online,
    Packet,
    PassageReported,
    PassagesLost,
    ResumePassages,
)
from controller.vocabulary import ControllerId, Permit, Revision
from tests.support.uhppote_double import Board

HALF_TRIP = 0.0005
E = TypeVar("E", bound=Event)
Identity = tuple[int, int]
News = PassageReported | PassagesLost | NothingPassed


def member(serial: int, door: int = 1) -> Member:
    """Return a door of a board."""
    name = ControllerId(f"{serial}/{door}")
    return Member(name, f"{serial}/{door}@{host(serial)}")


def host(serial: int) -> str:
    """Return where a board lives."""
    return f"10.{serial >> 16 & 255}.{serial >> 8 & 255}.{serial & 255}"


@dataclass
class Desk:
    """The owner of the record: durable cursors of logs, and what was kept."""

    cursors: dict[ControllerId, Identity] = field(default_factory=dict)
    kept: list[PassageReported] = field(default_factory=list)
    lost: list[PassagesLost] = field(default_factory=list)

    missed: Identity | None = None

    def miss(self, event: News) -> None:
        """Fail to keep a report: nothing behind it is taken before its repeat."""
        place = (event.epoch, first_of(event))
        if self.missed is None and place > self.cursors.get(log_of(event), (0, 0)):
            self.missed = place

    def take(self, event: News) -> Identity:
        """Make one report durable unless it is a repeat; returns the cursor."""
        log = log_of(event)
        index = event.last if isinstance(event, PassagesLost) else event.index
        cursor = self.cursors.get(log, (0, 0))
        if self.missed is not None and (event.epoch, first_of(event)) > self.missed:
            return cursor
        self.missed = None
        if (event.epoch, index) > cursor:
            self.cursors[log] = cursor = (event.epoch, index)
            if isinstance(event, PassageReported):
                self.kept.append(event)
            elif isinstance(event, PassagesLost):
                self.lost.append(event)
        return cursor


@dataclass
class Line:
    """A session, its boards and its owner."""

    boards: Sequence[Board]
    members: Sequence[Member]
    desk: Desk = field(default_factory=Desk)
    loss: float = 0.0
    doubled: float = 0.0
    mixed: float = 0.0
    random: Random = field(default_factory=lambda: Random(7))  # noqa: S311 - repeatable
    now: float = 0.0
    place: str = ""
    """Where boards may push events."""
    remove_foreign: bool = True
    durable: bool = True
    """Whether the owner's disk works."""
    events: list[Event] = field(default_factory=list)
    session: NetworkSession = field(init=False)
    _air: list[tuple[float, int, bool, Packet]] = field(default_factory=list)
    _count: int = 0

    def __post_init__(self) -> None:
        self._of = {f"{host(board.serial)}:60000": board for board in self.boards}
        self.open()

    def open(self) -> None:
        """Begin a session, as after a start or a crash of the gateway."""
        self._air.clear()
        members = (
            replace(each, remove_foreign=self.remove_foreign) for each in self.members
        )
        settings = LineSettings(tuple(members), place=self.place)
        self.session = NetworkSession(settings, self.now)
        self.pump()

    def run(self, seconds: float) -> None:
        """Let time pass."""
        end = self.now + seconds
        while True:
            due = self.session.deadline()
            moment = min(
                end if due is None else due, self._air[0][0] if self._air else end
            )
            if moment >= end:
                self.now = end
                return
            self.now = max(self.now, moment)
            if self._air and self._air[0][0] <= self.now:
                self._arrive(*heapq.heappop(self._air)[2:])
            else:
                self.session.on_timeout(self.now)
            self.pump()

    def until_online(self) -> None:
        """Let the boards come online."""
        self.run(0.1)
        assert self.of(Online)

    def pump(self) -> None:
        """Carry events to the owner, its commands back, and packets out."""
        while events := self.session.events():
            self.events += events
            for event in events:
                self._own(event)
        for packet in self.session.data_to_send(self.now):
            self._fly(packet, outward=True)

    def _own(self, event: Event) -> None:
        match event:
            case Online(controller=name, log=log) if log is not None:
                self.desk.missed = None
                epoch, index = self.desk.cursors.get(log, (0, 0))
                self.session.send(ResumePassages(name, epoch, index), self.now)
            case PassageReported() | PassagesLost() | NothingPassed():
                if not self.durable:
                    self.desk.miss(event)
                    return
                epoch, index = self.desk.take(event)
                order = AcknowledgePassages(event.controller, epoch, index)
                self.session.send(order, self.now)

    def apply(
        self,
        name: ControllerId,
        permits: Iterable[Permit],
        revision: int = 1,
        *,
        snapshot: bool = True,
        removed: Sequence[Permit] = (),
    ) -> None:
        """Order permits for a door."""
        gone = tuple(permit.id for permit in removed)
        command = ApplyPermits(
            name, Revision(revision), gone, tuple(permits), snapshot=snapshot
        )
        self.session.send(command, self.now)
        self.pump()

    def of(self, kind: type[E]) -> list[E]:
        """Return the events of a kind so far."""
        return [event for event in self.events if isinstance(event, kind)]

    def _fly(self, packet: Packet, *, outward: bool) -> None:
        if self.random.random() < self.loss:
            return
        copies = 2 if self.random.random() < self.doubled else 1
        for _ in range(copies):
            late = self.random.random() < self.mixed
            delay = HALF_TRIP + (self.random.uniform(0, 0.3) if late else 0)
            self._count += 1
            heapq.heappush(self._air, (self.now + delay, self._count, outward, packet))

    def _arrive(self, outward: bool, packet: Packet) -> None:
        if not outward:
            self.session.receive_data(packet, self.now)
            return
        board = self._of.get(packet.peer)
        reply = None if board is None else board.answer(packet.data, self.now)
        if reply is not None:
            self._fly(Packet(reply, packet.peer), outward=False)


def log_of(event: News) -> ControllerId:
    """Return the log an event is kept in."""
    return event.log or event.controller


def first_of(event: News) -> int:
    """Return the first index an event is about."""
    return event.first if isinstance(event, PassagesLost) else event.index


def line(*boards: Board, doors: int = 1, **options: object) -> Line:
    """Return a line with some doors of each board."""
    members = [member(b.serial, door) for b in boards for door in range(1, doors + 1)]
    return Line(boards, members, **options)  # type: ignore[arg-type]  # what a test says
