"""Rules, special days, PINs and opening from afar, as programs meet them."""

import logging
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from registry.audit.trail import verify
from registry.persistence.audit_entries import AuditEntries
from tests.support.registry_bench import (
    BACK,
    FAR,
    FRONT,
    TENANT_CARD,
    UNKNOWN_CARD,
    Bench,
    registry,
)
from tests.support.rule_documents import OFFICE, PLAIN, change, full, span

RULES, BACK_RULES = f"/api/doors/{FRONT}/rules", f"/api/doors/{BACK}/rules"
PIN, ORDERS = f"/api/credentials/{TENANT_CARD}/pin", f"/api/doors/{FRONT}/orders"
WHO = {"operator": "王工", "reason": "快递送货"}
SECRET = "40718293"  # noqa: S105 - a PIN that is looked for afterwards


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with registry(tmp_path_factory.mktemp("rules")) as ready:
        yield ready


@pytest.fixture(scope="module")
def client(bench: Bench) -> Iterator[httpx.Client]:
    with bench.client() as ready:
        yield ready


def refused(answer: httpx.Response, status: int) -> dict[str, str]:
    """Check that an answer is a problem; return the fault of each field."""
    body = answer.json()
    assert (answer.status_code, body["status"]) == (status, status), body
    assert answer.headers["content-type"] == "application/problem+json"
    errors = body.get("errors", [])
    assert all(error["message"] and error["remedy"] for error in errors)
    return {error["field"]: error["fault"] for error in errors}


def test_rules_are_put_whole_and_got_back(client: httpx.Client) -> None:
    assert client.get(RULES).json()["rules"] == PLAIN
    everything = full(TENANT_CARD, BACK)
    first = client.put(RULES, json=change(everything))
    assert first.status_code == 200, first.text
    assert first.json() == client.get(RULES).json()
    body = first.json()
    assert body["rules"] == everything
    assert (body["changed_by"], body["reason"]) == ("王工", "白天对外办事")
    assert (body["delivery"], body["previous"], body["unkept"]) == ("wanted", None, [])
    second = client.put(RULES, json=change(OFFICE, replaces=body["revision"])).json()
    assert second["previous"] == everything
    assert second["mode"] == "unlocked", "it is Monday noon"
    assert second["until"] == "2026-06-01T10:00:00Z"
    undone = client.put(RULES, json=change(second["previous"])).json()
    assert undone["rules"] == everything


def test_hardware_that_decides_alone_says_what_it_leaves(client: httpx.Client) -> None:
    body = client.put(BACK_RULES, json=change(OFFICE)).json()
    assert body["unkept"] == ["modes"]


def test_who_was_slower_gets_a_conflict(client: httpx.Client) -> None:
    refused(client.put(RULES, json=change(OFFICE, replaces=10**6)), 409)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (change(PLAIN | {"mode": "ajar"}), {"rules.mode": "malformed"}),
        (change(PLAIN | {"cards_together": 9}), {"rules.cards_together": "malformed"}),
        (change(PLAIN | {"pin": []}), {"rules.pin": "missing"}),
        (
            change(PLAIN | {"pin": [span([0], "22:00", "06:00")]}),
            {"rules.pin.0": "contradiction"},
        ),
        (change(PLAIN | {"interlock": ["door-9"]}), {"rules.interlock": "unknown"}),
        (change(PLAIN | {"interlock": [FAR]}), {"rules.interlock": "contradiction"}),
        (
            change(PLAIN | {"first_card": full(UNKNOWN_CARD, BACK)["first_card"]}),
            {"rules.first_card.holders": "unknown"},
        ),
        (
            {"rules": PLAIN, "operator": "", "reason": " "},
            {"operator": "missing", "reason": "missing"},
        ),
        ({"rules": {}}, {"operator": "missing", "rules.mode": "missing"}),
        (change(PLAIN | {"more": 1}), {"rules.more": "malformed"}),
    ],
)
def test_wrong_rules_are_refused_field_by_field(
    client: httpx.Client, body: dict[str, Any], expected: dict[str, str]
) -> None:
    before = client.get(RULES).json()
    found = refused(client.put(RULES, json=body), 422)
    assert expected.items() <= found.items()
    assert client.get(RULES).json() == before


@pytest.mark.parametrize("path", ["rules", "orders"])
def test_an_unknown_door_is_not_found(client: httpx.Client, path: str) -> None:
    refused(client.get(f"/api/doors/door-9/{path}"), 404)
    body = change(PLAIN) if path == "rules" else WHO
    method = "PUT" if path == "rules" else "POST"
    refused(client.request(method, f"/api/doors/door-9/{path}", json=body), 404)


