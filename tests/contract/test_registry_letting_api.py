"""The landlord's side over HTTP: bodies, errors, tokens, history and days."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from registry.domain.principals import Role
from registry.services.access import Wish
from tests.support.letting import FREE, Letting, letting

DAY = timedelta(days=1)
Sent = dict[str, Any]
FILING = {"unit": FREE, "mode": "whole", "lessor": "L1"}


@pytest.fixture
def let(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Letting]:
    with letting(tmp_path_factory.mktemp("api")) as ready:
        yield ready


@pytest.fixture
def client(let: Letting) -> Iterator[httpx.Client]:
    with let.bench.client() as ready:
        yield ready


@pytest.fixture(scope="module")
def refusing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Serve a registry that is asked only for what it refuses."""
    folder = tmp_path_factory.mktemp("refusing")
    with letting(folder) as ready, ready.bench.client() as client:
        yield client


def bearer(let: Letting, party: str, role: Role = Role.LANDLORD) -> dict[str, str]:
    with let.writing() as uow:
        secret = let.bench.services.access.issue(uow, Wish(role, party), "test")[1]
    return {"Authorization": f"Bearer {secret}"}


def send(
    client: httpx.Client,
    path: str,
    body: Sent | None = None,
    headers: dict[str, str] | None = None,
) -> Sent:
    answer = client.post(f"/api/{path}", json=body or {}, headers=headers)
    assert answer.status_code in {200, 201}, answer.text
    told: Sent = answer.json()
    return told


def problem(answer: httpx.Response, status: int) -> dict[str, str]:
    body = answer.json()
    assert answer.status_code == status == body["status"], body
    assert answer.headers["content-type"] == "application/problem+json"
    return {e["field"]: e["fault"] for e in body.get("errors", ())}


def read(client: httpx.Client, path: str, **query: str) -> Sent:
    answer = client.get(f"/api/{path}", params=query)
    assert answer.status_code == 200, answer.text
    told: Sent = answer.json()
    return told


def test_a_filing_over_the_api(let: Letting, client: httpx.Client) -> None:
    mine = bearer(let, "L1")
    draft = send(client, "filings", {"unit": FREE, "mode": "whole"}, mine)
    assert (draft["state"], draft["lessor"], draft["live"]) == ("draft", "L1", False)
    at = f"filings/{draft['id']}"
    assert send(client, f"{at}/submit", {}, mine)["live"]
    why = {"reason": "the mode is wrong"}
    assert send(client, f"{at}/send-back", why)["state"] == "needs_correction"
    fixed = send(client, f"{at}/correct", {"mode": "room", "manager": "P9"}, mine)
    assert (fixed["mode"], fixed["manager"]) == ("room", "P9")
    send(client, f"{at}/submit", {}, mine)
    accepted = send(client, f"{at}/accept")
    assert accepted["number"] == "2026-000001"
    assert accepted["renews_on"] == "2027-06-01"
    assert send(client, f"{at}/suspend", {"order": "7"})["reason"] == "7"
    assert send(client, f"{at}/restore")["state"] == "accepted"
    let.bench.now += 300 * DAY
    renewed = send(client, f"{at}/renew", {"on": "2027-03-20"})
    assert renewed["renews_on"] == "2028-06-01"
    moved = send(client, f"{at}/transfer", {"lessor": "L2"})
    assert moved["closed"]["state"] == "transferred"
    assert moved["file_by"] == "2027-04-18"
    successor = f"filings/{moved['successor']['id']}"
    gone = send(client, f"{successor}/withdraw", {"reason": "not let"})
    assert (gone["state"], gone["reason"]) == ("withdrawn", "not let")


