"""Notices that something changed, whichever process changed it, and wakes waiters."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from registry.persistence.unit_of_work import Store
from registry.services.threads import finished

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Marks:
    """How far the register is: permits, passages, doors, alarms, rules, orders."""

    revision: int = 0
    passage: int = 0
    doors: int = 0
    alarms: int = 0
    rules: int = 0
    orders: int = 0


def everything(marks: Marks) -> object:
    """Wait for any change at all."""
    return marks


def permits(marks: Marks) -> object:
    """Wait for changed permits only."""
    return marks.revision


def rules(marks: Marks) -> object:
    """Wait for changed rules of doors only."""
    return marks.rules


def orders(marks: Marks) -> object:
    """Wait for new orders only."""
    return marks.orders


class Changes:
    """One poller a process; any number wait for it without holding a connection."""

    def __init__(self, store: Store, interval: float = 0.15) -> None:
        """Read the marks every `interval` seconds."""
        self._store = store
        self._interval = interval
        self._moved = asyncio.Condition()
        self.marks = Marks()
        self.closing = False

    async def run(self) -> None:
        """Poll until cancelled."""
        while True:
            marks = await finished(self._read)
            if marks != self.marks:
                async with self._moved:
                    self.marks = marks
                    self._moved.notify_all()
            await asyncio.sleep(self._interval)

    async def close(self) -> None:
        """Let everybody who waits go, so that their answers can be finished."""
        async with self._moved:
            self.closing = True
            self._moved.notify_all()

    async def wait(
        self,
        seen: Marks,
        seconds: float,
        what: Callable[[Marks], object] = everything,
    ) -> Marks:
        """Return the marks once `what` is not as in `seen`, or after `seconds`.

        Once the process is closing nobody waits any more.
        """
        before = what(seen)
        try:
            async with asyncio.timeout(seconds), self._moved:
                await self._moved.wait_for(
                    lambda: self.closing or what(self.marks) != before
                )
        except TimeoutError:
            return seen
        return self.marks

    def _read(self) -> Marks:
        """Read the marks; while the database does not answer, nothing moves."""
        try:
            with self._store.reading() as uow:
                return Marks(
                    uow.permits.revision(),
                    uow.passages.last_number(),
                    uow.hardware.changes(),
                    uow.alarms.last_change(),
                    uow.rule_books.revisions(),
                    uow.orders.last_number(),
                )
        except SQLAlchemyError as error:
            LOG.warning("the database does not answer: %s", type(error).__name__)
            return self.marks
