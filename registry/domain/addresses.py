"""What places are called elsewhere: codes of other registers, and names in use.

A place keeps our own code for ever; codes and names come and go beside it. Days are
days in the street, and an end is exclusive.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import combinations

from registry.domain.errors import Conflict, Fault, FieldError
from registry.domain.identifiers.typed import plain
from registry.domain.registration import missing
from registry.domain.responsibility import too_long

LONGEST = 200


class CodeScheme(StrEnum):
    """Whose codes they are."""

    DIVISION = "division"
    """Six digits of a district (GB/T 2260)."""
    STATISTICS = "statistics"
    """Twelve digits: district, street, community."""
    STANDARD_ADDRESS = "standard_address"
    """The number of the police's standard address."""
    HOUSE = "house"
    """The number of a house in the police's system of persons and houses."""
    TITLE = "title"
    """The number of a title deed."""


SHAPES: Mapping[CodeScheme, tuple[str, str]] = {
    CodeScheme.DIVISION: (r"[0-9]{6}", "six digits"),
    CodeScheme.STATISTICS: (r"[0-9]{12}", "twelve digits"),
}
"""What is published of the codes; the others are taken as they come."""


@dataclass(frozen=True, slots=True)
class Validity:
    """From a day until, not including, another; None is without bound."""

    start: date | None = None
    end: date | None = None

    def holds(self, day: date) -> bool:
        """Say whether a day lies within."""
        started = self.start is None or self.start <= day
        return started and (self.end is None or day < self.end)

    def overlaps(self, other: "Validity") -> bool:
        """Say whether both hold on some day."""
        return _before(self.start, other.end) and _before(other.start, self.end)


@dataclass(frozen=True, slots=True)
class ExternalCode:
    """A code another register has for one of our places, and who says so."""

    place: str
    scheme: CodeScheme
    value: str
    source: str
    valid: Validity = Validity()


@dataclass(frozen=True, slots=True)
class AddressAlias:
    """A name that people use, or used, for one of our places."""

    place: str
    text: str
    source: str
    valid: Validity = Validity()


def code_faults(code: ExternalCode) -> list[FieldError]:
    """Say what is wrong with a code by itself."""
    faults = []
    shape, words = SHAPES.get(code.scheme, ("", ""))
    if not code.value.strip():
        faults.append(missing("value", "give the code as its source has it"))
    elif len(code.value) > LONGEST or not code.value.isprintable():
        faults.append(too_long("value", "a code", LONGEST))
    elif shape and not re.fullmatch(shape, code.value):
        message = f"such a code has {words}"
        remedy = "compare it with its source"
        faults.append(FieldError("value", Fault.MALFORMED, message, remedy))
    return [*faults, *source_faults(code.source), *_validity_faults(code.valid)]


def alias_faults(alias: AddressAlias) -> list[FieldError]:
    """Say what is wrong with a name by itself."""
    faults = []
    if not plain(alias.text):
        faults.append(missing("text", "give the address as people write it"))
    elif len(alias.text) > LONGEST or not alias.text.isprintable():
        faults.append(too_long("text", "an address", LONGEST))
    return [*faults, *source_faults(alias.source), *_validity_faults(alias.valid)]


def double_codes(
    codes: Iterable[ExternalCode],
) -> list[tuple[ExternalCode, ExternalCode]]:
    """Return the pairs of one scheme and value that hold on the same day."""
    groups: dict[tuple[CodeScheme, str], list[ExternalCode]] = defaultdict(list)
    for code in codes:
        groups[code.scheme, code.value].append(code)
    return [
        pair
        for group in groups.values()
        for pair in combinations(group, 2)
        if pair[0].valid.overlaps(pair[1].valid)
    ]


def with_code(
    held: Iterable[ExternalCode], new: ExternalCode
) -> tuple[ExternalCode, ...]:
    """Return the codes with a new one, or raise Conflict where its value is taken."""
    codes = tuple(held)
    for code in codes:
        same = (code.scheme, code.value) == (new.scheme, new.value)
        if same and code.valid.overlaps(new.valid):
            raise Conflict(
                f"in that time the {code.scheme} code is that of {code.place}: "
                "end it there first, or give other days"
            )
    return (*codes, new)


def place_of(
    codes: Iterable[ExternalCode], scheme: CodeScheme, value: str, day: date
) -> str | None:
    """Return the place that has a code on a day."""
    wanted = (scheme, value)
    found = (c for c in codes if (c.scheme, c.value) == wanted and c.valid.holds(day))
    return next((code.place for code in found), None)


def places_called(aliases: Iterable[AddressAlias], text: str, day: date) -> set[str]:
    """Return every place of a name on a day: names, unlike codes, may be shared."""
    wanted = plain(text)
    return {a.place for a in aliases if plain(a.text) == wanted and a.valid.holds(day)}


def _before(start: date | None, end: date | None) -> bool:
    return start is None or end is None or start < end


def source_faults(source: str) -> list[FieldError]:
    """Say what is wrong with what somebody names as a source."""
    if not source.strip():
        return [missing("source", "say where this comes from")]
    if len(source) > LONGEST or not source.isprintable():
        return [too_long("source", "a source", LONGEST)]
    return []


def _validity_faults(valid: Validity) -> list[FieldError]:
    if _before(valid.start, valid.end):
        return []
    message = "it ends before it starts"
    remedy = "give an end later than the start"
    return [FieldError("valid_to", Fault.CONTRADICTION, message, remedy)]
