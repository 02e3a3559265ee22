"""Alarms: taken from gateways, shown to whoever is on duty, acknowledged by name."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from controller.vocabulary import AlarmChange
from registry.audit.trail import Action, Deed, record
from registry.domain.alarms import (
    Alarm,
    AlarmState,
    most_urgent_first,
    read_acknowledgement,
    taken,
)
from registry.domain.errors import NotFound
from registry.domain.policy import Policy
from registry.persistence.alarms import Told
from registry.persistence.unit_of_work import UnitOfWork
from registry.services.policy_in_force import on_record

MOST_OPEN, MOST_CLOSED = 100, 10
"""How many alarms are shown at once."""
REGISTRY = "registry"
"""Who does what nobody asks for, as the trail names it."""


@dataclass(frozen=True, slots=True)
class Board:
    """What is to be done, the most urgent first, and what was done last."""

    open: tuple[Alarm, ...]
    closed: tuple[Alarm, ...]
    counts: dict[AlarmState, int]

    @property
    def unacknowledged(self) -> int:
        """How many alarms nobody has taken on."""
        return self.counts[AlarmState.RAISED] + self.counts[AlarmState.CLEARED]

    @property
    def active(self) -> int:
        """How many alarms last."""
        return self.counts[AlarmState.RAISED] + self.counts[AlarmState.ACKNOWLEDGED]


class AlarmService:
    """Keeps alarms; every acknowledgement is in the audit trail."""

    def __init__(self, policy: Policy, clock: Callable[[], datetime]) -> None:
        """Keep closed alarms as long as the policy says."""
        self._policy = policy
        self._clock = clock

    def take(self, uow: UnitOfWork, change: AlarmChange, told: Told) -> None:
        """Keep what a gateway tells of an alarm; what is known changes nothing."""
        known = uow.alarms.around(change.door, change.kind, change.raised_at)
        uow.alarms.put(change.door, change.kind, taken(known, change), told)

    def forget(self, uow: UnitOfWork) -> int:
        """Delete the alarms that were closed long enough ago; return how many."""
        now, keep = self._clock(), on_record(uow, self._policy).alarm_retention
        count = uow.alarms.forget(now - keep.period)
        if count:
            reason = f"{count} closed more than {keep.days} days ago"
            deed = Deed(REGISTRY, Action.ALARMS_FORGOTTEN, "alarms", reason)
            record(uow, [deed], now)
        return count

    def board(self, uow: UnitOfWork) -> Board:
        """Return the alarms of the street."""
        return Board(
            tuple(most_urgent_first(uow.alarms.open(MOST_OPEN))),
            tuple(uow.alarms.closed(MOST_CLOSED)),
            uow.alarms.counts(),
        )

    def at_doors(self, uow: UnitOfWork, doors: Collection[str]) -> list[Alarm]:
        """Return the alarms of doors that are not closed."""
        return most_urgent_first(uow.alarms.open(MOST_OPEN, doors))

    def unacknowledged(self, uow: UnitOfWork) -> int:
        """Return how many alarms nobody has taken on."""
        counts = uow.alarms.counts()
        return counts[AlarmState.RAISED] + counts[AlarmState.CLEARED]

    def get(self, uow: UnitOfWork, number: int) -> Alarm:
        """Return an alarm."""
        alarm = uow.alarms.get(number)
        if alarm is None:
            raise NotFound(f"there is no alarm {number}")
        return alarm

    def acknowledge(
        self, uow: UnitOfWork, number: int, operator: str, note: str, actor: str
    ) -> Alarm:
        """Take an alarm on in the name of an operator.

        Nobody signs in yet, so the trail tells the name given and by which way.
        """
        alarm, now = self.get(uow, number), self._clock()
        acknowledgement = read_acknowledgement(operator, note, now)
        alarm = alarm.acknowledged(acknowledgement)
        uow.alarms.acknowledge(number, acknowledgement)
        deed = Deed(
            f"{acknowledgement.by} via {actor}",
            Action.ALARM_ACKNOWLEDGED,
            f"alarm:{number}",
            acknowledgement.note,
        )
        record(uow, [deed], now)
        return alarm
