"""Events from lines to parts, commands from parts to lines."""

import logging
from collections.abc import Callable, Iterable, Sequence

from controller.session import Command, Event
from gateway.counters import Counters
from gateway.line import Line

Handle = Callable[[Sequence[Event]], None]
LOG = logging.getLogger(__name__)


class Router:
    """Hands events to everyone concerned, whoever else among them fails."""

    def __init__(self, counters: Counters) -> None:
        """Start with nobody."""
        self._counters = counters
        self._handlers: list[Handle] = []

    def add(self, handler: Handle) -> None:
        """Hand events to this one too, after those before it."""
        self._handlers.append(handler)

    def handle(self, events: Sequence[Event]) -> None:
        """Take what a line reports."""
        for handler in self._handlers:
            try:
                handler(events)
            except Exception:
                LOG.exception("an event could not be handled")
                self._counters.handler_failures += 1


class Switchboard:
    """Finds the line of a controller."""

    def __init__(self, lines: Iterable[Line]) -> None:
        """Take every line of the gateway."""
        self._lines = {name: line for line in lines for name in line.controllers}
        self._watchers: list[Callable[[Command], None]] = []

    def watch(self, watcher: Callable[[Command], None]) -> None:
        """Let somebody see every command before its line does."""
        self._watchers.append(watcher)

    def send(self, command: Command) -> None:
        """Pass a command to its controller's line."""
        for watcher in self._watchers:
            watcher(command)
        self._lines[command.controller].send(command)


def each(handle: Callable[[Event], None]) -> Handle:
    """Return a handler of several events made of one that takes a single event."""

    def handle_all(events: Sequence[Event]) -> None:
        for event in events:
            handle(event)

    return handle_all
