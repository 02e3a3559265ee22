"""What of a table goes out, and why the rest does not, before any record is read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from registry.domain.exchange.bases import UNKNOWN, WHOLE, LawfulBasis, basis_of
from registry.domain.exchange.tables import (
    TABLES,
    ExportType,
    FieldRule,
    Standing,
)


class How(StrEnum):
    """In what form a field goes out."""

    VALUE = "value"
    PSEUDONYM = "pseudonym"
    UNKNOWN = "code for unknown"


class Why(StrEnum):
    """Why a field does not go out."""

    TABLE_OFF = "no document in force enables the table"
    NO_BASIS = "no document in force names the field"
    NO_CODE = "the document gives no code for unknown, and we hold no such data"
    NEVER = "it never goes out"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A field that goes out, in which form and on which basis."""

    rule: FieldRule
    how: How
    basis: LawfulBasis
    codes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Plan:
    """The fields of a table that go out, and those withheld with the reason.

    A required field among the withheld blocks the table: no record can be whole.
    """

    type: ExportType
    outgoing: tuple[Outgoing, ...]
    withheld: tuple[tuple[FieldRule, Why], ...]

    @property
    def blocked(self) -> tuple[tuple[FieldRule, Why], ...]:
        """What is withheld and required."""
        return tuple((rule, why) for rule, why in self.withheld if rule.required)

    def takes(self, *names: str) -> bool:
        """Say whether any of some fields goes out as it is."""
        return any(
            each.rule.name in names and each.how is How.VALUE for each in self.outgoing
        )


def plan(type_: ExportType, bases: Iterable[LawfulBasis], day: date) -> Plan:
    """Decide on every field of a table; what nothing in force allows stays.

    A file is for one authority: the one that the document of the table names.
    """
    known = list(bases)
    whole = basis_of(known, type_, WHOLE, day)
    asker = None if whole is None else whole.recipient
    known = [basis for basis in known if basis.recipient == asker]
    outgoing: list[Outgoing] = []
    withheld: list[tuple[FieldRule, Why]] = []
    for rule in TABLES[type_].fields:
        own = basis_of(known, type_, rule.name, day)
        decided = Why.TABLE_OFF if whole is None else _decide(rule, own, whole)
        if isinstance(decided, Outgoing):
            outgoing.append(decided)
        else:
            withheld.append((rule, decided))
    return Plan(type_, tuple(outgoing), tuple(withheld))


def _decide(
    rule: FieldRule, own: LawfulBasis | None, whole: LawfulBasis
) -> Outgoing | Why:
    basis = own or whole
    codes = rule.codes or basis.codes
    if rule.standing is Standing.NEVER:
        return Why.NEVER
    if rule.standing is Standing.ORDINARY:
        return Outgoing(rule, How.VALUE, basis, codes)
    if rule.standing is Standing.PSEUDONYM:
        how = How.PSEUDONYM if own is None else How.VALUE
        return Outgoing(rule, how, basis, codes)
    if own is None:
        return Why.NO_BASIS
    if rule.standing is Standing.ABSENT:
        allowed = UNKNOWN in own.codes
        return Outgoing(rule, How.UNKNOWN, own, codes) if allowed else Why.NO_CODE
    return Outgoing(rule, How.VALUE, own, codes)
