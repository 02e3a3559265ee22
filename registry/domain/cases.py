"""Cases: what becomes of a signal about a house, until it is closed with a reason.

A case is about a unit or a house, never about a person, and nothing it comes to opens
or shuts a door.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import NamedTuple, Self

from registry.domain.errors import Fault, FieldError, Invalid
from registry.domain.house_rules.rule import GuardName, RuleId, Signal
from registry.domain.machine import Machine
from registry.domain.policy.keys import Key
from registry.domain.policy.value import Unit, Verification

LONGEST_TEXT = 500


class CaseState(StrEnum):
    """Where a case stands."""

    RAISED = "raised"
    AUTO_GUARDED = "auto_guarded"
    NOTICE = "notice"
    OBJECTED = "objected"
    REVIEW = "review"
    VISIT = "visit"
    CONFIRMED_GAP = "confirmed_gap"
    SELF_RESOLVED = "self_resolved"
    UNFOUNDED = "unfounded"
    REMEDIED = "remedied"
    HANDED_OVER = "handed_over"


class CaseEvent(StrEnum):
    """What may happen to it."""

    GUARDED = "guarded"
    NOTICED = "noticed"
    OBJECTED = "objected"
    OBJECTION_UPHELD = "objection_upheld"
    OBJECTION_REFUSED = "objection_refused"
    REVIEWED = "reviewed"
    VISIT_SENT = "visit_sent"
    GAP_CONFIRMED = "gap_confirmed"
    SELF_RESOLVED = "self_resolved"
    FOUND_NOTHING = "found_nothing"
    REMEDIED = "remedied"
    HANDED_OVER = "handed_over"


_S, _E = CaseState, CaseEvent
_ASKING = (_S.NOTICE, _S.REVIEW, _S.VISIT)

CASES: Machine[CaseState, CaseEvent] = Machine(
    "the case",
    _S.RAISED,
    {
        (_S.RAISED, _E.GUARDED): _S.AUTO_GUARDED,
        (_S.RAISED, _E.NOTICED): _S.NOTICE,
        (_S.NOTICE, _E.REVIEWED): _S.REVIEW,
        (_S.REVIEW, _E.VISIT_SENT): _S.VISIT,
        (_S.VISIT, _E.GAP_CONFIRMED): _S.CONFIRMED_GAP,
        **{(state, _E.SELF_RESOLVED): _S.SELF_RESOLVED for state in _ASKING},
        **{(state, _E.FOUND_NOTHING): _S.UNFOUNDED for state in _ASKING},
        **{(state, _E.OBJECTED): _S.OBJECTED for state in (*_ASKING, _S.CONFIRMED_GAP)},
        (_S.OBJECTED, _E.OBJECTION_UPHELD): _S.UNFOUNDED,
        (_S.OBJECTED, _E.OBJECTION_REFUSED): _S.REVIEW,
        (_S.CONFIRMED_GAP, _E.REMEDIED): _S.REMEDIED,
        (_S.CONFIRMED_GAP, _E.HANDED_OVER): _S.HANDED_OVER,
    },
)

OPEN = frozenset(
    {_S.RAISED, _S.NOTICE, _S.OBJECTED, _S.REVIEW, _S.VISIT, _S.CONFIRMED_GAP}
)
"""The states of which a rule has at most one case for each unit."""
MEASURED = frozenset({_S.SELF_RESOLVED, _S.UNFOUNDED, _S.REMEDIED, _S.HANDED_OVER})
"""Closed by people: what a rule is measured by."""


class CloseReason(StrEnum):
    """Why a case was closed."""

    GUARD_HELD = "guard_held"
    REGISTER_CORRECTED = "register_corrected"
    EXPLAINED = "explained"
    NOTHING_FOUND = "nothing_found"
    WRONG_DATA = "wrong_data"
    DEVICE_FAULT = "device_fault"
    OBJECTION_UPHELD = "objection_upheld"
    GAP_REMEDIED = "gap_remedied"
    HANDED_OVER = "handed_over"
    NO_LONGER_SO = "no_longer_so"
    """What raised it is no more, and nobody said why: this measures nothing."""


_R = CloseReason
REASONS: Mapping[CaseEvent, tuple[CloseReason, ...]] = {
    _E.GUARDED: (_R.GUARD_HELD,),
    _E.SELF_RESOLVED: (_R.REGISTER_CORRECTED, _R.EXPLAINED, _R.NO_LONGER_SO),
    _E.FOUND_NOTHING: (_R.NOTHING_FOUND, _R.WRONG_DATA, _R.DEVICE_FAULT),
    _E.OBJECTION_UPHELD: (_R.OBJECTION_UPHELD,),
    _E.REMEDIED: (_R.GAP_REMEDIED,),
    _E.HANDED_OVER: (_R.HANDED_OVER,),
}
"""The reasons each closing may have; there is no closing without one."""
CONFIRMED = frozenset({_R.REGISTER_CORRECTED, _R.GAP_REMEDIED, _R.HANDED_OVER})
"""The rule was right: something was to be put right, and was or is being."""
SETTLED = frozenset({_R.EXPLAINED, _R.OBJECTION_UPHELD})
"""The residents said why, so the rule is silent for longer."""


class PolicyTold(NamedTuple):
    """A policy value as it stood when a case was opened."""

    key: Key
    amount: int
    unit: Unit
    verification: Verification
    source: str


class GuardTold(NamedTuple):
    """What a guard said when a case was opened."""

    name: GuardName
    excused: bool


@dataclass(frozen=True, slots=True)
class Case:
    """A question about a unit, or about a house (`unit` is None), and its answer.

    `place` is the code of the one it is about; `paper` numbers the document by which
    it was handed over; `note` and `objection` are texts somebody wrote.
    """

    id: str
    rule: RuleId
    rule_version: int
    building: str
    unit: str | None
    place: str
    state: CaseState
    raised_on: date
    numbers: tuple[tuple[str, int | str], ...]
    policy: tuple[PolicyTold, ...]
    guards: tuple[GuardTold, ...]
    sentence: str
    objection: str | None = None
    note: str | None = None
    paper: str | None = None
    closed_on: date | None = None
    close_reason: CloseReason | None = None

    @property
    def open(self) -> bool:
        """Say whether something is still to be done."""
        return self.state in OPEN

    def after(self, step: "Step", today: date) -> Self:
        """Return the case after a step; raises Conflict or Invalid."""
        state = CASES.after(self.state, step.event)
        if errors := step.faults():
            raise Invalid(errors)
        closes = step.event in REASONS
        objects = step.event is CaseEvent.OBJECTED
        return replace(
            self,
            state=state,
            objection=step.text if objects else self.objection,
            note=self.note if objects else step.text or self.note,
            paper=step.paper or self.paper,
            closed_on=today if closes else None,
            close_reason=step.reason if closes else None,
        )


@dataclass(frozen=True, slots=True)
class Step:
    """What somebody does with a case, and why."""

    event: CaseEvent
    reason: CloseReason | None = None
    text: str | None = None
    paper: str | None = None

    def faults(self) -> list[FieldError]:
        """Say everything that is wrong with it."""
        errors = []
        reasons = REASONS.get(self.event, ())
        if reasons and self.reason not in reasons:
            said = " or ".join(reasons)
            fault = Fault.MISSING if self.reason is None else Fault.CONTRADICTION
            errors.append(_error("reason", fault, f"this closes a case by {said}"))
        if not reasons and self.reason is not None:
            message = "this step does not close the case"
            errors.append(_error("reason", Fault.CONTRADICTION, message))
        if self.event is CaseEvent.OBJECTED and not self.text:
            errors.append(_error("text", Fault.MISSING, "an objection says why"))
        if len(self.text or "") > LONGEST_TEXT:
            message = f"a text has at most {LONGEST_TEXT} characters"
            errors.append(_error("text", Fault.MALFORMED, message))
        if self.event is CaseEvent.HANDED_OVER and not self.paper:
            message = "what is handed over has the number of a paper"
            errors.append(_error("paper", Fault.MISSING, message))
        return errors


def _error(field: str, fault: Fault, message: str) -> FieldError:
    return FieldError(field, fault, message, "correct it and send it again")


def opened(id_: str, signal: Signal, today: date) -> Case:
    """Return the case of a signal: told to both sides, or closed by a guard."""
    raised = Case(
        id_,
        signal.rule,
        signal.version,
        signal.building,
        signal.unit,
        signal.unit or signal.building,
        CaseState.RAISED,
        today,
        tuple(sorted(signal.numbers.items())),
        tuple(
            PolicyTold(v.key, v.amount, v.unit, v.verification, v.source)
            for v in signal.policy
        ),
        tuple(GuardTold(guard.name, guard.excused) for guard in signal.guards),
        signal.sentence,
    )
    step = Step(CaseEvent.NOTICED)
    if signal.guarded:
        step = Step(CaseEvent.GUARDED, CloseReason.GUARD_HELD)
    return raised.after(step, today)


@dataclass(frozen=True, slots=True)
class Precision:
    """How often a rule was right among the cases people closed last."""

    closed: int
    confirmed: int

    @property
    def percent(self) -> int | None:
        """The share that was confirmed; None where nothing was closed."""
        return 100 * self.confirmed // self.closed if self.closed else None

    def too_low(self, least: int, closed_least: int) -> bool:
        """Say whether the rule is wrong too often, once enough is known."""
        enough = self.closed >= closed_least
        return enough and 100 * self.confirmed < least * self.closed


def measured(cases: Iterable[Case]) -> Precision:
    """Measure a rule by closed cases."""
    reasons = [case.close_reason for case in cases]
    return Precision(len(reasons), sum(reason in CONFIRMED for reason in reasons))


@dataclass(frozen=True, slots=True)
class RuleSwitch:
    """Whether a rule is asked, since when, and who said so why."""

    id: str
    rule: RuleId
    on: bool
    since: date
    reason: str
    by: str
    measured_from: date = date.min
    """Cases closed until this day say nothing of the rule as it is now."""
    automatic: bool = False
