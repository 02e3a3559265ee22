"""Who may call what: the machine's own, staff by area, landlords and tenants."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from registry.api.access import OWN_MACHINE, ROLES
from registry.api.changes import Change
from registry.api.paging import Page, Turn
from registry.app import create_app
from registry.audit.trail import Action
from registry.domain.errors import Conflict, Invalid, NotFound
from registry.domain.parties import Party
from registry.domain.principals import STAFF, Role
from registry.persistence.audit_entries import AuditEntries
from registry.persistence.unit_of_work import UnitOfWork
from registry.services.access import Wish
from tests.support.registry_bench import Bench, registry


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with registry(tmp_path_factory.mktemp("access")) as ready:
        yield ready


@pytest.fixture(scope="module")
def client(bench: Bench) -> Iterator[httpx.Client]:
    with bench.client() as ready:
        yield ready


def token(bench: Bench, role: Role, party: str | None = None, area: str = "") -> str:
    with bench.services.store.writing() as uow:
        wish = Wish(role, party, area or None)
        return bench.services.access.issue(uow, wish, "test")[1]


def routes(app: FastAPI) -> Iterator[Any]:
    """Return every route as FastAPI sees it in the end."""
    for included in app.routes:
        yield from getattr(included, "effective_route_contexts", tuple)()


def status(client: httpx.Client, path: str, secret: str | None = None) -> int:
    headers = {} if secret is None else {"Authorization": f"Bearer {secret}"}
    return client.get(path, headers=headers).status_code


@pytest.mark.parametrize(
    ("header", "code"),
    [("Bearer nobody", 401), ("Basic Zm9v", 401), ("Bearer", 401), ("", 401)],
)
def test_what_is_no_token_is_refused_and_never_the_machines_own(
    client: httpx.Client, header: str, code: int
) -> None:
    answer = client.get("/api/street", headers={"Authorization": header})
    assert answer.status_code == code
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_token_ends_by_time_and_by_word(bench: Bench, client: httpx.Client) -> None:
    secret = token(bench, Role.CLERK)
    assert status(client, "/api/street", secret) == 200
    bench.now += timedelta(days=90)
    assert status(client, "/api/street", secret) == 401
    bench.now -= timedelta(days=90)
    with bench.services.store.writing() as uow:
        newest = uow.access.tokens()[0]
        bench.services.access.revoke(uow, newest.id, "test")
    assert status(client, "/api/street", secret) == 401
    with pytest.raises(NotFound), bench.services.store.writing() as uow:
        bench.services.access.revoke(uow, newest.id, "test")
    with bench.services.store.reading() as uow:
        trail = AuditEntries(uow.session).of_subject(f"token:{newest.id}")
    assert [e.action for e in trail] == [Action.TOKEN_ISSUED, Action.TOKEN_REVOKED]
    assert secret.encode() not in bench.database_bytes()


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        (Wish(Role.LANDLORD), "party"),
        (Wish(Role.LANDLORD, "nobody"), "party"),
        (Wish(Role.CLERK, "P9"), "party"),
        (Wish(Role.GRID_OFFICER, area="G999"), "area"),
    ],
)
def test_a_token_names_somebody_on_record(bench: Bench, wish: Wish, field: str) -> None:
    with pytest.raises(Invalid) as told, bench.services.store.writing() as uow:
        bench.services.access.issue(uow, wish, "test")
    assert [e.field for e in told.value.fields] == [field]


def test_staff_see_their_area_and_nothing_beside_it(
    bench: Bench, client: httpx.Client
) -> None:
    officer = token(bench, Role.GRID_OFFICER, area="G001")
    seen = {
        path: status(client, f"/api/{path}", officer)
        for path in (
            "grids/G001",
            "grids/G002",
            "buildings/B1",
            "buildings/B2",
            "units/B1-0201",
            "units/B2-0101",
            "communities/C01",
        )
    }
    assert list(seen.values()) == [200, 404, 200, 404, 200, 404, 404]
    community = token(bench, Role.CLERK, area="C01")
    assert {status(client, f"/api/{path}", community) for path in seen} == {200}


def test_landlords_and_tenants_see_what_is_theirs(
    bench: Bench, client: httpx.Client
) -> None:
    with bench.services.store.writing() as uow:
        uow.parties.add([Party("P-other")])
    landlord = token(bench, Role.LANDLORD, "P9")
    other = token(bench, Role.LANDLORD, "P-other")
    tenant = token(bench, Role.TENANT, "P1")
    units = ("B1-0201", "B1-0202", "B1-0301", "B2-0101", "nowhere")
    told = {
        who: [status(client, f"/api/units/{unit}", who) for unit in units]
        for who in (landlord, other, tenant)
    }
    assert told[landlord] == [200, 200, 404, 404, 404]
    assert told[other] == [404] * 5
    assert told[tenant] == [200, 404, 404, 404, 404]


def test_a_route_that_says_nothing_is_for_staff_of_the_whole_street(
    bench: Bench, client: httpx.Client
) -> None:
    landlord = token(bench, Role.LANDLORD, "P9")
    officer = token(bench, Role.GRID_OFFICER, area="G001")
    silent = 0
    for route in routes(create_app(bench.settings, bench.clock)):
        if ROLES in (route.openapi_extra or {}):
            continue
        silent += 1
        path = route.path.replace("{", "").replace("}", "").replace(":path", "")
        for method in route.methods or ():
            for secret in (landlord, officer):
                answer = client.request(
                    method, path, headers={"Authorization": f"Bearer {secret}"}
                )
                assert answer.status_code == 403, (method, path)
    assert silent > 20


STAY = "/api/occupancies/T1.P1"


def test_a_record_is_read_again_only_when_it_changed(client: httpx.Client) -> None:
    first = client.get(STAY)
    tag = first.headers["ETag"]
    again = client.get(STAY, headers={"If-None-Match": f'"0", {tag}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == tag
    assert client.get(STAY, headers={"If-None-Match": '"0"'}).json() == first.json()
    assert "ETag" not in client.get("/api/occupancies/nobody").headers
    assert "ETag" not in client.get("/api/street").headers


def test_what_was_changed_meanwhile_is_not_changed_again(
    client: httpx.Client,
) -> None:
    tag = client.get(STAY).headers["ETag"]
    leave = {"on": "2026-09-01", "side": "landlord"}
    headers = {"If-Match": tag}
    done = client.post(f"{STAY}/leave", json=leave, headers=headers)
    assert done.status_code == 200, done.text
    late = client.post(f"{STAY}/leave/dispute", json={}, headers=headers)
    assert late.status_code == 412
    assert "read it again" in late.json()["detail"]
    fresh = {"If-Match": client.get(STAY).headers["ETag"]}
    assert fresh["If-Match"] != tag
    said = {"side": "occupant"}
    again = client.post(f"{STAY}/leave/dispute", json=said, headers=fresh)
    assert again.status_code == 200, again.text


class Counted(BaseModel):
    count: int


def test_a_change_asked_for_twice_is_made_once(tmp_path: Path) -> None:
    with registry(tmp_path) as bench:
        made: list[UnitOfWork] = []

        def act(uow: UnitOfWork) -> Counted:
            made.append(uow)
            return Counted(count=len(made))

        def change(key: str | None, request: bytes = b"1") -> int:
            asked = Change(bench.services, OWN_MACHINE, key, request)
            return asked.make(Counted, act).count

        assert [change("a"), change("a"), change("b"), change("a")] == [1, 1, 2, 1]
        with pytest.raises(Invalid):
            change("a", b"another")
        assert [change(None), change(None)] == [3, 4]
        bench.now += timedelta(days=2)
        bench.services.retirement.look()
        assert change("a") == 5


def test_a_change_that_failed_may_be_asked_for_again(tmp_path: Path) -> None:
    with registry(tmp_path) as bench:

        def fail(_uow: UnitOfWork) -> Counted:
            raise Conflict

        change = Change(bench.services, OWN_MACHINE, "a", b"1")
        with pytest.raises(Conflict):
            change.make(Counted, fail)
        assert change.make(Counted, lambda _: Counted(count=7)).count == 7


def test_a_list_is_told_in_pages() -> None:
    items = [f"{n:03d}" for n in range(5)]

    def page(after: str) -> Page[str]:
        turn = Turn(after, 2)
        rest = [item for item in items if item > after]
        return turn.page(rest[: turn.limit + 1], str)

    first = page("")
    assert (first.items, first.next) == (["000", "001"], "MDAx")
    assert page("003") == Page[str](items=["004"], next=None)


def test_roles_of_routes_are_roles() -> None:
    assert {str(role) for role in STAFF} < {str(role) for role in Role}
