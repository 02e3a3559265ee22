"""Passports as typed: of China, and of other states with the state that issued them."""

from datetime import date

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
from registry.domain.identifiers.typed import LETTERS, odd_characters, plain
from registry.domain.registration import missing

CHINESE = Loose("a Chinese passport", range(7, 10), ".")
FOREIGN = Loose("a passport", range(1, 21), "-./")
CHINA = "CHN"
STATE_FIELD = "issuing_state"
THREE_LETTERS = (
    "give the three letters of the state, as on the first machine-readable line"
)
STATE_LENGTHS = (1, 3)
"""Three letters; Germany has one (ICAO 9303-3)."""


def read_passport(form: DocumentForm, terms: Terms) -> Reading:
    """Read the number of a Chinese passport."""
    number = CHINESE.number(form.number)
    return CHINESE.faults(number) or passport(number, CHINA, terms.today)


def read_foreign_passport(form: DocumentForm, terms: Terms) -> Reading:
    """Read the number of a passport and the state that issued it."""
    number, state = FOREIGN.number(form.number), plain(form.issuing_state)
    faults = [*FOREIGN.faults(number), *_state_faults(state)]
    return faults or passport(number, state, terms.today)


def passport(
    number: str, state: str, today: date, expires: date | None = None
) -> Identifier:
    """Return a passport whose characters are in order."""
    china = state == CHINA
    kind = DocumentKind.PASSPORT if china else DocumentKind.FOREIGN_PASSPORT
    return Identifier(kind, number, state, expires, doubts_of(kind, number, today))


def _state_faults(state: str) -> list[FieldError]:
    if not state:
        return [missing(STATE_FIELD, THREE_LETTERS)]
    odd = list(odd_characters(STATE_FIELD, state, LETTERS))
    if not odd and len(state) not in STATE_LENGTHS:
        message = "the code of a state has three letters"
        odd = [FieldError(STATE_FIELD, Fault.MALFORMED, message, THREE_LETTERS)]
    if state == CHINA:
        message = "this is a Chinese passport"
        remedy = "choose the passport of China as the kind of document"
        odd = [FieldError(STATE_FIELD, Fault.CONTRADICTION, message, remedy)]
    return odd
