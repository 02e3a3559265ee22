"""The words every part speaks: cards, doors, permits, passages."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

from controller.schedule import Validity, WeeklyProfile

DoorId = NewType("DoorId", str)
ControllerId = NewType("ControllerId", str)
GatewayId = NewType("GatewayId", str)
PermitId = NewType("PermitId", int)
Revision = NewType("Revision", int)

LARGEST_CARD_NUMBER = 2**64 - 1


@dataclass(frozen=True, slots=True, order=True)
class CardNumber:
    """A number a reader reports and the registry allocated; never a name."""

    value: int

    def __post_init__(self) -> None:
        """Refuse what no card can carry."""
        if not 0 < self.value <= LARGEST_CARD_NUMBER:
            raise ValueError(f"card number must be 1 to {LARGEST_CARD_NUMBER}")

    def __str__(self) -> str:
        """Show the last four digits only: enough to recognise, not to copy."""
        return f"…{self.value % 10_000:04d}"


class Reason(StrEnum):
    """Why a door opened or stayed shut."""

    PERMIT = "permit"
    UNKNOWN_CARD = "unknown_card"
    OTHER_DOOR = "other_door"
    NOT_YET_VALID = "not_yet_valid"
    ENDED = "ended"
    OUTSIDE_HOURS = "outside_hours"
    UNREADABLE_CARD = "unreadable_card"
    EXIT_REQUEST = "exit_request"
    REMOTE_OPEN = "remote_open"
    SUPERVISOR_CODE = "supervisor_code"
    WRONG_PIN = "wrong_pin"
    ANTI_PASSBACK = "anti_passback"
    MORE_CARDS = "more_cards"
    FIRST_CARD = "first_card"
    INTERLOCK = "interlock"
    HELD_SHUT = "held_shut"
    CONTROLLER_RULE = "controller_rule"
    PIN_NEEDED = "pin_needed"
    FREE_PASSAGE = "free_passage"
    PASSBACK_NOTED = "passback_noted"


class Direction(StrEnum):
    """Which way the person went, as far as the hardware knows."""

    ENTRY = "entry"
    EXIT = "exit"


@dataclass(frozen=True, slots=True)
class Permit:
    """One card may open one door while its validity and its hours say so."""

    id: PermitId
    card: CardNumber
    door: DoorId
    validity: Validity
    profile: WeeklyProfile | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to a tap, with the permit and the reason it rests on."""

    granted: bool
    reason: Reason
    permit: PermitId | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an autonomous controller keeps this event: its epoch and index."""

    controller: ControllerId
    epoch: int
    index: int


@dataclass(frozen=True, slots=True)
class Passage:
    """One person passed a door or was refused; who it was is not known here.

    `at` is our best estimate in UTC; `uncertainty` is in seconds; `controller_at`
    is what the controller's own clock said, when it has one.
    """

    door: DoorId
    at: datetime
    granted: bool
    reason: Reason
    card: CardNumber | None = None
    permit: PermitId | None = None
    direction: Direction = Direction.ENTRY
    origin: Origin | None = None
    controller_at: datetime | None = None
    uncertainty: float = 0.0


@dataclass(frozen=True, slots=True)
class Gap:
    """Events a controller no longer holds: known to be missing, never guessed."""

    controller: ControllerId
    epoch: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Unwatched:
    """A span of time, in UTC, in which a door may have been used unseen.

    Its controller numbers no events, so nobody can say whether any are missing.
    """

    controller: ControllerId
    since: datetime
    until: datetime


class AlarmKind(StrEnum):
    """What may be wrong with a door."""

    FORCED_OPEN = "forced_open"
    HELD_OPEN = "held_open"
    TAMPER = "tamper"
    READER_LOST = "reader_lost"
    POWER = "power"
    DURESS = "duress"
    FIRE = "fire"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class AlarmChange:
    """An alarm was raised at a door or, with `cleared_at`, is over.

    Door, kind and `raised_at` name the alarm, so that its end can be understood
    even where its beginning is not known.
    """

    door: DoorId
    kind: AlarmKind
    raised_at: datetime
    cleared_at: datetime | None = None


Entry = Passage | Gap | Unwatched | AlarmChange
