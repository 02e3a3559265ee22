"""Questions asked over and over: one long poll after another, slower after failures."""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable

from gateway.backoff import Backoff
from gateway.errors import UplinkFailed

WAIT = 25
"""Seconds the registry may keep a question open."""
SHORTEST_ROUND = 0.02
LOG = logging.getLogger(__name__)


async def keep_asking(
    what: str,
    once: Callable[[], Awaitable[None]],
    relieve: Callable[[], object] = lambda: None,
) -> None:
    """Ask until cancelled; `relieve` makes room on a disk that took no answer."""
    backoff = Backoff()
    while True:
        try:
            await once()
        except (UplinkFailed, sqlite3.Error) as error:
            if isinstance(error, sqlite3.Error):
                relieve()
            LOG.warning("%s: %s", what, error)
            await asyncio.sleep(backoff.pause())
        else:
            backoff.reset()
            await asyncio.sleep(SHORTEST_ROUND)
