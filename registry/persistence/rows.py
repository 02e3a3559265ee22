"""What every row inherits, and column types that mean the same everywhere."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import BigInteger, Dialect, Integer, insert
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from controller.cbor import EPOCH, MICROSECOND, microseconds

SIGN_BIT = 1 << 63

RowNumber = BigInteger().with_variant(Integer, "sqlite")
"""A rising row number: SQLite counts up only columns that are plain INTEGER."""


class Record(DeclarativeBase):
    """What every row inherits."""


class Moment(TypeDecorator[datetime]):
    """An aware time, stored as whole microseconds of UTC since 1970."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002 - every dialect stores the same
    ) -> int | None:
        """Store a time."""
        return None if value is None else microseconds(value)

    def process_result_value(
        self,
        value: int | None,
        dialect: Dialect,  # noqa: ARG002 - every dialect stores the same
    ) -> datetime | None:
        """Read a time."""
        return None if value is None else EPOCH + value * MICROSECOND


def signed(number: int) -> int:
    """Return an integer of 64 bits without sign as the one that is stored."""
    return number if number < SIGN_BIT else number - 2 * SIGN_BIT


class Unsigned(TypeDecorator[int]):
    """An integer of 64 bits without sign, stored in a signed column."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(
        self,
        value: int | None,
        dialect: Dialect,  # noqa: ARG002 - every dialect stores the same
    ) -> int | None:
        """Store the number modulo 2**64 with a sign."""
        return None if value is None else signed(value)

    def process_result_value(
        self,
        value: int | None,
        dialect: Dialect,  # noqa: ARG002 - every dialect stores the same
    ) -> int | None:
        """Read the number back without sign."""
        return value + 2 * SIGN_BIT if value is not None and value < 0 else value


def add_rows(
    session: Session, kind: type[Record], rows: Sequence[Mapping[str, object]]
) -> None:
    """Insert many rows of one kind in one statement, without making objects."""
    if rows:
        session.connection().execute(insert(kind), rows)
