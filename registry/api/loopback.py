"""Nobody but this machine: no request that was meant for another host is answered.

Without it, a page anywhere could point its own name at 127.0.0.1 and read the
register through a browser here (DNS rebinding).
"""

from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from registry.api.problems import problem
from registry.settings import is_loopback


class LoopbackOnly:
    """Answers requests to loopback names only."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is meant for this machine."""
        meant = scope["type"] != "http" or is_own(Headers(scope=scope).get("host", ""))
        answer = (
            self._app
            if meant
            else problem(
                HTTPStatus.MISDIRECTED_REQUEST,
                "this registry serves its own machine only",
            )
        )
        await answer(scope, receive, send)


def is_own(host: str) -> bool:
    """Say whether a Host header names this machine."""
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        return False
    return name is not None and is_loopback(name)
