"""No request is read beyond the largest thing anybody has to say here."""

from http import HTTPStatus

from fastapi import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from controller.cose import OVERHEAD
from controller.uplink.formats import FORMATS
from controller.uplink.messages import Heartbeat
from registry.services.sheets.sheet_files import LARGEST_FILE

LARGEST = FORMATS[Heartbeat].limit + OVERHEAD
"""Bytes; the largest message a gateway sends."""
SHEETS = "/api/imports"
"""Where whole sheets may be sent."""


def largest(path: str) -> int:
    """Return how many bytes a request to a path may have."""
    return LARGEST_FILE if path.startswith(SHEETS) else LARGEST


class Bounded:
    """Stops reading a body that is too large, before it fills the memory."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a request, counting what comes."""
        left = largest(scope.get("path", ""))

        async def counted() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return message

        await self._app(scope, counted, send)
