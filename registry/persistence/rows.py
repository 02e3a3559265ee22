"""What every row inherits, and column types that mean the same everywhere."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import BigInteger, Dialect, Integer, String, insert
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from controller.cbor import EPOCH, MICROSECOND, microseconds

SIGN_BIT = 1 << 63

RowNumber = BigInteger().with_variant(Integer, "sqlite")
"""A rising row number: SQLite counts up only columns that are plain INTEGER."""


C = TypeVar("C", bound=StrEnum)


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


class Choice(TypeDecorator[C]):
    """One of the words of an enumeration."""

    impl = String
    cache_ok = True

    def __init__(self, words: type[C]) -> None:
        """Take the enumeration."""
        super().__init__()
        self.words = words
        # An enumeration looks its members up much more slowly.
        self._members = {word.value: word for word in words}

    def process_result_value(
        self,
        value: Any | None,  # noqa: ANN401 - the driver's own
        dialect: Dialect,  # noqa: ARG002 - every dialect stores the same
    ) -> C | None:
        """Read a word."""
        return None if value is None else self._members[value]


class Choices(TypeDecorator[frozenset[C]]):
    """Some of the words of an enumeration, stored in one text in order."""

    impl = String
    cache_ok = True

    def __init__(self, words: type[C]) -> None:
        """Take the enumeration."""
        super().__init__()
        self.words = words

    def process_bind_param(
        self,
        value: frozenset[C] | None,
        dialect: Dialect,  # noqa: ARG002 - every dialect stores the same
    ) -> str | None:
        """Store words."""
        return None if value is None else " ".join(sorted(value))

    def process_result_value(
        self,
        value: Any | None,  # noqa: ANN401 - the driver's own
        dialect: Dialect,  # noqa: ARG002 - every dialect stores the same
    ) -> frozenset[C] | None:
        """Read words."""
        return None if value is None else frozenset(map(self.words, value.split()))


def add_rows(
    session: Session, kind: type[Record], rows: Sequence[Mapping[str, object]]
) -> None:
    """Insert many rows of one kind in one statement, without making objects."""
    if rows:
        session.connection().execute(insert(kind), rows)
