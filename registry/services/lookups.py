"""Reading one kind of record as far as a principal may see it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement

from registry.domain.errors import NotFound
from registry.domain.history import LATEST, AsOf, Version
from registry.domain.principals import Principal
from registry.persistence.ledger import Entity, Ledger
from registry.persistence.unit_of_work import UnitOfWork

T = TypeVar("T", bound=Entity)
Condition = ColumnElement[bool]
Reach = Callable[[UnitOfWork, Principal, date], Condition]
"""The condition on rows that a principal may see on a day."""


@dataclass(frozen=True, slots=True)
class Slice:
    """Part of a list: what follows an id, at a point of both times."""

    after: str = ""
    limit: int = 50
    at: AsOf = LATEST


class Lookup(Generic[T]):
    """One record, a list, a history: each only of what may be seen.

    What may not be seen is as if it were not there.
    """

    def __init__(
        self,
        what: str,
        ledger: Callable[[UnitOfWork], Ledger[T]],
        row: Any,  # noqa: ANN401 - a table of versions of any kind
        reach: Reach,
        today: Callable[[], date],
    ) -> None:
        """Read a ledger whose rows are of a kind."""
        self._what = what
        self._ledger = ledger
        self._row = row
        self._reach = reach
        self._today = today

    def get(self, uow: UnitOfWork, who: Principal, id_: str, at: AsOf = LATEST) -> T:
        """Return a record; raises NotFound where there was none, or none to see."""
        found = self._find(uow, who, [self._row.id == id_], Slice(limit=1, at=at))
        if not found:
            raise NotFound(f"there is no {self._what} {id_!r}")
        return found[0]

    def some(
        self, uow: UnitOfWork, who: Principal, part: Slice, /, **wanted: object
    ) -> list[T]:
        """Return records in the order of their ids; None wants anything."""
        where = [
            getattr(self._row, field) == value
            for field, value in wanted.items()
            if value is not None
        ]
        return self._find(uow, who, [self._row.id > part.after, *where], part)

    def history(self, uow: UnitOfWork, who: Principal, id_: str) -> list[Version[T]]:
        """Return every version of a record, the first recorded first."""
        self.get(uow, who, id_)
        return self._ledger(uow).history(id_)

    def _find(
        self, uow: UnitOfWork, who: Principal, where: Sequence[Condition], part: Slice
    ) -> list[T]:
        seen = self._reach(uow, who, self._today())
        return self._ledger(uow).find(*where, seen, at=part.at, limit=part.limit)
