"""Deadlines, periods and amounts as dated data with a source, never as constants."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from registry.domain.policy.book import PolicyBook
from registry.domain.policy.keys import Key
from registry.domain.policy.seeded import seeded
from registry.domain.policy.value import PolicyValue

FOUNDED = datetime(2026, 1, 1, tzinfo=UTC)


class Policy:
    """The street's time zone and the book its rules are read from.

    What an event set going is read on the day of that event (`in_force`); what is kept
    or shown from day to day is read on the day it is now (`door_grace` and the like).
    """

    def __init__(
        self,
        zone: ZoneInfo | None = None,
        clock: Callable[[], datetime] = lambda: FOUNDED,
        book: PolicyBook | None = None,
    ) -> None:
        """Read the book a register starts with, unless another is given."""
        self.zone = ZoneInfo("Asia/Shanghai") if zone is None else zone
        self.book = seeded() if book is None else book
        self._clock = clock

    def take(self, book: PolicyBook) -> None:
        """Read another book from now on."""
        self.book = book

    def by(self, book: PolicyBook) -> "Policy":
        """Return a policy that reads a book and no other."""
        return Policy(self.zone, self._clock, book)

    def today(self) -> date:
        """Return the day it is in the street."""
        return self._clock().astimezone(self.zone).date()

    def in_force(self, key: Key, day: date) -> PolicyValue:
        """Return the value in force on a day; raises NotFound when there is none."""
        return self.book.in_force(key, day)

    @property
    def door_grace(self) -> PolicyValue:
        """How long doors still open for whose tenancy ends today."""
        return self.in_force(Key.DOOR_GRACE, self.today())

    @property
    def due_window(self) -> PolicyValue:
        """How long before its end a tenancy is shown as due."""
        return self.in_force(Key.DUE_WINDOW, self.today())

    @property
    def alarm_retention(self) -> PolicyValue:
        """How long closed alarms are kept."""
        return self.in_force(Key.ALARM_RETENTION, self.today())

    @property
    def order_retention(self) -> PolicyValue:
        """How long orders to open doors are kept."""
        return self.in_force(Key.ORDER_RETENTION, self.today())
