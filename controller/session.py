"""The session port: one line of controllers, spoken to without any I/O.

The owner of a session feeds it what arrived and the time, and sends what it asks
to be sent. `now` is monotonic seconds throughout; wall-clock time enters only
as data.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from controller.upkeep import UpkeepCommand, UpkeepEvent
from controller.vocabulary import (
    CardNumber,
    ControllerId,
    Direction,
    Permit,
    PermitId,
    Reason,
    Revision,
)


@dataclass(frozen=True, slots=True)
class Packet:
    """Bytes and their place on the line: a topic or an address, "" on a bus."""

    data: bytes
    peer: str = ""


RENEWED = Packet(b"")
"""What a broker's transport hands over once it is subscribed, or had to drop packets:
what was published since the packet before may be lost."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the hardware does itself; whatever is missing the gateway does for it."""

    decides: bool
    stores_permits: bool
    buffers_passages: bool
    has_clock: bool


# Commands: what the gateway wants of a controller.


@dataclass(frozen=True, slots=True)
class OpenDoor:
    """Release the lock for some seconds; readers also show that they granted."""

    controller: ControllerId
    seconds: float


@dataclass(frozen=True, slots=True)
class HoldDoor:
    """Hold the lock released for some seconds, for everyone; 0 lets it fall at once.

    It ends by itself: whoever wants it longer says so again in time.
    """

    controller: ControllerId
    seconds: float


@dataclass(frozen=True, slots=True)
class ShowRefusal:
    """Tell the person at the reader that the door stays shut."""

    controller: ControllerId


@dataclass(frozen=True, slots=True)
class ApplyPermits:
    """Move a controller's permits to a revision: removals first, then the rest.

    With `snapshot`, whatever is not in `put` goes. `withdrawn` are cards that lost
    their permits while nobody could tell the controller: it may hold them still.
    """

    controller: ControllerId
    revision: Revision
    removed: tuple[PermitId, ...]
    put: tuple[Permit, ...]
    snapshot: bool = False
    withdrawn: tuple[CardNumber, ...] = ()


@dataclass(frozen=True, slots=True)
class AcknowledgePassages:
    """Let a controller forget its events up to an index: they are durable here."""

    controller: ControllerId
    epoch: int
    index: int


@dataclass(frozen=True, slots=True)
class ResumePassages:
    """Say where our durable cursor in a controller's log stands; 0, 0: nowhere yet."""

    controller: ControllerId
    epoch: int
    index: int


@dataclass(frozen=True, slots=True)
class SetClock:
    """Set a controller's clock."""

    controller: ControllerId
    at: datetime


Command = (
    OpenDoor
    | HoldDoor
    | ShowRefusal
    | ApplyPermits
    | AcknowledgePassages
    | ResumePassages
    | SetClock
    | UpkeepCommand
)

# Events: what a line reports.


class Contact(StrEnum):
    """The inputs of a door that people and doors move."""

    DOOR = "door"
    EXIT_BUTTON = "exit_button"
    TAMPER = "tamper"
    POWER = "power"
    FIRE = "fire"


@dataclass(frozen=True, slots=True)
class Online:
    """A controller answers; `secure` says whether the line is authenticated.

    Controllers that store permits name the revision and the digest they hold. A
    `log` says that the controller does not know how far we read its events, and
    waits for ResumePassages; doors of one board share one log.
    """

    controller: ControllerId
    secure: bool
    revision: Revision | None = None
    digest: bytes | None = None
    log: ControllerId | None = None


@dataclass(frozen=True, slots=True)
class Offline:
    """A controller stopped answering, and why."""

    controller: ControllerId
    cause: str


@dataclass(frozen=True, slots=True)
class CardPresented:
    """A reader saw a card and waits for our decision; bits are as they arrived."""

    controller: ControllerId
    bits: int
    length: int


@dataclass(frozen=True, slots=True)
class ContactChanged:
    """An input of the door changed its state."""

    controller: ControllerId
    contact: Contact
    active: bool


@dataclass(frozen=True, slots=True)
class PassageReported:
    """An autonomous controller decided by itself and kept this event.

    `log` names the log it is kept in, where that is not the controller's alone.
    """

    controller: ControllerId
    epoch: int
    index: int
    controller_at: datetime
    granted: bool
    reason: Reason
    card: CardNumber | None
    permit: PermitId | None
    direction: Direction
    log: ControllerId | None = None


