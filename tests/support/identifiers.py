"""Numbers of documents that are nobody's: made up, with the check character they need.

Sequence 000 is never given to a citizen.
"""

from datetime import date, timedelta

from registry.domain.errors import FieldError
from registry.domain.identifiers import read_document
from registry.domain.identifiers.check_characters import (
    mod_10_731,
    mod_11_2,
    mod_31_3,
)
from registry.domain.identifiers.kinds import (
    DocumentForm,
    DocumentKind,
    Identifier,
    Reading,
    Terms,
)

TODAY = date(2026, 7, 1)
TERMS = Terms(TODAY, timedelta(days=90))
UTOPIA = "P<UTOMUSTER<<ONE<TWO".ljust(44, "<")


def citizen(area: str = "440105", born: str = "19900101", sequence: str = "000") -> str:
    """Return a citizen number."""
    body = area + born + sequence
    return body + mod_11_2(body)


def organisation(body: str = "91440105000000000") -> str:
    """Return a credit code."""
    return body + mod_31_3(body)


def machine_readable(
    number: str = "X0000000",
    born: str = "900101",
    expires: str = "300101",
    personal: str = "",
    first: str = UTOPIA,
) -> str:
    """Return both lines of a passport of the state of Utopia."""
    parts = [number.ljust(9, "<"), born, expires, personal.ljust(14, "<")]
    name, birth, end, rest = (part + mod_10_731(part) for part in parts)
    composite = mod_10_731(name + birth + end + rest)
    return f"{first}\n{name}UTO{birth}<{end}{rest}{composite}\n"


def full_width(text: str) -> str:
    """Return text as an input method for Chinese writes it."""
    return text.translate({c: c + 0xFEE0 for c in range(0x21, 0x7F)})


def read(
    kind: DocumentKind, number: str, state: str = "", *, legacy: bool = False
) -> Reading:
    """Read a number of a kind."""
    return read_document(DocumentForm(kind, number, state, legacy=legacy), TERMS)


def accepted(
    kind: DocumentKind, number: str, state: str = "", *, legacy: bool = False
) -> Identifier:
    """Read a number that must be accepted."""
    reading = read(kind, number, state, legacy=legacy)
    assert isinstance(reading, Identifier), reading
    return reading


def refused(
    kind: DocumentKind, number: str, state: str = "", *, legacy: bool = False
) -> list[FieldError]:
    """Read a number that must be refused; never says the number itself."""
    reading = read(kind, number, state, legacy=legacy)
    assert isinstance(reading, list)
    return reading
