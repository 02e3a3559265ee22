"""Waiting for what another task, thread or process brings about."""

import asyncio
from collections.abc import Callable

PATIENCE = 30


async def until(condition: Callable[[], object]) -> None:
    """Return as soon as a condition holds; fails after a while."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - nobody tells a test that only watches
            await asyncio.sleep(0.002)
