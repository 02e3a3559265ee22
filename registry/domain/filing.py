"""The filing of a rental house (出租屋备案): one living filing for each dwelling.

A filing is of one unit. Who files many at once files many: each then lives its own
life, and "one for each dwelling" is a plain unique key.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from registry.domain.machine import Machine


class LettingMode(StrEnum):
    """How a unit is let."""

    WHOLE = "whole"
    ROOM = "room"
    BED = "bed"
    COLLECTIVE = "collective"


class FilingState(StrEnum):
    """Where a filing stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    NEEDS_CORRECTION = "needs_correction"
    ACCEPTED = "accepted"
    DUE_RENEWAL = "due_renewal"
    SUSPENDED = "suspended"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"
    TRANSFERRED = "transferred"


class FilingEvent(StrEnum):
    """What may happen to it; `renewal_neared` and `lapsed` are the passing of days."""

    SUBMITTED = "submitted"
    SENT_BACK = "sent_back"
    ACCEPTED = "accepted"
    RENEWAL_NEARED = "renewal_neared"
    RENEWED = "renewed"
    LAPSED = "lapsed"
    SUSPENDED = "suspended"
    RESTORED = "restored"
    WITHDRAWN = "withdrawn"
    TRANSFERRED = "transferred"


_S, _E = FilingState, FilingEvent

FILINGS: Machine[FilingState, FilingEvent] = Machine(
    "the filing",
    _S.DRAFT,
    {
        (_S.DRAFT, _E.SUBMITTED): _S.SUBMITTED,
        (_S.DRAFT, _E.WITHDRAWN): _S.WITHDRAWN,
        (_S.SUBMITTED, _E.SENT_BACK): _S.NEEDS_CORRECTION,
        (_S.SUBMITTED, _E.ACCEPTED): _S.ACCEPTED,
        (_S.SUBMITTED, _E.WITHDRAWN): _S.WITHDRAWN,
        (_S.NEEDS_CORRECTION, _E.SUBMITTED): _S.SUBMITTED,
        (_S.NEEDS_CORRECTION, _E.WITHDRAWN): _S.WITHDRAWN,
        (_S.ACCEPTED, _E.RENEWAL_NEARED): _S.DUE_RENEWAL,
        (_S.ACCEPTED, _E.SUSPENDED): _S.SUSPENDED,
        (_S.ACCEPTED, _E.WITHDRAWN): _S.WITHDRAWN,
        (_S.ACCEPTED, _E.TRANSFERRED): _S.TRANSFERRED,
        (_S.DUE_RENEWAL, _E.RENEWED): _S.ACCEPTED,
        (_S.DUE_RENEWAL, _E.LAPSED): _S.LAPSED,
        (_S.DUE_RENEWAL, _E.SUSPENDED): _S.SUSPENDED,
        (_S.DUE_RENEWAL, _E.WITHDRAWN): _S.WITHDRAWN,
        (_S.DUE_RENEWAL, _E.TRANSFERRED): _S.TRANSFERRED,
        (_S.SUSPENDED, _E.RESTORED): _S.ACCEPTED,
        (_S.SUSPENDED, _E.WITHDRAWN): _S.WITHDRAWN,
    },
)

PENDING = frozenset({_S.SUBMITTED, _S.NEEDS_CORRECTION})
"""Waiting for the street: compliant from the day of submission (safe harbour)."""
LIVE = PENDING | {_S.ACCEPTED, _S.DUE_RENEWAL, _S.SUSPENDED}
"""The states of which a dwelling has at most one filing."""


@dataclass(frozen=True, slots=True)
class RentalFiling:
    """A dwelling filed for letting.

    `lessor` is unknown only on records older than this register. `reason` is why it
    was sent back, suspended (with the order's number) or withdrawn.
    """

    id: str
    unit: str
    lessor: str | None
    mode: LettingMode
    state: FilingState
    manager: str | None = None
    number: str | None = None
    submitted_on: date | None = None
    accepted_on: date | None = None
    renews_on: date | None = None
    reason: str | None = None
    successor: str | None = None

    @property
    def live(self) -> bool:
        """Say whether it is the dwelling's one living filing."""
        return self.state in LIVE
