"""Questions that are kept open until there is an answer."""

import time
from collections.abc import Callable
from typing import TypeVar

from fastapi import Request
from fastapi.concurrency import run_in_threadpool

from registry.services.changes import Marks
from registry.services.registry_services import Services

Answer = TypeVar("Answer")


async def awaited(
    request: Request,
    registry: Services,
    look: Callable[[], Answer | None],
    wait: int,
    what: Callable[[Marks], object],
) -> Answer | None:
    """Return what `look` finds, at once or when something of a kind changed."""
    deadline, changes = time.monotonic() + wait, registry.changes
    while True:
        seen = changes.marks
        if await request.is_disconnected():
            return None
        found = await run_in_threadpool(look)
        left = deadline - time.monotonic()
        if found is not None or left <= 0 or changes.closing:
            return found
        await changes.wait(seen, left, what)