def test_history_and_days(let: Letting, client: httpx.Client) -> None:
    at = f"filings/{send(client, 'filings', FILING)['id']}"
    let.bench.now += 2 * DAY
    send(client, f"{at}/submit", {"on": "2026-06-02"})
    assert read(client, at)["state"] == "submitted"
    assert read(client, at, as_of="2026-06-02")["state"] == "submitted"
    assert read(client, at, as_of="2026-06-01")["state"] == "draft"
    then = {"as_of": "2026-06-02", "as_known_on": "2026-06-02"}
    assert read(client, at, **then)["state"] == "draft"
    problem(client.get(f"/api/{at}", params={"as_of": "2026-05-31"}), 404)
    problem(client.get(f"/api/{at}", params={"as_known_on": "2026-05-31"}), 404)
    for field in ("as_of", "as_known_on"):
        wrong = client.get(f"/api/{at}", params={field: "yesterday"})
        assert set(problem(wrong, 422)) == {field}
    states = ("filings", {"unit": FREE, "state": "draft"})
    assert read(client, states[0], **states[1])["items"] == []
    (old,) = read(client, states[0], **states[1], **then)["items"]
    assert old["state"] == "draft"
    versions = read(client, f"{at}/history")["versions"]
    assert [v["record"]["state"] for v in versions] == ["draft", "draft", "submitted"]
    assert [v["superseded_at"] is None for v in versions] == [False, True, True]
    assert versions[2]["valid_from"] == "2026-06-01T16:00:00Z"
    assert (versions[2]["actor"], versions[2]["channel"]) == ("counter", "api")
    mine = client.get(f"/api/{at}/history", headers=bearer(let, "L1")).json()
    assert {v["actor"] for v in mine["versions"]} == {None}


def test_a_landlord_meets_only_their_own(let: Letting, client: httpx.Client) -> None:
    id_ = send(client, "filings", FILING)["id"]
    other, lives_there = bearer(let, "L2"), bearer(let, "P1", Role.TENANT)
    assert problem(client.get(f"/api/filings/{id_}", headers=other), 404) == {}
    problem(client.get(f"/api/filings/{id_}", headers=lives_there), 403)
    answer = client.get("/api/filings", headers=other)
    assert answer.json() == {"items": [], "next": None}
    problem(client.post(f"/api/filings/{id_}/submit", json={}, headers=other), 404)
    mine = bearer(let, "L1")
    body = {"order": "1"}
    answer = client.post(f"/api/filings/{id_}/suspend", json=body, headers=mine)
    problem(answer, 403)
    answer = client.post("/api/filings", json=FILING, headers=other)
    assert problem(answer, 422) == {"unit": "unknown"}


def test_a_change_is_guarded_by_the_version_read(client: httpx.Client) -> None:
    at = f"/api/filings/{send(client, 'filings', FILING)['id']}"
    tag = client.get(at).headers["ETag"]
    assert client.get(at, headers={"If-None-Match": tag}).status_code == 304
    first = client.post(f"{at}/submit", json={}, headers={"If-Match": tag})
    assert first.status_code == 200
    late = client.post(f"{at}/accept", json={}, headers={"If-Match": tag})
    problem(late, 412)
    key = {"Idempotency-Key": "once", "If-Match": client.get(at).headers["ETag"]}
    numbers = {
        client.post(f"{at}/accept", json={}, headers=key).json()["number"]
        for _ in range(2)
    }
    assert numbers == {"2026-000001"}


def test_lists_go_on_where_the_page_before_ended(
    let: Letting, client: httpx.Client
) -> None:
    send(client, "filings", FILING)
    first = read(client, "filings", limit="2")
    rest = read(client, "filings", limit="2", cursor=first["next"])
    ids = [each["id"] for page in (first, rest) for each in page["items"]]
    with let.reading() as uow:
        assert ids == sorted(uow.filings.ids())
    assert rest["next"] is None


def test_rights_and_delegations_over_the_api(
    let: Letting, client: httpx.Client
) -> None:
    right = {"party": "L2", "unit": FREE, "basis": "entrusted", "start": "2026-01-01"}
    evidence = {"end": "2027-01-01", "evidence": "a" * 64}
    held = send(client, "rights", right | evidence)
    assert held == held | right | evidence
    given = {
        "grantor": "L2",
        "delegate": "L3",
        "powers": ["receive_notice", "file"],
        "start": "2026-06-01",
        "end": "2026-12-31",
    }
    mine = bearer(let, "L2")
    granted = send(client, "delegations", given, mine)
    assert granted["powers"] == ["file", "receive_notice"]
    seen = read(client, "delegations", grantor="L2", delegate="L3")["items"]
    assert seen == [granted]
    revoked = send(client, f"delegations/{granted['id']}/revoke", {}, mine)
    assert revoked["revoked_on"] == "2026-06-01"
    assert read(client, f"delegations/{granted['id']}") == revoked
    versions = read(client, f"delegations/{granted['id']}/history")["versions"]
    assert [v["record"]["revoked_on"] for v in versions] == [None, "2026-06-01"]
    ended = send(client, f"rights/{held['id']}/end", {"end": "2026-06-30"}, mine)
    assert read(client, f"rights/{held['id']}") == ended
    assert len(read(client, f"rights/{held['id']}/history")["versions"]) == 2
    assert read(client, "rights", party="L2", unit=FREE)["items"] == [ended]


