"""The uplink: passages, permits and heartbeats, signed both ways."""

import asyncio
from functools import partial
from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from controller.uplink.messages import (
    CommissioningReceipt,
    CommissioningReport,
    Heartbeat,
    PassageBatch,
    PermitDelta,
    PermitRequest,
    PermitSnapshot,
    Receipt,
)
from registry.api.access import Registry
from registry.api.long_poll import awaited
from registry.api.signed import ASKED, RESPONSES, read, signed
from registry.domain.errors import ChainForked
from registry.services import changes as waiting_for
from registry.services.ingest import Fork
from registry.services.registry_services import Services

router = APIRouter(prefix="/api/gateways", tags=["gateways"])


@router.post(
    "/passages",
    summary="Take a batch of passages",
    response_class=Response,
    responses=RESPONSES,
    openapi_extra=ASKED,
)
async def passages(request: Request, registry: Registry) -> Response:
    """Commit what is new, then sign a receipt; a batch is written as a whole."""
    batch = await read(request, registry, PassageBatch)
    loop = asyncio.get_running_loop()
    outcome = await loop.run_in_executor(
        request.app.state.writer, partial(_accept, registry, batch)
    )
    if isinstance(outcome, Fork):
        raise ChainForked(
            f"epoch {batch.epoch} was received differently up to {outcome.mark.upto}"
        )
    return await signed(registry, outcome)


@router.post(
    "/permits",
    summary="Wait for changed permits",
    response_class=Response,
    responses=RESPONSES,
    openapi_extra=ASKED,
)
async def permits(request: Request, registry: Registry) -> Response:
    """Answer at once when there is something, or else after at most `wait` seconds."""
    asked = await read(request, registry, PermitRequest)
    news: PermitDelta | PermitSnapshot | None = await awaited(
        request,
        registry,
        lambda: _news(registry, asked),
        asked.wait,
        waiting_for.permits,
    )
    if news is None:
        news = await run_in_threadpool(_answer, registry, asked)
    return await signed(registry, news)


@router.post(
    "/heartbeat",
    summary="Hear that a gateway lives and how its doors are",
    status_code=HTTPStatus.NO_CONTENT,
    openapi_extra=ASKED,
)
async def heartbeat(request: Request, registry: Registry) -> None:
    """Keep what the gateway says of itself and of its own doors."""
    heard = await read(request, registry, Heartbeat)
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
    report = await read(request, registry, CommissioningReport)
    return await signed(registry, await run_in_threadpool(_keep, registry, report))


def _keep(registry: Services, report: CommissioningReport) -> CommissioningReceipt:
    with registry.store.writing() as uow:
        return registry.commissioning.take(uow, report)


def _accept(registry: Services, batch: PassageBatch) -> Receipt | Fork:
    with registry.store.recording() as uow:
        return registry.ingest.accept(uow, batch)


def _news(
    registry: Services, asked: PermitRequest
) -> PermitDelta | PermitSnapshot | None:
    """Return what the gateway does not have yet."""
    answer = _answer(registry, asked)
    return answer if _is_news(answer, asked) else None


def _answer(registry: Services, asked: PermitRequest) -> PermitDelta | PermitSnapshot:
    with registry.store.reading() as uow:
        answer = registry.permits.answer(uow, asked)
    if _is_news(answer, asked):
        with registry.store.recording() as uow:
            registry.permits.pushed(uow, asked.gateway, answer.revision)
    return answer


def _is_news(answer: PermitDelta | PermitSnapshot, asked: PermitRequest) -> bool:
    return isinstance(answer, PermitSnapshot) or answer.revision > asked.after


def _hear(registry: Services, heard: Heartbeat) -> None:
    with registry.store.recording() as uow:
        registry.gateways.heard(uow, heard)
