"""People without a document: a stated exception with an end, never a made-up number."""

from collections.abc import Iterator
from datetime import date

from registry.domain.errors import Fault, FieldError
from registry.domain.identifiers.kinds import (
    Absence,
    DocumentForm,
    NoDocument,
    Reading,
    Terms,
)
from registry.domain.identifiers.typed import plain
from registry.domain.registration import day_of, missing

ABSENCES = ", ".join(Absence)


def read_no_document(form: DocumentForm, terms: Terms) -> Reading:
    """Read why somebody has no document, and until when that is accepted."""
    reason = Absence(form.reason) if form.reason in set(Absence) else None
    until = day_of(form.until)
    faults = [
        *_reason_faults(form.reason, reason),
        *_until_faults(form.until, until, terms),
        *_number_faults(form.number),
    ]
    if faults or reason is None or until is None:
        return faults
    return NoDocument(reason, until)


def _reason_faults(text: str, reason: Absence | None) -> Iterator[FieldError]:
    if not text:
        yield missing("reason", f"give one of {ABSENCES}")
    elif reason is None:
        message = "this is not a known reason"
        yield FieldError("reason", Fault.UNKNOWN, message, f"give one of {ABSENCES}")


def _until_faults(text: str, until: date | None, terms: Terms) -> Iterator[FieldError]:
    last = terms.today + terms.longest_exception
    remedy = f"give a date from tomorrow to {last.isoformat()} as YYYY-MM-DD"
    if not text.strip():
        yield missing("until", remedy)
    elif until is None:
        yield FieldError("until", Fault.MALFORMED, "this is not a date", remedy)
    elif not terms.today < until <= last:
        message = "the exception does not end in time"
        yield FieldError("until", Fault.CONTRADICTION, message, remedy)


def _number_faults(number: str) -> Iterator[FieldError]:
    if plain(number):
        yield FieldError(
            "number",
            Fault.CONTRADICTION,
            "there is a number, so there is a document",
            "choose its kind, or leave the number empty",
        )
