"""Permits to travel to the mainland, of residents of HK, Macau and Taiwan."""

from registry.domain.errors import Fault, FieldError
from registry.domain.identifiers.kinds import (
    DocumentForm,
    DocumentKind,
    Identifier,
    Reading,
    Terms,
)
from registry.domain.identifiers.loose import Loose
from registry.domain.identifiers.patterns import doubts_of
from registry.domain.identifiers.typed import COMPARE, DIGITS, FIELD

HK_MO = Loose("a HK or Macau travel permit", (9, 11), "()")
TAIWAN = Loose("a Taiwan travel permit", range(6, 13), "()")
ISSUERS = ("H", "M")
LIFELONG_HK_MO, WITH_COUNT = 9, 11
"""A letter and eight digits stay for life; two more count the issues."""
LIFELONG_TAIWAN = 8
WITH_ISSUER = (10, 11)
"""Of old two digits counted the issues, and a mark in brackets named the issuer."""


def read_hk_mo_travel(form: DocumentForm, terms: Terms) -> Reading:
    """Read a permit of Hong Kong (H) or Macau (M), with or without count of issues."""
    number = HK_MO.number(form.number)
    faults = HK_MO.faults(number)
    if not faults and not number.startswith(ISSUERS):
        message = "such a number begins with H for Hong Kong or M for Macau"
        faults = [FieldError(FIELD, Fault.MALFORMED, message, COMPARE)]
    if faults:
        return faults
    kind = DocumentKind.HK_MO_TRAVEL
    counted = len(number) == WITH_COUNT and set(number[1:]) <= set(DIGITS)
    return Identifier(
        kind,
        number,
        doubts=doubts_of(kind, number, terms.today),
        lifelong=number[:LIFELONG_HK_MO] if counted else None,
    )


def read_taiwan_travel(form: DocumentForm, terms: Terms) -> Reading:
    """Read a permit: eight digits for life, of old followed by count and issuer."""
    number = TAIWAN.number(form.number)
    faults = TAIWAN.faults(number)
    if faults:
        return faults
    kind = DocumentKind.TAIWAN_TRAVEL
    old = len(number) in WITH_ISSUER and set(number[:10]) <= set(DIGITS)
    return Identifier(
        kind,
        number,
        doubts=doubts_of(kind, number, terms.today),
        lifelong=number[:LIFELONG_TAIWAN] if old else None,
    )
