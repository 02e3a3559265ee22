"""Warnings that a withdrawn key was presented."""

from collections.abc import Callable, Sequence
from datetime import date, datetime

from registry.domain.key_warning import KeyWarning, Presented, unexcused
from registry.domain.permits import FAR_FUTURE, FAR_PAST
from registry.domain.policy import Policy
from registry.domain.principals import Principal
from registry.persistence.unit_of_work import UnitOfWork
from registry.services.scopes import require_area


class KeyWatch:
    """Warns once for a card, a door and a day; a door that did not know is excused."""

    def __init__(self, policy: Policy, clock: Callable[[], datetime]) -> None:
        """Tell days in a policy's time zone."""
        self._policy = policy
        self._clock = clock

    def note(self, uow: UnitOfWork, shown: Sequence[Presented]) -> None:
        """Keep a warning of each withdrawn card, unless its door had not heard yet."""
        if not shown:
            return
        cards = {each.credential for each in shown}
        worth = unexcused(shown, uow.key_warnings.withdrawals(cards))
        now = self._clock()
        uow.key_warnings.add(
            KeyWarning(0, s.credential, s.door, self._day(s.at), s.at, s.state, now)
            for s in worth
        )

    def listed(
        self, uow: UnitOfWork, who: Principal, after: int, limit: int
    ) -> list[KeyWarning]:
        """Return warnings of the doors in somebody's area, the first kept first."""
        if who.area is not None:
            require_area(uow, who, who.area)
        return uow.key_warnings.after(after, limit, who.area)

    def _day(self, at: datetime) -> date:
        """Return the street's day, also of a clock that is very wrong."""
        sane = min(max(at, FAR_PAST), FAR_FUTURE)
        return sane.astimezone(self._policy.zone).date()
