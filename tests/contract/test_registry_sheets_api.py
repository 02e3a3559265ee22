"""Sheets over HTTP: sent, confirmed, corrected, taken back, and got."""

import time
from collections.abc import Iterator

import httpx
import pytest

from registry.domain.principals import Role
from registry.domain.sheets.kinds import SheetKind
from registry.services.access import Wish
from registry.services.sheets.sheet_files import (
    LARGEST_FILE,
    MEDIA_TYPES,
    Format,
    headers,
    read_table,
    template,
)
from tests.support.registry_bench import NAMES, Bench, registry
from tests.support.sheets import file, live, sheet

UNITS = SheetKind.UNITS
XLSX, CSV = MEDIA_TYPES[Format.XLSX], "text/csv"
IMPORTS = "/api/imports"
MOVING = {"applying", "undoing"}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with registry(tmp_path_factory.mktemp("sheets")) as ready:
        yield ready


@pytest.fixture(scope="module")
def client(bench: Bench) -> Iterator[httpx.Client]:
    with bench.client() as ready:
        yield ready


def units(count: int, first: int, floor: str = "3") -> list[list[str]]:
    return [["", "B1", str(n), floor, "出租", ""] for n in range(first, first + count)]


def send(client: httpx.Client, data: bytes, media: str = CSV) -> httpx.Response:
    return client.post(
        IMPORTS,
        params={"kind": UNITS},
        content=data,
        headers={"content-type": media},
    )


def settled(client: httpx.Client, job: str) -> dict[str, object]:
    """Ask how far an import is until it has come to rest."""
    while True:
        told: dict[str, object] = client.get(f"{IMPORTS}/{job}").json()
        if told["state"] not in MOVING:
            return told
        time.sleep(0.01)


def test_a_sheet_from_its_sending_to_its_undoing(
    bench: Bench, client: httpx.Client
) -> None:
    before = live(bench)
    rows = [*units(3, 8000), *units(2, 8100, floor="x")]
    sent = send(client, sheet(UNITS, rows, Format.XLSX), XLSX)
    assert sent.status_code == 201, sent.text
    told = sent.json()
    assert (told["state"], told["rows"], told["faulty"]) == ("checked", 5, 2)
    assert [(f["row"], f["letter"], f["column"]) for f in told["faults"]] == [
        (5, "D", "floor"),
        (6, "D", "floor"),
    ]
    assert all(fault["remedy"] for fault in told["faults"])
    job = told["id"]
    assert live(bench) == before
    confirmed = client.post(f"{IMPORTS}/{job}/confirm", json={})
    assert (confirmed.status_code, confirmed.json()["state"]) == (202, "applying")
    assert settled(client, job)["state"] == "faulty"
    for form in Format:
        got = client.get(f"{IMPORTS}/{job}/faults.{form}")
        assert got.headers["content-type"] == MEDIA_TYPES[form]
        assert f"{job}-faults.{form}" in got.headers["content-disposition"]
        table = [row[:9] for row in read_table(got.content)]
        assert [row[0] for row in table] == ["原行号", "5", "6"]
    for row in table[1:]:
        row[6] = "2"
    answer = client.put(
        f"{IMPORTS}/{job}/faults", content=file(table), headers={"content-type": CSV}
    )
    assert answer.status_code == 202, answer.text
    assert settled(client, job)["state"] == "done"
    assert len(live(bench)["units"]) == len(before["units"]) + 5
    assert client.post(f"{IMPORTS}/{job}/resume", json={}).json()["applied"] == 5
    assert client.post(f"{IMPORTS}/{job}/undo", json={}).status_code == 202
    assert settled(client, job)["undone"] == 5
    assert live(bench) == before
    assert client.get(IMPORTS).json()[0]["id"] == job


def test_a_sheet_may_be_given_up(client: httpx.Client) -> None:
    job = send(client, sheet(UNITS, units(1, 8200))).json()["id"]
    assert client.delete(f"{IMPORTS}/{job}").json()["state"] == "discarded"
    again = client.delete(f"{IMPORTS}/{job}")
    assert again.status_code == 409
    assert "this is final" in again.json()["detail"]


@pytest.mark.parametrize(
    ("data", "media", "status"),
    [
        (b"", CSV, 422),
        (b"\xff\xff", CSV, 422),
        (b"PK\x03\x04", XLSX, 422),
        ("证件号码,姓名\n1,2\n".encode(), CSV, 422),
        (b"unit\n", "text/plain", 415),
        (b"unit\n", "application/x-www-form-urlencoded", 415),
        (b"," * (LARGEST_FILE + 1), CSV, 413),
    ],
)
def test_what_is_no_sheet_is_refused_with_a_remedy(
    client: httpx.Client, data: bytes, media: str, status: int
) -> None:
    answer = send(client, data, media)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    if status == 422:
        assert all(e["field"] and e["remedy"] for e in answer.json()["errors"])


def test_what_is_not_there_is_not_found(client: httpx.Client) -> None:
    assert client.get(f"{IMPORTS}/I-0").status_code == 404
    for verb in ("confirm", "resume", "undo"):
        assert client.post(f"{IMPORTS}/I-0/{verb}", json={}).status_code == 404
        assert client.post(f"{IMPORTS}/I-0/{verb}").status_code == 422
    assert client.get("/api/exports/people.csv").status_code == 422


@pytest.mark.parametrize("kind", SheetKind)
def test_the_register_is_got_without_names(
    client: httpx.Client, kind: SheetKind
) -> None:
    tables = []
    for form in Format:
        got = client.get(f"/api/exports/{kind}.{form}")
        assert got.headers["content-type"] == MEDIA_TYPES[form]
        width = len(headers(kind))
        tables.append([row[:width] for row in read_table(got.content)])
        text = repr(tables[-1])
        assert not any(name in text for name in NAMES.values())
    assert tables[0] == tables[1]
    assert tables[0][0] == headers(kind)
    assert len(tables[0]) > 1 or kind is SheetKind.LANDLORDS


def test_templates_are_got(client: httpx.Client) -> None:
    got = client.get("/api/templates/cards.xlsx")
    assert list(read_table(got.content)) == list(read_table(template(SheetKind.CARDS)))


def test_only_staff_of_the_whole_street_move_sheets(
    bench: Bench, client: httpx.Client
) -> None:
    with bench.services.store.writing() as uow:
        _, secret = bench.services.access.issue(
            uow, Wish(Role.CLERK, area="G001"), "test"
        )
    bearer = {"Authorization": f"Bearer {secret}"}
    for path in (IMPORTS, "/api/exports/cards.csv"):
        assert client.get(path, headers=bearer).status_code == 403
