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
Sweep = Callable[[Store], object]
"""A chore too long for one transaction."""


class Retirement:
    """Looks once an hour; no door waits for it, permits carry their end."""

    def __init__(
        self, store: Store, chores: Iterable[Chore], sweeps: Iterable[Sweep] = ()
    ) -> None:
        """Do chores on a store, each in a transaction of its own, then sweeps."""
        self._store = store
        self._chores = tuple(chores)
        self._sweeps = tuple(sweeps)

    async def run(self) -> None:
        """Look now and then until cancelled.

        Sweeps wait an hour: at a start, doors and gateways come first.
        """
        await finished(self.tidy)
        while True:
            await asyncio.sleep(INTERVAL)
            await finished(self.look)

    def look(self) -> None:
        """Do every chore and every sweep."""
        self.tidy()
        self._all(self._sweeps)

    def tidy(self) -> None:
        """Do every chore."""
        self._all(map(self._one, self._chores))

    def _all(self, sweeps: Iterable[Sweep]) -> None:
        """Do all of them, whatever becomes of the others."""
        for sweep in sweeps:
            try:
                sweep(self._store)
            except (SQLAlchemyError, RegistryError) as error:
                LOG.warning("an hourly chore failed: %s", type(error).__name__)

    def _one(self, chore: Chore) -> Sweep:
        def sweep(store: Store) -> None:
            with store.writing() as uow:
                chore(uow)

        return sweep
