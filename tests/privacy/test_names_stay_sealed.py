"""No name outside the vault; no look at a name without an entry in the trail."""

import gc
import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote

import httpx
import pytest
from fastapi import FastAPI

from controller.vocabulary import AlarmChange, AlarmKind
from registry.app import create_app
from registry.domain.cases import OPEN
from registry.domain.grant import Grant, GrantReason
from registry.domain.history import Source
from registry.domain.house_rules.rule import RuleId
from registry.domain.occupancy import Side
from registry.domain.registration import read
from registry.domain.responsibility import Responsible
from registry.domain.sheets.kinds import SheetKind
from registry.domain.visit import Purpose, Visit
from registry.persistence.audit_entries import AuditEntries
from registry.persistence.cases import Wanted
from registry.persistence.rows import Record
from tests.support.letting import record_letting
from tests.support.registry_bench import (
    FRONT,
    NAMES,
    NOW,
    OWNER_CARD,
    TENANT_CARD,
    Bench,
    batch,
    form,
    passage,
    registry,
)
from tests.support.sheets import sheet

NEW_NAME = "己示例新住户"
PLANTED = [*NAMES.values(), NEW_NAME]
VALUES = {
    "buildings/{code}": "B1",
    "communities/{code}": "C01",
    "grids/{code}": "G001",
    "units/{code}": "B1-0201",
    "units/{number}": "0201",
    "units/{unit}": "B1-0201",
    "doors/{id_}": FRONT,
    "commissioning/{id_}": FRONT,
    "filings/{filing}": "F-1",
    "external-filings/{filing}": "E-1",
    "rights/{right}": "R-1",
    "delegations/{delegation}": "D-1",
    "contracts/{contract}": "C-1",
    "tenancies/{id_}": "T1",
    "tenancies/{tenancy}": "T1",
    "cards/{id_}": "1",
    "alarms/{number}": "1",
    "doors/{door}": FRONT,
    "open/{number}": "1",
    "calendar/{year}": "2026",
    "special-days/{year}": "2026",
    "credentials/{card}": str(TENANT_CARD),
    "parties/{party}": "P1",
    "merge-cases/{id_}": "M1",
    "places/{code}": "B1",
    "external-codes/{number}": "1",
    "address-corrections/{id_}": "A1",
    "addresses/search": "search?q=B1",
    "occupancies/{occupancy}": "T1.P1",
    "grants/{grant}": "G-1",
    "visits/{visit}": "V-1",
    "cases/{case}": "H-0",
    "cases/{id_}": "H-0",
    "house-rules/{rule}": "H1",
    "live/{place}": "unit",
    "{place}/{code}": "B1-0201?after=0",
    "exports/{kind}.csv": "occupants.csv",
    "exports/{kind}.xlsx": "landlords.xlsx",
    "templates/{kind}.xlsx": "occupants.xlsx",
}
"""What stands in a path for each of its parts, by the part before it."""
ENDLESS = "/live/"
WHO = Responsible("王工", "快递送货", "test")
ALARM = AlarmChange(FRONT, AlarmKind.TAMPER, NOW)
VISIT = Visit("V-1", "B1-0201", "B1", Purpose.ROUTINE, NOW.date())
GRANT = Grant(
    "G-1",
    "P1",
    "B1",
    "B1-0201",
    frozenset({FRONT}),
    GrantReason.VISIT,
    NOW,
    NOW + timedelta(days=1),
    Side.GRID,
)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with registry(tmp_path_factory.mktemp("privacy")) as ready:
        with ready.services.store.writing() as uow:
            ready.services.ingest.accept(uow, batch([*map(passage, range(5)), ALARM]))
            ready.services.orders.open_door(uow, FRONT, WHO)
            uow.grants.add([GRANT], Source("test"), NOW)
            uow.visits.add([VISIT], Source("test"), NOW)
            record_letting(uow, "B2-0101", "P9", "P1")
        ready.register(occupant=NEW_NAME)
        with ready.services.store.writing() as uow:
            (known, *_) = uow.cases.listed(Wanted(OPEN, RuleId.H1))
            named = replace(known, id="H-0", rule=RuleId.H8)
            uow.cases.add([named], Source("clerk"), NOW)
        rows = [("B1-0301", "", "", NEW_NAME, basis, *[""] * 3) for basis in "?!"]
        data = sheet(SheetKind.OCCUPANTS, rows)
        job = ready.services.sheet_imports.read(SheetKind.OCCUPANTS, data, "test")
        VALUES["imports/{job}"] = job.id
        yield ready


@pytest.fixture(scope="module")
def client(bench: Bench) -> Iterator[httpx.Client]:
    with bench.client() as ready:
        yield ready


def looks(bench: Bench) -> int:
    """Return how many looks at names the trail tells."""
    with bench.services.store.reading() as uow:
        actions = [entry.action for entry in AuditEntries(uow.session).every()]
    return sum(action.startswith("identity_") for action in actions)


def filled(path: str) -> str:
    """Return a path with something on record in every part."""
    parts = path.split("/")
    return "/".join(
        VALUES[f"{before}/{part}"]
        if part.startswith("{")
        else VALUES.get(f"{before}/{part}", part)
        for before, part in zip(["", *parts], parts, strict=False)
    )


