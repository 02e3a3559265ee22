"""What somebody asks to put on record about a letting, and what is wrong with it.

Only what can be said without the register is said here.
"""

import re
from dataclasses import dataclass
from datetime import date

from registry.domain.errors import Fault, FieldError
from registry.domain.external_filing import ExternalKind
from registry.domain.filing import LettingMode
from registry.domain.registration import missing
from registry.domain.responsibility import LONGEST_REASON, too_long
from registry.domain.rights import Power, RightBasis

EVIDENCE = re.compile(r"[0-9a-f]{64}")
LARGEST_SUM = 2**31 - 1
"""Fen; what a column of 32 bits holds, 21 million yuan."""


@dataclass(frozen=True, slots=True)
class NewFiling:
    """A filing to begin; without a lessor it is that of whoever asks."""

    unit: str
    mode: LettingMode
    lessor: str | None = None
    manager: str | None = None


@dataclass(frozen=True, slots=True)
class NewRight:
    """A right to let, from a day until another or without end."""

    party: str
    unit: str
    basis: RightBasis
    start: date
    end: date | None = None
    evidence: str | None = None

    def faults(self) -> list[FieldError]:
        """Say what is wrong with it by itself."""
        return [*term_faults(self.start, self.end), *evidence_faults(self.evidence)]


@dataclass(frozen=True, slots=True)
class NewDelegation:
    """Powers for another party, in one unit or in all of the grantor's."""

    grantor: str
    delegate: str
    powers: frozenset[Power]
    start: date
    end: date
    unit: str | None = None

    def faults(self) -> list[FieldError]:
        """Say what is wrong with it by itself."""
        errors = term_faults(self.start, self.end)
        if not self.powers:
            errors.append(missing("powers", "name at least one power"))
        if self.grantor == self.delegate:
            errors.append(
                FieldError(
                    "delegate",
                    Fault.CONTRADICTION,
                    "nobody acts for themselves by a delegation",
                    "name another party",
                )
            )
        return errors


@dataclass(frozen=True, slots=True)
class NewContract:
    """A lease as signed; money is in fen and optional."""

    unit: str
    lessor: str
    tenant: str
    start: date
    signed_on: date
    end: date | None = None
    parent: str | None = None
    evidence: str | None = None
    rent: int | None = None
    deposit: int | None = None

    def faults(self) -> list[FieldError]:
        """Say what is wrong with it by itself."""
        errors = [*term_faults(self.start, self.end), *evidence_faults(self.evidence)]
        if self.lessor == self.tenant:
            errors.append(
                FieldError(
                    "tenant",
                    Fault.CONTRADICTION,
                    "nobody lets to themselves",
                    "name another party",
                )
            )
        for field, money in (("rent", self.rent), ("deposit", self.deposit)):
            errors += _money_faults(field, money)
        return errors


@dataclass(frozen=True, slots=True)
class NewElsewhere:
    """A filing with another office to keep in sight."""

    kind: ExternalKind
    unit: str
    tenancy: str | None = None
    occupancy: str | None = None
    due: date | None = None

    def faults(self) -> list[FieldError]:
        """Say what is wrong with it by itself: a lease is filed, people are."""
        needed = "tenancy" if self.kind is ExternalKind.CONTRACT_FILING else "occupancy"
        if getattr(self, needed) is None:
            return [missing(needed, f"say which {needed} of the unit it is about")]
        return []


def term_faults(start: date, end: date | None) -> list[FieldError]:
    """Say whether a term ends before it starts."""
    if end is None or end > start:
        return []
    return [
        FieldError(
            "end",
            Fault.CONTRADICTION,
            "it ends before it starts",
            "give an end date later than the start date",
        )
    ]


def evidence_faults(evidence: str | None) -> list[FieldError]:
    """Say whether something cannot be the SHA-256 of a document."""
    if evidence is None or EVIDENCE.fullmatch(evidence):
        return []
    return [
        FieldError(
            "evidence",
            Fault.MALFORMED,
            "evidence is named by its SHA-256: 64 hexadecimal digits",
            "give the output of sha256sum for the document",
        )
    ]


def text_faults(field: str, text: str | None, *, needed: bool) -> list[FieldError]:
    """Say whether a line of text is missing though needed, or too long."""
    if not text:
        return [missing(field, "say it in a few words")] if needed else []
    if len(text) > LONGEST_REASON or not text.isprintable():
        return [too_long(field, "this", LONGEST_REASON)]
    return []


def _money_faults(field: str, money: int | None) -> list[FieldError]:
    if money is None or 0 <= money <= LARGEST_SUM:
        return []
    return [
        FieldError(
            field,
            Fault.MALFORMED,
            f"a sum is a whole number of fen from 0 to {LARGEST_SUM}",
            "give the sum in fen, or leave it out",
        )
    ]
