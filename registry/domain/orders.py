"""Orders to open a door from afar: short-lived, each handed out once."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from controller.uplink.messages import LONGEST_ORDER, OrderOutcome
from registry.domain.errors import TooSoon

LIFE = timedelta(seconds=LONGEST_ORDER)
SHORTEST_LIFE = timedelta(seconds=1)
"""What an order must still have when it is handed out: the wire counts seconds."""
ANSWER_TIME = timedelta(seconds=20)
"""How long after its end the outcome of an order may still be on its way."""
PER_MINUTE, MINUTE = 6, timedelta(minutes=1)
"""A door opens for one visitor after the other, not for whoever plays with it."""


class OrderState(StrEnum):
    """Where an order stands; from `done` on it stays as it is."""

    WAITING = "waiting"
    HANDED_OUT = "handed_out"
    DONE = "done"
    LATE = "late"
    OFFLINE = "offline"
    FAILED = "failed"
    UNANSWERED = "unanswered"


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """An order to open a door once: who gave it, why, and what became of it."""

    number: int
    door: str
    gateway: str
    by: str
    reason: str
    created_at: datetime
    expires_at: datetime
    handed_at: datetime | None = None
    outcome: OrderOutcome | None = None
    answered_at: datetime | None = None

    def state(self, now: datetime) -> OrderState:
        """Return where the order stands at `now`."""
        if self.outcome is not None:
            return OrderState(self.outcome)
        if self.handed_at is None:
            usable = now <= self.expires_at - SHORTEST_LIFE
            return OrderState.WAITING if usable else OrderState.LATE
        answerable = now < self.expires_at + ANSWER_TIME
        return OrderState.HANDED_OUT if answerable else OrderState.UNANSWERED


SETTLED = frozenset(OrderState) - {OrderState.WAITING, OrderState.HANDED_OUT}


def check_pace(recent: Iterable[OpenOrder], now: datetime) -> None:
    """Raise TooSoon when a door has an order under way or had many of them."""
    orders = list(recent)
    if any(order.outcome is None and now < order.expires_at for order in orders):
        raise TooSoon("an order for this door is under way", LONGEST_ORDER)
    within = sorted(o.created_at for o in orders if now - o.created_at < MINUTE)
    if len(within) >= PER_MINUTE:
        wait = within[-PER_MINUTE] + MINUTE - now
        raise TooSoon(
            f"this door was opened {PER_MINUTE} times in a minute",
            max(1, int(wait.total_seconds()) + 1),
        )
