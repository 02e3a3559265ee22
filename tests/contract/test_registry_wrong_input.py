"""Whatever is sent: a problem that names the field and the remedy, and no change."""

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from controller.vocabulary import AlarmChange, AlarmKind
from registry.api.bounds import LARGEST
from tests.support.registry_bench import (
    FRONT,
    NOW,
    TENANT_CARD,
    Bench,
    batch,
    registry,
)

TENANCIES, END = "/api/tenancies", "/api/tenancies/T1/end"
CANCEL, LOSE = (f"/api/credentials/{TENANT_CARD}/{v}" for v in ("cancel", "lose"))
UPLINK = [
    f"/api/gateways/{n}"
    for n in ("passages", "permits", "heartbeat", "rules", "orders")
]
ACKNOWLEDGE = "/api/alarms/1/acknowledge"
ORDERS = f"/api/doors/{FRONT}/orders"
JSON_ROUTES = [TENANCIES, END, CANCEL, LOSE, ACKNOWLEDGE, ORDERS]
TENANCY: dict[str, Any] = {
    "unit": "B2-0101",
    "occupant": {"name": "己示例新住户"},
    "card": 5001,
    "start": "2026-06-01",
    "end": "2027-06-01",
}
HUGE = 10**400

Dump = dict[str, tuple[int, str]]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with registry(tmp_path_factory.mktemp("wrong")) as ready:
        alarm = AlarmChange(FRONT, AlarmKind.TAMPER, NOW)
        with ready.services.store.writing() as uow:
            ready.services.ingest.accept(uow, batch([alarm]))
        yield ready


@pytest.fixture(scope="module")
def client(bench: Bench) -> Iterator[httpx.Client]:
    with bench.client() as ready:
        yield ready


