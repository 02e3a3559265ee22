"""Drives a commissioning dialogue over a serial port, with an operator beside it."""

import os
import select
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import serial

from controller.protocols.osdp import open_bus
from controller.protocols.osdp.scan import Scan
from controller.session import Event, LineSettings, Offline, Packet, Session
from controller.upkeep import LineChanged
from gateway.commissioning.dialogue import (
    Answer,
    Ask,
    Begin,
    Dialogue,
    Expect,
    Findings,
    Look,
    Order,
    Place,
    Say,
    Step,
)

_READ_SIZE = 4096
_LONGEST_WAIT = 0.05


class Bench:
    """A port opened for us alone; used as a context."""

    def __init__(
        self, path: Path, say: Callable[[str], None], ask: Callable[[str], bool]
    ) -> None:
        """Name the port and how the operator is spoken to."""
        self._say, self._ask = say, ask
        self._port = serial.Serial(exclusive=True, timeout=0)
        self._port.port = str(path)
        self._session: Session | None = None
        self._events: deque[Event] = deque()
        self.places: Iterable[tuple[int, Iterable[int]]] = ()
        """Speeds and the addresses to look at, in order."""

    def __enter__(self) -> Self:
        """Open the port."""
        self._port.open()
        os.set_blocking(self._port.fileno(), False)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the port."""
        self._port.close()

    def run(self, dialogue: Dialogue) -> Findings:
        """Carry out step after step; raises what the dialogue raises."""
        answer: Answer = None
        while True:
            try:
                step = dialogue.send(answer)
            except StopIteration as done:
                findings: Findings = done.value
                return findings
            answer = self._carry_out(step)

    def _carry_out(self, step: Step) -> Answer:
        match step:
            case Say(text=text):
                self._say(text)
            case Ask(question=question):
                return self._ask(question)
            case Look():
                return next(self._look(), None)
            case Begin(member=member, baud=baud):
                self._port.baudrate = baud
                settings = LineSettings((member,), baud)
                self._session = open_bus(settings, time.monotonic(), os.urandom)
            case Order(command=command) if self._session:
                self._session.send(command, time.monotonic())
            case Expect():
                return self._expect(step)
        return None

    def _look(self) -> Iterator[Place]:
        for baud, addresses in self.places:
            self._port.baudrate = baud
            scan = Scan(addresses, baud)
            while not scan.done and not scan.found:
                for data in scan.data_to_send(time.monotonic()):
                    self._write(data)
                scan.receive_data(self._read(scan.deadline - time.monotonic()))
            for found in scan.found:
                yield Place(found.address, baud)

    def _expect(self, step: Expect) -> Event | None:
        end = time.monotonic() + step.seconds
        while (now := time.monotonic()) < end:
            while self._events:
                event = self._events.popleft()
                self._follow(event)
                if step.wanted(event):
                    return event
            self._turn(now)
        return None

    def _follow(self, event: Event) -> None:
        if isinstance(event, Offline):
            self._say(f"The reader is not in service: {event.cause}.")
        elif isinstance(event, LineChanged):
            self._port.baudrate = event.baud

    def _turn(self, now: float) -> None:
        """Let the session do what is due, and wait a little for the reader."""
        session = self._session
        if session is None:
            return
        due = session.deadline()
        if due is not None and due <= now:
            session.on_timeout(now)
        for packet in session.data_to_send(now):
            self._write(packet.data)
        due = session.deadline()
        if data := self._read(_LONGEST_WAIT if due is None else due - now):
            session.receive_data(Packet(data), time.monotonic())
        self._events += session.events()

    def _read(self, seconds: float) -> bytes:
        wait = min(max(seconds, 0.0), _LONGEST_WAIT)
        ready, _, _ = select.select([self._port.fileno()], [], [], wait)
        return os.read(self._port.fileno(), _READ_SIZE) if ready else b""

    def _write(self, data: bytes) -> None:
        self._port.write(data)
        self._port.flush()
