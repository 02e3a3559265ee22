"""Puts the pages on an application."""

from fastapi import FastAPI, HTTPException, Request
from starlette.types import Receive, Scope, Send

from registry.services.registry_services import Services
from registry.services.traffic import Traffic
from registry.web import (
    alarm_pages,
    calendar_pages,
    cards,
    case_pages,
    commissioning_pages,
    door_pages,
    house,
    house_rule_pages,
    live,
    open_pages,
    pin_pages,
    rules_pages,
    street,
    tenancies,
    tenancy_form,
    truth_pages,
)
from registry.web.assets import static_files
from registry.web.desk import Desk
from registry.web.pages import Pages
from registry.web.problems import page
from registry.web.security import PageHeaders

TOPICS = (
    street,
    house,
    door_pages,
    alarm_pages,
    commissioning_pages,
    rules_pages,
    open_pages,
    calendar_pages,
    tenancy_form,
    tenancies,
    truth_pages,
    case_pages,
    house_rule_pages,
    cards,
    pin_pages,
    live,
)
MACHINES = "/api/"
"""Where answers are never pages."""


def install(app: FastAPI, services: Services) -> None:
    """Add assets, headers and a page for nowhere to an application."""
    app.state.desk = Desk(
        services, Traffic(services.clock), Pages(services.policy.zone)
    )
    app.mount("/static", static_files(), "static")
    app.router.default = nowhere
    app.add_middleware(PageHeaders)


async def nowhere(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer an address that nothing else answers."""
    if scope["type"] != "http" or scope["path"].startswith(MACHINES):
        raise HTTPException(404)
    await page(Request(scope), 404)(scope, receive, send)
