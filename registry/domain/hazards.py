"""Hazards (隐患) of a house: found, told, put right, checked, or passed on."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from registry.domain.machine import Machine


class HazardKind(StrEnum):
    """What is unsafe."""

    EXIT = "exit"
    WIRING = "wiring"
    GAS = "gas"
    CHARGING = "charging"
    PARTITION = "partition"
    MIXED_USE = "mixed_use"
    WINDOW_BARS = "window_bars"


class HazardState(StrEnum):
    """Where a hazard stands."""

    FOUND = "found"
    NOTIFIED = "notified"
    RECTIFYING = "rectifying"
    SELF_REPORTED = "self_reported"
    VERIFIED = "verified"
    OVERDUE = "overdue"
    ESCALATED = "escalated"


class HazardEvent(StrEnum):
    """What may happen to it; `due_day_passed` is the passing of days."""

    NOTIFIED = "notified"
    RECTIFYING = "rectifying"
    SELF_REPORTED = "self_reported"
    VERIFIED = "verified"
    NOT_GOOD = "not_good"
    DUE_DAY_PASSED = "due_day_passed"
    ESCALATED = "escalated"


_S, _E = HazardState, HazardEvent

HAZARDS: Machine[HazardState, HazardEvent] = Machine(
    "the hazard",
    _S.FOUND,
    {
        (_S.FOUND, _E.NOTIFIED): _S.NOTIFIED,
        (_S.NOTIFIED, _E.RECTIFYING): _S.RECTIFYING,
        (_S.NOTIFIED, _E.SELF_REPORTED): _S.SELF_REPORTED,
        (_S.NOTIFIED, _E.DUE_DAY_PASSED): _S.OVERDUE,
        (_S.RECTIFYING, _E.SELF_REPORTED): _S.SELF_REPORTED,
        (_S.RECTIFYING, _E.DUE_DAY_PASSED): _S.OVERDUE,
        (_S.SELF_REPORTED, _E.VERIFIED): _S.VERIFIED,
        (_S.SELF_REPORTED, _E.NOT_GOOD): _S.NOTIFIED,
        (_S.OVERDUE, _E.SELF_REPORTED): _S.SELF_REPORTED,
        (_S.OVERDUE, _E.ESCALATED): _S.ESCALATED,
        (_S.ESCALATED, _E.VERIFIED): _S.VERIFIED,
    },
)


@dataclass(frozen=True, slots=True)
class Hazard:
    """Something unsafe in a unit, to be put right by a day."""

    id: str
    unit: str
    kind: HazardKind
    state: HazardState
    found_on: date
    due: date | None = None
