"""Everything that goes into a session, on file, so that a fault can be replayed.

One line each: monotonic seconds, line, direction, peer ("-" for none), data. Data
is hexadecimal for `in`, `out` and `random` and JSON for commands. A trace holds card
numbers and, of readers in clear, PINs, but no keys: it cannot be replayed beyond a
reader's change of its key.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TextIO

import msgspec

from controller.errors import LocalProtocolError
from controller.session import (
    AcknowledgePassages,
    ApplyPermits,
    Command,
    Event,
    HoldDoor,
    OpenDoor,
    Packet,
    ResumePassages,
    Session,
    SetClock,
    ShowRefusal,
)
from controller.upkeep import RotateKey, SendApdu, Show

COMMANDS: dict[str, type[Command]] = {
    kind.__name__: kind
    for kind in (
        OpenDoor,
        HoldDoor,
        ShowRefusal,
        Show,
        ApplyPermits,
        AcknowledgePassages,
        ResumePassages,
        SetClock,
    )
}
Random = Callable[[int], bytes]
Opener = Callable[[float, Random], Session]
FIELDS = 5
_Row = tuple[float, str, str, str, str]


class TracedSession:
    """A session that writes down all it is given and all it sends."""

    def __init__(
        self, line: str, open_session: Opener, now: float, file: TextIO
    ) -> None:
        """Open the session proper."""
        self._line = line
        self._file = file
        self._now = now
        self._write(now, "open", "-", "")
        self._session = open_session(now, self._draw)

    def receive_data(self, packet: Packet, now: float) -> None:
        """See Session."""
        self._write(now, "in", packet.peer, packet.data.hex())
        self._session.receive_data(packet, now)

    def send(self, command: Command, now: float) -> None:
        """See Session."""
        secret = isinstance(command, RotateKey | SendApdu)
        data = "" if secret else msgspec.json.encode(command).decode()
        self._write(now, type(command).__name__, "", data)
        self._session.send(command, now)

    def data_to_send(self, now: float) -> Sequence[Packet]:
        """See Session."""
        self._write(now, "ask", "", "")
        packets = self._session.data_to_send(now)
        for packet in packets:
            self._write(now, "out", packet.peer, packet.data.hex())
        return packets

    def events(self) -> Sequence[Event]:
        """See Session."""
        return self._session.events()

    def deadline(self) -> float | None:
        """See Session."""
        return self._session.deadline()

    def on_timeout(self, now: float) -> None:
        """See Session."""
        self._write(now, "timeout", "", "")
        self._session.on_timeout(now)

    def _draw(self, size: int) -> bytes:
        data = os.urandom(size)
        self._write(self._now, "random", "", data.hex())
        return data

    def _write(self, now: float, direction: str, peer: str, data: str) -> None:
        self._now = now
        self._file.write(
            f"{now!r}\t{self._line}\t{direction}\t{peer or '-'}\t{data or '-'}\n"
        )


class TraceInvalid(Exception):
    """A line of a trace cannot be read."""


def replay(
    lines: Iterable[str], line: str, open_session: Opener
) -> Iterator[tuple[float, Event | Packet]]:
    """Feed a line's trace to a new session; yields its events and what it sends.

    Raises TraceInvalid at the first line that cannot be read, after all before it.
    """
    rows, broken = _read_up_to_fault(lines, line)
    draws = (_octets(row[4]) for row in rows if row[2] == "random")
    session: Session | None = None
    for now, _, direction, peer, data in rows:
        if direction == "open":
            session = open_session(now, lambda size: _drawn(draws, size))
        elif session is not None:
            for packet in _step(session, now, direction, Packet(data.encode(), peer)):
                yield now, packet
        if session is not None:
            for event in session.events():
                yield now, event
    if broken is not None:
        raise broken


def _step(
    session: Session, now: float, direction: str, packet: Packet
) -> Sequence[Packet]:
    match direction:
        case "in":
            data = _octets(packet.data.decode())
            session.receive_data(Packet(data, packet.peer), now)
        case "timeout":
            session.on_timeout(now)
        case "ask":
            return session.data_to_send(now)
        case _ if direction in COMMANDS:
            command = _command(packet.data, COMMANDS[direction])
            try:
                session.send(command, now)
            except LocalProtocolError as error:
                raise TraceInvalid(str(error)) from error
    return ()


def _drawn(draws: Iterator[bytes], size: int) -> bytes:
    data = next(draws, b"")
    if len(data) != size:
        raise TraceInvalid(f"{size} random bytes were drawn and are not in the trace")
    return data


def _command(data: bytes, kind: type[Command]) -> Command:
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.DecodeError as error:
        raise TraceInvalid(f"no {kind.__name__}: {error}") from error


def _octets(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise TraceInvalid(f"{text[:40]!r} is not hexadecimal") from error


def _read_up_to_fault(
    lines: Iterable[str], line: str
) -> tuple[list[_Row], TraceInvalid | None]:
    rows: list[_Row] = []
    try:
        rows.extend(row for row in map(_read, lines) if row[1] == line)
    except TraceInvalid as fault:
        return rows, fault
    return rows, None


def _read(text: str) -> _Row:
    fields = [field if field != "-" else "" for field in text.rstrip("\n").split("\t")]
    if len(fields) != FIELDS:
        raise TraceInvalid(f"a line needs {FIELDS} fields, not {len(fields)}")
    try:
        return float(fields[0]), fields[1], fields[2], fields[3], fields[4]
    except ValueError as error:
        raise TraceInvalid(f"{fields[0]!r} is no time") from error
