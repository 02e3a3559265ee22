"""A serial line between two programs: two ptys and a thread that paces the bytes."""

import os
import select
import threading
import time
import tty
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

BITS_PER_BYTE = 10
_CHUNK = 4096
_IDLE = 0.02


@dataclass
class PtyWire:
    """Two ends of a line; with a baud each byte takes its time and arrives alone.

    `left` and `right` are device paths a program may open; `left_fd` and `right_fd`
    are the same ends already open, non-blocking. `corrupt` may change any chunk.
    """

    baud: int = 0
    corrupt: Callable[[bytes], bytes] = lambda data: data
    _opened: list[int] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._left, self.left_fd = self._open_end()
        self._right, self.right_fd = self._open_end()
        self.left, self.right = os.ttyname(self.left_fd), os.ttyname(self.right_fd)
        self._stop = threading.Event()
        self._pump = threading.Thread(target=self._run, name="pty wire")
        self._pump.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._pump.join()
        for descriptor in self._opened:
            os.close(descriptor)

    def _open_end(self) -> tuple[int, int]:
        master, slave = os.openpty()
        self._opened += [master, slave]
        tty.setraw(slave)
        os.set_blocking(slave, False)
        return master, slave

    def _run(self) -> None:
        other = {self._left: self._right, self._right: self._left}
        while not self._stop.is_set():
            ready, _, _ = select.select(list(other), [], [], _IDLE)
            for end in ready:
                self._carry(os.read(end, _CHUNK), other[end])

    def _carry(self, data: bytes, target: int) -> None:
        data = self.corrupt(data)
        if not self.baud:
            os.write(target, data)
            return
        due = time.monotonic()
        for at in range(len(data)):
            due += BITS_PER_BYTE / self.baud
            time.sleep(max(0.0, due - time.monotonic()))
            os.write(target, data[at : at + 1])


def read_available(descriptor: int, limit: int = _CHUNK) -> bytes:
    """Return what has arrived at an end, which may be nothing."""
    try:
        return os.read(descriptor, limit)
    except BlockingIOError:
        return b""
