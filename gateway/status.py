"""What the daemon says of itself to whoever may open its socket."""

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gateway.permits import Permits
from gateway.site import Site
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
        try:
            writer.write(json.dumps(report()).encode())
            await writer.drain()
        except OSError:
            return
        finally:
            writer.close()

    (data / SOCKET).unlink(missing_ok=True)
    with _short_path(data) as path:
        server = await asyncio.start_unix_server(answer, path)
    (data / SOCKET).chmod(0o600)
    async with server:
        yield
    (data / SOCKET).unlink(missing_ok=True)


def ask(data: Path) -> dict[str, Any]:
    """Return what a running daemon says; raises OSError when none runs."""
    with _short_path(data) as path, socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(PATIENCE)
        connection.connect(path)
        with connection.makefile("rb") as stream:
            answer: dict[str, Any] = json.load(stream)
            return answer


@contextmanager
def _short_path(data: Path) -> Iterator[str]:
    """Name the socket by a path that fits: sun_path holds 108 bytes (unix(7))."""
    handle = os.open(data, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{handle}/{SOCKET}"
    finally:
        os.close(handle)
