"""Who may let a unit, who may act for whom, and what was agreed."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class RightBasis(StrEnum):
    """What a right to let rests on."""

    TITLE = "title"
    ENTRUSTED = "entrusted"
    MASTER_LEASE = "master_lease"


@dataclass(frozen=True, slots=True)
class RightToLet:
    """A party may let a unit, on the evidence of a document known by its SHA-256."""

    id: str
    party: str
    unit: str
    basis: RightBasis
    start: date
    end: date | None = None
    evidence: str | None = None

    def holds(self, day: date) -> bool:
        """Say whether the right is in force on a day."""
        return self.start <= day and (self.end is None or day < self.end)


class Power(StrEnum):
    """What somebody may do in another's name."""

    FILE = "file"
    CONFIRM = "confirm"
    ISSUE_CARD = "issue_card"
    RECEIVE_NOTICE = "receive_notice"


@dataclass(frozen=True, slots=True)
class Delegation:
    """A party lets another act for it, in one unit or all, until a day or a word."""

    id: str
    grantor: str
    delegate: str
    powers: frozenset[Power]
    start: date
    end: date
    unit: str | None = None
    revoked_on: date | None = None

    def allows(self, power: Power, unit: str, day: date) -> bool:
        """Say whether the delegate may do this in a unit on a day."""
        within = self.start <= day < self.end
        revoked = self.revoked_on is not None and self.revoked_on <= day
        return (
            power in self.powers
            and self.unit in (None, unit)
            and within
            and not revoked
        )


@dataclass(frozen=True, slots=True)
class Contract:
    """A lease as signed.

    `parent` is the head lease of a sublease, `evidence` the SHA-256 of the document.
    Money is in fen and optional: the register needs none of it.
    """

    id: str
    unit: str
    lessor: str
    tenant: str
    start: date
    end: date | None
    signed_on: date
    parent: str | None = None
    evidence: str | None = None
    rent: int | None = None
    deposit: int | None = None
