"""Withdraws permits that have ended by themselves, so that no set grows for ever."""

import asyncio
import logging

from sqlalchemy.exc import SQLAlchemyError

from registry.persistence.unit_of_work import Store
from registry.services.permits import PermitService

LOG = logging.getLogger(__name__)
INTERVAL = 3600.0


class Retirement:
    """Looks once an hour; doors do not wait for it, their permits carry their end."""

    def __init__(self, store: Store, permits: PermitService) -> None:
        """Withdraw from a store."""
        self._store = store
        self._permits = permits

    async def run(self) -> None:
        """Look now and then until cancelled."""
        while True:
            await asyncio.to_thread(self.look)
            await asyncio.sleep(INTERVAL)

    def look(self) -> None:
        """Withdraw what has ended."""
        try:
            with self._store.writing() as uow:
                self._permits.retire(uow)
        except SQLAlchemyError as error:
            LOG.warning("ended permits were not withdrawn: %s", type(error).__name__)
