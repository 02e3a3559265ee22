"""How something that is due stands: by when, by which rule, and what was done."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from registry.domain.deadlines.arithmetic import (
    Deadline,
    Event,
    add_months,
    day_in,
    due_by,
)
from registry.domain.deadlines.exemptions import Exemption, check_exemption
from registry.domain.deadlines.workdays import Workdays
from registry.domain.policy import Policy
from registry.domain.policy.keys import Key
from registry.domain.policy.value import PolicyValue

REMINDERS = (Key.REMINDER_FIRST, Key.REMINDER_SECOND, Key.REMINDER_LAST)
OPENS_BEFORE: Mapping[Key, Key] = {Key.PERMIT_ENDORSEMENT: Key.ENDORSEMENT_WINDOW}
"""Duties that cannot be done sooner than some months before their deadline."""


class DueState(StrEnum):
    """How far a duty is; `pending` counts as done until the office decides."""

    NOT_DUE = "not_due"
    DUE_SOON = "due_soon"
    DUE = "due"
    OVERDUE = "overdue"
    PENDING = "pending"
    EXEMPT = "exempt"
    MET = "met"


OPEN = frozenset({DueState.NOT_DUE, DueState.DUE_SOON, DueState.DUE, DueState.OVERDUE})
"""The states in which somebody still has to act."""


@dataclass(frozen=True, slots=True)
class Submission:
    """What was handed in last, and what the office made of it, if it has yet."""

    submitted_at: datetime
    decided_at: datetime | None = None
    granted: bool = False


@dataclass(frozen=True, slots=True)
class Duty:
    """What is due from an event, and what came of it so far."""

    key: Key
    event: Event
    submission: Submission | None = None
    exemption: Exemption | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """A duty as it stands at a moment, with the rule in force on its event's day.

    `opens` is the first day on which it can be done. `late` says that what was handed
    in came after the deadline; that does not make it less pending or met.
    """

    duty: Duty
    rule: PolicyValue
    deadline: Deadline
    opens: date
    reminders: tuple[date, ...]
    state: DueState
    late: bool = False

    @property
    def compliant(self) -> bool:
        """Whether nobody can be told to have missed it."""
        return self.state is not DueState.OVERDUE

    def reminder_on(self, day: date) -> bool:
        """Say whether somebody is to be reminded on a day, as it stands."""
        return self.state in OPEN and day in self.reminders


def assess(duty: Duty, policy: Policy, workdays: Workdays, now: datetime) -> Due:
    """Return how a duty stands at a moment; what came later is not looked at.

    Raises NotFound when no rule was in force on the day of the event, Invalid for an
    exemption that does not count for this duty.
    """
    if duty.exemption is not None:
        check_exemption(duty.key, duty.exemption)
    began = day_in(duty.event, policy.zone)
    rule = policy.in_force(duty.key, began)
    deadline = due_by(duty.event, rule, workdays, policy.zone)
    submission = duty.submission
    if submission is not None and submission.submitted_at > now:
        submission = None
    opens = _opens(duty.key, began, deadline, policy)
    return Due(
        duty=duty,
        rule=rule,
        deadline=deadline,
        opens=opens,
        reminders=_reminders(began, opens, deadline, policy),
        state=_settled(duty, submission, now) or _open(opens, deadline, policy, now),
        late=submission is not None and submission.submitted_at >= deadline.late_from,
    )


def _reminders(
    began: date, opens: date, deadline: Deadline, policy: Policy
) -> tuple[date, ...]:
    """Return the days on which to remind, none before anything can be done.

    A duty that can be done only some time after its event is told on that day, and so
    is one whose deadline is too short for any reminder.
    """
    days = {deadline.day - before for before in _before(began, policy)}
    useful = {day for day in days if day >= opens}
    if opens > began or not useful:
        useful.add(opens)
    return tuple(sorted(useful))


def _before(day: date, policy: Policy) -> list[timedelta]:
    """Return how long before a deadline to remind, by the rule of a day."""
    return [policy.in_force(key, day).period for key in REMINDERS]


def _opens(key: Key, began: date, deadline: Deadline, policy: Policy) -> date:
    window = OPENS_BEFORE.get(key)
    if window is None:
        return began
    months = policy.in_force(window, began).amount
    return max(began, add_months(deadline.day, -months))


def _settled(
    duty: Duty, submission: Submission | None, now: datetime
) -> DueState | None:
    """Return the state if nobody has to act: exempt, met, or with the office."""
    if duty.exemption is not None:
        return DueState.EXEMPT
    if submission is None:
        return None
    if submission.decided_at is None or submission.decided_at > now:
        return DueState.PENDING
    return DueState.MET if submission.granted else None


def _open(opens: date, deadline: Deadline, policy: Policy, now: datetime) -> DueState:
    """Return how near the deadline is, by the first and the last reminder."""
    if now >= deadline.late_from:
        return DueState.OVERDUE
    today = day_in(now, policy.zone)
    left, before = deadline.day - today, _before(opens, policy)
    if today < opens or left > max(before):
        return DueState.NOT_DUE
    return DueState.DUE if left <= min(before) else DueState.DUE_SOON
