"""Events to everyone concerned, commands to the line that carries them."""

from collections.abc import Callable, Sequence

import pytest

from controller.session import Command, Event, Offline, Online, OpenDoor, ShowRefusal
from controller.vocabulary import ControllerId
from gateway.clock import Clock
from gateway.counters import Counters
from gateway.line import Line
from gateway.routing import Router, Switchboard, each
from tests.support.gateway_fake import FakeSession
from tests.support.gateway_site import LOCK, READER
from tests.support.memory_transport import MemoryTransport

ONLINE, OFFLINE = Online(READER, secure=True), Offline(READER, "cut")
OTHER = ControllerId("reader-2")


def line(name: str, controllers: Sequence[ControllerId], log: list[str]) -> Line:
    """Return a line that is not open: it says so of every command it gets."""

    def note(events: Sequence[Event]) -> None:
        log.extend(f"{name} {event.controller}" for event in events)

    transport = MemoryTransport(lambda _: None)
    return Line(name, controllers, lambda _: FakeSession(), transport, Clock(), note)


@pytest.fixture
def log() -> list[str]:
    return []


@pytest.fixture
def board(log: list[str]) -> Switchboard:
    return Switchboard([line("bus", (READER, OTHER), log), line("doors", (LOCK,), log)])


def test_a_command_goes_to_its_controller_s_line_and_to_no_other(
    board: Switchboard, log: list[str]
) -> None:
    for name in (OTHER, LOCK, READER):
        board.send(OpenDoor(name, 1.0))
    assert log == ["bus reader-2", "doors lock-1", "bus reader-1"]


def test_every_watcher_sees_every_command_before_its_line_does(
    board: Switchboard, log: list[str]
) -> None:
    seen: list[tuple[str, Command, int]] = []
    board.watch(lambda command: seen.append(("first", command, len(log))))
    board.watch(lambda command: seen.append(("second", command, len(log))))
    commands: list[Command] = [OpenDoor(READER, 1.0), ShowRefusal(LOCK)]
    for command in commands:
        board.send(command)
    assert seen == [
        (who, command, before)
        for before, command in enumerate(commands)
        for who in ("first", "second")
    ]
    assert len(log) == 2


def test_handlers_take_turns_and_get_a_batch_whole() -> None:
    took: list[tuple[str, list[Event]]] = []

    def note(name: str) -> Callable[[Sequence[Event]], None]:
        return lambda events: took.append((name, list(events)))

    router = Router(Counters())
    for name in ("first", "second"):
        router.add(note(name))
    router.handle([ONLINE, OFFLINE])
    router.handle([])
    assert took == [
        ("first", [ONLINE, OFFLINE]),
        ("second", [ONLINE, OFFLINE]),
        ("first", []),
        ("second", []),
    ]


def test_a_failure_is_counted_once_for_each_handler_that_has_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    counters, seen = Counters(), list[Event]()

    def fail(_events: Sequence[Event]) -> None:
        raise ZeroDivisionError

    router = Router(counters)
    for handler in (fail, each(seen.append), fail):
        router.add(handler)
    router.handle([ONLINE, OFFLINE])
    assert (counters.handler_failures, seen) == (2, [ONLINE, OFFLINE])
    assert [record.exc_info is not None for record in caplog.records] == [True] * 2
