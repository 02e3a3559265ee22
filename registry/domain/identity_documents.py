"""The documents and telephones of a party, as a desk gives them and as they are kept.

Numbers stand in fields that no `repr` shows; what identifies a holder leaves this
module only as text that is to be keyed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TypeVar

from registry.domain.errors import Fault, FieldError, Invalid
from registry.domain.identifiers import read_document
from registry.domain.identifiers.kinds import (
    Absence,
    DocumentForm,
    DocumentKind,
    Doubt,
    Identifier,
    NoDocument,
    Terms,
    Verification,
)
from registry.domain.identifiers.phone import Line, read_phone
from registry.domain.parties import PartyKind
from registry.domain.registration import day_of

MOST = 10
"""How many documents, or telephones, one party may have."""
BY_HAND = (Verification.DOCUMENT_SEEN, Verification.READER_READ)
"""What a desk may add to what reading a number shows; offices do not answer here."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ShownDocument:
    """A document as a desk gives it: text, so that every fault is told at once.

    `verification` says how it was looked at; empty is by its number alone. `expires`
    is an ISO date, or empty where the document does not say.
    """

    form: DocumentForm
    expires: str = ""
    verification: str = ""


@dataclass(frozen=True, slots=True)
class IdentityDocument:
    """A document on record, or the stated absence of one; `until` ends an absence."""

    kind: DocumentKind
    number: str | None = field(default=None, repr=False)
    key: str | None = field(default=None, repr=False)
    issuing_state: str | None = None
    expires: date | None = None
    verification: Verification = Verification.UNVERIFIED
    doubts: frozenset[Doubt] = frozenset()
    absence: Absence | None = None
    until: date | None = None

    @property
    def indexed(self) -> str | None:
        """What a holder is looked up by, to be keyed; None where nothing was shown."""
        if self.key is None:
            return None
        return f"{self.kind}|{self.issuing_state or ''}|{self.key}"


@dataclass(frozen=True, slots=True)
class Telephone:
    """A way to reach a party, in E.164; never who they are."""

    number: str = field(repr=False)
    line: Line = Line.UNKNOWN


def read_documents(
    shown: Sequence[ShownDocument], party: PartyKind, terms: Terms
) -> list[IdentityDocument]:
    """Read all documents of a party, or raise Invalid with every fault."""
    errors, found = _too_many("documents", shown), []
    for place, document in enumerate(shown):
        read = _read(document, party, terms)
        if isinstance(read, IdentityDocument):
            found.append(read)
        else:
            errors += [replace(e, field=f"documents.{place}.{e.field}") for e in read]
    if errors := errors or _together(found):
        raise Invalid(errors)
    return found


def read_telephones(typed: Sequence[str]) -> list[Telephone]:
    """Read all telephones of a party, or raise Invalid with every fault."""
    errors, found = _too_many("phones", typed), []
    for place, text in enumerate(typed):
        read = read_phone(text, f"phones.{place}")
        if isinstance(read, list):
            errors += read
        else:
            found.append(Telephone(read.number, read.line))
    if not errors and len(set(found)) < len(found):
        errors = [_contradiction("phones", "a number is given twice", "give it once")]
    if errors:
        raise Invalid(errors)
    return found


def _read(
    shown: ShownDocument, party: PartyKind, terms: Terms
) -> IdentityDocument | list[FieldError]:
    read = read_document(shown.form, terms)
    errors = list(read) if isinstance(read, list) else []
    expires = day_of(shown.expires) if shown.expires.strip() else None
    if shown.expires.strip() and expires is None:
        remedy = "write it YYYY-MM-DD, or leave it out"
        errors.append(
            FieldError("expires", Fault.MALFORMED, "this is not a date", remedy)
        )
    if shown.verification not in ("", *BY_HAND):
        message, remedy = "nobody can say this at a desk", f"say {' or '.join(BY_HAND)}"
        errors.append(FieldError("verification", Fault.UNKNOWN, message, remedy))
    if (shown.form.kind is DocumentKind.ORGANISATION) is not (
        party is PartyKind.ORGANISATION
    ):
        message = "persons and organisations have different documents"
        remedy = "choose a document of this kind of party"
        errors.append(_contradiction("kind", message, remedy))
    if errors or isinstance(read, list):
        return errors
    if isinstance(read, NoDocument):
        return IdentityDocument(shown.form.kind, absence=read.reason, until=read.until)
    return _document(read, shown, expires, terms.today)


def _document(
    read: Identifier, shown: ShownDocument, expires: date | None, today: date
) -> IdentityDocument:
    said, expires = read.verification, expires or read.expires
    lapsed = [Doubt.EXPIRED] if expires is not None and expires < today else []
    return IdentityDocument(
        kind=read.kind,
        number=read.number,
        key=read.key,
        issuing_state=read.issuing_state,
        expires=expires,
        verification=Verification(shown.verification) if shown.verification else said,
        doubts=frozenset((*read.doubts, *lapsed)),
    )


def _together(found: Sequence[IdentityDocument]) -> list[FieldError]:
    """Say what is wrong with documents that are each right by themselves."""
    errors = []
    keys = [document.indexed for document in found if document.indexed]
    absent = sum(document.absence is not None for document in found)
    if len(set(keys)) < len(keys):
        message = "two of them are one document"
        errors.append(_contradiction("documents", message, "give it once"))
    if absent and len(found) > 1:
        message = "there is a document, so nothing is missing"
        remedy = "leave out the statement that there is none"
        errors.append(_contradiction("documents", message, remedy))
    return errors


def _too_many(name: str, given: Sequence[T]) -> list[FieldError]:
    if len(given) <= MOST:
        return []
    message = f"a party has at most {MOST}"
    return [FieldError(name, Fault.MALFORMED, message, "leave out what has ended")]


def _contradiction(name: str, message: str, remedy: str) -> FieldError:
    return FieldError(name, Fault.CONTRADICTION, message, remedy)
