"""Who lives where, on what basis: said by one side, confirmed by the other."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from registry.domain.machine import Machine


class Basis(StrEnum):
    """Why somebody lives in a unit."""

    TENANT = "tenant"
    OWNER = "owner"
    FAMILY = "family"
    CO_OCCUPANT = "co_occupant"
    LIVE_IN_WORKER = "live_in_worker"
    EMPLOYER_PROVIDED = "employer_provided"
    GUEST = "guest"


class Side(StrEnum):
    """Who speaks: whoever lives there, whoever lets it, or the street."""

    OCCUPANT = "occupant"
    LANDLORD = "landlord"
    GRID = "grid"


class Exemption(StrEnum):
    """Why a stay need not be registered as residence (Guangzhou's counter rules)."""

    MEDICAL_VISIT = "medical_visit"
    FAMILY_VISIT = "family_visit"
    TOURISM = "tourism"
    BUSINESS_TRIP = "business_trip"
    FULL_TIME_STUDENT = "full_time_student"
    HOTEL_GUEST = "hotel_guest"


class OccupancyState(StrEnum):
    """Where the register of a stay stands."""

    DECLARED = "declared"
    CONTESTED = "contested"
    VISIT = "visit"
    CONFIRMED = "confirmed"
    LEAVE_DECLARED = "leave_declared"
    ENDED = "ended"
    VOID = "void"


class OccupancyEvent(StrEnum):
    """What may happen to it."""

    CONFIRMED = "confirmed"
    CONTESTED = "contested"
    SILENCE = "silence"
    VISIT_SENT = "visit_sent"
    FOUND_LIVING = "found_living"
    FOUND_ABSENT = "found_absent"
    LEAVE_DECLARED = "leave_declared"
    LEAVE_DISPUTED = "leave_disputed"
    ENDED = "ended"
    WITHDRAWN = "withdrawn"


_S, _E = OccupancyState, OccupancyEvent

OCCUPANCIES: Machine[OccupancyState, OccupancyEvent] = Machine(
    "the occupancy",
    _S.DECLARED,
    {
        (_S.DECLARED, _E.CONFIRMED): _S.CONFIRMED,
        (_S.DECLARED, _E.CONTESTED): _S.CONTESTED,
        (_S.DECLARED, _E.SILENCE): _S.VISIT,
        (_S.DECLARED, _E.WITHDRAWN): _S.VOID,
        (_S.DECLARED, _E.LEAVE_DECLARED): _S.LEAVE_DECLARED,
        # Whoever lives there may always say that they leave.
        (_S.CONTESTED, _E.LEAVE_DECLARED): _S.LEAVE_DECLARED,
        (_S.VISIT, _E.LEAVE_DECLARED): _S.LEAVE_DECLARED,
        (_S.CONTESTED, _E.VISIT_SENT): _S.VISIT,
        (_S.CONTESTED, _E.CONFIRMED): _S.CONFIRMED,
        (_S.CONTESTED, _E.WITHDRAWN): _S.VOID,
        (_S.VISIT, _E.FOUND_LIVING): _S.CONFIRMED,
        (_S.VISIT, _E.FOUND_ABSENT): _S.VOID,
        (_S.VISIT, _E.CONFIRMED): _S.CONFIRMED,
        (_S.VISIT, _E.WITHDRAWN): _S.VOID,
        (_S.CONFIRMED, _E.LEAVE_DECLARED): _S.LEAVE_DECLARED,
        (_S.CONFIRMED, _E.ENDED): _S.ENDED,
        (_S.LEAVE_DECLARED, _E.ENDED): _S.ENDED,
        (_S.LEAVE_DECLARED, _E.LEAVE_DISPUTED): _S.CONFIRMED,
        (_S.LEAVE_DECLARED, _E.FOUND_ABSENT): _S.ENDED,
        (_S.LEAVE_DECLARED, _E.FOUND_LIVING): _S.CONFIRMED,
    },
)

LIVE = frozenset({_S.DECLARED, _S.CONTESTED, _S.VISIT, _S.CONFIRMED, _S.LEAVE_DECLARED})
"""The states in which somebody is on record as living there."""


@dataclass(frozen=True, slots=True)
class Occupancy:
    """A party lives in a unit; no start means before our records, no end open.

    `confirmed_by` is the side that did not declare it, or the street. `leave_by` said
    on `leave_declared_on` that the party leaves on `leave_on`.
    """

    id: str
    party: str
    unit: str
    building: str
    basis: Basis
    start: date | None = None
    end: date | None = None
    tenancy: str | None = None
    room: str | None = None
    state: OccupancyState = OccupancyState.CONFIRMED
    declared_by: Side = Side.GRID
    declared_on: date | None = None
    confirmed_by: Side | None = None
    confirmed_on: date | None = None
    leave_by: Side | None = None
    leave_on: date | None = None
    leave_declared_on: date | None = None
    exemption: Exemption | None = None

    def holds(self, day: date) -> bool:
        """Say whether the party is on record as living there on a day."""
        if self.state is OccupancyState.VOID:
            return False
        started = self.start is None or self.start <= day
        return started and (self.end is None or day < self.end)

    def lasts(self, day: date) -> bool:
        """Say whether the stay holds on a day or will later."""
        over = self.end is not None and self.end <= day
        return self.state is not OccupancyState.VOID and not over

    @property
    def left_by_own_word(self) -> bool:
        """Say whether it ended because its occupant said so."""
        said = self.leave_by is Side.OCCUPANT and self.leave_on is not None
        return said and self.leave_on == self.end

    @property
    def opens(self) -> bool:
        """Say whether doors open for it.

        Nobody gets into a house by saying alone that they live there; whom the
        landlord or the street named, or who was confirmed once, is not put out by a
        dispute or by anybody's silence.
        """
        if self.state is OccupancyState.VOID:
            return False
        vouched = self.declared_by is not Side.OCCUPANT
        return vouched or self.confirmed_by is not None
