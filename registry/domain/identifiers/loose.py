"""Numbers without a check character: characters and length count, shapes only warn."""

from collections.abc import Sequence
from dataclasses import dataclass

from registry.domain.errors import FieldError
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

LISTED = 2
"""So many lengths are named one by one; more are a range."""


@dataclass(frozen=True, slots=True)
class Loose:
    """How many characters a number may have, and what is printed among them.

    `unprinted` are marks that some editions print and others leave out.
    """

    what: str
    lengths: Sequence[int]
    unprinted: str = ""

    def number(self, text: str) -> str:
        """Return the number without its marks."""
        return plain(text).translate({ord(mark): None for mark in self.unprinted})

    def faults(self, number: str) -> list[FieldError]:
        """Say what is wrong with a number."""
        if not number:
            return [missing(FIELD, EMPTY)]
        faults = list(odd_characters(FIELD, number, DIGITS + LETTERS))
        if not faults and len(number) not in self.lengths:
            wanted = f"{self.lengths[0]} to {self.lengths[-1]}"
            if len(self.lengths) == LISTED:
                wanted = " or ".join(map(str, self.lengths))
            faults = [wrong_length(FIELD, self.what, wanted, number)]
        return faults
