"""The composition root of a serving process: settings in, an application out."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version

from fastapi import APIRouter, Depends, FastAPI

from registry.api import (
    addresses,
    alarms,
    cards,
    cases,
    contracts,
    door_rules,
    doors,
    exports,
    external_filings,
    filings,
    gateways,
    grants,
    health,
    house_rules,
    houses,
    imports,
    papers,
    passages,
    policy,
    problems,
    rights,
    rule_books,
    stays,
    tenancies,
    terms,
    visits,
)
from registry.api.access import guard
from registry.api.bounds import Bounded
from registry.api.conditions import tagged
from registry.api.loopback import LoopbackOnly
from registry.assembly import Clock, build_services, now
from registry.settings import Settings
from registry.web import routes as pages

TOPICS = (
    gateways,
    rule_books,
    houses,
    cases,
    house_rules,
    doors,
    door_rules,
    passages,
    alarms,
    tenancies,
    papers,
    addresses,
    filings,
    rights,
    contracts,
    external_filings,
    terms,
    stays,
    cards,
    grants,
    visits,
    policy,
    imports,
    exports,
    health,
)
"""In the order the description of the API tells them."""


def _routes() -> APIRouter:
    """Return every route, each behind the guard."""
    every = APIRouter(
        dependencies=[Depends(guard), Depends(tagged)], responses=problems.DESCRIBED
    )
    for topic in (*TOPICS, *pages.TOPICS):
        every.include_router(topic.router)
    return every


ROUTES = _routes()
"""Put together once: what an application makes of a route is costly."""


def create_app(settings: Settings, clock: Clock = now) -> FastAPI:
    """Return the application of one process."""
    services = build_services(settings, clock)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        tasks = [
            asyncio.create_task(services.changes.run()),
            asyncio.create_task(services.retirement.run()),
        ]
        writers = services.store.writers
        with ThreadPoolExecutor(writers, thread_name_prefix="ingest") as writer:
            app.state.writer = writer
            yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        services.store.close()

    app = FastAPI(
        title="Menhu registry",
        summary="Houses, tenancies, cards, permits and passages of one street",
        version=version("menhu"),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.state.services = services
    app.router.routes.extend(ROUTES.routes)
    problems.install(app)
    pages.install(app, services)
    app.add_middleware(Bounded)
    app.add_middleware(LoopbackOnly)
    return app
