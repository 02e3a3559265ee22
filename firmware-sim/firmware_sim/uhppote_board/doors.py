"""One door: its settings, which outlive a power cut, and its state, which does not."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import IntEnum
from math import inf

from controller.protocols.uhppote.fields import Four
from controller.protocols.uhppote.messages.doors import DoorMode, Interlock
from controller.protocols.uhppote.messages.schedules import FirstCardMode, SetFirstCard
from firmware_sim.uhppote_board.profiles import minute_of

HELD_AFTER = 25.0
MODES: Mapping[int, DoorMode] = {
    FirstCardMode.CONTROLLED: DoorMode.CONTROLLED,
    FirstCardMode.NORMALLY_OPEN: DoorMode.NORMALLY_OPEN,
    FirstCardMode.NORMALLY_CLOSED: DoorMode.NORMALLY_CLOSED,
    FirstCardMode.FIRST_CARD_ONLY: DoorMode.CONTROLLED,
}
GROUPS: Mapping[int, tuple[frozenset[int], ...]] = {
    Interlock.OFF: (),
    Interlock.DOORS_12: (frozenset({1, 2}),),
    Interlock.DOORS_34: (frozenset({3, 4}),),
    Interlock.DOORS_12_AND_34: (frozenset({1, 2}), frozenset({3, 4})),
    Interlock.DOORS_123: (frozenset({1, 2, 3}),),
    Interlock.DOORS_1234: (frozenset({1, 2, 3, 4}),),
}
"""For each interlock the doors of which only one may be open."""


class PinWanted(IntEnum):
    """At which readers of a door a task wants a PIN."""

    NOWHERE = 0
    GOING_IN = 1
    BOTH_WAYS = 2


@dataclass(slots=True)
class DoorSettings:
    """What is written to flash; `first` counts, `first_waiting` waits for a refresh."""

    mode: int = DoorMode.CONTROLLED
    delay: int = 5
    codes: Four = (0, 0, 0, 0)
    keypad: bool = False
    first: SetFirstCard | None = None
    first_waiting: SetFirstCard | None = None


@dataclass(slots=True)
class DoorState:
    """What is in memory only. `unlocked_until` is in monotonic seconds."""

    settings: DoorSettings
    unlocked_until: float = -inf
    opened_at: float | None = None
    reported_held: bool = False
    button: bool = False
    task_mode: DoorMode | None = None
    profiles_off: bool = False
    button_off: bool = False
    pin: PinWanted = PinWanted.NOWHERE
    cards_wanted: int = 1
    cards_seen: dict[int, float] = field(default_factory=dict)
    first_came: date | None = None

    def mode(self, moment: datetime) -> int:
        """Return how the door stands: by a task, else by its first card, else set."""
        if self.task_mode is not None:
            return self.task_mode
        first = self.settings.first
        if first and self.first_came == moment.date():
            inside = self.in_first_hours(moment)
            return MODES[first.active if inside else first.inactive]
        return self.settings.mode

    def in_first_hours(self, moment: datetime) -> bool:
        """Say whether the hours of the first card run."""
        first = self.settings.first
        if not first or first.start is None or first.end is None:
            return False
        today = first.weekdays[moment.weekday()]
        return today and first.start <= minute_of(moment) <= first.end

    def waits_for_first(self, moment: datetime) -> bool:
        """Say whether only a first card opens the door now."""
        first = self.settings.first
        return (
            first is not None
            and first.inactive == FirstCardMode.FIRST_CARD_ONLY
            and self.in_first_hours(moment)
            and self.first_came != moment.date()
        )

    def unlocked(self, moment: datetime, now: float) -> bool:
        """Say whether the relay is drawn."""
        mode = self.mode(moment)
        if mode == DoorMode.NORMALLY_CLOSED:
            return False
        return mode == DoorMode.NORMALLY_OPEN or now < self.unlocked_until

    def unlock(self, now: float) -> None:
        """Unlock for the door's delay; never shorter than it already is."""
        until = now + self.settings.delay
        self.unlocked_until = max(self.unlocked_until, until)

    def held_at(self) -> float | None:
        """Return when the open door becomes one held open, if it is to be reported."""
        if self.opened_at is None or self.reported_held:
            return None
        return self.opened_at + self.settings.delay + HELD_AFTER


def interlocked(mode: int, door: int, opened: frozenset[int]) -> bool:
    """Say whether another door of the same group is open."""
    groups = (group for group in GROUPS.get(mode, ()) if door in group)
    return any((group - {door}) & opened for group in groups)
