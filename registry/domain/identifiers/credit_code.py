"""Unified social credit codes of organisations (GB 32100-2015)."""

from collections.abc import Iterator

from registry.domain.errors import Fault, FieldError
from registry.domain.identifiers.check_characters import THIRTY_ONE, mod_31_3
from registry.domain.identifiers.kinds import (
    DocumentForm,
    DocumentKind,
    Identifier,
    Reading,
    Terms,
)
from registry.domain.identifiers.typed import (
    COMPARE,
    DIGITS,
    EMPTY,
    FIELD,
    odd_characters,
    plain,
    wrong_length,
)
from registry.domain.registration import missing

WHAT = "a unified social credit code"
LENGTH, BODY = 18, 17
AREA = slice(2, 8)


def read_credit_code(form: DocumentForm, terms: Terms) -> Reading:  # noqa: ARG001 - every reader is told the terms
    """Read the code of an organisation's certificate."""
    number = plain(form.number)
    if not number:
        return [missing(FIELD, EMPTY)]
    if len(number) != LENGTH:
        return [wrong_length(FIELD, WHAT, str(LENGTH), number)]
    faults = list(_faults(number))
    return faults or Identifier(DocumentKind.ORGANISATION, number)


def _faults(number: str) -> Iterator[FieldError]:
    odd = [
        *odd_characters(FIELD, number[: AREA.start], THIRTY_ONE),
        *odd_characters(FIELD, number[AREA], DIGITS, AREA.start + 1),
        *odd_characters(FIELD, number[AREA.stop :], THIRTY_ONE, AREA.stop + 1),
    ]
    yield from odd
    if not odd and mod_31_3(number[:BODY]) != number[BODY]:
        message = "the last character does not fit the 17 before it"
        yield FieldError(FIELD, Fault.MALFORMED, message, COMPARE)
