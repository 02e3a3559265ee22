"""171 UHPPOTE boards on loopback: a sweep of all, then their events caught up.

The boards answer from a process of their own, one port each; two are dead, and of all
datagrams one in a hundred is lost each way, one is doubled and one comes late. The
limit is what bare sockets do in the same run: as many datagrams of 64 bytes, sent and
counted, with no protocol at all and no faults. Run:
python -m tests.benchmarks.uhppote_sweep [events a board]
"""

import asyncio
import multiprocessing
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from random import Random
from time import perf_counter, process_time

from controller.protocols import PROTOCOLS
from controller.protocols.uhppote.message import SIZE
from controller.protocols.uhppote.messages.events import GetStatus
from controller.schedule import Validity
from controller.session import (
    AcknowledgePassages,
    ApplyPermits,
    Command,
    Event,
    LineSettings,
    Member,
    NothingPassed,
    Online,
    PassageReported,
    PermitsApplied,
    ResumePassages,
)
from controller.vocabulary import (
    CardNumber,
    ControllerId,
    DoorId,
    Permit,
    PermitId,
    Revision,
)
from gateway.clock import Clock
from gateway.line import Line
from gateway.transports.datagram import Datagrams
from tests.support.uhppote_double import Board

BOARDS = 171
DEAD = 2
LOST = DOUBLED = LATE = 0.01
LATENESS = 0.005
"""Seconds by which a late datagram is late: others overtake it."""
CARDS = 20
LOCAL = "127.0.0.1"
FIRST_SERIAL = 1000
SWEEPS = 20
VALIDITY = Validity(
    datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 12, 30, 16, tzinfo=UTC)
)


@contextmanager
def boards(events: int, *, faults: bool) -> Iterator[list[int]]:
    """Let boards answer as fast as they can; gives the port of each."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(
        target=_run, args=(events, theirs, faults), daemon=True
    )
    process.start()
    yield ours.recv()
    process.terminate()


def _run(events: int, ready: Connection, faults: bool) -> None:
    asyncio.run(_serve(events, ready, float(faults)))


async def _serve(events: int, ready: Connection, faults: float) -> None:
    ports = []
    for number in range(BOARDS):
        board = Board(serial=FIRST_SERIAL + number, deaf=number < DEAD, ring=10**6)
        for card in range(events):
            board.swipe(card + 1)
        ports.append(Cable(board, faults).port)
    ready.send(ports)
    await asyncio.get_running_loop().create_future()


class Cable:
    """A board's socket, and what a poor network (1) or a good one (0) does to it."""

    def __init__(self, board: Board, faults: float) -> None:
        self._board, self._faults = board, faults
        self._dice = Random(board.serial)  # noqa: S311 - repeatable on purpose
        self._loop = asyncio.get_running_loop()
        self._own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._own.bind((LOCAL, 0))
        self._own.setblocking(False)
        self._loop.add_reader(self._own, self._answer)
        self.port: int = self._own.getsockname()[1]

    def _answer(self) -> None:
        data, peer = self._own.recvfrom(SIZE)
        if self._happens(LOST):
            return
        reply = self._board.answer(data, 0.0)
        self._board.asked.clear()
        if reply is None or self._happens(LOST):
            return
        for _ in range(2 if self._happens(DOUBLED) else 1):
            if self._happens(LATE):
                self._loop.call_later(LATENESS, self._own.sendto, reply, peer)
            else:
                self._own.sendto(reply, peer)

    def _happens(self, share: float) -> bool:
        return self._dice.random() < share * self._faults


def bare(ports: Sequence[int], rounds: int) -> float:
    """Return the seconds a round of one request and reply to each board takes."""
    living = list(enumerate(ports))[DEAD:]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.settimeout(5)
        begun = perf_counter()
        for _ in range(rounds):
            for number, port in living:
                own.sendto(GetStatus(FIRST_SERIAL + number).encode(), (LOCAL, port))
            for _ in living:
                own.recv(SIZE)
        return (perf_counter() - begun) / rounds


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds by the clock, and those our own process worked."""

    clock: float
    work: float


class Watch:
    """Measures from its making on."""

    def __init__(self) -> None:
        self._clock, self._work = perf_counter(), process_time()

    def read(self) -> Cost:
        return Cost(perf_counter() - self._clock, process_time() - self._work)


def permits(controller: ControllerId) -> tuple[Permit, ...]:
    """Return a house's permits for a door."""
    door = DoorId(controller)
    return tuple(
        Permit(PermitId(card), CardNumber(card), door, VALIDITY)
        for card in range(1, CARDS + 1)
    )


