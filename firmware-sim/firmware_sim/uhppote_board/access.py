"""Whether a board lets a card pass: checks in order, each with its reason."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from controller.protocols.uhppote.messages.cards import (
    ALWAYS,
    NEVER,
    NO_CARD,
    CardRecord,
)
from controller.protocols.uhppote.messages.doors import DoorMode
from controller.protocols.uhppote.messages.events import EventReason, Way
from controller.protocols.uhppote.messages.schedules import LAST_PROFILE
from firmware_sim.uhppote_board.doors import DoorState, PinWanted, interlocked
from firmware_sim.uhppote_board.memory import BoardMemory
from firmware_sim.uhppote_board.passback import PassbackLedger
from firmware_sim.uhppote_board.profiles import allows

HOST_LASTS = 30.0
MORE_CARDS_WITHIN = 30.0


@dataclass(frozen=True, slots=True)
class Swipe:
    """A card at a reader; `pin` 0 when none was keyed in."""

    card: int
    door: int
    way: Way = Way.IN
    pin: int = 0


@dataclass(frozen=True, slots=True)
class Case:
    """Everything one decision rests on; `host_since` is how long the host is silent."""

    swipe: Swipe
    card: CardRecord
    memory: BoardMemory
    door: DoorState
    opened: frozenset[int]
    ledger: PassbackLedger
    moment: datetime
    now: float
    host_since: float

    @property
    def permission(self) -> int:
        """Return what the card holds for this door."""
        return self.card.doors[self.swipe.door - 1]


def _known(case: Case) -> bool:
    return case.card.number != NO_CARD


def _host_absent(case: Case) -> bool:
    return not case.memory.settings.pc_control or case.host_since >= HOST_LASTS


def _pin_right(case: Case) -> bool:
    both = case.door.pin == PinWanted.BOTH_WAYS or case.door.settings.keypad
    going_in = case.door.pin == PinWanted.GOING_IN and case.swipe.way == Way.IN
    wanted = case.card.pin if both or going_in else 0
    return not wanted or case.swipe.pin == wanted


def _permitted(case: Case) -> bool:
    return NEVER < case.permission <= LAST_PROFILE


def _in_dates(case: Case) -> bool:
    start, end = case.card.start, case.card.end
    return start is not None and end is not None and start <= case.moment.date() <= end


def _in_hours(case: Case) -> bool:
    if case.permission == ALWAYS:
        return True
    profiles = case.memory.settings.profiles
    return not case.door.profiles_off and allows(profiles, case.permission, case.moment)


def _way_allowed(case: Case) -> bool:
    return case.ledger.allows(case.card.number, case.swipe.door)


def _others_shut(case: Case) -> bool:
    mode = case.memory.settings.interlock
    return not interlocked(mode, case.swipe.door, case.opened)


def _first_here(case: Case) -> bool:
    may_be_first = case.card.first[case.swipe.door - 1]
    return may_be_first or not case.door.waits_for_first(case.moment)


def _not_shut(case: Case) -> bool:
    return case.door.mode(case.moment) != DoorMode.NORMALLY_CLOSED


def _enough_cards(case: Case) -> bool:
    """Count the different cards of late; this one counts too."""
    seen = case.door.cards_seen
    since = case.now - MORE_CARDS_WITHIN
    others = [each for each, at in seen.items() if at > since]
    return len({*others, case.card.number}) >= case.door.cards_wanted


CHECKS: tuple[tuple[Callable[[Case], bool], EventReason], ...] = (
    (_known, EventReason.UNKNOWN_CARD),
    (_host_absent, EventReason.PC_CONTROL),
    (_pin_right, EventReason.WRONG_PIN),
    (_permitted, EventReason.NO_PRIVILEGE),
    (_in_dates, EventReason.OUTSIDE_PROFILE),
    (_in_hours, EventReason.OUTSIDE_PROFILE),
    (_way_allowed, EventReason.ANTI_PASSBACK),
    (_others_shut, EventReason.INTERLOCK),
    (_first_here, EventReason.FIRST_CARD),
    (_not_shut, EventReason.NORMALLY_CLOSED),
    (_enough_cards, EventReason.MORE_CARDS),
)
"""The order of uhppote-simulator; dates and more cards, which it lacks, are ours."""


def reason(case: Case) -> EventReason:
    """Return SWIPE when the card may pass, else the first reason why not."""
    return next((why for check, why in CHECKS if not check(case)), EventReason.SWIPE)