def test_a_published_year_and_one_that_is_not(client: httpx.Client) -> None:
    known = client.get("/api/special-days/2026").json()
    assert known["published"] is True
    (make_up,) = (day for day in known["days"] if day["day"] == "2026-10-10")
    assert make_up["kind"] == "workday"
    assert (make_up["festival"], make_up["own"]) == ("国庆节", False)
    unknown = client.get("/api/special-days/2098").json()
    assert unknown == {"year": 2098, "published": False, "days": []}


def test_the_streets_own_days_win_and_go_again(client: httpx.Client) -> None:
    place = "/api/special-days/2026"
    before = client.get(place).json()
    days = [
        {"day": "2026-10-10", "kind": "ordinary"},
        {"day": "2026-06-02", "kind": "holiday"},
    ]
    put = client.put(place, json=WHO | {"days": days})
    assert put.status_code == 200, put.text
    own = [day for day in put.json()["days"] if day["own"]]
    assert [(day["day"], day["kind"]) for day in own] == [
        ("2026-06-02", "holiday"),
        ("2026-10-10", "ordinary"),
    ]
    assert client.put(place, json=WHO | {"days": []}).json() == before


@pytest.mark.parametrize(
    ("year", "days", "expected"),
    [
        (2026, [{"day": "2027-01-01", "kind": "holiday"}], {"days": "contradiction"}),
        (2026, [{"day": "2026-13-01", "kind": "holiday"}], {"days.0.day": "malformed"}),
        (2026, [{"day": "2026-01-01", "kind": "feast"}], {"days.0.kind": "malformed"}),
        (1999, [], {"year": "malformed"}),
    ],
)
def test_wrong_days_are_refused(
    client: httpx.Client, year: int, days: list[object], expected: dict[str, str]
) -> None:
    answer = client.put(f"/api/special-days/{year}", json=WHO | {"days": days})
    assert refused(answer, 422) == expected


def test_a_pin_leaves_no_trace(
    bench: Bench, client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answers = [
        client.put(PIN, json=WHO | {"pin": SECRET}),
        client.put(PIN, json=WHO | {"pin": SECRET + "0"}),
        client.put(PIN, json=WHO | {"pin": int(SECRET)}),
        client.put(PIN, json={"pin": SECRET}),
        client.put(f"/api/credentials/{UNKNOWN_CARD}/pin", json=WHO | {"pin": SECRET}),
        client.request("DELETE", PIN, json=WHO),
        client.request("DELETE", PIN, json=WHO),
    ]
    codes = [answer.status_code for answer in answers]
    assert codes == [204, 422, 422, 422, 404, 204, 409]
    for answer in answers:
        assert SECRET not in answer.text
        assert SECRET not in str(answer.url)
    assert SECRET not in caplog.text
    assert SECRET.encode() not in bench.database_bytes()


def test_an_order_says_where_it_stands_and_is_in_the_trail(
    bench: Bench, client: httpx.Client
) -> None:
    made = client.post(ORDERS, json=WHO)
    assert made.status_code == 201, made.text
    body = made.json()
    assert (body["door"], body["state"], body["operator"]) == (FRONT, "waiting", "王工")
    assert client.get(ORDERS).json()["orders"][0] == body
    soon = client.post(ORDERS, json=WHO)
    refused(soon, 429)
    assert int(soon.headers["retry-after"]) >= 1
    with bench.services.store.reading() as uow:
        last = AuditEntries(uow.session).last()
        assert verify(uow).broken is None
    assert last is not None
    assert (last.actor, last.action, last.subject, last.reason) == (
        "王工 via counter",
        "door_open_ordered",
        f"door:{FRONT}",
        "快递送货",
    )


def test_without_a_reason_no_door_opens(client: httpx.Client) -> None:
    place = f"/api/doors/{BACK}/orders"
    assert refused(client.post(place, json={"operator": "王工"}), 422) == {
        "reason": "missing"
    }
    lines = client.post(place, json={"operator": "王" * 51, "reason": "一\n二"})
    assert refused(lines, 422) == {"operator": "malformed", "reason": "malformed"}
    assert client.get(place).json()["orders"] == []


def test_the_list_of_orders_is_bounded(client: httpx.Client) -> None:
    made = client.post(ORDERS, json=WHO).status_code
    assert made in {201, 429}, "one there is now, or was a moment ago"
    assert len(client.get(ORDERS, params={"limit": 1}).json()["orders"]) == 1
    refused(client.get(ORDERS, params={"limit": 101}), 422)
