"""One bus: a serial device for the gateway, readers at the other end of the wire."""

import asyncio
import os
import tty
from collections.abc import Sequence
from math import inf
from pathlib import Path

from controller.session import Contact
from firmware_sim.faults import WireFaults
from firmware_sim.reader import Reader
from firmware_sim.taps import Tap
from firmware_sim.wire import Wire

TURNAROUND = 0.002
"""Seconds a reader takes to begin its reply."""
_GATEWAY = ""
_CHUNK = 4096


class SerialBus:
    """A pty whose far end has the speed, the manners and the faults of a wire."""

    def __init__(self, link: Path, wire: Wire, readers: Sequence[Reader]) -> None:
        """Show the gateway's end as `link`, the path of a serial device."""
        self._loop = asyncio.get_running_loop()
        self._link = link
        self.wire = wire
        self._readers = readers
        self._timer: asyncio.TimerHandle | None = None
        # Holding the gateway's end open keeps the wire whole while nobody is there.
        self._end, self._gateway_end = os.openpty()
        tty.setraw(self._gateway_end)
        os.set_blocking(self._end, False)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(os.ttyname(self._gateway_end))
        self._loop.add_reader(self._end, self._read)

    @property
    def now(self) -> float:
        """The time on this bus, in monotonic seconds."""
        return self._loop.time()

    def advance(self) -> None:
        """Let everything happen that is due, and wake for what comes next."""
        now = self.now
        for sent in self.wire.arrivals(now):
            self._hear(sent.talker, bytes(sent.data), sent.end)
        for reader in self._readers:
            if reader.deadline() <= now:
                reader.on_timeout(now)
        self._wake()

    def close(self) -> None:
        """Take the wire away."""
        if self._timer:
            self._timer.cancel()
        self._loop.remove_reader(self._end)
        self._link.unlink(missing_ok=True)
        os.close(self._end)
        os.close(self._gateway_end)

    def _read(self) -> None:
        self.wire.transmit(_GATEWAY, os.read(self._end, _CHUNK), self.now)
        self._wake()

    def _hear(self, talker: str, data: bytes, at: float) -> None:
        if talker != _GATEWAY:
            self._write(data)
        for reader in self._readers:
            if reader.name != talker:
                for reply in reader.hear(data, at):
                    self.wire.transmit(reader.name, reply, at + TURNAROUND)

    def _write(self, data: bytes) -> None:
        try:
            os.write(self._end, data)
        except BlockingIOError:
            # Nobody reads at the gateway's end: the bytes fall off the wire.
            return

    def _wake(self) -> None:
        if self._timer:
            self._timer.cancel()
        moments = [reader.deadline() for reader in self._readers]
        passed = self.wire.deadline()
        if passed is not None:
            moments.append(passed)
        due = min(moments, default=inf)
        if due < inf:
            self._timer = self._loop.call_at(due, self.advance)


class BusDoor:
    """A door whose reader hangs on a bus, as `simulator.SimulatedDoor` wants it."""

    def __init__(self, reader: Reader, bus: SerialBus) -> None:
        self._reader = reader
        self._bus = bus

    @property
    def connected(self) -> bool:
        """Say whether the gateway speaks to the reader."""
        return self._reader.connected

    @property
    def waiting(self) -> int:
        """How many people are at the door."""
        return self._reader.waiting

    def tap(self, tap: Tap) -> None:
        """Hold a card to the reader; raises Busy."""
        self._reader.tap(tap, self._bus.now)
        self._bus.advance()

    def cut_power(self, seconds: float) -> None:
        """Take the reader's power for a while."""
        self._reader.cut_power(seconds, self._bus.now)

    def fall_silent(self, seconds: float) -> None:
        """Loosen the reader's wire for a while."""
        self._reader.fall_silent(seconds, self._bus.now)

    def set_contact(self, contact: Contact, *, active: bool) -> None:
        """Move a contact by hand."""
        self._reader.set_contact(contact, active=active)

    def disturb(self, faults: WireFaults) -> None:
        """Give the whole bus these faults."""
        self._bus.wire.faults = faults
