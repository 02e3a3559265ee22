import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from controller.session import (
    CardPresented,
    CommandFailed,
    Event,
    Offline,
    Online,
    OpenDoor,
    Packet,
    ShowRefusal,
)
from controller.vocabulary import ControllerId
from gateway import backoff, line
from gateway.clock import Clock
from gateway.counters import Counters
from gateway.line import Line
from gateway.routing import Router, Switchboard, each
from tests.support.gateway_fake import FakeSession
from tests.support.gateway_site import LOCK, READER
from tests.support.memory_transport import MemoryTransport
from tests.support.waiting import until

ONLINE = Online(READER, secure=True)
CARD = CardPresented(READER, 5, 26)
OPEN = OpenDoor(READER, 3.0)


@dataclass
class Wire:
    """A line over memory, and all that came out of it."""

    name: str = "bus"
    controllers: Sequence[ControllerId] = (READER,)
    sent: list[bytes] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    sessions: list[FakeSession] = field(default_factory=list)
    on_event: Callable[[Event], None] = lambda _: None

    def __post_init__(self) -> None:
        self.transport = MemoryTransport(lambda packet: self.sent.append(packet.data))
        self.line = Line(
            self.name,
            self.controllers,
            self.open_session,
            self.transport,
            Clock(),
            self.note,
        )

    def open_session(self, now: float) -> FakeSession:
        del now
        self.sessions.append(FakeSession({b"hello": [ONLINE], b"card": [CARD]}))
        return self.sessions[-1]

    def note(self, events: Sequence[Event]) -> None:
        self.events += events
        for event in events:
            self.on_event(event)

    def arrive(self, data: bytes) -> None:
        self.transport.deliver(Packet(data))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[FakeSession]:
        task = asyncio.create_task(self.line.run())
        await until(lambda: self.sessions)
        yield self.sessions[-1]
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backoff, "SHORTEST", 0.01)


async def test_data_becomes_events_and_commands_become_data() -> None:
    wire = Wire()
    async with wire.running() as session:
        wire.arrive(b"hello")
        assert wire.events == [ONLINE]
        wire.line.send(OPEN)
        assert (session.commands, wire.sent) == ([OPEN], [b"OpenDoor"])


async def test_a_session_gets_its_time() -> None:
    wire = Wire()
    async with wire.running() as session:
        session.due = wire.line.clock.monotonic() + 0.01
        wire.arrive(b"anything")
        assert session.timeouts == []
        due = session.due
        await until(lambda: session.timeouts)
        assert session.timeouts[0] >= due - 0.001
    session.due = 0.0
    await asyncio.sleep(0.01)
    assert len(session.timeouts) == 1, "a stopped line is still"


async def test_a_deadline_that_stays_past_does_not_take_the_processor() -> None:
    wire = Wire()
    async with wire.running() as session:
        session.on_timeout = session.timeouts.append  # type: ignore[method-assign, assignment]  # never satisfied
        session.due = 0.0
        wire.arrive(b"anything")
        await asyncio.sleep(0.05)
        assert 1 <= len(session.timeouts) <= 60


async def test_after_a_card_the_answer_goes_out_before_anything_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(line, "DECISION_PAUSE", 0.02)
    wire = Wire()
    async with wire.running() as session:
        wire.arrive(b"card")
        session.outgoing.append(Packet(b"poll"))
        wire.arrive(b"noise")
        assert wire.sent == []
        wire.line.send(ShowRefusal(READER))
        assert wire.sent == [b"poll", b"ShowRefusal"]
        wire.arrive(b"card")
        session.outgoing.append(Packet(b"next poll"))
        await until(lambda: wire.sent[-1] == b"next poll")


async def test_a_crashed_session_is_replaced_and_its_doors_are_offline() -> None:
    wire = Wire(controllers=(READER, LOCK))
    async with wire.running():
        wire.arrive(b"crash")
        assert wire.events == [
            Offline(READER, "line failed"),
            Offline(LOCK, "line failed"),
        ]
        wire.line.send(OPEN)
        await until(lambda: len(wire.sessions) == 2)
        wire.arrive(b"hello")
        refused = CommandFailed(READER, OPEN, "the line is being opened again")
        assert wire.events[2:] == [refused, ONLINE]
        assert wire.line.crashes == 1


async def test_one_crashing_session_does_not_stop_another_line() -> None:
    ill, well = Wire("ill"), Wire("well", (LOCK,))
    async with ill.running(), well.running() as session:
        ill.arrive(b"crash")
        Switchboard([ill.line, well.line]).send(OpenDoor(LOCK, 1.0))
        assert session.commands == [OpenDoor(LOCK, 1.0)]


async def test_a_session_that_cannot_begin_is_tried_again() -> None:
    wire = Wire()
    opened: list[float] = []

    def open_session(now: float) -> FakeSession:
        opened.append(now)
        if len(opened) < 3:
            raise ValueError("not yet")
        return FakeSession({b"hello": [ONLINE]})

    wire.line.open_session = open_session
    task = asyncio.create_task(wire.line.run())
    await until(lambda: len(opened) == 3)
    wire.arrive(b"hello")
    assert wire.events[-1] == ONLINE
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_our_own_fault_is_told_and_crashes_nothing() -> None:
    wire = Wire()
    bad = OpenDoor(READER, -1.0)
    async with wire.running():
        wire.line.send(bad)
        cause = "doors do not open for negative times"
        assert wire.events == [CommandFailed(READER, bad, cause)]
        assert wire.line.crashes == 0


async def test_a_command_from_within_an_event_is_sent() -> None:
    wire = Wire(on_event=lambda _: wire.line.send(OPEN))
    async with wire.running() as session:
        wire.arrive(b"hello")
        assert (session.commands, wire.sent) == ([OPEN], [b"OpenDoor"])


def test_a_handler_that_fails_keeps_no_other_from_its_events() -> None:
    counters, seen = Counters(), list[Event]()
    router = Router(counters)

    def fail(events: Sequence[Event]) -> None:
        raise KeyError(events)

    router.add(fail)
    router.add(each(seen.append))
    router.handle([ONLINE, CARD])
    assert (seen, counters.handler_failures) == ([ONLINE, CARD], 1)
