"""Warnings that a withdrawn key was presented: a card, a door and a day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from registry.domain.credential import CardState

WORDING = "a cancelled key was presented"
"""Whether it was copied or only used again is not known, so no more is said."""


@dataclass(frozen=True, slots=True)
class Presented:
    """A withdrawn card was held to a door."""

    credential: int
    door: str
    at: datetime
    state: CardState


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A card was withdrawn, and a door that could open for it until then.

    Until `acknowledged_at` the door may not have heard of it.
    """

    credential: int
    door: str
    at: datetime
    acknowledged_at: datetime | None

    def covers(self, shown: Presented) -> bool:
        """Say whether the card was shown to a door that had not heard of it yet."""
        here = (self.credential, self.door) == (shown.credential, shown.door)
        heard = self.acknowledged_at is not None and self.acknowledged_at <= shown.at
        return here and self.at <= shown.at and not heard


@dataclass(frozen=True, slots=True)
class KeyWarning:
    """The first time on a day that a withdrawn card was presented at a door."""

    number: int
    credential: int
    door: str
    day: date
    at: datetime
    state: CardState
    recorded_at: datetime


def unexcused(
    shown: Iterable[Presented], withdrawals: Iterable[Withdrawal]
) -> list[Presented]:
    """Return what is worth a warning: where the door had heard of the withdrawal."""
    known = list(withdrawals)
    return [each for each in shown if not any(w.covers(each) for w in known)]
