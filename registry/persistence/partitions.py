"""Passages by the month: PostgreSQL keeps each month in a table of its own.

A month begins at midnight of UTC. What no month was made for lies in FAR: a door's
clock may be years off. SQLite has one table, and nothing here touches it.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from sqlalchemy import Connection, text

from controller.cbor import microseconds

FAR = "passages_far"
BACK, AHEAD = 4, 2
"""How many months before this one and after it are always there."""


def month_of(moment: datetime, shift: int = 0) -> datetime:
    """Return when the month of a moment begins, or one some months away."""
    day = moment.astimezone(UTC)
    years, month = divmod(day.year * 12 + day.month - 1 + shift, 12)
    return datetime(years, month + 1, 1, tzinfo=UTC)


def months(first: datetime, last: datetime) -> Iterator[datetime]:
    """Return the beginnings of all months from that of a moment to that of another."""
    month = month_of(first)
    while month <= last:
        yield month
        month = month_of(month, 1)


def name_of(month: datetime) -> str:
    """Return the name of a month's table."""
    return f"passages_{month:%Y_%m}"


def make_around(connection: Connection, now: datetime) -> list[str]:
    """Make the months that passages are going to come from."""
    return make(connection, month_of(now, -BACK), month_of(now, AHEAD))


def make(connection: Connection, first: datetime, last: datetime) -> list[str]:
    """Make the tables that are missing for a span, and return their names.

    One transaction at a time may do this. What came too early for its month moves
    from FAR to where it belongs.
    """
    if connection.dialect.name != "postgresql":
        return []
    known = set(connection.scalars(text(_KNOWN)))
    fresh = [month for month in months(first, last) if name_of(month) not in known]
    for month in fresh:
        span = {"first": microseconds(month), "after": microseconds(month_of(month, 1))}
        for statement in _STEPS:
            said = statement.format(name=name_of(month), **span)
            connection.exec_driver_sql(said)
    return [name_of(month) for month in fresh]


_KNOWN = """
SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'passages'::regclass
"""
# Made beside the table and attached then: that stops nobody who reads or writes
# passages, but for a moment those that are far off.
_STEPS = (
    "CREATE TABLE {name} (LIKE passages INCLUDING DEFAULTS INCLUDING CONSTRAINTS)",
    """
    WITH moved AS (DELETE FROM passages_far WHERE at >= {first} AND at < {after}
    RETURNING *) INSERT INTO {name} SELECT * FROM moved
    """,
    """
    ALTER TABLE passages ATTACH PARTITION {name} FOR VALUES FROM ({first}) TO ({after})
    """,
)
