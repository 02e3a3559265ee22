"""Does what nobody asks for: what has ended goes, what time alone changed is told."""

import asyncio
import logging
from collections.abc import Callable, Iterable

from sqlalchemy.exc import SQLAlchemyError

from registry.domain.errors import RegistryError
from registry.persistence.unit_of_work import Store, UnitOfWork
from registry.services.threads import finished

LOG = logging.getLogger(__name__)
INTERVAL = 3600.0
Chore = Callable[[UnitOfWork], object]


class Retirement:
    """Looks once an hour; no door waits for it, permits carry their end."""

    def __init__(self, store: Store, chores: Iterable[Chore]) -> None:
        """Do chores on a store, each in a transaction of its own."""
        self._store = store
        self._chores = tuple(chores)

    async def run(self) -> None:
        """Look now and then until cancelled."""
        while True:
            await finished(self.look)
            await asyncio.sleep(INTERVAL)

    def look(self) -> None:
        """Do every chore, whatever becomes of the others."""
        for chore in self._chores:
            try:
                with self._store.writing() as uow:
                    chore(uow)
            except (SQLAlchemyError, RegistryError) as error:
                LOG.warning("an hourly chore failed: %s", type(error).__name__)
