"""Questions to the registry: signed out, verified in, over HTTP."""

import logging
from types import TracebackType
from typing import Self, TypeVar

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from controller.cose import Signer
from controller.errors import MessageRefused
from controller.uplink.codec import decode, encode
from controller.uplink.messages import (
    CommissioningReport,
    Heartbeat,
    Message,
    OrderRequest,
    PassageBatch,
    PermitRequest,
    RulesRequest,
)
from gateway.errors import ChainForked, UplinkFailed

REGISTRY = "registry"
CONTENT_TYPE = "application/cose"
PATIENCE = 15.0
"""Seconds an answer may take, on top of what we asked the registry to wait."""
CONNECT_PATIENCE = 5.0
CONFLICT, FIRST_FAILURE = 409, 300
READ_SIZE = 64 * 1024
LARGEST_ANSWER = 32 * 1024 * 1024
PATHS: dict[type, str] = {
    PassageBatch: "passages",
    PermitRequest: "permits",
    Heartbeat: "heartbeat",
    RulesRequest: "rules",
    OrderRequest: "orders",
    CommissioningReport: "commissioning",
}
M = TypeVar("M", bound=Message)
LOG = logging.getLogger(__name__)


class Uplink:
    """The way to the registry; used as an asynchronous context."""

    def __init__(self, url: str, signer: Signer, registry: Ed25519PublicKey) -> None:
        """Take where the registry is, who we are, and the key it signs with."""
        self._url = url.rstrip("/")
        self.signer = signer
        self._registry = registry
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open the connections."""
        self._session = aiohttp.ClientSession(
            headers={"Content-Type": CONTENT_TYPE}, auto_decompress=False
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def tell(self, message: Message) -> None:
        """Send what needs no answer; raises UplinkFailed."""
        await self._post(message, 0)

    async def ask(self, message: Message, *kinds: type[M], wait: float = 0) -> M:
        """Return the registry's signed answer; raises UplinkFailed or ChainForked."""
        body = await self._post(message, wait)
        try:
            _, answer = decode(body, self._key_of, *kinds)
        except MessageRefused as error:
            raise UplinkFailed(f"the registry's answer is refused: {error}") from error
        return answer

    def _key_of(self, name: str) -> Ed25519PublicKey | None:
        return self._registry if name == REGISTRY else None

    async def _post(self, message: Message, wait: float) -> bytes:
        if self._session is None:
            raise UplinkFailed("the uplink is closed")
        url = f"{self._url}/api/gateways/{PATHS[type(message)]}"
        patience = aiohttp.ClientTimeout(
            total=wait + PATIENCE, sock_connect=CONNECT_PATIENCE
        )
        try:
            async with self._session.post(
                url,
                data=encode(message, self.signer),
                timeout=patience,
                allow_redirects=False,
            ) as response:
                body = await _read(response)
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            cause = str(error) or type(error).__name__
            raise UplinkFailed(f"the registry cannot be reached: {cause}") from error
        if response.status == CONFLICT:
            raise ChainForked(_shown(body))
        if response.status >= FIRST_FAILURE:
            raise UplinkFailed(
                f"the registry answers {response.status}: {_shown(body)}"
            )
        return body


async def _read(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for part in response.content.iter_chunked(READ_SIZE):
        body += part
        if len(body) > LARGEST_ANSWER:
            raise UplinkFailed(f"the registry's answer is above {LARGEST_ANSWER} bytes")
    return bytes(body)


def _shown(body: bytes) -> str:
    return body[:300].decode(errors="replace")
