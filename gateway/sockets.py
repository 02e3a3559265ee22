"""Sockets in the data folder, for whoever owns it."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

LONGEST_LINE = 4096
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(data: Path, name: str, talk: Talk) -> AsyncIterator[None]:
    """Talk to everyone who connects; whoever hangs up is no error."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        except OSError:
            return
        finally:
            writer.close()

    (data / name).unlink(missing_ok=True)
    with _short_path(data, name) as path:
        server = await asyncio.start_unix_server(serve, path, limit=LONGEST_LINE)
    (data / name).chmod(0o600)
    async with server:
        yield
    (data / name).unlink(missing_ok=True)


@contextmanager
def connected(data: Path, name: str, patience: float) -> Iterator[socket.socket]:
    """Connect to a socket; raises OSError when nobody listens."""
    with _short_path(data, name) as path, socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(patience)
        connection.connect(path)
        yield connection


@contextmanager
def _short_path(data: Path, name: str) -> Iterator[str]:
    """Name the socket by a path that fits: sun_path holds 108 bytes (unix(7))."""
    handle = os.open(data, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{handle}/{name}"
    finally:
        os.close(handle)
