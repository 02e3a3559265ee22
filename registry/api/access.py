"""What every endpoint is given: the services, and who is asking."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request
from fastapi.concurrency import run_in_threadpool

from registry.domain.errors import Unauthorised
from registry.domain.principals import STAFF, Principal, Role
from registry.services.registry_services import Services

COUNTER = "counter"
"""The actor of every request without a token: only this machine can make one."""
OWN_MACHINE = Principal(Role.OPERATOR, COUNTER)
ROLES = "x-roles"
"""Where a route says who may call it, also to readers of the API's description."""


def services_of(request: Request) -> Services:
    """Return the services of the application."""
    services: Services = request.app.state.services
    return services


Registry = Annotated[Services, Depends(services_of)]


def open_to(*roles: Role) -> dict[str, Any]:
    """Return what a route adds to its description to let others in.

    Such a route looks at each record it tells whether the caller may see it. All
    other routes are for staff of the whole street.
    """
    return {ROLES: sorted({*STAFF, *roles})}


async def guard(request: Request) -> None:
    """Find out who asks, and refuse whom the route is not for."""
    request.state.caller = who = await _who(request)
    route = request.scope.get("route")
    roles = (getattr(route, "openapi_extra", None) or {}).get(ROLES)
    whole = who.role in STAFF and who.area is None
    if not whole and who.role not in (roles or ()):
        raise HTTPException(HTTPStatus.FORBIDDEN, "this is not for your role or area")


def caller(request: Request) -> Principal:
    """Return who asks."""
    who: Principal = request.state.caller
    return who


Caller = Annotated[Principal, Depends(caller)]


async def _who(request: Request) -> Principal:
    header = request.headers.get("authorization")
    if header is None:
        return OWN_MACHINE
    scheme, _, secret = header.partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthorised
    services = services_of(request)

    def look() -> Principal:
        with services.store.reading() as uow:
            return services.access.principal(uow, secret.strip())

    return await run_in_threadpool(look)
