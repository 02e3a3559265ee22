"""Cards of foreigners who reside permanently: the editions of 2017 and of 2023."""

from datetime import date

from registry.domain.errors import Fault, FieldError
from registry.domain.identifiers.eighteen import FOREIGNER, faults_of_eighteen
from registry.domain.identifiers.kinds import (
    DocumentForm,
    DocumentKind,
    Identifier,
    Reading,
    Terms,
)
from registry.domain.identifiers.typed import (
    DIGITS,
    EMPTY,
    FIELD,
    LETTERS,
    odd_characters,
    plain,
    wrong_length,
)
from registry.domain.registration import missing

WHAT = "the number of such a card"
STATE = 3
LENGTH_2017, LENGTH_2023 = 15, 18


def read_permanent_resident(form: DocumentForm, terms: Terms) -> Reading:
    """Read a card's number; both editions are in use."""
    number = plain(form.number)
    if not number:
        return [missing(FIELD, EMPTY)]
    if len(number) == LENGTH_2017:
        return _edition_2017(number)
    if len(number) == LENGTH_2023:
        return _edition_2023(number, terms.today)
    return [wrong_length(FIELD, WHAT, f"{LENGTH_2023} or {LENGTH_2017}", number)]


def _edition_2017(number: str) -> Reading:
    # Which of its digits are what is not published: none of them is judged.
    faults = [
        *odd_characters(FIELD, number[:STATE], LETTERS),
        *odd_characters(FIELD, number[STATE:], DIGITS, STATE + 1),
    ]
    if faults:
        return faults
    return Identifier(DocumentKind.PERMANENT_RESIDENT, number)


def _edition_2023(number: str, today: date) -> Reading:
    faults = faults_of_eighteen(FIELD, WHAT, number, today)
    if not number.startswith(FOREIGNER):
        faults.append(
            FieldError(
                FIELD,
                Fault.CONTRADICTION,
                f"such a number begins with {FOREIGNER}",
                "choose the kind of document that was shown",
            )
        )
    return faults or Identifier(DocumentKind.PERMANENT_RESIDENT, number)
