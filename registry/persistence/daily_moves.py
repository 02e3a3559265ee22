"""Where a card went from one house to another within minutes, by the day."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from controller.cbor import EPOCH
from registry.persistence.rows import Record, RowNumber

FIRST_DAY = EPOCH.date()
LONGEST = 15 * 60 * 10**6
"""Beyond a quarter of an hour no way in the street is too fast, in microseconds."""
LOOK_BACK = 2000
"""Passages before the mark that one after it may follow."""


class MoveRow(Record):
    """The shortest time from one door to another on a day, let in or refused."""

    __tablename__ = "daily_moves"
    credential: Mapped[int] = mapped_column(
        RowNumber, primary_key=True, autoincrement=False
    )
    day: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    from_door: Mapped[str] = mapped_column(primary_key=True)
    to_door: Mapped[str] = mapped_column(primary_key=True)
    seconds: Mapped[int]


@dataclass(frozen=True, slots=True)
class Move:
    """A card went from a door of one house to one of another in some seconds."""

    day: date
    credential: int
    from_door: str
    to_door: str
    seconds: int


ADD = text(
    """
    INSERT INTO daily_moves (day, credential, from_door, to_door, seconds)
    SELECT (m.at + :offset) / :day AS day, m.credential, m.before_door, m.door,
        MIN((m.at - m.before_at) / 1000000)
    FROM (
        SELECT number, credential, door, at,
            LAG(door) OVER (PARTITION BY credential ORDER BY at, number)
                AS before_door,
            LAG(at) OVER (PARTITION BY credential ORDER BY at, number) AS before_at,
            LAG(number) OVER (PARTITION BY credential ORDER BY at, number)
                AS before_number
        FROM passages
        WHERE number > :back AND number <= :upto AND own
            AND credential IS NOT NULL AND at >= 0
    ) AS m
    JOIN doors AS a ON a.id = m.before_door
    JOIN doors AS b ON b.id = m.door
    WHERE a.building <> b.building AND m.at - m.before_at < :longest
        AND (m.number > :after OR m.before_number > :after)
    GROUP BY 1, 2, 3, 4
    ON CONFLICT (day, credential, from_door, to_door) DO UPDATE SET
        seconds = CASE WHEN excluded.seconds < daily_moves.seconds
            THEN excluded.seconds ELSE daily_moves.seconds END
    """
)


def count_moves(session: Session, values: dict[str, int]) -> None:
    """Add the moves among new passages, as their use is counted."""
    bounds = {"back": values["after"] - LOOK_BACK, "longest": LONGEST}
    session.execute(ADD, values | bounds)


def moves_of(session: Session, credentials: Collection[int], since: date) -> list[Move]:
    """Return the moves of cards since a day."""
    row, first = MoveRow, (since - FIRST_DAY).days
    query = select(row).where(row.credential.in_(credentials), row.day >= first)
    return [
        Move(
            FIRST_DAY + timedelta(days=move.day),
            move.credential,
            move.from_door,
            move.to_door,
            move.seconds,
        )
        for move in session.scalars(query)
    ]
