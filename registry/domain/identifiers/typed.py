"""Text as people type and paste it, and which characters cannot be meant."""

import unicodedata
from collections.abc import Iterator

from registry.domain.errors import Fault, FieldError

LONGEST = 200
MOST_FAULTS = 5
DIGITS = "0123456789"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
COMPARE = "compare it with the document, character by character"
_UPPER = {ord(letter.lower()): letter for letter in LETTERS}
_UNSEEN = frozenset(("Zs", "Zl", "Zp", "Cc", "Cf"))
"""Categories of spaces, controls and marks of direction, as pasting brings them."""
_LATIN = dict(
    zip(
        # Greek capitals, small chi and omicron; Cyrillic capitals, small es, o and ha;
        # the sign of multiplication
        "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5"
        "\u03a7\u03c7\u03bf"
        "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425"
        "\u0441\u043e\u0445"
        "\u00d7",
        "ABEZHIKMNOPTYXXOABEKMHOPCTYXCOXX",
        strict=True,
    )
)
_DIGIT = dict(zip("OQDILZSB", "00011258", strict=True))


def plain(text: str) -> str:
    """Return typed text in compatible form, without spaces, ASCII letters capital.

    Full-width digits and letters become ordinary ones (NFKC, one character at a time,
    so that doing it twice changes nothing more).
    """
    units = "".join(unicodedata.normalize("NFKC", unit) for unit in text[: LONGEST + 1])
    seen = (unit for unit in units if unicodedata.category(unit) not in _UNSEEN)
    return "".join(seen).translate(_UPPER)[: LONGEST + 1]


def odd_characters(
    field: str, text: str, allowed: str, first: int = 1, where: str = ""
) -> Iterator[FieldError]:
    """Yield an error for each character that cannot stand there; five at most.

    `first` is the position of the text's first character in the number, or in the
    line that `where` names.
    """
    odd = [(n, unit) for n, unit in enumerate(text, first) if unit not in allowed]
    for position, unit in odd[:MOST_FAULTS]:
        name = unicodedata.name(unit, "without a name").title()
        message = f"character {position}{where} is the {name}"
        yield FieldError(field, Fault.MALFORMED, message, _remedy(unit, allowed))


def wrong_length(field: str, what: str, wanted: str, number: str) -> FieldError:
    """Return the error of a number that is too long or too short."""
    message = f"{what} has {wanted} characters, this has {_count(number)}"
    return FieldError(field, Fault.MALFORMED, message, COMPARE)


def _remedy(unit: str, allowed: str) -> str:
    meant = _LATIN.get(unit, unit)
    if meant not in allowed:
        meant = _DIGIT.get(meant, "")
    if meant and meant in allowed:
        kind = "digit" if meant in DIGITS else "Latin letter"
        return f"type the {kind} {meant}"
    return COMPARE


def _count(number: str) -> str:
    return str(len(number)) if len(number) <= LONGEST else f"more than {LONGEST}"
