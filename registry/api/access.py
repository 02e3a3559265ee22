"""What every endpoint is given: the services, and who is asking."""

from typing import Annotated

from fastapi import Depends, Request

from registry.services.registry_services import Services

COUNTER = "counter"
"""The actor of every request: this version has no sign-in and serves loopback only."""


def services_of(request: Request) -> Services:
    """Return the services of the application."""
    services: Services = request.app.state.services
    return services


Registry = Annotated[Services, Depends(services_of)]
