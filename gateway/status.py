"""What the daemon says of itself to whoever may open its socket."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gateway.permits import Permits
from gateway.site import Site
from gateway.sockets import connected, listening
from gateway.store.ballast import Ballast
from gateway.store.outbox import Outbox

SOCKET = "status.sock"
PATIENCE = 5.0
Report = Mapping[str, Any]


def describe(site: Site, permits: Permits, outbox: Outbox, ballast: Ballast) -> Report:
    """Return everything worth knowing, as plain values."""
    counters = asdict(site.counters)
    last_receipt, now = counters.pop("last_receipt"), site.clock.wall()
    oldest = outbox.oldest()
    doors = [door.report() for door in site.doors]
    return {
        "gateway": site.gateway,
        "doors": {report.door: asdict(report) for report in doors},
        "doors_online": sum(report.online for report in doors),
        "revision": permits.revision,
        "permits": len(permits.table),
        "outbox": {
            "depth": outbox.depth,
            "oldest_seconds": None if oldest is None else round(now - oldest, 1),
            "set_aside": outbox.set_aside_count,
            "last_receipt_seconds": last_receipt and round(now - last_receipt, 1),
        },
        "ballast": ballast.held,
        "card_to_command_ms": site.counters.decisions.milliseconds(),
        "counters": {k: v for k, v in counters.items() if isinstance(v, int)},
    }


@asynccontextmanager
async def serve(data: Path, report: Callable[[], Report]) -> AsyncIterator[None]:
    """Answer everyone who connects with one JSON document."""

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(json.dumps(report()).encode())
        await writer.drain()

    async with listening(data, SOCKET, answer):
        yield


def ask(data: Path) -> dict[str, Any]:
    """Return what a running daemon says; raises OSError when none runs."""
    with (
        connected(data, SOCKET, PATIENCE) as connection,
        connection.makefile("rb") as stream,
    ):
        answer: dict[str, Any] = json.load(stream)
        return answer
