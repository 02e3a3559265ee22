"""How many people passed by the hour; who they were is not part of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class HourCount:
    """What an hour saw at some doors: opened by cards, by other means, refused."""

    start: datetime
    cards: int = 0
    exits: int = 0
    refused: int = 0

    @property
    def total(self) -> int:
        """All passages of the hour."""
        return self.cards + self.exits + self.refused


def last_hours(now: datetime, count: int) -> list[datetime]:
    """Return when the last `count` hours began, the running one last."""
    running = now.replace(minute=0, second=0, microsecond=0)
    return [running - n * HOUR for n in reversed(range(count))]


def filled(counts: Iterable[HourCount], starts: list[datetime]) -> list[HourCount]:
    """Return a count for every start, zero where there is none."""
    known = {count.start: count for count in counts}
    return [known.get(start, HourCount(start)) for start in starts]
