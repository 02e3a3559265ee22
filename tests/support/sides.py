"""Everybody who comes to the register with a token, and what they are answered."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from registry.domain.history import Source
from registry.domain.occupancy import OccupancyState
from registry.domain.parties import Party
from registry.domain.principals import Role
from registry.domain.visit import VisitState
from registry.services.access import Wish
from tests.support.registry_bench import NOW, Bench, registry

OPERATOR = Source("test")


@dataclass
class Desk:
    """A served registry and a token for everybody who comes to it."""

    bench: Bench
    client: httpx.Client
    tokens: dict[str, str]

    def ask(
        self,
        who: str,
        path: str,
        body: dict[str, Any] | None = None,
        status: int | None = None,
    ) -> dict[str, Any]:
        """Post a body, or get; the answer must have the status."""
        headers = {"Authorization": f"Bearer {self.tokens[who]}"}
        method = "GET" if body is None else "POST"
        answer = self.client.request(method, f"/api/{path}", json=body, headers=headers)
        good = answer.status_code in {200, 201}
        assert good if status is None else answer.status_code == status, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def doors(self, card: int) -> set[str]:
        """Return the doors a card has permits for."""
        with self.bench.services.store.reading() as uow:
            return {p.permit.door for p in uow.permits.of_cards([card])}

    def clear(self) -> None:
        """End what was left open on the desk."""
        self.bench.now = NOW
        services = self.bench.services
        with services.store.writing() as uow:
            for stay in uow.occupancies.find():
                if stay.id.startswith("O-"):
                    over = replace(stay, state=OccupancyState.VOID)
                    services.stays.keep(uow, OPERATOR, over)
            for visit in uow.visits.find():
                dropped = replace(visit, state=VisitState.DROPPED)
                uow.visits.revise(dropped, OPERATOR, NOW)


@contextmanager
def open_desk(folder: Path) -> Iterator[Desk]:
    """Serve a registry to a landlord, tenants and staff; P5 and P8 are nobody yet."""
    with registry(folder) as bench:
        with bench.services.store.writing() as uow:
            uow.parties.add([Party("P5"), Party("P8")])
            issue = bench.services.access.issue
            tokens = {
                name: issue(uow, Wish(role, party, area), "test")[1]
                for name, role, party, area in (
                    ("landlord", Role.LANDLORD, "P9", None),
                    ("stranger", Role.LANDLORD, "P8", None),
                    ("tenant", Role.TENANT, "P5", None),
                    ("first", Role.TENANT, "P1", None),
                    ("officer", Role.GRID_OFFICER, None, "G001"),
                    ("elsewhere", Role.GRID_OFFICER, None, "G002"),
                    ("clerk", Role.CLERK, None, None),
                )
            }
        with bench.client() as client:
            yield Desk(bench, client, tokens)
