"""What doors were used by which card on which day: counts, no times.

Passages are counted into days once, up to a mark; what came after the mark is counted
when it is read. Rules and house pages read days, never single passages.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Index, bindparam, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from controller.cbor import EPOCH, microseconds
from registry.persistence.daily_moves import FIRST_DAY, Move, count_moves, moves_of
from registry.persistence.rows import Moment, Record, RowNumber

DAY = 24 * 60 * 60 * 10**6


class DayRow(Record):
    """A card's use of a door on a day; `day` counts from 1970 in the street's zone."""

    __tablename__ = "daily_use"
    __table_args__ = (
        Index("ix_daily_use_unit_day", "unit", "day"),
        Index("ix_daily_use_credential_day", "credential", "day"),
    )
    day: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    door: Mapped[str] = mapped_column(primary_key=True)
    credential: Mapped[int] = mapped_column(
        RowNumber, primary_key=True, autoincrement=False
    )
    unit: Mapped[str] = mapped_column(primary_key=True)
    granted: Mapped[int]
    refused: Mapped[int]


class MarkRow(Record):
    """The number of the last passage counted."""

    __tablename__ = "daily_use_mark"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(RowNumber)
    counted_at: Mapped[datetime] = mapped_column(Moment)


LAST_NUMBER = 2**63 - 1


@dataclass(frozen=True, slots=True)
class DayUse:
    """How often a card was let in or refused at a door on a day."""

    day: date
    door: str
    credential: int
    unit: str
    granted: int
    refused: int


ADD = text(
    """
    INSERT INTO daily_use (day, door, credential, unit, granted, refused)
    SELECT (at + :offset) / :day AS day, door, credential, COALESCE(unit, '') AS unit,
        SUM(CASE WHEN granted THEN 1 ELSE 0 END) AS granted,
        SUM(CASE WHEN granted THEN 0 ELSE 1 END) AS refused
    FROM passages
    WHERE number > :after AND number <= :upto AND own AND credential IS NOT NULL
        AND at >= 0
    GROUP BY 1, 2, 3, 4
    ON CONFLICT (day, door, credential, unit) DO UPDATE SET
        granted = daily_use.granted + excluded.granted,
        refused = daily_use.refused + excluded.refused
    """
)
DAYS = text(
    "SELECT unit, COUNT(DISTINCT day), MAX(day) FROM ("
    " SELECT unit, day FROM daily_use WHERE unit IN :units AND granted > 0"
    " UNION ALL SELECT unit, (at + :offset) / :day AS day FROM passages"
    " WHERE number > :after AND number <= :upto AND own AND granted"
    " AND credential IS NOT NULL AND at >= 0 AND unit IN :units"
    ") AS used WHERE day BETWEEN :first AND :last GROUP BY unit"
).bindparams(bindparam("units", expanding=True))


class DailyUse:
    """The repository of use by the day."""

    def __init__(self, session: Session) -> None:
        """Work in a session."""
        self._session = session

    def mark(self) -> int:
        """Return the number of the last passage counted."""
        row = self._session.get(MarkRow, 1, with_for_update=True)
        return 0 if row is None else row.number

    def count(self, upto: int, offset: timedelta, now: datetime) -> None:
        """Count the passages up to a number; days begin `offset` before UTC's."""
        after = self.mark()
        if upto <= after:
            return
        values = _values(after, upto, offset)
        self._session.execute(ADD, values)
        count_moves(self._session, values)
        self._session.merge(MarkRow(id=1, number=upto, counted_at=now))

    def days_of_units(
        self, units: Iterable[str], span: tuple[date, date], offset: timedelta
    ) -> dict[str, tuple[int, date]]:
        """Return on how many days of a span doors opened for units, and the last."""
        first, last = ((day - FIRST_DAY).days for day in span)
        after = self._session.get(MarkRow, 1)
        values = _values(0 if after is None else after.number, LAST_NUMBER, offset)
        asked = {"units": list(units), "first": first, "last": last} | values
        return {
            unit: (days, FIRST_DAY + timedelta(days=newest))
            for unit, days, newest in self._session.execute(DAYS, asked)
        }

    def of_cards(self, credentials: Iterable[int], since: date) -> list[DayUse]:
        """Return the counted use of cards since a day, wherever it was."""
        first = (since - FIRST_DAY).days
        those = DayRow.credential.in_(list(credentials))
        query = select(*DayRow.__table__.c).where(those, DayRow.day >= first)
        return [
            DayUse(FIRST_DAY + timedelta(days=day), *rest)
            for day, *rest in self._session.execute(query)
        ]

    def moves(self, credentials: Iterable[int], since: date) -> list[Move]:
        """Return how cards went from house to house since a day."""
        return moves_of(self._session, list(credentials), since)


def _values(after: int, upto: int, offset: timedelta) -> dict[str, int]:
    zone = microseconds(EPOCH + offset)
    return {"after": after, "upto": upto, "offset": zone, "day": DAY}
