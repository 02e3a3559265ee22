"""What is to happen at a door, and when it was asked."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from controller.vocabulary import CardNumber, Decision, Direction, DoorId


@dataclass(frozen=True, slots=True)
class Moment:
    """One instant: UTC for hours of the week, monotonic seconds for all patience."""

    wall: datetime
    ticks: float


class Wanted(StrEnum):
    """What the people at a reader are asked for before they are answered."""

    PIN = "pin"
    CARD = "card"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to one person: recorded as one passage."""

    decision: Decision
    card: CardNumber | None = None
    direction: Direction = Direction.ENTRY


@dataclass(frozen=True, slots=True)
class Ruling:
    """What to record at a door and what to do once that is durable.

    Without verdicts nothing is recorded yet, and something is `wanted`. `duress`
    calls for help in silence; `first` says that the first card of these hours came.
    """

    door: DoorId
    verdicts: tuple[Verdict, ...] = ()
    wanted: Wanted | None = None
    duress: bool = False
    first: bool = False

    @property
    def opens(self) -> bool:
        """Whether the lock is to be released."""
        return any(verdict.decision.granted for verdict in self.verdicts)