@dataclass(frozen=True, slots=True)
class PassagesLost:
    """An autonomous controller overwrote events nobody had fetched."""

    controller: ControllerId
    epoch: int
    first: int
    last: int
    log: ControllerId | None = None


@dataclass(frozen=True, slots=True)
class NothingPassed:
    """An event in a log that is no passage of a door of ours: it only counts."""

    controller: ControllerId
    epoch: int
    index: int
    log: ControllerId | None = None


@dataclass(frozen=True, slots=True)
class PassageSeen:
    """An autonomous controller decided by itself and will not say it again.

    `controller_at` is what its clock said, when that was ever set.
    """

    controller: ControllerId
    granted: bool
    reason: Reason
    card: CardNumber | None
    permit: PermitId | None
    direction: Direction
    controller_at: datetime | None


@dataclass(frozen=True, slots=True)
class Uncertain:
    """A door may have been used unseen: its controller keeps no record we can ask for.

    Times are monotonic seconds; `since` None is when the session's owner last
    heard of the controller under an earlier session.
    """

    controller: ControllerId
    since: float | None
    until: float


@dataclass(frozen=True, slots=True)
class Watched:
    """Up to now all a controller said arrived, or was reported as `Uncertain`."""

    controller: ControllerId


@dataclass(frozen=True, slots=True)
class PermitsApplied:
    """A controller holds a revision; the digest is over all it stores."""

    controller: ControllerId
    revision: Revision
    digest: bytes


@dataclass(frozen=True, slots=True)
class ForeignCards:
    """A controller held cards that were not what we had put there."""

    controller: ControllerId
    cards: tuple[CardNumber, ...]


@dataclass(frozen=True, slots=True)
class ClockRead:
    """What a controller's clock said just now; `round_trip` is in seconds."""

    controller: ControllerId
    controller_at: datetime
    round_trip: float


@dataclass(frozen=True, slots=True)
class CommandFailed:
    """A command did not take effect; the controller itself may be well."""

    controller: ControllerId
    command: Command
    cause: str


Event = (
    Online
    | Offline
    | CardPresented
    | ContactChanged
    | PassageReported
    | PassagesLost
    | NothingPassed
    | PassageSeen
    | Uncertain
    | Watched
    | PermitsApplied
    | ForeignCards
    | ClockRead
    | CommandFailed
    | UpkeepEvent
)


USUAL_INPUTS = (Contact.DOOR, Contact.EXIT_BUTTON)
"""What is wired to a reader's inputs unless something else is said, in order."""


class Session(Protocol):
    """One line of controllers as a pure state machine."""

    def receive_data(self, packet: Packet, now: float) -> None:
        """Take what arrived; any bytes are allowed and none may raise."""

    def send(self, command: Command, now: float) -> None:
        """Queue a command; raises LocalProtocolError for an unknown controller."""

    def data_to_send(self, now: float) -> Sequence[Packet]:
        """Return what must go out now, in order; each packet is returned once."""

    def events(self) -> Sequence[Event]:
        """Return what happened since the last call."""

    def deadline(self) -> float | None:
        """Return when `on_timeout` wants to be called next."""

    def on_timeout(self, now: float) -> None:
        """Let time pass: retries, probes, polls, offline declarations."""


@dataclass(frozen=True, slots=True)
class Member:
    """One controller on a line: its address there and the key it shares with us.

    `secure` False lets a reader speak in clear; `commissioning` lets it be reached
    with the published default key, for set-up only. `next_key` is one that it may
    hold already, and `identity` what it said of itself when it was first met.
    `unlock_seconds` is told to hardware that times its lock itself; None leaves it.
    `remove_foreign` takes out cards we never put there; else they are only reported.
    `inputs` says what is wired to the inputs of a reader, from its first one on.
    """

    controller: ControllerId
    address: str
    key: bytes | None = field(default=None, repr=False)
    secure: bool = True
    commissioning: bool = False
    next_key: bytes | None = field(default=None, repr=False)
    identity: str = ""
    unlock_seconds: float | None = None
    remove_foreign: bool = False
    inputs: tuple[Contact, ...] = USUAL_INPUTS


@dataclass(frozen=True, slots=True)
class LineSettings:
    """Who is on a line, and how fast its wire is (bits per second; 0: no wire).

    `place` is our own "address:port" on a network, where devices may speak unasked.
    """

    members: tuple[Member, ...]
    baud: int = 0
    place: str = ""