def routes(app: FastAPI) -> Iterator[tuple[str, str]]:
    """Return the method and the path of every route, filled in."""
    for included in app.routes:
        contexts = getattr(included, "effective_route_contexts", tuple)
        for route in contexts():
            path = filled(route.path)
            for method in sorted(route.methods):
                yield method, path


@pytest.fixture(scope="module")
def every_route(bench: Bench) -> list[tuple[str, str]]:
    app = create_app(bench.settings, bench.clock)
    app.state.services.store.close()
    found = list(routes(app))
    assert ("GET", "/api/doors") in found
    assert len(found) > 20
    return found


def holds_no_name(content: bytes) -> bool:
    """Say whether bytes hold no planted name, in any way text is written."""
    spellings = [
        spelling
        for name in PLANTED
        for spelling in (
            name.encode(),
            name.encode("utf-16-le"),
            name.encode("gb18030"),
            name.encode("unicode_escape"),
            quote(name).encode(),
        )
    ]
    return not any(spelling in content for spelling in spellings)


def test_the_check_itself_finds_a_name() -> None:
    assert not holds_no_name(b"x" + NAMES["P1"].encode() + b"y")
    assert not holds_no_name(NAMES["P1"].encode("gb18030"))
    assert not holds_no_name(b'"\\u7532\\u793a\\u4f8b\\u79df\\u5ba2"')
    assert holds_no_name("甲* 示例 租客".encode())


def test_the_database_holds_no_name(bench: Bench) -> None:
    gc.collect()
    files = list(bench.settings.data.glob("*"))
    assert any(file.name == "menhu.db-wal" for file in files)
    for file in files:
        assert holds_no_name(file.read_bytes()), file.name
    assert b"B1-0201" in bench.database_bytes(), "what is not a name can be found"


def test_no_answer_of_any_route_holds_a_name(
    client: httpx.Client,
    every_route: list[tuple[str, str]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Walk everything, also with bodies that are wrong; read the logs after it."""
    caplog.set_level(logging.DEBUG)
    for method, path in every_route:
        body = None if method == "GET" else {"occupant": NEW_NAME, "name": NEW_NAME}
        with client.stream(method, path, json=body) as answer:
            parts = answer.iter_raw()
            content = next(parts) if path.startswith(ENDLESS) else b"".join(parts)
        assert holds_no_name(content), f"{method} {path}"
        assert method != "GET" or answer.status_code == 200, path
        assert holds_no_name(str(answer.headers.raw).encode()), f"{method} {path}"
    assert holds_no_name(caplog.text.encode())


def test_a_page_with_a_masked_name_left_an_entry(
    bench: Bench, client: httpx.Client, every_route: list[tuple[str, str]]
) -> None:
    """Whatever shows the mask of a name has read the name."""
    masks = [f"{name[0]}*" for name in PLANTED]
    seen = 0
    for method, path in every_route:
        if method != "GET" or path.startswith(ENDLESS):
            continue
        before = looks(bench)
        text = client.get(path).text
        shown = sum(mask in text for mask in masks)
        assert looks(bench) - before >= shown, path
        seen += shown
    assert seen > 0, "some page shows who lives there"


def test_recording_a_tenancy_answers_and_logs_no_name(
    client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    body = {
        "unit": "B1-0202",
        "room": "B1-0202-B",
        "occupant": {"name": NEW_NAME},
        "start": "2026-06-01",
        "end": "2027-06-01",
    }
    created = client.post("/api/tenancies", json=body)
    assert created.status_code == 201
    refused = client.post("/api/tenancies", json=body | {"end": "x", "card": NEW_NAME})
    assert refused.status_code == 422
    for answer in (created, refused):
        assert holds_no_name(answer.content)
    assert holds_no_name(caplog.text.encode())


def test_no_row_but_the_vaults_has_room_for_a_name() -> None:
    """Names of places and hardware aside, no column is called after a person."""
    personal = {
        f"{table}.{column.name}"
        for table, definition in Record.metadata.tables.items()
        for column in definition.columns
        if re.search("name|phone|document|birth|sex", column.name)
    }
    assert personal == {
        "areas.name",
        "buildings.name",
        "rooms.name",
        "gateways.name",
        "doors.name",
        "identities.name",
        "exchange_bases.document",
    }


def test_the_edge_is_told_numbers_doors_and_dates_only(bench: Bench) -> None:
    with bench.services.store.reading() as uow:
        whole = bench.services.permits.answer(uow, bench.request(99, bytes(32)))
    sent = bench.sign(whole)
    assert holds_no_name(sent)
    for word in (b"P1", b"B1-0201", b"T1"):
        assert word not in sent


def test_forms_and_drafts_keep_names_and_cards_out_of_their_text() -> None:
    asked = form(occupant=NEW_NAME, card=str(OWNER_CARD))
    for shown in (repr(asked), repr(read(asked))):
        assert NEW_NAME not in shown
        assert str(OWNER_CARD) not in shown
