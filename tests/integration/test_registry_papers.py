"""Documents and telephones: sealed, found by a keyed index, replaced and never lost."""

import hmac
from collections.abc import Iterator
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from registry.audit.trail import Action
from registry.domain.errors import Conflict, Fault, Invalid, NotFound
from registry.domain.history import Source
from registry.domain.identifiers.kinds import (
    Absence,
    DocumentForm,
    DocumentKind,
    Doubt,
    Verification,
)
from registry.domain.identity_documents import IdentityDocument, ShownDocument
from registry.domain.merge_cases import Finding, MergeState
from registry.domain.parties import Party, PartyKind
from registry.persistence.audit_entries import AuditEntries
from registry.persistence.vault_documents import DocumentRow, TelephoneRow
from registry.services.identity import Papers
from tests.support.identifiers import citizen, organisation
from tests.support.postgresql import NewDatabase
from tests.support.registry_bench import Bench, registry

DESK = Source("desk")
NUMBER, OTHER = citizen(), citizen(born="19850101")
PHONE = "+8613800138000"
TRAVEL, RENEWED = "H1234567801", "H1234567802"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with registry(tmp_path) as ready:
        yield ready


@pytest.fixture
def either(tmp_path: Path, new_database: NewDatabase) -> Iterator[Bench]:
    with registry(tmp_path, new_database) as ready:
        yield ready


def shown(
    number: str = NUMBER,
    kind: DocumentKind = DocumentKind.CITIZEN,
    expires: str = "",
    verification: str = "",
) -> ShownDocument:
    return ShownDocument(DocumentForm(kind, number), expires, verification)


def absent(until: str = "2026-08-01") -> ShownDocument:
    form = DocumentForm(DocumentKind.NO_DOCUMENT, reason="lost", until=until)
    return ShownDocument(form)


def keep(bench: Bench, party: str, *documents: ShownDocument) -> list[str]:
    with bench.services.store.writing() as uow:
        return bench.services.identity.keep_documents(uow, party, documents, DESK)


def call(bench: Bench, party: str, *phones: str) -> None:
    with bench.services.store.writing() as uow:
        bench.services.identity.keep_telephones(uow, party, phones, DESK)


def look(bench: Bench, party: str, reason: str | None = None) -> Papers:
    with bench.services.store.writing() as uow:
        return bench.services.identity.papers(uow, party, "desk", reason)


def trail(bench: Bench, subject: str) -> list[tuple[str, str | None]]:
    with bench.services.store.reading() as uow:
        entries = AuditEntries(uow.session).of_subject(subject)
    return [(entry.action, entry.reason) for entry in entries]


def numbers(papers: Papers) -> list[str | None]:
    return [document.number for document in papers.documents]


def refused(bench: Bench, party: str, *documents: ShownDocument) -> set[str]:
    with pytest.raises(Invalid) as told:
        keep(bench, party, *documents)
    assert all(NUMBER not in str(e) for e in told.value.fields)
    return {e.field for e in told.value.fields}


def test_numbers_are_masked_and_clear_only_for_a_reason(bench: Bench) -> None:
    keep(bench, "P1", shown(verification="document_seen", expires="2030-01-01"))
    call(bench, "P1", "138 0013 8000", "020-8331 0000")
    masked = look(bench, "P1")
    assert numbers(masked) == ["4401**********" + NUMBER[-4:]]
    clear = look(bench, "P1", " complaint 12 ")
    assert numbers(clear) == [NUMBER]
    assert PHONE in {telephone.number for telephone in clear.telephones}
    assert PHONE not in {telephone.number for telephone in masked.telephones}
    (document,) = clear.documents
    assert document.verification is Verification.DOCUMENT_SEEN
    assert document.expires == date(2030, 1, 1)
    assert trail(bench, "party:P1")[-4:] == [
        (Action.DOCUMENTS_RECORDED, None),
        (Action.TELEPHONES_RECORDED, None),
        (Action.DOCUMENTS_SEEN, None),
        (Action.DOCUMENTS_REVEALED, "complaint 12"),
    ]


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201, "two\nlines"])
def test_a_reason_is_a_reason(bench: Bench, reason: str) -> None:
    before = len(trail(bench, "party:P1"))
    with pytest.raises(Invalid):
        look(bench, "P1", reason)
    assert len(trail(bench, "party:P1")) == before


