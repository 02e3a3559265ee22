"""A card held to a door, and what came of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Outcome(StrEnum):
    """What the person at the door saw."""

    GRANTED = "granted"
    REFUSED = "refused"
    UNANSWERED = "unanswered"


@dataclass(frozen=True, slots=True)
class Tap:
    """A card at a door, or the exit button when there is no card.

    `at` is in UTC, `began` in monotonic seconds.
    """

    number: int
    door: str
    card: int | None
    at: datetime
    began: float = field(compare=False)


@dataclass(frozen=True, slots=True)
class Settled:
    """A tap whose outcome is known; doors that keep a record also name its place.

    `asked` says that the gateway decided; a board's record has no epoch, because the
    gateway counts them.
    """

    tap: Tap
    outcome: Outcome
    at: datetime
    took: float
    controller: str
    epoch: int | None = None
    index: int | None = None
    asked: bool = False


Settle = Callable[[Settled], None]
