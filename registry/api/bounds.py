"""No request is read beyond the largest thing anybody has to say here."""

from http import HTTPStatus

from fastapi import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from controller.cose import OVERHEAD
from controller.uplink.formats import FORMATS
from controller.uplink.messages import Heartbeat

LARGEST = FORMATS[Heartbeat].limit + OVERHEAD
"""Bytes; the largest message a gateway sends."""


class Bounded:
    """Stops reading a body that is too large, before it fills the memory."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a request, counting what comes."""
        left = LARGEST

        async def counted() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return message

        await self._app(scope, counted, send)
