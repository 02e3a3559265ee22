"""Deadlines by the policy in force and the street's own calendar."""

from collections.abc import Callable
from datetime import date, datetime

from registry.domain.deadlines.arithmetic import due_by
from registry.domain.deadlines.due import Due, Duty, assess
from registry.domain.deadlines.workdays import Workdays
from registry.domain.policy import Policy
from registry.domain.policy.keys import Key
from registry.domain.special_days import year_table
from registry.persistence.unit_of_work import UnitOfWork
from registry.services.policy_in_force import on_record


class Deadlines:
    """Says by when something is due and how it stands now."""

    def __init__(self, policy: Policy, clock: Callable[[], datetime]) -> None:
        """Read rules from a policy and days in its time zone."""
        self._policy = policy
        self._clock = clock

    def assess(self, uow: UnitOfWork, duty: Duty, at: datetime | None = None) -> Due:
        """Return how a duty stands at a moment, now if none is given."""
        moment = self._clock() if at is None else at
        policy = on_record(uow, self._policy)
        return assess(duty, policy, self.workdays(uow), moment)

    def last_day(self, uow: UnitOfWork, key: Key, event: date) -> date:
        """Return the last day a rule leaves from the day of an event."""
        policy = on_record(uow, self._policy)
        rule = policy.in_force(key, event)
        return due_by(event, rule, self.workdays(uow), policy.zone).day

    def workdays(self, uow: UnitOfWork) -> Workdays:
        """Return which days are worked; what the street says of a day wins."""
        return Workdays(
            lambda year: year_table(year, uow.rule_books.special_days(year))
        )
