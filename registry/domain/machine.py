"""State machines as tables: which event leads from which state to which."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from registry.domain.errors import Conflict

S = TypeVar("S", bound=StrEnum)
E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Machine(Generic[S, E]):
    """What may happen to one kind of record; nothing that is not listed may."""

    of: str
    initial: S
    moves: Mapping[tuple[S, E], S]

    def after(self, state: S, event: E) -> S:
        """Return the state an event leads to; raises Conflict where it may not."""
        try:
            return self.moves[state, event]
        except KeyError:
            raise Conflict(
                f"{self.of} is {state}, so it cannot be {event}: "
                f"{self._what_may(state)}"
            ) from None

    def allows(self, state: S, event: E) -> bool:
        """Say whether an event may happen in a state."""
        return (state, event) in self.moves

    def final(self, state: S) -> bool:
        """Say whether nothing can happen any more."""
        return all(start != state for start, _ in self.moves)

    def _what_may(self, state: S) -> str:
        events = sorted(event for start, event in self.moves if start == state)
        return f"now it may be {' or '.join(events)}" if events else "this is final"
