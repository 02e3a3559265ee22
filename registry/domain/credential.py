"""Cards and who holds them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class CredentialState(StrEnum):
    """Where a card stands; every state but `active` is final."""

    ACTIVE = "active"
    LOST = "lost"
    CANCELLED = "cancelled"
    RETURNED = "returned"


class CardState(StrEnum):
    """What a presented card was at that moment."""

    ACTIVE = "active"
    LOST = "lost"
    CANCELLED = "cancelled"
    RETURNED = "returned"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Credential:
    """A card held by a party from `issued_at` until `ended_at`, if it has ended."""

    id: int
    card: int
    party: str
    state: CredentialState
    issued_at: datetime
    ended_at: datetime | None = None

    def state_at(self, moment: datetime) -> CardState:
        """Return what the card was at a moment."""
        if moment < self.issued_at:
            return CardState.UNKNOWN
        if self.ended_at is None or moment < self.ended_at:
            return CardState.ACTIVE
        return CardState(self.state)
