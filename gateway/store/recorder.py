"""The one writer of the outbox: everything that waits goes into one commit."""

import asyncio
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import TypeVar

from gateway.store.outbox import Outbox
from gateway.store.segment import Cursors

T = TypeVar("T")
Append = Callable[[Iterable[bytes], Cursors], asyncio.Future[None]]


@dataclass(frozen=True, slots=True)
class _Append:
    entries: tuple[bytes, ...]
    cursors: Cursors
    done: asyncio.Future[None]


_Job = _Append | Callable[[], None]


class Recorder:
    """Group commit: `append` is durable when the future it returns is done."""

    def __init__(self, outbox: Outbox) -> None:
        """Start writing; `on_commit` is called in the event loop after each commit."""
        self._outbox = outbox
        self.on_commit: Callable[[], None] = lambda: None
        self._loop = asyncio.get_running_loop()
        self._jobs: list[_Job] = []
        self._closing = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._work, name="recorder")
        self._thread.start()

    def append(
        self, entries: Iterable[bytes], cursors: Cursors
    ) -> asyncio.Future[None]:
        """Record entries and cursors together; the future may fail with StoreFailed."""
        done: asyncio.Future[None] = self._loop.create_future()
        self._put(_Append(tuple(entries), cursors, done))
        return done

    def run(self, action: Callable[[], T]) -> asyncio.Future[T]:
        """Change the outbox in its own thread, after what was asked before."""
        done: asyncio.Future[T] = self._loop.create_future()

        def job() -> None:
            try:
                result = action()
            except Exception as error:  # noqa: BLE001 - who asked for it gets it
                self._loop.call_soon_threadsafe(_fail, [done], error)
            else:
                self._loop.call_soon_threadsafe(_succeed, [done], result)

        self._put(job)
        return done

    async def close(self) -> None:
        """Write what waits, then stop."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        await asyncio.to_thread(self._thread.join)

    def _put(self, job: _Job) -> None:
        with self._changed:
            self._jobs.append(job)
            self._changed.notify()

    def _take(self) -> list[_Job]:
        with self._changed:
            self._changed.wait_for(lambda: self._jobs or self._closing)
            jobs, self._jobs = self._jobs, []
            return jobs

    def _work(self) -> None:
        while jobs := self._take():
            for appends, group in groupby(jobs, lambda job: isinstance(job, _Append)):
                if appends:
                    self._commit([job for job in group if isinstance(job, _Append)])
                    continue
                for job in group:
                    if not isinstance(job, _Append):
                        job()

    def _commit(self, group: list[_Append]) -> None:
        entries = [entry for append in group for entry in append.entries]
        cursors = {name: at for append in group for name, at in append.cursors.items()}
        waiting = [append.done for append in group]
        try:
            self._outbox.append(entries, cursors)
        except Exception as error:  # noqa: BLE001 - who waits gets it
            self._loop.call_soon_threadsafe(_fail, waiting, error)
        else:
            self._loop.call_soon_threadsafe(_succeed, waiting, None)
            self._loop.call_soon_threadsafe(self.on_commit)


def _succeed(waiting: list[asyncio.Future[T]], result: T) -> None:
    for done in waiting:
        if not done.done():
            done.set_result(result)


def _fail(waiting: list[asyncio.Future[T]], error: Exception) -> None:
    for done in waiting:
        if not done.done():
            done.set_exception(error)
