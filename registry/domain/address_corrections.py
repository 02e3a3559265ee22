"""Corrections of addresses: reported by anybody, decided by somebody else, applied.

The address that was wrong stays as a name the place is found by.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from registry.domain.addresses import LONGEST, AddressAlias
from registry.domain.errors import Conflict, Fault, FieldError, Invalid
from registry.domain.identifiers.typed import plain
from registry.domain.machine import Machine
from registry.domain.places import Building
from registry.domain.registration import missing
from registry.domain.responsibility import LONGEST_REASON, too_long


class CorrectionState(StrEnum):
    """Where a correction stands."""

    REPORTED = "reported"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    APPLIED = "applied"


class CorrectionEvent(StrEnum):
    """What may happen to it."""

    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    APPLIED = "applied"


_S, _E = CorrectionState, CorrectionEvent

CORRECTIONS: Machine[CorrectionState, CorrectionEvent] = Machine(
    "the correction of an address",
    _S.REPORTED,
    {
        (_S.REPORTED, _E.CONFIRMED): _S.CONFIRMED,
        (_S.REPORTED, _E.REJECTED): _S.REJECTED,
        (_S.CONFIRMED, _E.REJECTED): _S.REJECTED,
        (_S.CONFIRMED, _E.APPLIED): _S.APPLIED,
    },
)
"""What was confirmed may still turn out wrong until it is applied."""


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened to a correction: what, by whom, when and why."""

    event: CorrectionEvent
    by: str
    at: datetime
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class AddressCorrection:
    """Somebody says that a building's address is another one.

    `reported_by` and `Step.by` are operators or parties by id, never by name.
    """

    id: str
    building: str
    wrong: str
    right: str
    reported_by: str
    reported_at: datetime
    steps: tuple[Step, ...] = ()

    @property
    def state(self) -> CorrectionState:
        """Where it stands, by what happened to it."""
        state = CORRECTIONS.initial
        for step in self.steps:
            state = CORRECTIONS.after(state, step.event)
        return state

    def confirmed(self, by: str, at: datetime) -> "AddressCorrection":
        """Return it as found right by somebody other than who reported it."""
        return self._after(Step(_E.CONFIRMED, by, at))

    def rejected(self, by: str, at: datetime, reason: str) -> "AddressCorrection":
        """Return it as found wrong; raises Invalid without a reason."""
        reason = reason.strip()
        if not reason:
            raise Invalid([missing("reason", "say why the address stays as it is")])
        if len(reason) > LONGEST_REASON or not reason.isprintable():
            raise Invalid([too_long("reason", "a reason", LONGEST_REASON)])
        return self._after(Step(_E.REJECTED, by, at, reason))

    def applied(self, by: str, at: datetime) -> "AddressCorrection":
        """Return it as carried out; `corrected` gives the building."""
        return self._after(Step(_E.APPLIED, by, at))

    def _after(self, step: Step) -> "AddressCorrection":
        CORRECTIONS.after(self.state, step.event)
        if step.event is not _E.APPLIED and step.by == self.reported_by:
            raise Conflict("who reported a correction does not decide it")
        last = self.steps[-1].at if self.steps else self.reported_at
        if step.at < last:
            raise Conflict("this would have happened before what came before it")
        return replace(self, steps=(*self.steps, step))


def report(
    id_: str, building: Building, right: str, *, by: str, at: datetime
) -> AddressCorrection:
    """Report another address of a building, or raise Invalid with what is wrong."""
    right = right.strip()
    if not right:
        raise Invalid([missing("address", "give the address as it should be")])
    if len(right) > LONGEST or not right.isprintable():
        raise Invalid([too_long("address", "an address", LONGEST)])
    if plain(right) == plain(building.address):
        message = "this is the address on record"
        remedy = "give the address as it should be"
        raise Invalid([FieldError("address", Fault.CONTRADICTION, message, remedy)])
    return AddressCorrection(id_, building.code, building.address, right, by, at)


def corrected(
    correction: AddressCorrection, building: Building
) -> tuple[Building, AddressAlias]:
    """Return the building with its right address, and the old one as a name for good.

    Raises Conflict where the correction is not confirmed, of another building, or of
    an address that has changed since.
    """
    CORRECTIONS.after(correction.state, CorrectionEvent.APPLIED)
    if (correction.building, correction.wrong) != (building.code, building.address):
        raise Conflict("the address has changed since this was reported: report anew")
    source = f"the address on record until correction {correction.id}"
    old = AddressAlias(building.code, building.address, source)
    return replace(building, address=correction.right), old
