"""The composition root: settings in, a ready application out."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from importlib.metadata import version

from fastapi import FastAPI

from registry.api import (
    alarms,
    doors,
    gateways,
    health,
    houses,
    passages,
    problems,
    tenancies,
)
from registry.api.bounds import Bounded
from registry.api.loopback import LoopbackOnly
from registry.domain.policy import Policy
from registry.services.alarms import AlarmService
from registry.services.changes import Changes
from registry.services.gateways import Gateways
from registry.services.housing import Housing
from registry.services.identity import Identity
from registry.services.ingest import Ingest
from registry.services.installation import Installation
from registry.services.permits import PermitService
from registry.services.registration import Registration
from registry.services.registry_services import Services
from registry.services.retirement import Retirement
from registry.services.seeding import Seeding
from registry.services.timeline import Timelines
from registry.settings import Settings
from registry.web import routes as pages

Clock = Callable[[], datetime]


def now() -> datetime:
    """Return the time in UTC."""
    return datetime.now(UTC)


def build_services(settings: Settings, clock: Clock = now) -> Services:
    """Put the services together on an installation."""
    installation = Installation(settings)
    policy = Policy()
    store = installation.store()
    identity = Identity(installation.vault_key(), clock)
    permits = PermitService(policy, clock)
    alarms = AlarmService(clock)
    return Services(
        store=store,
        policy=policy,
        clock=clock,
        signer=installation.signer(),
        alarms=alarms,
        changes=Changes(store, settings.poll_seconds),
        gateways=Gateways(clock),
        housing=Housing(permits, policy, clock),
        identity=identity,
        ingest=Ingest(policy, alarms, clock),
        permits=permits,
        retirement=Retirement(store, permits),
        registration=Registration(identity, permits, clock),
        seeding=Seeding(identity, permits, clock),
        timelines=Timelines(policy, clock),
    )


def create_app(settings: Settings, clock: Clock = now) -> FastAPI:
    """Return the application of one process."""
    services = build_services(settings, clock)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        tasks = [
            asyncio.create_task(services.changes.run()),
            asyncio.create_task(services.retirement.run()),
        ]
        with ThreadPoolExecutor(1, thread_name_prefix="ingest") as writer:
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
        responses=problems.DESCRIBED,
    )
    app.state.services = services
    for router in (
        gateways,
        houses,
        doors,
        passages,
        alarms,
        tenancies,
        health,
    ):
        app.include_router(router.router)
    problems.install(app)
    pages.install(app, services)
    app.add_middleware(Bounded)
    app.add_middleware(LoopbackOnly)
    return app
