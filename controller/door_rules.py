"""What a door asks for beyond a permit: hours, a PIN, company, an order of events."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from controller.schedule import DAYS_PER_WEEK, WeeklyProfile
from controller.vocabulary import CardNumber, Direction, DoorId, Revision

NO_RULES = Revision(0)
MOST_CARDS_TOGETHER = 8
LONGEST_MEMORY = 86_400
SHORTEST_PIN, LONGEST_PIN = 4, 8
SALT_SIZE = 16
VERIFIER_SIZE = 32
_ITERATIONS = 20_000
"""A PIN has few digits: this slows a thief of the file down and nobody at a door."""


class DoorMode(StrEnum):
    """How a door behaves: by permit, open to everyone, or shut to everyone."""

    CONTROLLED = "controlled"
    UNLOCKED = "unlocked"
    LOCKED = "locked"


@dataclass(frozen=True, slots=True)
class TimedMode:
    """A mode in some hours of the week."""

    mode: DoorMode
    hours: WeeklyProfile


@dataclass(frozen=True, slots=True)
class FirstCard:
    """In some hours nobody passes before one of the holders did.

    With `unlocks` the door then stays unlocked until the hours end.
    """

    hours: WeeklyProfile
    holders: frozenset[CardNumber]
    unlocks: bool = False


@dataclass(frozen=True, slots=True)
class AntiPassback:
    """A card that went one way may not go the same way again before it came back.

    Doors of one area share what they know. After `forget_after` seconds, where it is
    given, a card is free again: an area of one door and one direction makes a timed
    rule of that door. A `soft` rule lets the card in and only notes the breach.
    """

    area: str
    direction: Direction
    forget_after: int | None = None
    soft: bool = False

    def __post_init__(self) -> None:
        """Refuse a time of no length or over a day."""
        if self.forget_after is not None and not (
            1 <= self.forget_after <= LONGEST_MEMORY
        ):
            raise ValueError(f"forget_after must be 1 to {LONGEST_MEMORY} seconds")


@dataclass(frozen=True, slots=True)
class DoorRules:
    """The rules of one door; the first of `modes` whose hours hold counts.

    `pin` names the hours in which a card needs its PIN. `cards_together` different
    cards must come one after the other. While a door of `interlock` is open, this
    one stays shut.
    """

    door: DoorId
    mode: DoorMode = DoorMode.CONTROLLED
    modes: tuple[TimedMode, ...] = ()
    pin: WeeklyProfile | None = None
    first_card: FirstCard | None = None
    cards_together: int = 1
    interlock: tuple[DoorId, ...] = ()
    anti_passback: AntiPassback | None = None

    def __post_init__(self) -> None:
        """Refuse what no door could follow."""
        if not 1 <= self.cards_together <= MOST_CARDS_TOGETHER:
            raise ValueError(f"cards_together must be 1 to {MOST_CARDS_TOGETHER}")
        if self.door in self.interlock:
            raise ValueError("interlock must name other doors")


@dataclass(frozen=True, slots=True)
class CardPin:
    """What a card's PIN is checked against; `duress` is the PIN that calls for help."""

    card: CardNumber
    salt: bytes = field(repr=False)
    verifier: bytes = field(repr=False)
    duress: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class PinCheck:
    """What a PIN turned out to be: right or wrong, and entered under duress or not."""

    right: bool
    duress: bool = False


@dataclass(frozen=True, slots=True)
class RuleBook:
    """All rules of a gateway's doors at a revision.

    `special_days` gives dates the weekday (Monday is 0) whose hours hold on them:
    a public holiday is a Sunday, a make-up workday a Monday.
    """

    revision: Revision = NO_RULES
    doors: tuple[DoorRules, ...] = ()
    special_days: Mapping[date, int] = field(default_factory=dict)
    pins: tuple[CardPin, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what is there twice and days of no week."""
        names = [rules.door for rules in self.doors]
        cards = [pin.card for pin in self.pins]
        for field_name, keys in (("doors", names), ("pins", cards)):
            if len(set(keys)) < len(keys):
                raise ValueError(f"{field_name} must not name anything twice")
        if not all(0 <= day < DAYS_PER_WEEK for day in self.special_days.values()):
            raise ValueError("special_days must be 0 (Monday) to 6 (Sunday)")


def holds(
    hours: WeeklyProfile, now: datetime, special_days: Mapping[date, int]
) -> bool:
    """Say whether hours hold at `now`, special days taken for the weekday they are."""
    local = now.astimezone(ZoneInfo(hours.zone))
    weekday = special_days.get(local.date(), local.weekday())
    return hours.spans(weekday, local.hour * 60 + local.minute)


def mode_at(
    rules: DoorRules, now: datetime, special_days: Mapping[date, int]
) -> DoorMode:
    """Return the mode of a door at `now`."""
    for timed in rules.modes:
        if holds(timed.hours, now, special_days):
            return timed.mode
    return rules.mode


def pin_for(card: CardNumber, pin: str, salt: bytes) -> CardPin:
    """Return what a card's new PIN will be checked against.

    The duress PIN is the PIN with its last digit raised by one (9 becomes 0).
    Raises ValueError for anything but 4 to 8 digits.
    """
    if not (
        SHORTEST_PIN <= len(pin) <= LONGEST_PIN and pin.isascii() and pin.isdecimal()
    ):
        raise ValueError(f"pin must be {SHORTEST_PIN} to {LONGEST_PIN} digits")
    duress = pin[:-1] + str((int(pin[-1]) + 1) % 10)
    return CardPin(card, salt, _derive(card, pin, salt), _derive(card, duress, salt))


def check_pin(known: CardPin, entered: str) -> PinCheck:
    """Say what an entered PIN is for a card."""
    derived = _derive(known.card, entered, known.salt)
    duress = hmac.compare_digest(derived, known.duress)
    return PinCheck(duress or hmac.compare_digest(derived, known.verifier), duress)


def _derive(card: CardNumber, pin: str, salt: bytes) -> bytes:
    return hashlib.pbkdf2_hmac(
        "sha256", f"{card.value}:{pin}".encode(), salt, _ITERATIONS, VERIFIER_SIZE
    )
