"""A poor line between gateway and registry: late, narrow, or both."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from threading import Thread

from tests.support.street import LiveStreet

_CHUNK = 1024


@dataclass(slots=True)
class PoorLine:
    """Relays TCP; all that goes up shares `bytes_per_second`, fairly."""

    target: int
    latency: float = 0.0
    bytes_per_second: float = 0.0
    port: int = 0
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def serve(self, ready: asyncio.Event) -> None:
        server = await asyncio.start_server(self._relay, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        async with server:
            await server.serve_forever()

    async def _relay(self, near: StreamReader, back: StreamWriter) -> None:
        try:
            with closing(back):
                far, on = await asyncio.open_connection("127.0.0.1", self.target)
                with closing(on):
                    ways = [self._up(near, on), self._down(far, back)]
                    tasks = [asyncio.ensure_future(way) for way in ways]
                    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                    for task in tasks:
                        task.cancel()
        except (OSError, asyncio.CancelledError):
            return

    async def _up(self, near: StreamReader, on: StreamWriter) -> None:
        while data := await near.read(_CHUNK):
            if self.bytes_per_second:
                async with self._turn:
                    await asyncio.sleep(len(data) / self.bytes_per_second)
            on.write(data)
            await on.drain()

    async def _down(self, far: StreamReader, back: StreamWriter) -> None:
        while data := await far.read(_CHUNK):
            await asyncio.sleep(self.latency)
            back.write(data)
            await back.drain()


@contextmanager
def poor_line(street: LiveStreet) -> Iterator[PoorLine]:
    """Let the gateway reach the registry over such a line, a good one at first."""
    line = PoorLine(street.stage.registry_port)
    loop = asyncio.new_event_loop()
    ready = asyncio.Event()
    serving = loop.create_task(line.serve(ready))
    loop.run_until_complete(ready.wait())

    def work() -> None:
        loop.run_forever()
        serving.cancel()
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.close()

    thread = Thread(target=work)
    thread.start()
    try:
        street.kill("gateway")
        config = street.folder / "gateway.toml"
        direct, poor = (
            f"127.0.0.1:{port}" for port in (street.stage.registry_port, line.port)
        )
        config.write_text(config.read_text("utf-8").replace(direct, poor), "utf-8")
        street.start("gateway")
        yield line
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
