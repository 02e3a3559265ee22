"""The pages without a browser: a registry filled with the small street."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import httpx

from registry.services.registry_services import Services
from tests.support.edge_feed import EdgeFeed
from tests.support.registry_site import served
from tests.support.small_street import FREE_CARD, small_street


@dataclass(frozen=True, slots=True)
class Counter:
    """What a clerk has before them, and the services behind it."""

    client: httpx.Client
    services: Services
    feed: EdgeFeed

    @property
    def today(self) -> date:
        """The day it is in the street."""
        return self.services.housing.today()

    def page(self, path: str, status: int = 200) -> str:
        """Return a page, which must answer with a status."""
        answer = self.client.get(path)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        return answer.text

    def send(self, path: str, form: str | None = None, **fields: str) -> httpx.Response:
        """Fill the form found on a page and send it there."""
        hidden = dict(
            re.findall(
                r'type="hidden" name="(\w+)" value="([^"]*)"', self.page(form or path)
            )
        )
        return self.client.post(path, data=hidden | fields, follow_redirects=False)

    def tenancy(self, **changes: str) -> dict[str, str]:
        """Return the fields of a good tenancy, with changes."""
        good = {
            "unit": "B001-0303",
            "occupant": "新住户戊",
            "card": str(FREE_CARD),
            "start": self.today.isoformat(),
            "end": (self.today + timedelta(days=365)).isoformat(),
            "filed": "yes",
            "confirm": "yes",
        }
        return good | changes


@contextmanager
def counter(data: Path, *, filled: bool = True) -> Iterator[Counter]:
    """Open a counter on a fresh registry."""
    street = small_street if filled else None
    with served(data, street) as site, httpx.Client(base_url=site.url) as client:
        yield Counter(client, site.services, EdgeFeed(site.services))
