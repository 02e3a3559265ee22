"""What doors see: counts by the hour, and new passages as they are recorded."""

from collections.abc import Callable, Collection
from datetime import datetime

from registry.domain.timeline import RecordedPassage
from registry.domain.traffic import HOUR, HourCount, filled, last_hours
from registry.persistence.traffic import by_hour
from registry.persistence.unit_of_work import UnitOfWork

HOURS = 24


class Traffic:
    """Reads passages by their number and in sums."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        """Take the present from a clock."""
        self._clock = clock

    def last_day(self, uow: UnitOfWork, doors: Collection[str]) -> list[HourCount]:
        """Return the last 24 hours at some doors, the oldest first."""
        starts = last_hours(self._clock(), HOURS)
        counts = by_hour(uow.session, doors, starts[0], starts[-1] + HOUR)
        return filled(counts, starts)

    def newest(self, uow: UnitOfWork) -> int:
        """Return the number of the passage recorded last."""
        return uow.passages.last_number()

    def after(self, uow: UnitOfWork, number: int, limit: int) -> list[RecordedPassage]:
        """Return what gateways told of their own doors after a passage, in order."""
        return uow.passages.after(number, limit, own=True)
