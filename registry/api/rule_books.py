"""The uplink's way down to doors: their rules, and orders to open them."""

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from controller.door_rules import RuleBook
from controller.uplink.messages import (
    DoorOrders,
    DoorRuleBook,
    OrderRequest,
    RulesRequest,
)
from registry.api.access import Registry
from registry.api.long_poll import awaited
from registry.api.signed import ASKED, RESPONSES, read, signed
from registry.services import changes as waiting_for
from registry.services.registry_services import Services

router = APIRouter(prefix="/api/gateways", tags=["gateways"])


@router.post(
    "/rules",
    summary="Wait for changed rules of doors",
    response_class=Response,
    responses=RESPONSES,
    openapi_extra=ASKED,
)
async def rules(request: Request, registry: Registry) -> Response:
    """Answer at once with another book, or after at most `wait` seconds with none."""
    asked = await read(request, registry, RulesRequest)
    book = await awaited(
        request,
        registry,
        lambda: _book(registry, asked),
        asked.wait,
        waiting_for.rules,
    )
    nothing = DoorRuleBook(asked.gateway, RuleBook(asked.after))
    return await signed(registry, book or nothing)


@router.post(
    "/orders",
    summary="Wait for orders to open doors, and tell what became of those before",
    response_class=Response,
    responses=RESPONSES,
    openapi_extra=ASKED,
)
async def orders(request: Request, registry: Registry) -> Response:
    """Keep the results, then hand out each order once, at once or within `wait`."""
    asked = await read(request, registry, OrderRequest)
    if asked.results:
        await run_in_threadpool(_hear, registry, asked)
    found = await awaited(
        request,
        registry,
        lambda: _orders(registry, asked),
        asked.wait,
        waiting_for.orders,
    )
    return await signed(registry, found or DoorOrders(asked.gateway, asked.nonce, ()))


def _book(registry: Services, asked: RulesRequest) -> DoorRuleBook | None:
    """Return a book the gateway does not have, and note how far both are."""
    with registry.store.reading() as uow:
        answer = registry.door_rules.answer(uow, asked)
        news = registry.door_rules.is_news(uow, asked)
    other = answer.book.revision != asked.after
    if news or other:
        with registry.store.recording() as uow:
            if news:
                registry.door_rules.held(uow, asked)
            if other:
                registry.door_rules.pushed(uow, answer)
    return answer if other else None


def _orders(registry: Services, asked: OrderRequest) -> DoorOrders | None:
    with registry.store.reading() as uow:
        if not registry.orders.any_for(uow, asked.gateway):
            return None
    with registry.store.writing() as uow:
        return registry.orders.hand_out(uow, asked)


def _hear(registry: Services, asked: OrderRequest) -> None:
    with registry.store.writing() as uow:
        registry.orders.heard(uow, asked)
