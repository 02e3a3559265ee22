"""Documents and telephones of parties: recorded by staff, shown masked.

Clear numbers are asked for with a reason, in a body: addresses end up in logs.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from registry.api.access import Caller, Registry, open_to
from registry.api.changes import Changing
from registry.api.paging import Page, Turning
from registry.api.tenancies import Body, ReasonBody
from registry.domain.file_reading import LONGEST_TEXT
from registry.domain.identifiers.kinds import (
    Absence,
    DocumentForm,
    DocumentKind,
    Doubt,
    Verification,
)
from registry.domain.identifiers.phone import Line
from registry.domain.identity_documents import ShownDocument
from registry.domain.merge_cases import Finding, MergeCase, MergeState
from registry.domain.principals import Principal
from registry.persistence.unit_of_work import UnitOfWork
from registry.services.identity import Papers
from registry.services.registry_services import Services
from registry.services.scopes import require_party

router = APIRouter(prefix="/api", tags=["papers"])
Word = Annotated[str, Field(max_length=LONGEST_TEXT)]
Coded = Field(strict=False)


class DocumentBody(Body):
    """A document as shown, or why there is none until when (ISO date)."""

    kind: DocumentKind = Coded
    number: Word = Field(default="", repr=False)
    issuing_state: Word = ""
    expires: Word = ""
    verification: Word = ""
    reason: Word = ""
    until: Word = ""


class DocumentsBody(Body):
    """All documents of a party: what is not among them ends."""

    documents: list[DocumentBody] = Field(max_length=100)


class TelephonesBody(Body):
    """All telephones of a party, as typed."""

    phones: list[Word] = Field(max_length=100, repr=False)


class FindingBody(Body):
    """What was found by looking at both parties, and how."""

    finding: Finding = Coded
    reason: Word


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """A document; `number` is masked unless it was asked for with a reason."""

    kind: DocumentKind
    number: str | None
    issuing_state: str | None
    expires: date | None
    verification: Verification
    doubts: list[Doubt]
    absence: Absence | None
    until: date | None


@dataclass(frozen=True, slots=True)
class TelephoneRecord:
    """A telephone; `number` is masked unless it was asked for with a reason."""

    number: str
    line: Line


@dataclass(frozen=True, slots=True)
class PapersRecord:
    """What is on record of a party beside the name."""

    party: str
    documents: list[DocumentRecord]
    telephones: list[TelephoneRecord]


class DocumentsKept(BaseModel):
    """How many documents a party has now, and the merge cases this opened."""

    party: str
    documents: int
    merge_cases: list[str]


class TelephonesKept(BaseModel):
    """How many telephones a party has now."""

    party: str
    telephones: int


class MergeCaseRecord(BaseModel):
    """Two parties with one document, and what was found."""

    id: str
    kind: DocumentKind
    first: str
    second: str
    opened_at: datetime
    state: MergeState
    closed_by: str | None
    closed_at: datetime | None
    reason: str | None


@router.get(
    "/parties/{party}/documents",
    summary="Show the documents and telephones of a party, masked",
    openapi_extra=open_to(),
)
def papers(registry: Registry, who: Caller, party: str) -> PapersRecord:
    """Return masked numbers; the look is on record."""
    return _shown(registry, who, party)


@router.post(
    "/parties/{party}/documents/reveal",
    summary="Show the documents and telephones of a party in clear",
    openapi_extra=open_to(),
)
def reveal(
    registry: Registry, who: Caller, party: str, body: ReasonBody
) -> PapersRecord:
    """Return clear numbers for a stated reason; look and reason are on record."""
    return _shown(registry, who, party, body.reason)


@router.put(
    "/parties/{party}/documents",
    summary="Record the documents of a party",
    openapi_extra=open_to(),
)
def keep_documents(
    registry: Registry, change: Changing, party: str, body: DocumentsBody
) -> DocumentsKept:
    """Let these be all documents; a number somebody else has opens a merge case."""
    shown = [_typed(document) for document in body.documents]

    def keep(uow: UnitOfWork) -> DocumentsKept:
        require_party(uow, change.who, party, registry.housing.today())
        source = change.who.source
        cases = registry.identity.keep_documents(uow, party, shown, source)
        return DocumentsKept(party=party, documents=len(shown), merge_cases=cases)

    return change.make(DocumentsKept, keep)


@router.put(
    "/parties/{party}/telephones",
    summary="Record the telephones of a party",
    openapi_extra=open_to(),
)
def keep_telephones(
    registry: Registry, change: Changing, party: str, body: TelephonesBody
) -> TelephonesKept:
    """Let these be all telephones."""

    def keep(uow: UnitOfWork) -> TelephonesKept:
        require_party(uow, change.who, party, registry.housing.today())
        source = change.who.source
        registry.identity.keep_telephones(uow, party, body.phones, source)
        return TelephonesKept(party=party, telephones=len(body.phones))

    return change.make(TelephonesKept, keep)


@router.get("/merge-cases", summary="List open cases of two parties with one document")
def merge_cases(registry: Registry, turn: Turning) -> Page[MergeCaseRecord]:
    """Return open cases, a page at a time."""
    with registry.store.reading() as uow:
        found = uow.merge_cases.open(turn.after, turn.limit + 1)
    return turn.page([_case(case) for case in found], lambda case: case.id)


@router.post("/merge-cases/{id_}/close", summary="Close a merge case with a finding")
def close_case(
    registry: Registry, change: Changing, id_: str, body: FindingBody
) -> MergeCaseRecord:
    """Say what was found; parties are never merged by themselves."""
    return change.make(
        MergeCaseRecord,
        lambda uow: _case(
            registry.identity.close_case(
                uow, id_, body.finding, body.reason, change.who.name
            )
        ),
    )


def _shown(
    registry: Services, who: Principal, party: str, reason: str | None = None
) -> PapersRecord:
    with registry.store.writing() as uow:
        require_party(uow, who, party, registry.housing.today())
        found = registry.identity.papers(uow, party, who.name, reason)
    return _papers(found)


def _typed(body: DocumentBody) -> ShownDocument:
    form = DocumentForm(
        body.kind, body.number, body.issuing_state, body.reason, body.until
    )
    return ShownDocument(form, body.expires, body.verification)


def _papers(found: Papers) -> PapersRecord:
    return PapersRecord(
        found.party,
        [
            DocumentRecord(
                kind=document.kind,
                number=document.number,
                issuing_state=document.issuing_state,
                expires=document.expires,
                verification=document.verification,
                doubts=sorted(document.doubts),
                absence=document.absence,
                until=document.until,
            )
            for document in found.documents
        ],
        [TelephoneRecord(each.number, each.line) for each in found.telephones],
    )


def _case(case: MergeCase) -> MergeCaseRecord:
    return MergeCaseRecord(
        id=case.id,
        kind=case.kind,
        first=case.first,
        second=case.second,
        opened_at=case.opened_at,
        state=case.state,
        closed_by=case.closed_by,
        closed_at=case.closed_at,
        reason=case.reason,
    )
