"""Cases and rules over HTTP: staff by area, residents their own and only to object."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from registry.domain.principals import Role
from registry.services.access import Wish
from tests.support.registry_bench import Bench, registry


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with registry(tmp_path_factory.mktemp("cases")) as ready:
        yield ready


@pytest.fixture(scope="module")
def client(bench: Bench) -> Iterator[httpx.Client]:
    with bench.client() as ready:
        yield ready


def sign_in(
    bench: Bench, role: Role, party: str | None = None, area: str | None = None
) -> dict[str, str]:
    with bench.services.store.writing() as uow:
        secret = bench.services.access.issue(uow, Wish(role, party, area), "test")[1]
    return {"Authorization": f"Bearer {secret}"}


def listed(
    client: httpx.Client, who: dict[str, str] | None = None, **query: str | int
) -> Any:  # noqa: ANN401 - as JSON comes
    answer = client.get("/api/cases", headers=who, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def places(page: Any) -> set[str]:  # noqa: ANN401 - as JSON comes
    return {item["unit"] or item["building"] for item in page["items"]}


def test_cases_are_paged_and_chosen(client: httpx.Client) -> None:
    page = listed(client, limit=2)
    every = list(page["items"])
    while page["next"]:
        page = listed(client, limit=2, cursor=page["next"])
        every += page["items"]
    assert len({item["case"] for item in every}) == len(every) > 4
    assert {i["rule"] for i in listed(client, rule="H2")["items"]} == {"H2"}
    assert listed(client, state="handed_over")["items"] == []
    assert places(listed(client, area="G002")) == {"B2"}
    assert client.get("/api/cases", params={"rule": "H99"}).status_code == 422
    assert client.get("/api/cases/nobody").status_code == 404


def test_a_case_says_why_and_by_what(client: httpx.Client) -> None:
    (item,) = [i for i in listed(client, rule="H1")["items"] if i["unit"] == "B1-0202"]
    case = client.get(f"/api/cases/{item['case']}").json()
    assert case == item
    assert case["policy"][0] == {
        "key": "unregistered_after",
        "amount": 14,
        "unit": "calendar_days",
        "verification": "house_rule",
        "source": "street's own rule: two weeks to file",
    }
    assert {"guard": "family", "excused": False} in case["guards"]
    assert "天" in case["sentence"]


def test_everybody_sees_what_is_theirs(bench: Bench, client: httpx.Client) -> None:
    other = sign_in(bench, Role.GRID_OFFICER, area="G002")
    assert places(listed(client, other)) == {"B2"}
    tenant = sign_in(bench, Role.TENANT, "P2")
    assert places(listed(client, tenant)) == {"B1-0202"}
    assert listed(client, tenant, state="auto_guarded")["items"] == []
    assert "B1-0301" not in places(listed(client, sign_in(bench, Role.LANDLORD, "P9")))
    (mine,) = [i for i in listed(client, tenant)["items"] if i["rule"] == "H1"]
    stranger = sign_in(bench, Role.TENANT, "P1")
    path = f"/api/cases/{mine['case']}"
    assert client.get(path, headers=stranger).status_code == 404
    assert client.get(path, headers=other).status_code == 404
    for verb, body in (("objections", {"text": "已备案"}), ("steps", {})):
        answer = client.post(f"{path}/{verb}", headers=stranger, json=body)
        assert answer.status_code in {403, 404}


def test_a_tenant_objects_and_only_the_street_goes_on(
    bench: Bench, client: httpx.Client
) -> None:
    tenant = sign_in(bench, Role.TENANT, "P2")
    (mine,) = [i for i in listed(client, tenant)["items"] if i["rule"] == "H1"]
    path = f"/api/cases/{mine['case']}"
    key = {"Idempotency-Key": "objection-1"}
    said = {"text": "房东已经交了材料"}
    for _ in range(2):
        told = client.post(f"{path}/objections", headers=tenant | key, json=said)
        assert (told.status_code, told.json()["state"]) == (200, "objected")
        assert told.json()["objection"] == said["text"]
    step = {"event": "objection_refused"}
    assert client.post(f"{path}/steps", headers=tenant, json=step).status_code == 403
    clerk = sign_in(bench, Role.CLERK, area="G001")
    skipped = {"event": "gap_confirmed"}
    assert client.post(f"{path}/steps", headers=clerk, json=skipped).status_code == 409
    answer = client.post(f"{path}/steps", headers=clerk, json=step)
    assert answer.json()["state"] == "review"
    bare = client.post(f"{path}/steps", headers=clerk, json={"event": "found_nothing"})
    assert [e["field"] for e in bare.json()["errors"]] == ["reason"]
    closing = {"event": "found_nothing", "reason": "wrong_data", "text": "登记有误"}
    closed = client.post(f"{path}/steps", headers=clerk, json=closing).json()
    assert (closed["state"], closed["close_reason"]) == ("unfounded", "wrong_data")


def test_rules_are_told_to_everybody_and_switched_by_the_street(
    bench: Bench, client: httpx.Client
) -> None:
    tenant = sign_in(bench, Role.TENANT, "P2")
    rules = client.get("/api/house-rules", headers=tenant).json()["rules"]
    assert [r["rule"] for r in rules] == [f"H{n}" for n in range(1, 16)]
    assert all(r["on"] and r["question"] and r["version"] == 1 for r in rules)
    assert all(r["open"] is None or r["open"] in {0, *range(5, 99)} for r in rules)
    path, off = "/api/house-rules/H4/switch", {"on": False, "reason": "误报太多"}
    for who in (tenant, sign_in(bench, Role.CLERK, area="G001")):
        assert client.post(path, headers=who, json=off).status_code == 403
    assert client.post(path, json={"on": False, "reason": ""}).status_code == 422
    assert client.post(path, json=off).json()["on"] is False
    rules = client.get("/api/house-rules").json()["rules"]
    assert [r["reason"] for r in rules if not r["on"]] == ["误报太多"]
