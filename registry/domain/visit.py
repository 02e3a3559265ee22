"""Visits: somebody of the street goes and looks, and says what they found."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from registry.domain.errors import Conflict
from registry.domain.machine import Machine


class Purpose(StrEnum):
    """Why somebody goes there."""

    SILENCE = "silence"
    """One side said something about a stay and the other said nothing."""
    CONTESTED = "contested"
    LEAVE = "leave"
    """One side said that somebody left, and that somebody said nothing."""
    ROUTINE = "routine"


class Severity(StrEnum):
    """How much depends on what is found."""

    NORMAL = "normal"
    HIGH = "high"
    """Who went there does not close it: somebody else looks at what they found."""


class VisitState(StrEnum):
    """Where a visit stands."""

    OPEN = "open"
    ASSIGNED = "assigned"
    DONE = "done"
    DROPPED = "dropped"


class VisitEvent(StrEnum):
    """What may happen to a visit."""

    ASSIGNED = "assigned"
    NOBODY_ANSWERED = "nobody_answered"
    DONE = "done"
    DROPPED = "dropped"


class Finding(StrEnum):
    """What was found."""

    LIVING = "living"
    ABSENT = "absent"
    IN_ORDER = "in_order"
    NOT_IN_ORDER = "not_in_order"


_S, _E = VisitState, VisitEvent

VISITS: Machine[VisitState, VisitEvent] = Machine(
    "the visit",
    _S.OPEN,
    {
        (_S.OPEN, _E.ASSIGNED): _S.ASSIGNED,
        (_S.OPEN, _E.DROPPED): _S.DROPPED,
        (_S.ASSIGNED, _E.ASSIGNED): _S.ASSIGNED,
        (_S.ASSIGNED, _E.NOBODY_ANSWERED): _S.ASSIGNED,
        (_S.ASSIGNED, _E.DONE): _S.DONE,
        (_S.ASSIGNED, _E.DROPPED): _S.DROPPED,
    },
)
DUE = frozenset({_S.OPEN, _S.ASSIGNED})
"""The states in which somebody still has to go there."""
OF_STAY = frozenset({Finding.LIVING, Finding.ABSENT})
OF_HOUSE = frozenset({Finding.IN_ORDER, Finding.NOT_IN_ORDER})
"""What can be found, by whether the visit is about a stay or about the house."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody is to look at a unit by a day; `occupancy` is the stay in question.

    `evidence` is the SHA-256 of a document. `attempts` counts closed doors.
    """

    id: str
    unit: str
    building: str
    purpose: Purpose
    due: date
    occupancy: str | None = None
    severity: Severity = Severity.NORMAL
    state: VisitState = VisitState.OPEN
    assignee: str | None = None
    attempts: int = 0
    finding: Finding | None = None
    evidence: str | None = None
    closed_by: str | None = None
    closed_on: date | None = None

    @property
    def findings(self) -> frozenset[Finding]:
        """What may be found."""
        return OF_HOUSE if self.occupancy is None else OF_STAY

    def closer_allowed(self, name: str) -> None:
        """Raise Conflict where somebody else must close what the assignee found."""
        if self.severity is Severity.HIGH and name == self.assignee:
            raise Conflict(
                "much depends on this visit: who went there does not close it"
            )