def dump(bench: Bench) -> Dump:
    """Return how many rows each table has, and their digest."""
    found = {}
    with closing(sqlite3.connect(bench.settings.database)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type='table'")
        for (table,) in tables.fetchall():
            rows = connection.execute(f'SELECT * FROM "{table}"').fetchall()  # noqa: S608 - a name of our own schema
            digest = hashlib.sha256(repr(sorted(map(repr, rows))).encode())
            found[table] = (len(rows), digest.hexdigest())
    return found


@pytest.fixture(autouse=True)
def nothing_changes(bench: Bench) -> Iterator[None]:
    """Every test here leaves every table as it was."""
    before = dump(bench)
    yield
    assert dump(bench) == before


def refused(answer: httpx.Response, status: int | None = None) -> dict[str, str]:
    """Check that an answer is a problem; return the fault of each field."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    body = answer.json()
    assert body["status"] == answer.status_code
    assert 400 <= answer.status_code < 500
    assert status in {None, answer.status_code}, body
    assert body["type"] == "about:blank"
    assert body["title"]
    assert body["detail"]
    errors = body.get("errors", [])
    assert all(e["message"] and e["remedy"] for e in errors)
    return {e["field"]: e["fault"] for e in errors}


def tenancy(**changes: object) -> dict[str, object]:
    return TENANCY | changes


Malformed = tuple[dict[str, object], str]
"""Changes to a good tenancy, and the field that is wrong then."""
OF_ANY_KIND: tuple[object, ...] = (1, 1.5, True, [], {})
NOT_TEXT: tuple[object, ...] = (*OF_ANY_KIND, None, "\ud800", "x" * 201)
WRONG_CARDS = (0, -1, 2**64, HUGE, 1.0, True, "5001", [5001], {"number": 1})
WRONG_DAYS: tuple[object, ...] = ("", "soon", "2026-06-31", 0, 1780358400, *OF_ANY_KIND)


def each(field: str, *values: object) -> list[Malformed]:
    return [({field: value}, field) for value in values]


NOT_NAMES: list[Malformed] = [
    ({"occupant": {"name": name}}, "occupant.name") for name in NOT_TEXT
]
MALFORMED_FIELDS: list[Malformed] = [
    *each("unit", *NOT_TEXT),
    *each("room", *OF_ANY_KIND, "\ud800"),
    *each("landlord", *OF_ANY_KIND, "x" * 201),
    *each("start", *WRONG_DAYS[1:], *NOT_TEXT),
    *each("end", *WRONG_DAYS[1:], *NOT_TEXT),
    ({"start": "2026-13-01"}, "start"),
    ({"start": "2026-02-29"}, "start"),
    ({"start": "0000-00-00"}, "start"),
    ({"start": "1999-12-31"}, "start"),
    ({"end": "2099-01-01"}, "end"),
    ({"end": "2027-06-01T00:00:00"}, "end"),
    ({"end": "2027-06-01x"}, "end"),
    *each("card", *WRONG_CARDS),
    *each("filed", None, 0, "true", [], {}),
    *each("occupant", None, "甲", 1, [{"name": "甲"}]),
    *NOT_NAMES,
    ({"occupant": {"name": "甲" * 51}}, "occupant"),
    ({"occupant": {"name": "甲\n乙"}}, "occupant"),
    ({"occupant": {"name": "甲\u202e乙"}}, "occupant"),
    ({"occupant": {"name": "甲", "age": 3}}, "occupant.age"),
    ({"key": "00" * 8}, "key"),
    ({"": 1}, ""),
]


@pytest.mark.parametrize(("changes", "field"), MALFORMED_FIELDS)
def test_a_malformed_field_is_named(
    client: httpx.Client, changes: dict[str, object], field: str
) -> None:
    body = json.dumps(tenancy(**changes)).encode()
    faults = refused(post(client, TENANCIES, body), 422)
    assert faults == {field or "body": "malformed"}


@pytest.mark.parametrize(
    ("path", "body", "status", "faults"),
    [
        *(
            (TENANCIES, {k: v for k, v in TENANCY.items() if k != gone}, 422, gone)
            for gone in ("unit", "occupant", "start", "end")
        ),
        (TENANCIES, tenancy(occupant={}), 422, "occupant.name"),
        (TENANCIES, tenancy(occupant={"name": ""}), 422, "occupant"),
        (TENANCIES, tenancy(occupant={"name": " \t"}), 422, "occupant"),
        (TENANCIES, tenancy(unit=" "), 422, "unit"),
        (TENANCIES, tenancy(start="", end=" "), 422, "start end"),
        (TENANCIES, {}, 422, "unit occupant start end"),
        (END, {}, 422, "end"),
        (CANCEL, {}, 422, "reason"),
        (LOSE, {}, 422, "reason"),
        (CANCEL, {"reason": " "}, 422, "reason"),
        (ACKNOWLEDGE, {}, 422, "operator"),
        (ACKNOWLEDGE, {"note": "x"}, 422, "operator"),
        (ACKNOWLEDGE, {"operator": " ", "note": "x"}, 422, "operator"),
    ],
)
def test_a_missing_field_is_named(
    client: httpx.Client,
    path: str,
    body: dict[str, object],
    status: int,
    faults: str,
) -> None:
    found = refused(client.post(path, json=body), status)
    assert found == dict.fromkeys(faults.split(), "missing")


@pytest.mark.parametrize(
    ("path", "body", "status", "faults"),
    [
        (TENANCIES, tenancy(unit="B9-0101"), 422, {"unit": "unknown"}),
        (TENANCIES, tenancy(unit="' OR 1=1 --"), 422, {"unit": "unknown"}),
        (TENANCIES, tenancy(unit="B2-0101\x00"), 422, {"unit": "unknown"}),
        (TENANCIES, tenancy(room="B1-0202-A"), 422, {"room": "unknown"}),
        (TENANCIES, tenancy(landlord="P77"), 422, {"landlord": "unknown"}),
        (TENANCIES, tenancy(card=TENANT_CARD), 422, {"card": "taken"}),
        (TENANCIES, tenancy(end="2026-06-01"), 422, {"end": "contradiction"}),
        (TENANCIES, tenancy(unit="B1-0201"), 422, {"start": "contradiction"}),
        (END, {"end": "2025-12-31"}, 422, {"end": "contradiction"}),
        (END, {"end": "2027-01-02"}, 422, {"end": "contradiction"}),
        *((END, {"end": end}, 422, {"end": "malformed"}) for end in WRONG_DAYS),
        (END, {"end": "2026-06-02", "why": 1}, 422, {"why": "malformed"}),
        ("/api/tenancies/T9/end", {"end": "2026-06-02"}, 404, {}),
        ("/api/tenancies/%00/end", {"end": "2026-06-02"}, 404, {}),
        ("/api/tenancies/%ff/end", {"end": "2026-06-02"}, 404, {}),
        *(
            (path, {"reason": reason}, 422, {"reason": "malformed"})
            for path in (CANCEL, LOSE)
            for reason in NOT_TEXT
        ),
        (CANCEL, {"reason": "x", "card": 1}, 422, {"card": "malformed"}),
        *(
            (ACKNOWLEDGE, {"operator": name}, 422, {"operator": "malformed"})
            for name in (*NOT_TEXT, "x" * 51, "a\nb")
        ),
        *(
            (ACKNOWLEDGE, {"operator": "x", "note": note}, 422, {"note": "malformed"})
            for note in (*NOT_TEXT, "a\nb", "a\u202eb")
        ),
        (ACKNOWLEDGE, {"operator": "x", "by": 1}, 422, {"by": "malformed"}),
        ("/api/alarms/2/acknowledge", {"operator": "x"}, 404, {}),
        *(
            (
                f"/api/alarms/{number}/acknowledge",
                {"operator": "x"},
                422,
                {"number": "malformed"},
            )
            for number in (0, -1, 2**63, HUGE, "x", "1.5", "%00")
        ),
        ("/api/credentials/31337/lose", {"reason": "x"}, 404, {}),
        *(
            (
                f"/api/credentials/{card}/cancel",
                {"reason": "x"},
                422,
                {"card": "malformed"},
            )
            for card in (0, -1, 2**64, HUGE, "x", "1.5", "%00", "True", " ")
        ),
    ],
)
def test_what_contradicts_the_register_is_named(
    client: httpx.Client,
    path: str,
    body: dict[str, object],
    status: int,
    faults: dict[str, str],
) -> None:
    answer = post(client, path, json.dumps(body).encode())
    assert refused(answer, status) == faults


@pytest.mark.parametrize(
    ("path", "status", "faults"),
    [
        *(
            (f"/api/{kind}?{field}={value}", 422, {field: "malformed"})
            for kind in ("passages", "holes", "unwatched")
            for field, value in (
                ("after", -1),
                ("after", 2**63),
                ("after", "x"),
                ("after", ""),
                ("after", "1e3"),
                ("limit", 0),
                ("limit", 5001),
                ("limit", "NaN"),
            )
        ),
        *(
            (f"/api/{kind}/{code}", 404, {})
            for kind in ("communities", "grids", "buildings", "units")
            for code in ("X", "%00", "%ff", "'", "x" * 2000)
        ),
        *(
            (f"/api/alarms?{field}={value}", 422, {field: "malformed"})
            for field, value in (
                ("state", "open"),
                ("state", ""),
                ("after", -1),
                ("limit", 1001),
            )
        ),
        ("/api/alarms?door=X", 404, {}),
        ("/api/permits?door=X", 404, {}),
        ("/api/permits?door=", 404, {}),
        ("/api/permits?door=%00", 404, {}),
        ("/api/doors/door-001", 404, {}),
        ("/api/", 404, {}),
        ("/api//doors", 404, {}),
    ],
)
def test_a_wrong_question_is_told(
    client: httpx.Client, path: str, status: int, faults: dict[str, str]
) -> None:
    assert refused(client.get(path), status) == faults


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        *((path, {"POST"}) for path in (*JSON_ROUTES, *UPLINK) if path != ORDERS),
        *(
            (path, {"GET"})
            for path in (
                "/livez",
                "/readyz",
                "/version",
                "/api/street",
                "/api/units/B1-0201",
                "/api/doors",
                "/api/permits",
                "/api/figures",
                "/api/passages",
                "/api/holes",
                "/api/unwatched",
                "/api/alarms",
            )
        ),
    ],
)
@pytest.mark.parametrize(
    "method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"]
)
def test_another_method_is_told_the_right_one(
    client: httpx.Client, path: str, allowed: set[str], method: str
) -> None:
    if method in allowed:
        return
    answer = client.request(method, path)
    refused(answer, 405)
    assert set(answer.headers["allow"].split(", ")) == allowed


@pytest.mark.parametrize("path", JSON_ROUTES)
def test_a_body_that_is_too_large_is_not_read_to_its_end(
    client: httpx.Client, path: str
) -> None:
    padded = b" " * LARGEST + b"{}"
    refused(post(client, path, padded), 413)
    pieces = iter([bytes(LARGEST)] * 4)
    headers = {"content-type": "application/json"}
    try:
        refused(client.post(path, content=pieces, headers=headers), 413)
    except (httpx.WriteError, httpx.RemoteProtocolError):
        assert next(pieces, None) is not None, "it was cut off while sending"
    assert client.get("/readyz").status_code == 200


@pytest.mark.parametrize(
    "host", ["", "example.org", "127.0.0.1.example.org", "10.0.0.1", "[", "localhost."]
)
@pytest.mark.parametrize("path", [TENANCIES, CANCEL, UPLINK[0]])
def test_nothing_happens_for_another_host(
    client: httpx.Client, path: str, host: str
) -> None:
    body = TENANCY if path == TENANCIES else {"reason": "x"}
    refused(client.post(path, json=body, headers={"host": host}), 421)


def post(client: httpx.Client, path: str, body: bytes) -> httpx.Response:
    return client.post(path, content=body, headers={"content-type": "application/json"})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*TENANCY, "name", "reason", "room", "x"]),
            inner,
            max_size=6,
        )
    ),
    max_leaves=8,
)
fuzz = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@fuzz
@given(st.sampled_from([*JSON_ROUTES, *UPLINK]), st.binary(max_size=200))
@example(TENANCIES, b'{"unit": "\\ud800"}')
@example(TENANCIES, b"[" * 200_000)
@example(TENANCIES, b'{"card": ' + b"9" * 100_000 + b"}")
@example(END, b"\xef\xbb\xbf{}")
@example(LOSE, b"\x00")
@example(UPLINK[0], b"\x9f" * 1000)
def test_any_bytes_are_a_problem(client: httpx.Client, path: str, body: bytes) -> None:
    refused(post(client, path, body))


@fuzz
@given(st.sampled_from(JSON_ROUTES), json_values, st.data())
def test_any_json_is_a_problem(
    client: httpx.Client, path: str, value: object, data: st.DataObject
) -> None:
    body = json.dumps(value)
    if data.draw(st.booleans(), "torn"):
        body = body[: data.draw(st.integers(0, len(body)), "upto")]
    refused(post(client, path, body.encode()))


@fuzz
@given(st.sampled_from(list(TENANCY)), json_values)
@example("unit", "\ud800")
@example("occupant", {"name": "\udfff"})
@example("occupant", {"name": "\x00"})
def test_any_value_of_a_field_is_a_problem_of_that_field(
    client: httpx.Client, field: str, value: object
) -> None:
    """The unit stays one that is not on record, so that nothing can be accepted."""
    asked = json.dumps(tenancy(unit="B9") | {field: value}).encode()
    faults = refused(post(client, TENANCIES, asked), 422)
    assert {name.split(".")[0] for name in faults} <= {"unit", field}
    assert faults
