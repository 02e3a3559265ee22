"""171 UHPPOTE boards on loopback: a sweep of all, then their events caught up.

The boards answer from a process of their own, one port each. The limit is what bare
sockets do in the same run: as many datagrams of 64 bytes, sent and counted, with no
protocol at all. Run: python -m tests.benchmarks.uhppote_sweep [events a board]
"""

import asyncio
import multiprocessing
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from time import perf_counter, process_time

from controller.protocols import PROTOCOLS
from controller.protocols.uhppote.message import SIZE
from controller.protocols.uhppote.messages.events import GetStatus
from controller.session import (
    AcknowledgePassages,
    Command,
    Event,
    LineSettings,
    Member,
    NothingPassed,
    Online,
    PassageReported,
    ResumePassages,
)
from controller.vocabulary import ControllerId
from gateway.clock import Clock
from gateway.line import Line
from gateway.transports.datagram import Datagrams
from tests.support.uhppote_double import Board

BOARDS = 171
DEAD = 2
LOCAL = "127.0.0.1"
FIRST_SERIAL = 1000
SWEEPS = 20


def serve(events: int, ready: Connection) -> None:
    """Be the boards: every one on its own port, answering as fast as it can."""
    asyncio.run(_serve(events, ready))


async def _serve(events: int, ready: Connection) -> None:
    loop = asyncio.get_running_loop()
    ports = []
    for number in range(BOARDS):
        board = Board(serial=FIRST_SERIAL + number, deaf=number < DEAD, ring=10**6)
        for card in range(events):
            board.swipe(card + 1)
        own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        own.bind((LOCAL, 0))
        own.setblocking(False)
        loop.add_reader(own, _answer, own, board)
        ports.append(own.getsockname()[1])
    ready.send(ports)
    await loop.create_future()


def _answer(own: socket.socket, board: Board) -> None:
    data, peer = own.recvfrom(SIZE)
    reply = board.answer(data, 0.0)
    board.asked.clear()
    if reply is not None:
        own.sendto(reply, peer)


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


async def measure(ports: Sequence[int], events: int) -> tuple[Cost, Cost]:
    """Return the cost of a sweep, and that until every event is here."""
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
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return sweep, caught_up


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(120):
        while not condition():  # noqa: ASYNC110 - nobody tells a measurement that only watches
            await asyncio.sleep(0.001)


def main(events: int) -> None:
    """Measure and print both beside the limit."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=serve, args=(events, theirs), daemon=True)
    process.start()
    ports = ours.recv()
    limit = bare(ports, SWEEPS)
    sweep, caught_up = asyncio.run(measure(ports, events))
    process.terminate()
    total = events * (BOARDS - DEAD)
    rate, most = total / caught_up.clock, (BOARDS - DEAD) / limit
    print(  # noqa: T201 # the figures are the point
        f"{BOARDS} boards, {DEAD} of them dead, {events} events each\n"
        f"sweep     {1000 * sweep.clock:7.1f} ms   our own work "
        f"{1000 * sweep.work:7.1f} ms   bare sockets {1000 * limit:7.1f} ms   "
        f"ratio {sweep.clock / limit:4.1f}\n"
        f"catch-up  {rate:7.0f} /s   our own work "
        f"{total / caught_up.work:7.0f} /s   bare sockets {most:7.0f} /s   "
        f"ratio {most / rate:4.1f}"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
