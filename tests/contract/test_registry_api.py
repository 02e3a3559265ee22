"""The JSON API: what it answers, and every error as a problem."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from registry.services.housing import Housing
from tests.support.registry_bench import (
    BACK,
    FAR,
    FRONT,
    GATEWAY,
    NAMES,
    NOW,
    TENANT_CARD,
    UNKNOWN_CARD,
    Bench,
    batch,
    passage,
    registry,
)

TENANCY = {
    "unit": "B2-0101",
    "occupant": {"name": "己示例新住户"},
    "card": 5001,
    "start": "2026-06-01",
    "end": "2027-06-01",
}


@pytest.fixture
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with registry(tmp_path_factory.mktemp("api")) as ready:
        yield ready


@pytest.fixture
def client(bench: Bench) -> Iterator[httpx.Client]:
    with bench.client() as ready:
        yield ready


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    body: dict[str, Any] = answer.json()
    assert answer.status_code == status == body["status"], body
    assert answer.headers["content-type"] == "application/problem+json"
    assert body["type"] == "about:blank"
    assert body["title"]
    assert body["detail"]
    return body


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/livez", {"status": "alive"}),
        ("/readyz", {"status": "ready", "revision": 1}),
    ],
)
def test_health(client: httpx.Client, path: str, expected: dict[str, object]) -> None:
    assert client.get(path).json() == expected


def test_version(client: httpx.Client) -> None:
    assert client.get("/version").json()["product"] == "menhu"


def test_doors(client: httpx.Client) -> None:
    doors = client.get("/api/doors").json()["doors"]
    assert [door["id"] for door in doors] == [FRONT, BACK, FAR]
    assert doors[0] == {
        "id": FRONT,
        "name": "正门",
        "building": "B1",
        "controller": "reader-001",
        "gateway": GATEWAY,
        "protocol": "osdp",
        "online": False,
        "secure": False,
        "open": None,
        "tampered": False,
        "clock_offset": None,
        "wanted": 1,
        "pushed": 0,
        "acknowledged": 0,
        "wanted_at": NOW.isoformat().replace("+00:00", "Z"),
        "pushed_at": None,
        "acknowledged_at": None,
        "reported_at": None,
    }


def test_permits_by_door(client: httpx.Client) -> None:
    every = client.get("/api/permits").json()
    assert every["revision"] == 1
    assert {d["door"]: d["permits"] for d in every["doors"]} == {
        FRONT: 4,
        BACK: 4,
        FAR: 0,
    }
    (one,) = client.get("/api/permits", params={"door": BACK}).json()["doors"]
    assert (one["wanted"], one["in_force"]) == (1, False)
    problem(client.get("/api/permits", params={"door": "nowhere"}), 404)


def test_passages_page_by_page(bench: Bench, client: httpx.Client) -> None:
    sent = batch(
        [passage(1), passage(2, UNKNOWN_CARD, granted=False), passage(3, None)]
    )
    with bench.services.store.writing() as uow:
        bench.services.ingest.accept(uow, sent)
    page = client.get("/api/passages", params={"limit": 2}).json()
    assert page["next"] == 2
    assert page["passages"][0] == {
        "number": 1,
        "gateway": GATEWAY,
        "epoch": 1,
        "seq": 1,
        "door": FRONT,
        "at": "2026-06-01T04:00:01Z",
        "recorded_at": "2026-06-01T04:00:00Z",
        "granted": True,
        "reason": "permit",
        "card": TENANT_CARD,
        "card_state": "active",
        "controller": "reader-001",
        "controller_epoch": 1,
        "controller_index": 1,
        "own": True,
    }
    assert page["passages"][1]["card_state"] == "unknown"
    rest = client.get("/api/passages", params={"after": 2}).json()
    assert [p["card"] for p in rest["passages"]] == [None]
    end = client.get("/api/passages", params={"after": rest["next"]}).json()
    assert end == {"passages": [], "next": 3}


@pytest.mark.parametrize(
    "query",
    [{"after": "x"}, {"after": -1}, {"after": 2**63}, {"limit": 0}, {"limit": 10**6}],
)
def test_a_wrong_query_names_the_field(
    client: httpx.Client, query: dict[str, str | int]
) -> None:
    body = problem(client.get("/api/passages", params=query), 422)
    assert [e["field"] for e in body["errors"]] == list(query)
    assert all(e["message"] and e["remedy"] for e in body["errors"])


def test_houses(client: httpx.Client) -> None:
    street = client.get("/api/street").json()
    assert [c["area"]["code"] for c in street["communities"]] == ["C01"]
    grids = client.get("/api/communities/C01").json()["grids"]
    assert [g["units"] for g in grids] == [4, 1]
    (building,) = client.get("/api/grids/G001").json()["buildings"]
    assert building["states"]["unfiled"] == 1
    matrix = client.get("/api/buildings/B1").json()
    assert [floor for floor, _ in matrix["floors"]] == [3, 2, 1]
    unit = client.get("/api/units/B1-0202").json()
    assert unit["state"] == "unfiled"
    assert len(unit["permits"]) == 2


def test_figures(client: httpx.Client) -> None:
    figures = client.get("/api/figures").json()
    assert (figures["doors"], figures["revision"], figures["passages"]) == (3, 1, 0)


def test_a_tenancy_is_recorded(client: httpx.Client) -> None:
    answer = client.post("/api/tenancies", json=TENANCY)
    assert answer.status_code == 201
    body = answer.json()
    assert (body["unit"], body["revision"]) == ("B2-0101", 2)
    assert "name" not in body
    end = client.post(
        f"/api/tenancies/{body['tenancy']}/end", json={"end": "2026-07-01"}
    )
    assert end.json() == {"revision": 3}


def test_every_wrong_field_is_told_with_its_remedy(client: httpx.Client) -> None:
    wrong = TENANCY | {"unit": "B9", "card": TENANT_CARD, "end": "soon"}
    body = problem(client.post("/api/tenancies", json=wrong), 422)
    assert {e["field"]: e["fault"] for e in body["errors"]} == {
        "unit": "unknown",
        "card": "taken",
        "end": "malformed",
    }
    assert client.get("/api/figures").json()["revision"] == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "unit"),
        (TENANCY | {"occupant": "己示例新住户"}, "occupant"),
        (TENANCY | {"occupant": {}}, "occupant.name"),
        (TENANCY | {"card": "己示例新住户"}, "card"),
        (TENANCY | {"colour": "己示例新住户"}, "colour"),
        (TENANCY | {"card": 0}, "card"),
        (TENANCY | {"card": -4}, "card"),
    ],
)
def test_a_wrong_body_names_the_field_and_repeats_nothing(
    client: httpx.Client, body: dict[str, object], field: str
) -> None:
    answer = client.post("/api/tenancies", json=body)
    assert field in {e["field"] for e in problem(answer, 422)["errors"]}
    assert "己示例新住户" not in answer.text


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'"x"', b"9" * 10_000])
def test_any_body_is_answered(client: httpx.Client, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    answer = client.post("/api/tenancies", content=body, headers=headers)
    assert answer.status_code in {400, 422}
    problem(answer, answer.status_code)


@pytest.mark.parametrize("verb", ["cancel", "lose"])
def test_a_card_ends_once(client: httpx.Client, verb: str) -> None:
    path = f"/api/credentials/{TENANT_CARD}/{verb}"
    done = client.post(path, json={"reason": "lost"}).json()
    assert (done["revision"], done["until"]) == (2, None)
    assert done["state"] == {"cancel": "cancelled", "lose": "suspended"}[verb]
    problem(client.post(path, json={"reason": "lost"}), 409)
    page = client.get("/api/permits", params={"door": FRONT}).json()
    assert page["doors"][0]["permits"] == 3


@pytest.mark.parametrize(
    ("card", "reason", "status"),
    [
        (31337, "lost", 404),
        (TENANT_CARD, " ", 422),
        (0, "lost", 422),
        (2**64, "lost", 422),
        ("x", "lost", 422),
    ],
)
def test_a_card_that_cannot_end(
    client: httpx.Client, card: object, reason: str, status: int
) -> None:
    answer = client.post(f"/api/credentials/{card}/cancel", json={"reason": reason})
    problem(answer, status)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/nowhere", 404),
        ("GET", "/api/units/B9-0101", 404),
        ("GET", "/api/communities/B9", 404),
        ("GET", "/api/grids/B9", 404),
        ("GET", "/api/buildings/B9", 404),
        ("POST", "/api/tenancies/T77/end", 422),
        ("DELETE", "/api/doors", 405),
        ("PUT", "/api/tenancies", 405),
    ],
)
def test_what_is_not_there(
    client: httpx.Client, method: str, path: str, status: int
) -> None:
    problem(client.request(method, path), status)


@pytest.mark.parametrize("path", ["/", "/api/doors", "/livez", "/static/app.css"])
def test_a_request_meant_for_another_host_is_not_answered(
    client: httpx.Client, path: str
) -> None:
    problem(client.get(path, headers={"host": "rebound.example"}), 421)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded"])
def test_a_form_of_another_site_cannot_record(client: httpx.Client, kind: str) -> None:
    """Browsers let any page send these without asking us first."""
    body = json.dumps(TENANCY).encode()
    headers = {"content-type": kind}
    problem(client.post("/api/tenancies", content=body, headers=headers), 422)
    assert client.get("/api/figures").json()["revision"] == 1


def test_our_own_fault_says_nothing_of_our_insides(
    client: httpx.Client,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(*_: object) -> None:
        raise ValueError(NAMES["P1"])

    monkeypatch.setattr(Housing, "figures", fail)
    answer = client.get("/api/figures")
    body = problem(answer, 500)
    assert body["detail"] == "the registry failed; nothing was changed"
    assert "ValueError in fail" in caplog.text
    assert NAMES["P1"] not in answer.text
    assert "Traceback" not in answer.text


def test_the_description_names_every_path(client: httpx.Client) -> None:
    described = client.get("/openapi.json").json()["paths"]
    assert {
        "/api/doors",
        "/api/passages",
        "/api/figures",
        "/api/tenancies",
        "/api/permits",
        "/api/credentials/{card}/cancel",
        "/api/gateways/passages",
        "/api/gateways/permits",
        "/api/gateways/heartbeat",
    } <= set(described)
    summaries = [
        operation["summary"]
        for path, operations in described.items()
        for operation in operations.values()
        if path.startswith("/api/")
    ]
    assert all(summaries)
    assert len(set(summaries)) == len(summaries)
