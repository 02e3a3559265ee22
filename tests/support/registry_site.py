"""A registry that really serves, on a free port of this machine."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI

from registry.app import create_app
from registry.assembly import Clock, now
from registry.services.installation import Installation
from registry.services.registry_services import Services
from registry.settings import Settings

Street = Callable[[date], dict[str, Any]]
"""Makes a street file around a day."""


@dataclass(frozen=True, slots=True)
class Site:
    """A registry that serves pages, and its services for looking behind them."""

    url: str
    services: Services


@contextmanager
def served(
    data: Path, street: Street | None, port: int = 0, clock: Clock = now
) -> Iterator[Site]:
    """Serve a registry, filled with a street when one is given."""
    settings = Settings(data=data)
    Installation(settings).migrate()
    app = create_app(settings, clock)
    services: Services = app.state.services
    if street is not None:
        with services.store.writing() as uow:
            services.seeding.load(uow, street(services.housing.today()), "test")
    with serving(app, port) as site:
        yield site


@contextmanager
def serving(app: FastAPI, port: int = 0) -> Iterator[Site]:
    """Serve an application as it is."""
    listener = socket.create_server(("127.0.0.1", port))
    server = uvicorn.Server(
        uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield Site(f"http://127.0.0.1:{listener.getsockname()[1]}", app.state.services)
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
