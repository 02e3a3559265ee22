"""The messages between a smart door and its gateway.

`command` is the number of the message that first carried a command; repeats and
answers name it again.
"""

from dataclasses import dataclass
from datetime import datetime

from controller.vocabulary import (
    CardNumber,
    Direction,
    Permit,
    PermitId,
    Reason,
    Revision,
)


@dataclass(frozen=True, slots=True)
class Record:
    """One movement or refusal as the door keeps it; the index is its place."""

    at: datetime
    granted: bool
    reason: Reason
    card: CardNumber | None = None
    permit: PermitId | None = None
    direction: Direction = Direction.ENTRY


# From the door to the gateway.


@dataclass(frozen=True, slots=True)
class Hello:
    """The door begins to speak under a new boot nonce, or was called.

    `heard` is the highest number it took from the gateway under this nonce;
    `acknowledged` and `last` are record indexes.
    """

    heard: int
    epoch: int
    acknowledged: int
    last: int
    revision: Revision
    digest: bytes
    clock: datetime
    opened: bool
    tampered: bool
    firmware: str


@dataclass(frozen=True, slots=True)
class Events:
    """Consecutive records from index `first`; those before `oldest` are gone."""

    epoch: int
    oldest: int
    first: int
    records: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class Applied:
    """The door holds a revision; the digest is over every permit it stores."""

    command: int
    revision: Revision
    digest: bytes


@dataclass(frozen=True, slots=True)
class Challenge:
    """A nonce that one Open may use within five seconds."""

    command: int
    nonce: bytes


@dataclass(frozen=True, slots=True)
class Result:
    """How a command ended; `cause` is "ok" when it took effect."""

    command: int
    ok: bool
    cause: str


@dataclass(frozen=True, slots=True)
class Status:
    """The door lives; `answers` is the nonce of the Ping that asked, if one did."""

    answers: bytes | None
    clock: datetime
    opened: bool
    tampered: bool


# From the gateway to the door.


@dataclass(frozen=True, slots=True)
class Permits:
    """One part of a change from `base` to `revision`; a snapshot replaces all."""

    command: int
    part: int
    parts: int
    base: Revision
    revision: Revision
    snapshot: bool
    removed: tuple[PermitId, ...]
    put: tuple[Permit, ...]


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """Records of an epoch up to an index are durable at the gateway."""

    epoch: int
    upto: int


@dataclass(frozen=True, slots=True)
class ChallengeRequest:
    """The gateway wants to open and asks for a nonce."""

    command: int


@dataclass(frozen=True, slots=True)
class Open:
    """Release the lock; good once, and only with a fresh nonce of the door."""

    command: int
    nonce: bytes
    milliseconds: int


@dataclass(frozen=True, slots=True)
class SetClock:
    """Set the door's clock."""

    command: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Ping:
    """Answer with a Status that names this nonce."""

    nonce: bytes


UpMessage = Hello | Events | Applied | Challenge | Result | Status
DownMessage = Permits | Acknowledge | ChallengeRequest | Open | SetClock | Ping
Message = UpMessage | DownMessage
