"""Where coming passages are kept: a table a month, made before it is needed."""

from collections.abc import Callable
from datetime import datetime

from registry.persistence.partitions import make_around
from registry.persistence.unit_of_work import UnitOfWork


class PassageMonths:
    """Makes the months around the present, where the database keeps months apart."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        """Take the present from a clock."""
        self._clock = clock

    def make(self, uow: UnitOfWork) -> list[str]:
        """Make the months that are missing and return their tables."""
        return make_around(uow.session.connection(), self._clock())