class Owner:
    """Takes events at once and counts them."""

    def __init__(self, ports: Sequence[int]) -> None:
        members = tuple(
            Member(ControllerId(str(serial)), f"{serial}@{LOCAL}:{port}")
            for serial, port in enumerate(ports, FIRST_SERIAL)
        )
        entry = PROTOCOLS["uhppote"]
        self.online: set[ControllerId] = set()
        self.events = 0
        self.applied: set[ControllerId] = set()
        self.resumes: list[Command] = []
        self.line = Line(
            "boards",
            [member.controller for member in members],
            lambda now: entry.open(LineSettings(members), now, bytes),
            Datagrams((LOCAL, 0), SIZE, entry.ports),
            Clock(),
            self.take,
        )

    def take(self, events: Sequence[Event]) -> None:
        for event in events:
            match event:
                case Online(controller=name):
                    self.online.add(name)
                    self.resumes.append(ResumePassages(name, 1, 0))
                case PassageReported() | NothingPassed():
                    self.events += 1
                    order = AcknowledgePassages(
                        event.controller, event.epoch, event.index
                    )
                    self.line.send(order)
                case PermitsApplied(controller=name):
                    self.applied.add(name)

    async def deliver(self, order: Callable[[ControllerId], ApplyPermits]) -> Cost:
        """Send an order to every living board and wait until each confirmed it."""
        self.applied.clear()
        watch = Watch()
        for name in self.online:
            self.line.send(order(name))
        await _until(lambda: self.applied >= self.online)
        return watch.read()


@dataclass(frozen=True, slots=True)
class Costs:
    """A sweep of all boards, all their events, and a card withdrawn everywhere."""

    sweep: Cost
    events: Cost
    withdrawal: Cost


async def measure(ports: Sequence[int], events: int) -> Costs:
    """Return what it takes until all boards are known, caught up and let a card go."""
    owner = Owner(ports)
    watch = Watch()
    task = asyncio.create_task(owner.line.run())
    await _until(lambda: len(owner.online) == BOARDS - DEAD)
    sweep = watch.read()
    watch = Watch()
    for command in owner.resumes:
        owner.line.send(command)
    await _until(lambda: owner.events >= events * (BOARDS - DEAD))
    caught_up = watch.read()
    await owner.deliver(
        lambda name: ApplyPermits(name, Revision(1), (), permits(name), snapshot=True)
    )
    withdrawal = await owner.deliver(
        lambda name: ApplyPermits(name, Revision(2), (PermitId(1),), ())
    )
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return Costs(sweep, caught_up, withdrawal)


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(120):
        while not condition():  # noqa: ASYNC110 - nobody tells a measurement that only watches
            await asyncio.sleep(0.001)


def main(events: int) -> None:
    """Measure and print both beside the limit."""
    with boards(0, faults=False) as ports:
        limit = bare(ports, SWEEPS)
    with boards(events, faults=True) as ports:
        costs = asyncio.run(measure(ports, events))
    total, living = events * (BOARDS - DEAD), BOARDS - DEAD
    rate, most = total / costs.events.clock, living / limit
    # One question and answer a board is the least that any of them takes.
    print(  # noqa: T201 # the figures are the point
        f"{BOARDS} boards, {DEAD} of them dead, {events} events and {CARDS} cards each"
        f"\nbare sockets, no faults: {1000 * limit:6.1f} ms for all, {most:6.0f} /s\n"
        f"{_row('sweep', costs.sweep, limit)}\n"
        f"{_row('withdrawal', costs.withdrawal, limit)}\n"
        f"catch-up   {rate:8.0f} /s   our own work {total / costs.events.work:8.0f} /s"
        f"   ratio {most / rate:4.1f}"
    )


def _row(name: str, cost: Cost, limit: float) -> str:
    return (
        f"{name:10} {1000 * cost.clock:8.1f} ms   our own work "
        f"{1000 * cost.work:8.1f} ms   ratio {cost.clock / limit:4.1f}"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
