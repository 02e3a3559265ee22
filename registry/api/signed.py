"""Signed messages as requests and answers of HTTP, bounded while they are read."""

from functools import partial
from http import HTTPStatus
from typing import TypeVar

from fastapi import HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool

from controller.cose import OVERHEAD
from controller.errors import SignatureRefused
from controller.uplink.codec import decode, encode
from controller.uplink.formats import FORMATS
from controller.uplink.messages import (
    CommissioningReport,
    Heartbeat,
    Message,
    OrderRequest,
    PassageBatch,
    PermitRequest,
    RulesRequest,
)
from registry.services.registry_services import Services

MEDIA_TYPE = "application/cose"
SIGNED = {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}
RESPONSES: dict[int | str, dict[str, object]] = {
    200: {"content": SIGNED, "description": "A signed message"},
}
ASKED = {"requestBody": {"required": True, "content": SIGNED}}
Spoken = TypeVar(
    "Spoken",
    PassageBatch,
    PermitRequest,
    Heartbeat,
    RulesRequest,
    OrderRequest,
    CommissioningReport,
)


async def read(request: Request, registry: Services, kind: type[Spoken]) -> Spoken:
    """Read one message that the gateway it speaks for has signed."""
    body = await _body(request, FORMATS[kind].limit + OVERHEAD)
    return await run_in_threadpool(_decode, registry, body, kind)


async def signed(registry: Services, message: Message) -> Response:
    """Answer with a message signed by the registry."""
    body = await run_in_threadpool(encode, message, registry.signer)
    return Response(body, media_type=MEDIA_TYPE)


def _decode(registry: Services, body: bytes, kind: type[Spoken]) -> Spoken:
    with registry.store.reading() as uow:
        signer, message = decode(body, partial(registry.gateways.key, uow), kind)
    if signer != message.gateway:
        raise SignatureRefused("the signer is not the gateway of the message")
    return message


async def _body(request: Request, limit: int) -> bytes:
    """Read a body, but never more than it may have."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > limit:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return bytes(body)
