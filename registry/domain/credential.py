"""Cards and who holds them: bound, suspended on a loss, given back, replaced."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from registry.domain.machine import Machine


class CredentialState(StrEnum):
    """Where a card in somebody's name stands."""

    BLANK = "blank"
    """Bound to nobody: before it was bound, and after the binding was undone."""
    ISSUED = "issued"
    """Bound, and not yet in its holder's hands: it opens nothing."""
    ACTIVE = "active"
    SUSPENDED = "suspended"
    """Reported lost; it opens again once it is found."""
    EXPIRED = "expired"
    """Its holder has no door left to open; it works again with the next stay."""
    LOST = "lost"
    """Given up as lost: it is not used again, even when it is found."""
    CANCELLED = "cancelled"
    RETURNED = "returned"


class CredentialEvent(StrEnum):
    """What may happen to a card."""

    BOUND = "bound"
    ACTIVATED = "activated"
    LOSS_REPORTED = "loss_reported"
    FOUND = "found"
    EXPIRED = "expired"
    EXTENDED = "extended"
    UNBOUND = "unbound"
    GIVEN_UP = "given_up"
    CANCELLED = "cancelled"
    RETURNED = "returned"


_S, _E = CredentialState, CredentialEvent
_HELD = (_S.ISSUED, _S.ACTIVE, _S.SUSPENDED, _S.EXPIRED)

CREDENTIALS: Machine[CredentialState, CredentialEvent] = Machine(
    "the card",
    _S.BLANK,
    {
        (_S.BLANK, _E.BOUND): _S.ISSUED,
        (_S.ISSUED, _E.ACTIVATED): _S.ACTIVE,
        (_S.ISSUED, _E.UNBOUND): _S.BLANK,
        (_S.ACTIVE, _E.LOSS_REPORTED): _S.SUSPENDED,
        (_S.ACTIVE, _E.EXPIRED): _S.EXPIRED,
        (_S.ACTIVE, _E.UNBOUND): _S.BLANK,
        (_S.SUSPENDED, _E.FOUND): _S.ACTIVE,
        (_S.EXPIRED, _E.EXTENDED): _S.ACTIVE,
        (_S.EXPIRED, _E.LOSS_REPORTED): _S.SUSPENDED,
        (_S.EXPIRED, _E.UNBOUND): _S.BLANK,
        **{(state, _E.GIVEN_UP): _S.LOST for state in _HELD},
        **{(state, _E.CANCELLED): _S.CANCELLED for state in _HELD},
        **{(state, _E.RETURNED): _S.RETURNED for state in _HELD},
    },
)

OPENING = frozenset({_S.ACTIVE, _S.EXPIRED})
"""A card that expired opens by itself when its holder may open a door again."""
ENDED = frozenset({_S.BLANK, _S.LOST, _S.CANCELLED, _S.RETURNED})
"""The states in which nobody holds the card any more."""


class CardState(StrEnum):
    """What a presented card was at that moment."""

    ACTIVE = "active"
    ISSUED = "issued"
    EXPIRED = "expired"
    LOST = "lost"
    CANCELLED = "cancelled"
    RETURNED = "returned"
    BLANK = "blank"
    UNKNOWN = "unknown"


PRESENTED: Mapping[CredentialState, CardState] = {
    state: CardState.LOST if state is _S.SUSPENDED else CardState(state) for state in _S
}
"""A loss that was only reported and one that was given up look alike at a door."""
WITHDRAWN = frozenset({CardState.LOST, CardState.CANCELLED})
"""A card that is presented all the same is worth a warning."""


@dataclass(frozen=True, slots=True)
class CredentialChange:
    """A card came to a state at a moment; `successor` is the card in its place."""

    state: CredentialState
    at: datetime
    successor: int | None = None


@dataclass(frozen=True, slots=True)
class Credential:
    """A card held by a party from `issued_at` until `ended_at`, if it has ended.

    `changes` are those after it was issued, the first made first; whoever asks only
    for the present does without them.
    """

    id: int
    card: int
    party: str
    state: CredentialState
    issued_at: datetime
    ended_at: datetime | None = None
    changes: tuple[CredentialChange, ...] = ()

    def state_at(self, moment: datetime) -> CardState:
        """Return what the card was at a moment."""
        if moment < self.issued_at:
            return CardState.UNKNOWN
        if self.ended_at is not None and self.ended_at <= moment:
            return PRESENTED[self.state]
        made = [change.state for change in self.changes if change.at <= moment]
        return PRESENTED[made[-1]] if made else CardState.ACTIVE

    @property
    def opens(self) -> bool:
        """Say whether doors open for it while its holder may open them."""
        return self.state in OPENING
