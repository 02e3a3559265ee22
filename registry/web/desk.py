"""What the routes work with: the services, the templates and the actor's name."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import HTMLResponse

from registry.domain.hardware import DoorStatus
from registry.domain.timeline import TimelineEntry
from registry.services.registry_services import Services
from registry.services.traffic import Traffic
from registry.web.pages import Pages
from registry.web.timeline import Line, Names, line

ACTOR = "staff@loopback"
"""Nobody signs in yet: pages are served to this machine only."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything a page is made with."""

    services: Services
    traffic: Traffic
    pages: Pages

    def answer(
        self,
        request: Request,
        name: str,
        context: Mapping[str, object],
        status: int = 200,
    ) -> HTMLResponse:
        """Return a page; it tells of alarms, and of records that are invented."""
        with self.services.store.reading() as uow:
            known = {
                "example": self.services.housing.example(uow),
                "alarms": self.services.alarms.unacknowledged(uow),
            }
        return self.pages.answer(request, name, {**known, **context}, status)

    def holders(self, parties: Iterable[str | None]) -> Mapping[str, str]:
        """Return masked names; every party looked at is in the audit trail."""
        known = {party for party in parties if party is not None}
        if not known:
            return {}
        with self.services.store.recording() as uow:
            return self.services.identity.reveal(uow, known, ACTOR)

    def lines(
        self, entries: Iterable[TimelineEntry], doors: Iterable[DoorStatus]
    ) -> list[Line]:
        """Return entries as lines, with doors and holders named."""
        shown = list(entries)
        holders = self.holders(entry.party for entry in shown)
        names = Names({s.door.id: s.door.name for s in doors}, holders)
        return [line(entry, names) for entry in shown]


def desk(request: Request) -> Desk:
    """Return the desk of the application that got the request."""
    found: Desk = request.app.state.desk
    return found
