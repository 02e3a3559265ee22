"""Every policy value there is or was or will be, and which of them counts on a day."""

from collections.abc import Iterable
from datetime import date, datetime

from registry.domain.errors import NotFound
from registry.domain.policy.keys import Key
from registry.domain.policy.value import OURS, PolicyValue

Edition = tuple[int, datetime] | None
"""The number and time of the value recorded last; None where none was."""


class PolicyBook:
    """Many values of each key, over time and place; it is never changed, only added to.

    On a day the nearest place that has a value counts, there the value that began last,
    and of two that began on one day the one recorded last.
    """

    def __init__(self, values: Iterable[PolicyValue], edition: Edition = None) -> None:
        """Take values in the order they were recorded, and the edition they make."""
        self.values = tuple(values)
        self.edition = edition
        ranked = [value for value in self.values if value.jurisdiction in OURS]
        ranked.sort(key=lambda v: (OURS.index(v.jurisdiction), v.valid_from))
        self._ranked: dict[Key, list[PolicyValue]] = {}
        for value in reversed(ranked):
            self._ranked.setdefault(value.key, []).append(value)

    def in_force(self, key: Key, day: date) -> PolicyValue:
        """Return the value that counts in the street on a day.

        Raises NotFound, naming both, when none does.
        """
        value = self.known(key, day)
        if value is None:
            raise NotFound(f"no value of {key} is in force on {day}")
        return value

    def known(self, key: Key, day: date) -> PolicyValue | None:
        """Return the value that counts in the street on a day, if there is one."""
        ranked = self._ranked.get(key, ())
        return next((value for value in ranked if value.holds(day)), None)

    def history(self, key: Key) -> tuple[PolicyValue, ...]:
        """Return every value of a key, elsewhere too, by the day it begins."""
        values = [value for value in self.values if value.key is key]
        return tuple(sorted(values, key=lambda value: value.valid_from))

    def added(
        self, values: Iterable[PolicyValue], edition: Edition = None
    ) -> "PolicyBook":
        """Return a book with more values, recorded after those it has."""
        return PolicyBook((*self.values, *values), edition)
