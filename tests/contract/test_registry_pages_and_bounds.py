"""Lists go on where they stopped, within their bounds, and faults say where."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from controller.vocabulary import (
    AlarmChange,
    AlarmKind,
    ControllerId,
    Entry,
    Unwatched,
)
from registry.web.security import HEADERS
from tests.support.registry_bench import (
    BACK,
    FAR,
    FRONT,
    NOW,
    Bench,
    batch,
    heartbeat,
    passage,
    registry,
    report,
)

LARGEST = 2**63 - 1
READER = ControllerId("reader-001")
RAISED = AlarmChange(FRONT, AlarmKind.TAMPER, NOW)
LISTS = {"passages": 5000, "holes": 5000, "unwatched": 5000, "alarms": 1000}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with registry(tmp_path_factory.mktemp("lists")) as ready:
        taps: list[Entry | bytes] = [passage(n) for n in range(7)]
        rings: list[Entry | bytes] = [
            replace(RAISED, raised_at=NOW + timedelta(minutes=n)) for n in range(7)
        ]
        lost = [bytes([n]) for n in range(7)]
        doubts: list[Entry | bytes] = [
            Unwatched(READER, NOW - timedelta(hours=n + 1), NOW - timedelta(hours=n))
            for n in range(7)
        ]
        with ready.services.store.writing() as uow:
            ready.services.ingest.accept(uow, batch([*taps, *rings, *lost, *doubts]))
            for number, acknowledged in ((1, 0), (2, 1)):
                ready.now = NOW + timedelta(seconds=number)
                said = heartbeat(number, ready.now, report(FRONT, acknowledged))
                ready.services.gateways.heard(uow, said)
        yield ready


@pytest.fixture(scope="module")
def client(bench: Bench) -> Iterator[httpx.Client]:
    with bench.client() as ready:
        yield ready


def listed(client: httpx.Client, kind: str, **query: int | str) -> dict[str, Any]:
    answer = client.get(f"/api/{kind}", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert set(found) == {kind, "next"}
    return found


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_pages_together_are_the_list(
    client: httpx.Client, kind: str, limit: int
) -> None:
    whole = listed(client, kind)
    assert [row["number"] for row in whole[kind]] == list(range(1, 8))
    rows, after = [], 0
    while page := listed(client, kind, after=after, limit=limit)[kind]:
        assert len(page) <= limit
        rows += page
        after = page[-1]["number"]
    assert rows == whole[kind]


@pytest.mark.parametrize("kind", LISTS)
def test_next_is_the_last_number_told_or_where_the_asker_was(
    client: httpx.Client, kind: str
) -> None:
    assert listed(client, kind, limit=3)["next"] == 3
    assert listed(client, kind, after=6)["next"] == 7
    for after in (7, 8, LARGEST):
        assert listed(client, kind, after=after) == {kind: [], "next": after}


@pytest.mark.parametrize(("kind", "most"), LISTS.items())
def test_the_last_number_and_the_largest_page_are_accepted(
    client: httpx.Client, kind: str, most: int
) -> None:
    assert len(listed(client, kind, after=0, limit=most)[kind]) == 7
    for field, value in (
        ("limit", most + 1),
        ("limit", 0),
        ("after", LARGEST + 1),
        ("after", -1),
    ):
        answer = client.get(f"/api/{kind}", params={field: value})
        assert answer.status_code == 422, (field, value)
        (error,) = answer.json()["errors"]
        assert (error["field"], error["fault"]) == (field, "malformed")
        assert error["message"]
        assert str(value) not in error["remedy"]


def test_alarms_of_a_door_are_paged_within_the_door(client: httpx.Client) -> None:
    one = listed(client, "alarms", door=FRONT, state="cleared", after=2, limit=2)
    assert [a["number"] for a in one["alarms"]] == [3, 4]
    last = listed(client, "alarms", door=FRONT, state="raised")
    assert [a["number"] for a in last["alarms"]] == [7]
    assert last["alarms"][0]["cleared_at"] is None
    assert listed(client, "alarms", door=BACK, after=3) == {"alarms": [], "next": 3}


def test_an_alarm_that_was_never_over_ended_where_the_next_began(
    client: httpx.Client,
) -> None:
    alarms = listed(client, "alarms")["alarms"]
    ends = [alarm["cleared_at"] for alarm in alarms]
    assert ends == [*(alarm["raised_at"] for alarm in alarms[1:]), None]
    assert [alarm["seq"] for alarm in alarms] == list(range(8, 15))


def test_what_could_not_be_read_says_where_and_why_and_not_what(
    client: httpx.Client,
) -> None:
    holes = listed(client, "holes")["holes"]
    assert [(hole["first"], hole["last"]) for hole in holes] == [
        (n, n) for n in range(15, 22)
    ]
    assert all(hole["reason"] and "line" not in hole for hole in holes)


def test_unwatched_spans_name_the_door_and_no_stranger_s(
    bench: Bench, client: httpx.Client
) -> None:
    first, *_ = listed(client, "unwatched")["unwatched"]
    assert (first["door"], first["controller"]) == (FRONT, READER)
    assert (first["since"], first["until"]) == (
        "2026-06-01T03:00:00Z",
        "2026-06-01T04:00:00Z",
    )
    with bench.services.store.reading() as uow:
        foreign = Unwatched(ControllerId("reader-002"), NOW - timedelta(hours=1), NOW)
        bench.services.ingest.accept(uow, batch([foreign], epoch=2))
        assert len(uow.passages.unwatched_after(0, 10)) == 7


def test_permits_of_a_door_say_whether_they_are_in_force(client: httpx.Client) -> None:
    told = client.get("/api/permits").json()
    assert told["revision"] == 1
    assert [(d["door"], d["permits"], d["in_force"]) for d in told["doors"]] == [
        (FRONT, 4, True),
        (BACK, 4, False),
        (FAR, 0, True),
    ]
    (one,) = client.get("/api/permits", params={"door": FRONT}).json()["doors"]
    assert one == told["doors"][0]
    assert one["acknowledged_at"] == "2026-06-01T04:00:02Z"


@pytest.mark.parametrize(
    ("method", "path", "status", "title"),
    [
        ("GET", "/api/alarms?door=door-9", 404, "Not Found"),
        ("GET", "/api/nothing", 404, "Not Found"),
        ("DELETE", "/api/doors", 405, "Method Not Allowed"),
        ("POST", "/api/alarms/99/acknowledge", 404, "Not Found"),
        ("POST", "/api/alarms/0/acknowledge", 422, "Unprocessable"),
    ],
)
def test_a_problem_names_its_status_twice_and_itself_once(
    client: httpx.Client, method: str, path: str, status: int, title: str
) -> None:
    body = {"operator": "王工"} if method == "POST" else None
    answer = client.request(method, path, json=body)
    told = answer.json()
    assert (answer.status_code, told["status"]) == (status, status)
    assert answer.headers["content-type"] == "application/problem+json"
    assert told["title"].startswith(title)
    assert told["type"] == "about:blank"
    assert ("errors" in told) is (status == 422)
    assert "王工" not in answer.text


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/", "no-store"),
        ("/nowhere", "no-store"),
        ("/doors?page=0", "no-store"),
        ("/alarms/99/acknowledge", "no-store"),
        ("/static/nothing.css", "no-cache"),
    ],
)
def test_every_answer_of_the_pages_carries_every_header(
    client: httpx.Client, path: str, kept: str
) -> None:
    answer = client.get(path)
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert answer.headers["cache-control"] == kept