def test_contracts_over_the_api(let: Letting, client: httpx.Client) -> None:
    lease = {
        "unit": FREE,
        "lessor": "L1",
        "tenant": "L2",
        "start": "2026-06-01",
        "end": "2027-06-01",
        "signed_on": "2026-05-31",
        "rent": 250000,
    }
    head = send(client, "contracts", lease)
    assert (head["warnings"], head["contract"]["rent"]) == ([], 250000)
    id_ = head["contract"]["id"]
    longer = {"lessor": "L2", "tenant": "P1", "parent": id_, "end": None}
    sub = send(client, "contracts", lease | longer)
    assert sub["warnings"] == ["beyond_head_lease", "no_right_on_record"]
    assert read(client, f"contracts/{sub['contract']['id']}") == sub
    assert len(read(client, f"contracts/{id_}/history")["versions"]) == 1
    theirs = bearer(let, "P1", Role.TENANT)
    answer = client.get("/api/contracts", params={"unit": FREE}, headers=theirs)
    assert answer.json()["items"] == [sub["contract"]]


def test_filings_elsewhere_over_the_api(let: Letting, client: httpx.Client) -> None:
    wish = {"kind": "contract_filing", "unit": "B1-0201", "tenancy": "T1"}
    lessor = bearer(let, "P9")
    filing = send(client, "external-filings", wish | {"due": "2026-06-05"}, lessor)
    assert filing["state"] == "due"
    at = f"external-filings/{filing['id']}"
    paper = {"office": "housing office", "receipt": "77", "on": "2026-06-01"}
    assert send(client, f"{at}/submit", paper, lessor)["receipt"] == "77"
    assert send(client, f"{at}/refuse", {"reason": "a page"})["state"] == "refused"
    exempt = send(client, f"{at}/exempt", {"reason": "oral and short"})
    assert (exempt["state"], exempt["reason"]) == ("exempt", "oral and short")
    assert send(client, f"{at}/require", {"due": "2026-07-01"})["state"] == "due"
    send(client, f"{at}/submit", paper, lessor)
    done = send(client, f"{at}/grant", {"due": "2027-06-01"})
    assert (done["state"], done["due"]) == ("granted", "2027-06-01")
    assert read(client, at) == done
    wanted = {"unit": "B1-0201", "kind": "contract_filing", "state": "granted"}
    assert read(client, "external-filings", **wanted)["items"] == [done]
    assert len(read(client, f"{at}/history")["versions"]) > 6


@pytest.mark.parametrize(
    ("path", "body", "fields"),
    [
        ("filings", {}, {"unit", "mode"}),
        ("filings", FILING | {"mode": "flat"}, {"mode"}),
        ("filings", FILING | {"state": "accepted"}, {"state"}),
        ("filings", FILING | {"unit": "x" * 201}, {"unit"}),
        ("filings/F/submit", {"on": "1 June"}, {"on"}),
        ("filings/F/suspend", {"order": 7}, {"order"}),
        ("rights", {"basis": "force"}, {"party", "unit", "basis", "start"}),
        ("delegations", {"powers": ["reign"]}, None),
        ("contracts", {"rent": 1.5}, None),
        ("external-filings", {"kind": "tax"}, {"kind", "unit"}),
        ("external-filings/E/exempt", {"exemption": "rich"}, {"exemption"}),
        ("external-filings/E/refuse", {}, {"reason"}),
    ],
)
def test_a_wrong_body_names_its_fields(
    refusing: httpx.Client, path: str, body: Sent, fields: set[str] | None
) -> None:
    found = problem(refusing.post(f"/api/{path}", json=body), 422)
    assert set(found) == fields if fields else set(found)


@pytest.mark.parametrize(
    "path",
    [
        "filings/F/accept",
        "delegations/D/revoke",
        "external-filings/E/grant",
        "filings/F/withdraw",
    ],
)
def test_what_is_not_on_record_is_not_changed(
    refusing: httpx.Client, path: str
) -> None:
    problem(refusing.post(f"/api/{path}", json={}), 404)