def test_what_is_replaced_ends_and_is_never_lost(bench: Bench) -> None:
    keep(bench, "P1", shown())
    keep(bench, "P1", shown(TRAVEL, DocumentKind.HK_MO_TRAVEL), shown())
    keep(bench, "P1", shown(RENEWED, DocumentKind.HK_MO_TRAVEL))
    before = len(trail(bench, "party:P1"))
    assert keep(bench, "P1", shown(RENEWED, DocumentKind.HK_MO_TRAVEL)) == []
    assert len(trail(bench, "party:P1")) == before, "nothing new, nothing recorded"
    assert numbers(look(bench, "P1", "check")) == [RENEWED]
    with bench.services.store.reading() as uow:
        rows = list(uow.session.scalars(select(DocumentRow)))
    assert sorted(row.superseded_at is None for row in rows) == [False, False, True]
    keep(bench, "P1")
    assert look(bench, "P1").documents == ()


def test_telephones_are_replaced_too(bench: Bench) -> None:
    call(bench, "P1", "13800138000")
    call(bench, "P1", "+86 138 0013 8000")
    call(bench, "P1", "13900139000")
    with bench.services.store.reading() as uow:
        rows = list(uow.session.scalars(select(TelephoneRow)))
    assert sorted(row.superseded_at is None for row in rows) == [False, True]


def test_a_number_two_have_opens_a_case_once(bench: Bench) -> None:
    keep(bench, "P1", shown())
    (id_,) = keep(bench, "P2", shown())
    assert keep(bench, "P2", shown(), shown(OTHER)) == []
    assert keep(bench, "P2", shown(verification="document_seen")) == []
    assert numbers(look(bench, "P2", "check")) == [NUMBER], "it is kept all the same"
    with bench.services.store.writing() as uow:
        (case,) = uow.merge_cases.open("", 10)
        assert (case.id, case.first, case.second) == (id_, "P1", "P2")
        identity = bench.services.identity
        closed = identity.close_case(uow, id_, Finding.MISTYPED, "slip", "desk")
        assert uow.merge_cases.get(id_) == closed
        assert closed.state is MergeState.MISTYPED
        with pytest.raises(Conflict):
            identity.close_case(uow, id_, Finding.SAME, "again", "desk")
        with pytest.raises(NotFound):
            identity.close_case(uow, "M-none", Finding.SAME, "x", "desk")
        assert uow.merge_cases.open("", 10) == []
    actions = [action for action, _ in trail(bench, f"merge_case:{id_}")]
    assert actions == [Action.MERGE_CASE_OPENED, Action.MERGE_CASE_CLOSED]


def test_a_renewed_document_is_known_by_what_stays_for_life(bench: Bench) -> None:
    keep(bench, "P1", shown(TRAVEL, DocumentKind.HK_MO_TRAVEL))
    assert keep(bench, "P2", shown(RENEWED, DocumentKind.HK_MO_TRAVEL))
    assert keep(bench, "P3", shown()) == [], "another number is nobody else's"


def test_passports_are_told_apart_by_their_state(bench: Bench) -> None:
    def passport(state: str) -> ShownDocument:
        kind = DocumentKind.FOREIGN_PASSPORT
        return ShownDocument(DocumentForm(kind, "X1234567", state))

    keep(bench, "P1", passport("USA"))
    assert keep(bench, "P2", passport("GBR")) == []
    assert len(keep(bench, "P3", passport("USA"))) == 1


