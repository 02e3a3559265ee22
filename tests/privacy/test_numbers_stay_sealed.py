"""No number of a document or telephone outside the vault; no look without an entry."""

import gc
import logging
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from registry.audit.trail import Action
from registry.domain.identifiers.kinds import DocumentForm, DocumentKind
from registry.domain.identity_documents import ShownDocument, Telephone
from registry.domain.principals import Role
from registry.persistence.audit_entries import AuditEntries
from registry.services.access import Wish
from tests.support.identifiers import citizen
from tests.support.registry_bench import Bench, registry

NUMBER, WRONG = citizen(), citizen()[:-1] + "#"
PHONE = "13800138000"
PLANTED = (NUMBER, WRONG, PHONE)
DOCUMENTS, PHONES = "/api/parties/P1/documents", "/api/parties/P1/telephones"
SHOWN = {"documents": [{"kind": "citizen", "number": NUMBER}]}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with registry(tmp_path_factory.mktemp("numbers")) as ready:
        yield ready


@pytest.fixture(scope="module")
def client(bench: Bench) -> Iterator[httpx.Client]:
    with bench.client() as ready:
        assert ready.put(DOCUMENTS, json=SHOWN).status_code == 200
        assert ready.put(PHONES, json={"phones": [PHONE]}).status_code == 200
        yield ready


def silent(content: bytes) -> bool:
    """Say whether bytes hold no planted number, in text of one byte or two."""
    return not any(
        number.encode(encoding) in content
        for number in PLANTED
        for encoding in ("utf-8", "utf-16-le")
    )


def looks(bench: Bench) -> list[str]:
    with bench.services.store.reading() as uow:
        entries = AuditEntries(uow.session).every()
        return [e.action for e in entries if e.action.startswith("documents_")]


def test_the_database_holds_no_number(bench: Bench, client: httpx.Client) -> None:
    assert client.get(DOCUMENTS).status_code == 200
    gc.collect()
    for file in bench.settings.data.glob("*"):
        assert silent(file.read_bytes()), file.name
    assert b"identity_documents" in bench.database_bytes()


def test_what_is_shown_is_masked_and_on_record(
    bench: Bench, client: httpx.Client
) -> None:
    before = looks(bench)
    answer = client.get(DOCUMENTS)
    assert silent(answer.content)
    assert answer.json()["documents"][0]["number"].startswith("4401***")
    assert looks(bench) == [*before, Action.DOCUMENTS_SEEN]
    refused = client.post(f"{DOCUMENTS}/reveal", json={"reason": " "})
    assert refused.status_code == 422
    assert looks(bench) == [*before, Action.DOCUMENTS_SEEN]
    clear = client.post(f"{DOCUMENTS}/reveal", json={"reason": "complaint 12"})
    assert clear.json()["documents"][0]["number"] == NUMBER
    assert clear.json()["telephones"][0]["number"] == f"+86{PHONE}"
    assert looks(bench)[-1] == Action.DOCUMENTS_REVEALED


def test_no_error_and_no_log_says_a_number(
    client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = {"kind": "citizen", "number": WRONG}
    for body in (
        {"documents": [wrong]},
        {"documents": [SHOWN["documents"][0]] * 2},
        {"documents": [wrong | {"kind": NUMBER}]},
        {"documents": [wrong | {"number": [NUMBER]}]},
        {"documents": [{"kind": "citizen", "number": NUMBER, NUMBER[:5]: NUMBER}]},
        {"documents": NUMBER},
    ):
        answer = client.put(DOCUMENTS, json=body)
        assert answer.status_code == 422, body
        assert silent(answer.content), body
    answer = client.put(PHONES, json={"phones": [f"{PHONE}x", PHONE, PHONE]})
    assert answer.status_code == 422
    assert silent(answer.content)
    assert silent(caplog.text.encode())


def test_a_change_asked_for_twice_keeps_no_number(
    bench: Bench, client: httpx.Client
) -> None:
    headers = {"Idempotency-Key": "papers-1"}
    answers = [client.put(DOCUMENTS, json=SHOWN, headers=headers) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert silent(bench.database_bytes())


def test_an_audit_entry_names_no_number(bench: Bench) -> None:
    with bench.services.store.reading() as uow:
        for entry in AuditEntries(uow.session).every():
            assert silent(f"{entry.subject} {entry.reason}".encode())


def test_numbers_stay_out_of_texts() -> None:
    form = DocumentForm(DocumentKind.CITIZEN, NUMBER)
    assert silent(repr((ShownDocument(form), Telephone(f"+86{PHONE}"))).encode())


def test_staff_of_another_area_learn_nothing(tmp_path: Path) -> None:
    with registry(tmp_path) as bench, bench.client() as client:

        def status(role: Role, area: str, party: str, who: str | None = None) -> int:
            with bench.services.store.writing() as uow:
                wish = Wish(role, who, area or None)
                secret = bench.services.access.issue(uow, wish, "test")[1]
            return client.get(
                f"/api/parties/{party}/documents",
                headers={"Authorization": f"Bearer {secret}"},
            ).status_code

        officer = Role.GRID_OFFICER
        assert status(officer, "G001", "P1") == 200
        assert status(officer, "G001", "P9") == 200, "who lets there is known there"
        assert status(officer, "G002", "P1") == 404
        assert status(officer, "G001", "nobody") == 404
        assert status(Role.CLERK, "", "P1") == 200
        assert status(Role.LANDLORD, "", "P1", "P9") == 403


def test_a_merge_case_is_closed_over_the_api(
    bench: Bench, client: httpx.Client
) -> None:
    answer = client.put("/api/parties/P2/documents", json=SHOWN)
    (case,) = answer.json()["merge_cases"]
    listed = client.get("/api/merge-cases").json()["items"]
    assert [each["id"] for each in listed] == [case]
    body = {"finding": "same_party", "reason": "one person, two cards"}
    closed = client.post(f"/api/merge-cases/{case}/close", json=body)
    assert closed.json()["state"] == "same_party"
    again = client.post(f"/api/merge-cases/{case}/close", json=body)
    assert again.status_code == 409
    assert client.get("/api/merge-cases").json()["items"] == []
    assert silent(bench.database_bytes())
