"""What pages tell browsers to refuse, and which forms the server accepts."""

import hmac
import secrets

from fastapi import HTTPException, Request
from fastapi.responses import Response
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
COOKIE, FIELD = "form", "token"


class PageHeaders:
    """Adds the headers to every answer; what is not static is never kept."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the headers added."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        fixed = scope["path"].startswith("/static/")

        async def send_more(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                headers.setdefault("Cache-Control", "no-cache" if fixed else "no-store")
            await send(message)

        await self._app(scope, receive, send_more)


def form_token(request: Request) -> str:
    """Return the token of this browser's forms, a new one when it has none."""
    return request.cookies.get(COOKIE) or secrets.token_urlsafe(24)


def keep_token(answer: Response, token: str) -> None:
    """Leave the token in a cookie that other sites can neither read nor send."""
    answer.set_cookie(COOKIE, token, httponly=True, samesite="strict")


def check_form(request: Request, token: str) -> None:
    """Refuse a form that this registry's own pages did not send.

    Three independent signs: Fetch Metadata, Origin, and the token in form and cookie.
    """
    site = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin")
    host = request.headers.get("host")
    own_origin = origin is None or origin.partition("://")[2] == host
    kept = request.cookies.get(COOKIE, "")
    same_token = bool(kept) and hmac.compare_digest(kept.encode(), token.encode())
    if not (site == "same-origin" and own_origin and same_token):
        raise HTTPException(403, "the form was not sent by a page of this registry")
