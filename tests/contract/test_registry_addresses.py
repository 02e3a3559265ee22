"""A place is found by what it is or was called, and its address corrected by two."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy.exc import IntegrityError

from registry.audit.trail import Action
from registry.domain.addresses import CodeScheme, ExternalCode, Validity
from registry.domain.history import Source
from registry.domain.principals import Role
from registry.persistence.audit_entries import AuditEntries
from registry.services.access import Wish
from tests.support.postgresql import NewDatabase
from tests.support.registry_bench import NOW, STREET, Bench, registry, street

SEARCH = "/api/addresses/search"
OLD, RIGHT = "示例路 1 号", "示例路 2 号"
Names = dict[str, str]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with registry(tmp_path, seeded=False) as ready:
        document = street()
        document["buildings"][1]["address"] = "别处路 9 号"
        yield ready.seed(document)


@pytest.fixture
def client(bench: Bench) -> Iterator[httpx.Client]:
    with bench.client() as ready:
        yield ready


def token(bench: Bench, role: Role, area: str = "", party: str = "") -> Names:
    with bench.services.store.writing() as uow:
        wish = Wish(role, party or None, area or None)
        secret = bench.services.access.issue(uow, wish, "test")[1]
    return {"Authorization": f"Bearer {secret}"}


def found(client: httpx.Client, q: str, who: Names | None = None, on: str = "") -> Any:  # noqa: ANN401 - JSON
    answer = client.get(
        SEARCH, params={"q": q} | ({"on": on} if on else {}), headers=who
    )
    assert answer.status_code == 200, answer.text
    return [(each["place"], each["by"]) for each in answer.json()["places"]]


def post(
    client: httpx.Client,
    path: str,
    status: int,
    who: Names | None = None,
    /,
    **body: str,
) -> Any:  # noqa: ANN401 - JSON
    answer = client.post(f"/api/{path}", json=body, headers=who)
    assert answer.status_code == status, answer.text
    return answer.json()


def test_every_thing_a_place_is_called_finds_it(client: httpx.Client) -> None:
    post(client, "places/B1/aliases", 201, text="老糖厂宿舍", source="residents")
    post(client, "places/B1-0301/aliases", 201, text="糖厂会所", source="residents")
    post(client, "places/B1-0201/codes", 201, scheme="house", value="44X1", source="s")
    for text, place, by in (
        ("B1", "B1", "code"),
        ("G001", "G001", "code"),
        ("44X1", "B1-0201", "external_code"),
        (OLD, "B1", "address"),
        ("示例路１号", "B1", "address"),
        ("示例楼 b1", "B1", "name"),
        ("老 糖厂宿舍", "B1", "alias"),
        (f"{OLD} 0201", "B1-0201", "address"),
        ("老糖厂宿舍 0202", "B1-0202", "alias"),
        ("糖厂会所", "B1-0301", "alias"),
    ):
        assert (place, by) in found(client, text), text
    assert found(client, f"{OLD} 9999") == found(client, "nowhere") == []


@pytest.mark.parametrize("q", ["", " ", "x" * 201])
def test_a_search_is_for_something(client: httpx.Client, q: str) -> None:
    assert client.get(SEARCH, params={"q": q}).status_code == 422


def test_a_search_tells_only_what_the_caller_may_see(
    bench: Bench, client: httpx.Client
) -> None:
    officer = token(bench, Role.GRID_OFFICER, "G002")
    landlord, tenant = (
        token(bench, role, party=party)
        for role, party in ((Role.LANDLORD, "P9"), (Role.TENANT, "P1"))
    )
    asked = ("B1", f"{OLD} 0201", f"{OLD} 0301", "B2", "G001", "C01")
    told = {
        name: [bool(found(client, q, who)) for q in asked]
        for name, who in (
            ("officer", officer),
            ("landlord", landlord),
            ("tenant", tenant),
            ("counter", None),
        )
    }
    assert told["officer"] == [False, False, False, True, False, False]
    assert told["landlord"] == [True, True, False, False, False, False]
    assert told["tenant"] == [True, True, False, False, False, False]
    assert all(told["counter"])


def test_a_code_is_one_places_on_a_day(client: httpx.Client) -> None:
    code = {"scheme": "title", "value": "T-1", "source": "deeds"}
    first = post(client, "places/B1-0201/codes", 201, **code)["codes"][0]
    post(client, "places/B1-0202/codes", 409, **code)
    number = first["number"]
    post(client, f"external-codes/{number}/end", 200, end="2026-03-01")
    post(client, f"external-codes/{number}/end", 409, end="2026-04-01")
    post(client, "external-codes/999/end", 404, end="2026-04-01")
    post(client, "places/B1-0202/codes", 201, **code, valid_from="2026-03-01")
    assert found(client, "T-1") == [("B1-0202", "external_code")]
    assert found(client, "T-1", on="2026-02-28") == [("B1-0201", "external_code")]
    called = client.get("/api/places/B1-0201/called").json()
    assert called["codes"][0]["valid_to"] == "2026-03-01"


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("codes", {"scheme": "division", "value": "44", "source": "s"}, "value"),
        ("codes", {"scheme": "house", "value": "1", "source": " "}, "source"),
        ("aliases", {"text": " ", "source": "s"}, "text"),
        (
            "aliases",
            {
                "text": "x",
                "source": "s",
                "valid_from": "2026-02-01",
                "valid_to": "2026-01-01",
            },
            "valid_to",
        ),
    ],
)
def test_a_fault_names_its_field(
    client: httpx.Client, path: str, body: dict[str, str], field: str
) -> None:
    told = post(client, f"places/B1/{path}", 422, **body)
    assert [e["field"] for e in told["errors"]] == [field]


def test_an_address_is_corrected_by_two_and_the_old_one_still_finds_it(
    bench: Bench, client: httpx.Client
) -> None:
    tenant = token(bench, Role.TENANT, party="P1")
    clerk, colleague = token(bench, Role.CLERK), token(bench, Role.CLERK)
    reports = "buildings/B1/address-corrections"
    post(client, "buildings/B2/address-corrections", 404, tenant, address=RIGHT)
    made = post(client, reports, 201, tenant, address=RIGHT)
    assert (made["wrong"], made["right"], made["state"]) == (OLD, RIGHT, "reported")
    path = f"address-corrections/{made['id']}"
    post(client, f"{path}/decide", 409, clerk, decision="applied")
    assert client.post(f"/api/{path}/decide", headers=tenant).status_code == 403
    post(client, f"{path}/decide", 200, clerk, decision="confirmed")
    done = post(client, f"{path}/decide", 200, clerk, decision="applied")
    assert [s["event"] for s in done["steps"]] == ["confirmed", "applied"]
    assert client.get("/api/buildings/B1").json()["building"]["address"] == RIGHT
    assert ("B1", "address") in found(client, RIGHT)
    assert ("B1", "alias") in found(client, OLD)
    own = post(client, reports, 201, clerk, address="三号")
    post(
        client,
        f"address-corrections/{own['id']}/decide",
        409,
        clerk,
        decision="confirmed",
    )
    rejected = f"address-corrections/{own['id']}/decide"
    post(client, rejected, 422, colleague, decision="rejected")
    post(client, rejected, 200, colleague, decision="rejected", reason="no such number")
    assert client.get("/api/address-corrections").json()["items"] == []
    with bench.services.store.reading() as uow:
        trail = [e.action for e in AuditEntries(uow.session).of_subject("place:B1")]
    assert trail == [
        Action.ADDRESS_REPORTED,
        Action.ADDRESS_DECIDED,
        Action.ADDRESS_CORRECTED,
        Action.ADDRESS_REPORTED,
        Action.ADDRESS_DECIDED,
    ]


def test_staff_list_and_decide_in_their_area(
    bench: Bench, client: httpx.Client
) -> None:
    made = post(client, "buildings/B1/address-corrections", 201, address=RIGHT)
    listed = {}
    for area in ("G001", "C01", "S01", "G002"):
        officer = token(bench, Role.GRID_OFFICER, area)
        answer = client.get("/api/address-corrections", headers=officer)
        listed[area] = [each["id"] for each in answer.json()["items"]]
    assert listed == {a: [made["id"]] for a in ("G001", "C01", "S01")} | {"G002": []}
    elsewhere = token(bench, Role.GRID_OFFICER, "G002")
    path = f"address-corrections/{made['id']}/decide"
    post(client, path, 404, elsewhere, decision="confirmed")
    post(client, "address-corrections/A-none/decide", 404, decision="confirmed")
    post(client, "places/B1/aliases", 404, elsewhere, text="x", source="s")
    post(client, "places/C01/aliases", 404, elsewhere, text="x", source="s")
    post(client, "places/B1-0201/aliases", 404, elsewhere, text="x", source="s")


def test_a_building_moves_to_another_grid_and_its_past_stays(
    bench: Bench, client: httpx.Client
) -> None:
    def move(status: int, start: str, grid: str = "G002", source: str = "s") -> None:
        body = {"grid": grid, "start": start, "source": source}
        post(client, "buildings/B1/grid", status, **body)

    move(200, "2026-03-01")
    move(409, "2026-03-01")
    move(409, "2026-03-01", "G001")
    move(422, "2026-07-01", "G001")
    move(422, "2026-04-01", "C01")
    move(422, "2026-04-01", "G001", " ")
    move(200, "2026-05-01", "G001")
    service = bench.services.addresses
    with bench.services.store.reading() as uow:
        building = uow.houses.building("B1")
        assert building is not None
        assert building.grid == "G001"
        days = [date(2026, month, 1) for month in (2, 3, 4, 5, 6)]
        grids = [service.grid_on(uow, building, day) for day in days]
    assert grids == ["G001", "G002", "G002", "G001", "G001"]
    officer = token(bench, Role.GRID_OFFICER, "G001")
    body = {"grid": "G002", "start": "2026-05-02", "source": "s"}
    post(client, "buildings/B1/grid", 404, officer, **body)


def test_either_database_keeps_an_open_code_to_one_place(
    tmp_path: Path, new_database: NewDatabase
) -> None:
    with registry(tmp_path, new_database) as bench:
        code = ExternalCode("B1", CodeScheme.HOUSE, "1", "s", Validity())
        with bench.services.store.writing() as uow:
            uow.addresses.add_codes([code], Source("test"), NOW)
            assert uow.addresses.codes_of_scheme(CodeScheme.HOUSE) == [code]
        with pytest.raises(IntegrityError), bench.services.store.writing() as uow:
            uow.addresses.add_codes([code], Source("test"), NOW)


def test_the_street_of_these_tests_has_the_old_address() -> None:
    assert STREET["buildings"][0]["address"] == OLD
