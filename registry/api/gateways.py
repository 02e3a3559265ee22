"""The uplink: passages, permits and heartbeats, signed both ways."""

import asyncio
import time
from functools import partial
from http import HTTPStatus
from typing import TypeVar

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool

from controller.cose import OVERHEAD
from controller.errors import SignatureRefused
from controller.uplink.codec import decode, encode
from controller.uplink.formats import FORMATS
from controller.uplink.messages import (
    CommissioningReceipt,
    CommissioningReport,
    Heartbeat,
    Message,
    PassageBatch,
    PermitDelta,
    PermitRequest,
    PermitSnapshot,
    Receipt,
)
from registry.api.access import Registry
from registry.domain.errors import ChainForked
from registry.services import changes as waiting_for
from registry.services.ingest import Fork
from registry.services.registry_services import Services

router = APIRouter(prefix="/api/gateways", tags=["gateways"])
MEDIA_TYPE = "application/cose"
SIGNED = {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}
RESPONSES: dict[int | str, dict[str, object]] = {
    200: {"content": SIGNED, "description": "A signed message"},
}
ASKED = {"requestBody": {"required": True, "content": SIGNED}}
Spoken = TypeVar("Spoken", PassageBatch, PermitRequest, Heartbeat, CommissioningReport)


@router.post(
    "/passages",
    summary="Take a batch of passages",
    response_class=Response,
    responses=RESPONSES,
    openapi_extra=ASKED,
)
async def passages(request: Request, registry: Registry) -> Response:
    """Commit what is new, then sign a receipt; one thread writes, batch by batch."""
    batch = await _read(request, registry, PassageBatch)
    loop = asyncio.get_running_loop()
    outcome = await loop.run_in_executor(
        request.app.state.writer, partial(_accept, registry, batch)
    )
    if isinstance(outcome, Fork):
        raise ChainForked(
            f"epoch {batch.epoch} was received differently up to {outcome.mark.upto}"
        )
    return await _signed(registry, outcome)


@router.post(
    "/permits",
    summary="Wait for changed permits",
    response_class=Response,
    responses=RESPONSES,
    openapi_extra=ASKED,
)
async def permits(request: Request, registry: Registry) -> Response:
    """Answer at once when there is something, or else after at most `wait` seconds."""
    asked = await _read(request, registry, PermitRequest)
    deadline, changes = time.monotonic() + asked.wait, registry.changes
    while True:
        seen = changes.marks
        answer = await run_in_threadpool(_answer, registry, asked)
        left = deadline - time.monotonic()
        if isinstance(answer, PermitSnapshot) or answer.revision > asked.after:
            break
        if left <= 0 or changes.closing or await request.is_disconnected():
            break
        await changes.wait(seen, left, waiting_for.permits)
    return await _signed(registry, answer)


@router.post(
    "/heartbeat",
    summary="Hear that a gateway lives and how its doors are",
    status_code=HTTPStatus.NO_CONTENT,
    openapi_extra=ASKED,
)
async def heartbeat(request: Request, registry: Registry) -> None:
    """Keep what the gateway says of itself and of its own doors."""
    heard = await _read(request, registry, Heartbeat)
    await run_in_threadpool(_hear, registry, heard)


@router.post(
    "/commissioning",
    summary="Take the record of a reader brought into service",
    response_class=Response,
    responses=RESPONSES,
    openapi_extra=ASKED,
)
async def commissioning(request: Request, registry: Registry) -> Response:
    """Commit the record unless it is here already, then sign a receipt."""
    report = await _read(request, registry, CommissioningReport)
    return await _signed(registry, await run_in_threadpool(_keep, registry, report))


def _keep(registry: Services, report: CommissioningReport) -> CommissioningReceipt:
    with registry.store.writing() as uow:
        return registry.commissioning.take(uow, report)


def _accept(registry: Services, batch: PassageBatch) -> Receipt | Fork:
    with registry.store.writing() as uow:
        return registry.ingest.accept(uow, batch)


def _answer(registry: Services, asked: PermitRequest) -> PermitDelta | PermitSnapshot:
    with registry.store.reading() as uow:
        answer = registry.permits.answer(uow, asked)
    if isinstance(answer, PermitSnapshot) or answer.revision > asked.after:
        with registry.store.writing() as uow:
            registry.permits.pushed(uow, asked.gateway, answer.revision)
    return answer


def _hear(registry: Services, heard: Heartbeat) -> None:
    with registry.store.writing() as uow:
        registry.gateways.heard(uow, heard)


async def _read(request: Request, registry: Services, kind: type[Spoken]) -> Spoken:
    """Read one message that the gateway it speaks for has signed."""
    body = await _body(request, FORMATS[kind].limit + OVERHEAD)
    return await run_in_threadpool(_decode, registry, body, kind)


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


async def _signed(registry: Services, message: Message) -> Response:
    body = await run_in_threadpool(encode, message, registry.signer)
    return Response(body, media_type=MEDIA_TYPE)
