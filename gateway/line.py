"""One line: a transport on one side, a session on the other, time in between."""

import asyncio
import logging
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from controller.errors import LocalProtocolError
from controller.session import (
    CardPresented,
    Command,
    CommandFailed,
    Event,
    Offline,
    Packet,
    Session,
)
from controller.vocabulary import ControllerId
from gateway.backoff import LONGEST, Backoff
from gateway.clock import Clock
from gateway.transports import Transport

DECISION_PAUSE = 0.02
"""Seconds a line keeps still after a card, so that the answer goes out first."""
SHORTEST_SLEEP = 0.001
LOG = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Line:
    """Drives a session; one that crashes is replaced and stops no other line."""

    name: str
    controllers: Sequence[ControllerId]
    open_session: Callable[[float], Session]
    transport: Transport
    clock: Clock
    on_events: Callable[[Sequence[Event]], None]
    crashes: int = 0
    _backoff: Backoff = field(default_factory=Backoff)
    _session: Session | None = None
    _timer: asyncio.TimerHandle | None = None
    _opened_at: float = 0.0
    _still_until: float = 0.0

    async def run(self) -> None:
        """Carry on until cancelled."""
        # What is sent before the transport took its first step is lost.
        begin = asyncio.get_running_loop().call_soon(self._open)
        try:
            await self.transport.run(self._received)
        finally:
            begin.cancel()
            self._session = None
            self._cancel_timer()

    def send(self, command: Command) -> None:
        """Pass a command to the session; one it cannot take is reported as failed."""
        self._still_until = 0.0
        if self._session is None:
            self._refuse(command, "the line is being opened again")
            return

        def pass_on(session: Session, now: float) -> None:
            try:
                session.send(command, now)
            except LocalProtocolError as error:
                LOG.exception("line %s: our own fault", self.name)
                self._refuse(command, str(error))

        self._do(pass_on)

    def _refuse(self, command: Command, cause: str) -> None:
        self.on_events([CommandFailed(command.controller, command, cause)])

    def _open(self) -> None:
        self._opened_at = self.clock.monotonic()
        try:
            self._session = self.open_session(self._opened_at)
        except Exception:  # noqa: BLE001 - a session that cannot begin stops no other line
            self._crash()
        else:
            self._do(lambda _session, _now: None)

    def _received(self, packet: Packet) -> None:
        self._do(lambda session, now: session.receive_data(packet, now))

    def _timeout(self) -> None:
        self._do(lambda session, now: session.on_timeout(now))

    def _do(self, action: Callable[[Session, float], None]) -> None:
        session = self._session
        if session is None:
            return
        try:
            action(session, self.clock.monotonic())
            self._pump(session)
        except Exception:  # noqa: BLE001 - whatever happens on one line stays on it
            self._crash()

    def _pump(self, session: Session) -> None:
        events = session.events()
        now = self.clock.monotonic()
        if any(isinstance(event, CardPresented) for event in events):
            self._still_until = now + DECISION_PAUSE
        if events:
            self.on_events(events)
        if self._session is not session:
            return
        if now >= self._still_until:
            for packet in session.data_to_send(now):
                self.transport.send(packet)
        self._sleep(session, now)

    def _sleep(self, session: Session, now: float) -> None:
        self._cancel_timer()
        due = session.deadline()
        if self._still_until > now:
            due = self._still_until
        if due is not None:
            pause = max(due - now, SHORTEST_SLEEP)
            self._timer = asyncio.get_running_loop().call_later(pause, self._timeout)

    def _crash(self) -> None:
        LOG.error("line %s: its session failed", self.name, exc_info=sys.exc_info())
        self.crashes += 1
        self._session = None
        self._cancel_timer()
        if self.clock.monotonic() - self._opened_at > LONGEST:
            self._backoff.reset()
        self.on_events([Offline(name, "line failed") for name in self.controllers])
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._backoff.pause(), self._open)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