def test_either_database_has_one_holder_of_a_number(either: Bench) -> None:
    keep(either, "P1", shown(), shown(OTHER))
    assert len(keep(either, "P2", shown(), shown(OTHER))) == 1
    assert set(numbers(look(either, "P2", "check"))) == {NUMBER, OTHER}
    with pytest.raises(IntegrityError), either.services.store.writing() as uow:
        uow.session.execute(update(DocumentRow).values(holds=True))


def test_an_index_cannot_be_made_without_the_key(bench: Bench) -> None:
    keep(bench, "P1", shown())
    with bench.services.store.reading() as uow:
        (index,) = uow.session.scalars(select(DocumentRow.blind_index))
    text = f"citizen||{NUMBER}".encode()
    assert index is not None
    assert len(index) == 32
    assert index != sha256(b"menhu/blind-index|" + text).digest()
    key = bytes.fromhex(bench.settings.index_key.read_text())
    assert index == hmac.digest(key, b"menhu/blind-index|" + text, "sha256")
    assert key.hex() != bench.settings.vault_key.read_text()


def test_nobody_without_a_document_for_longer_than_the_policy_says(
    bench: Bench,
) -> None:
    last = (bench.services.policy.today() + timedelta(days=90)).isoformat()
    keep(bench, "P1", absent(last))
    (document,) = look(bench, "P1").documents
    assert document == IdentityDocument(
        DocumentKind.NO_DOCUMENT,
        absence=Absence.LOST,
        until=date.fromisoformat(last),
    )
    late = (date.fromisoformat(last) + timedelta(days=1)).isoformat()
    assert refused(bench, "P1", absent(late)) == {"documents.0.until"}
    assert refused(bench, "P1", absent(), shown()) == {"documents"}
    keep(bench, "P1", shown())
    assert numbers(look(bench, "P1", "check")) == [NUMBER]


def test_an_expired_document_is_kept_with_a_doubt(bench: Bench) -> None:
    keep(bench, "P1", shown(expires="2020-01-01"))
    assert Doubt.EXPIRED in look(bench, "P1").documents[0].doubts


def test_every_fault_is_told_at_once_with_its_place(bench: Bench) -> None:
    bad = ShownDocument(DocumentForm(DocumentKind.CITIZEN, "1"), "soon", "trust_me")
    company = shown(organisation(), DocumentKind.ORGANISATION)
    assert refused(bench, "P1", bad, company, absent("x")) == {
        "documents.0.number",
        "documents.0.expires",
        "documents.0.verification",
        "documents.1.kind",
        "documents.2.until",
    }
    assert refused(bench, "P1", shown(), shown()) == {"documents"}
    assert refused(bench, "P1", *[absent()] * 11) == {"documents"}
    assert look(bench, "P1").documents == ()


def test_no_desk_says_that_an_office_agreed(bench: Bench) -> None:
    shown_by = shown(verification=Verification.AUTHORITY_MATCHED)
    assert refused(bench, "P1", shown_by) == {"documents.0.verification"}


def test_an_organisation_has_the_code_of_one(bench: Bench) -> None:
    with bench.services.store.writing() as uow:
        uow.parties.add([Party("P-org", PartyKind.ORGANISATION)])
    keep(bench, "P-org", shown(organisation(), DocumentKind.ORGANISATION))
    assert refused(bench, "P-org", shown()) == {"documents.0.kind"}


@pytest.mark.parametrize("typed", [["1"], ["13800138000"] * 2, ["13800138000"] * 11])
def test_telephones_that_cannot_be(bench: Bench, typed: list[str]) -> None:
    with pytest.raises(Invalid) as told:
        call(bench, "P1", *typed)
    assert all(e.field.startswith("phones") for e in told.value.fields)
    assert {e.fault for e in told.value.fields} <= set(Fault)


def test_nobody_on_record_has_no_papers(bench: Bench) -> None:
    with pytest.raises(NotFound):
        keep(bench, "nobody", shown())
    with pytest.raises(NotFound):
        call(bench, "nobody", "13800138000")
    with pytest.raises(NotFound):
        look(bench, "nobody")
