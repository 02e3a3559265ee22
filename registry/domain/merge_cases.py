"""Two parties with one document: perhaps one person recorded twice.

Nothing is rejected and nothing is merged by itself: somebody looks at both.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from registry.domain.identifiers.kinds import DocumentKind
from registry.domain.machine import Machine


class MergeState(StrEnum):
    """Where a case stands."""

    OPEN = "open"
    SAME = "same_party"
    DIFFERENT = "different_parties"
    MISTYPED = "mistyped"


class Finding(StrEnum):
    """What somebody found who looked at both."""

    SAME = "same_party"
    DIFFERENT = "different_parties"
    MISTYPED = "mistyped"


MERGES: Machine[MergeState, Finding] = Machine(
    "the case of two parties with one document",
    MergeState.OPEN,
    {(MergeState.OPEN, finding): MergeState(finding) for finding in Finding},
)


@dataclass(frozen=True, slots=True)
class MergeCase:
    """The parties, the kind of their document, and what was found; never its number."""

    id: str
    kind: DocumentKind
    first: str
    second: str
    opened_at: datetime
    state: MergeState = MergeState.OPEN
    closed_by: str | None = None
    closed_at: datetime | None = None
    reason: str | None = None

    def found(
        self, finding: Finding, by: str, at: datetime, reason: str
    ) -> "MergeCase":
        """Return it as closed with a finding; raises Conflict when it is closed."""
        state = MERGES.after(self.state, finding)
        return replace(self, state=state, closed_by=by, closed_at=at, reason=reason)
