"""The messages between a gateway and the registry."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from controller.door_rules import RuleBook
from controller.vocabulary import DoorId, GatewayId, Permit, PermitId, Revision

HASH_SIZE = 32
NONCE_SIZE = 16
LONGEST_ORDER = 5
"""Seconds an order to open a door may live."""
GENESIS = bytes(HASH_SIZE)
"""What the first line of a gateway's very first epoch is chained to."""


@dataclass(frozen=True, slots=True)
class PassageBatch:
    """Consecutive lines of one epoch of a gateway's record, encoded and chained.

    `previous` is the chain hash before `first`. `after_loss` says that the gateway
    no longer holds what came before `first` and knows that it is missing.
    """

    gateway: GatewayId
    epoch: int
    first: int
    previous: bytes
    entries: tuple[bytes, ...]
    after_loss: bool = False

    @property
    def last(self) -> int:
        """The sequence number of the last line."""
        return self.first + len(self.entries) - 1


@dataclass(frozen=True, slots=True)
class Receipt:
    """The registry has committed everything of an epoch up to a line.

    `chain` is the chain hash there. A gateway that sent lines beyond `upto + 1`
    learns from it where to go on.
    """

    gateway: GatewayId
    epoch: int
    upto: int
    chain: bytes


@dataclass(frozen=True, slots=True)
class PermitRequest:
    """A gateway asks for what changed after the revision and digest it holds.

    `wait` is how many seconds the registry may keep the question open.
    """

    gateway: GatewayId
    after: Revision
    digest: bytes
    wait: int = 0


@dataclass(frozen=True, slots=True)
class PermitDelta:
    """What changed from `base` to `revision`; the digest is of the whole set after.

    An empty delta (revision equal to base) says that nothing changed in time.
    """

    gateway: GatewayId
    base: Revision
    revision: Revision
    removed: tuple[PermitId, ...]
    put: tuple[Permit, ...]
    digest: bytes


@dataclass(frozen=True, slots=True)
class PermitSnapshot:
    """Every permit of a gateway at a revision."""

    gateway: GatewayId
    revision: Revision
    permits: tuple[Permit, ...]
    digest: bytes


@dataclass(frozen=True, slots=True)
class DoorReport:
    """How one door is: reachable, authenticated, and which permits are in force.

    `clock_offset` is the controller's clock minus ours, in seconds.
    """

    door: DoorId
    online: bool
    secure: bool
    acknowledged: Revision
    open: bool | None = None
    tampered: bool = False
    clock_offset: float | None = None


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A gateway lives; `doors` holds what changed, or all of them from time to time.

    `number` rises with every heartbeat; `outbox` counts passages without a receipt.
    """

    gateway: GatewayId
    number: int
    at: datetime
    software: str
    outbox: int
    doors: tuple[DoorReport, ...]


@dataclass(frozen=True, slots=True)
class RulesRequest:
    """A gateway asks for the rules of its doors when they are newer than `after`."""

    gateway: GatewayId
    after: Revision
    wait: int = 0


@dataclass(frozen=True, slots=True)
class DoorRuleBook:
    """The rules of a gateway's doors; of the revision asked from, nothing changed."""

    gateway: GatewayId
    book: RuleBook


class OrderOutcome(StrEnum):
    """What became of an order: the lock was released, or why it was not."""

    DONE = "done"
    LATE = "late"
    OFFLINE = "offline"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class OrderResult:
    """What became of the order that `nonce` names."""

    nonce: bytes
    outcome: OrderOutcome


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """A gateway asks for orders and tells what became of those it had.

    An answer repeats `nonce`, which is fresh each time: an old one opens nothing.
    """

    gateway: GatewayId
    nonce: bytes
    wait: int = 0
    results: tuple[OrderResult, ...] = ()


@dataclass(frozen=True, slots=True)
class DoorOrder:
    """Open a door once, within `lives` seconds; who wants it and why stays here."""

    nonce: bytes
    door: DoorId
    lives: int


@dataclass(frozen=True, slots=True)
class DoorOrders:
    """The orders for a gateway's doors, each handed out once."""

    gateway: GatewayId
    nonce: bytes
    orders: tuple[DoorOrder, ...]


@dataclass(frozen=True, slots=True)
class CommissioningReport:
    """A gateway hands in the record of a reader's commissioning, as it was signed."""

    gateway: GatewayId
    record: bytes


@dataclass(frozen=True, slots=True)
class CommissioningReceipt:
    """The registry has committed the record that `digest` (SHA-256) names."""

    gateway: GatewayId
    digest: bytes


Message = (
    PassageBatch
    | Receipt
    | PermitRequest
    | PermitDelta
    | PermitSnapshot
    | Heartbeat
    | RulesRequest
    | DoorRuleBook
    | OrderRequest
    | DoorOrders
    | CommissioningReport
    | CommissioningReceipt
)


def link(previous: bytes, entry: bytes) -> bytes:
    """Return the chain hash after one more line."""
    return hashlib.sha256(previous + entry).digest()


def chain(previous: bytes, entries: Iterable[bytes]) -> bytes:
    """Return the chain hash after several lines."""
    for entry in entries:
        previous = link(previous, entry)
    return previous
