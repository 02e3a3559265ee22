"""Text as people type and paste it, and which characters cannot be meant."""

import unicodedata
from collections.abc import Iterator

from registry.domain.errors import Fault, FieldError

LONGEST = 200
MOST_FAULTS = 5
DIGITS = "0123456789"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
FIELD = "number"
"""What a number is typed into."""
EMPTY = "give the number as it stands on the document"
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
        wrong, remedy = _told(unit, allowed)
        message = f"character {position}{where} {wrong}"
        yield FieldError(field, Fault.MALFORMED, message, remedy)


def wrong_length(field: str, what: str, wanted: str, number: str) -> FieldError:
    """Return the error of a number that is too long or too short."""
    message = f"{what} has {wanted} characters, this has {_count(number)}"
    return FieldError(field, Fault.MALFORMED, message, COMPARE)


def _told(unit: str, allowed: str) -> tuple[str, str]:
    """Return what is wrong with a character and the remedy.

    Only a look-alike is named, for a name typed here must not come back in an error.
    """
    latin = _LATIN.get(unit, unit)
    digit = _DIGIT.get(latin) or str(unicodedata.digit(latin, ""))
    meant = next((each for each in (latin, digit) if each and each in allowed), None)
    if meant is None:
        return "cannot stand there", COMPARE
    kind = "digit" if meant in DIGITS else "Latin letter"
    return f"is the {unicodedata.name(unit).title()}", f"type the {kind} {meant}"


def _count(number: str) -> str:
    return str(len(number)) if len(number) <= LONGEST else f"more than {LONGEST}"
