"""One serving process: an application behind uvicorn, with patient goodbyes."""

import gc
import logging
import socket
from collections.abc import Callable
from contextlib import suppress

import uvicorn

from registry.app import create_app
from registry.services.changes import Changes
from registry.settings import Settings

GRACE_SECONDS = 3
COLLECT_AFTER = 50_000
"""How many objects may be made between two looks of the collector."""


class Server(uvicorn.Server):
    """A server that lets long polls and streams go before it waits for them."""

    def __init__(self, config: uvicorn.Config, changes: Changes) -> None:
        """Serve what a configuration says."""
        super().__init__(config)
        self._changes = changes

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finish what is under way."""
        await self._changes.close()
        await super().shutdown(sockets)


def collect_seldom() -> None:
    """Let the collector of cycles look less often, and not at what stays anyway.

    A batch makes thousands of objects without a cycle: looking through them took a
    fifth of the time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER)


def serve(
    settings: Settings, host: str, port: int, tell: Callable[[str], object]
) -> None:
    """Serve until interrupted; `tell` hears the address."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    logging.getLogger("alembic").setLevel(logging.WARNING)
    app = create_app(settings)
    collect_seldom()
    shown = f"[{host}]" if ":" in host else host
    tell(f"serving http://{shown}:{port} (stop with Ctrl-C)")
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    with suppress(KeyboardInterrupt):
        Server(config, app.state.services.changes).run()
