"""Citizen numbers, and the like numbers of residents from HK, Macau and Taiwan."""

from collections.abc import Iterator
from datetime import date

from registry.domain.errors import Fault, FieldError
from registry.domain.identifiers.eighteen import (
    FOREIGNER,
    birth_faults,
    faults_of_eighteen,
)
from registry.domain.identifiers.kinds import (
    DocumentForm,
    DocumentKind,
    Doubt,
    Identifier,
    Reading,
    Terms,
)
from registry.domain.identifiers.typed import DIGITS, EMPTY, FIELD, plain
from registry.domain.registration import missing

FIRST_GENERATION = 15
PROVINCES = frozenset(
    str(code)
    for region in ("11-15", "21-23", "31-37", "41-46", "50-54", "61-65", "71", "81-83")
    for code in range(int(region[:2]), int(region[-2:]) + 1)
)
"""The first two digits of area codes (GB/T 2260), with 83 of Taiwan's residents.

Districts are not listed: a number keeps the code of a district abolished long ago, so a
table of today's would doubt every second older person.
"""
OF_RESIDENTS = ("810000", "820000", "830000")
"""Area codes of Hong Kong, Macau and Taiwan residents."""


def read_citizen(form: DocumentForm, terms: Terms) -> Reading:
    """Read the number of a citizen's identity card."""
    number = plain(form.number)
    if not number:
        return [missing(FIELD, EMPTY)]
    if len(number) == FIRST_GENERATION and set(number) <= set(DIGITS):
        return _first_generation(number, terms.today, legacy=form.legacy)
    faults = faults_of_eighteen(FIELD, "a citizen number", number, terms.today)
    if faults:
        return faults
    return Identifier(DocumentKind.CITIZEN, number, doubts=tuple(_doubts(number)))


def read_residence_permit(form: DocumentForm, terms: Terms) -> Reading:
    """Read the number of a residence permit of a HK, Macau or Taiwan resident."""
    number = plain(form.number)
    if not number:
        return [missing(FIELD, EMPTY)]
    what = "the number of a residence permit"
    faults = faults_of_eighteen(FIELD, what, number, terms.today)
    if faults:
        return faults
    if not number.startswith(OF_RESIDENTS):
        return [
            FieldError(
                FIELD,
                Fault.CONTRADICTION,
                f"such a permit begins with one of {', '.join(OF_RESIDENTS)}",
                "choose the kind of document that was shown",
            )
        ]
    return Identifier(DocumentKind.RESIDENCE_PERMIT, number)


def _first_generation(number: str, today: date, *, legacy: bool) -> Reading:
    if not legacy:
        return [
            FieldError(
                FIELD,
                Fault.MALFORMED,
                "numbers of 15 digits are of cards that ended with 2012",
                "give the 18 characters of the present card",
            )
        ]
    # Holders of a hundred years had births of 18yy; its leap years are those of 19yy.
    faults = list(birth_faults(FIELD, f"19{number[6:12]}", "7 to 12", today))
    if faults:
        return faults
    doubts = (Doubt.SUPERSEDED, *_doubts(number))
    return Identifier(DocumentKind.CITIZEN, number, doubts=doubts)


def _doubts(number: str) -> Iterator[Doubt]:
    if number[:2] not in PROVINCES:
        yield Doubt.AREA_UNKNOWN
    if number.startswith((*OF_RESIDENTS, FOREIGNER)):
        yield Doubt.OTHER_KIND
