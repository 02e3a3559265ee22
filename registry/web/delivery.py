"""Permits on their way: wanted, pushed, acknowledged at each door."""

from collections.abc import Iterable
from dataclasses import dataclass

from registry.domain.hardware import Delivery
from registry.domain.house import PermitView
from registry.domain.permits import FAR_FUTURE, FAR_PAST
from registry.web.timeline import masked
from registry.web.words import DELIVERIES, Badge


@dataclass(frozen=True, slots=True)
class PermitRow:
    """A permit at one door and how far it has come."""

    view: PermitView
    card: str
    badge: Badge

    @property
    def in_force(self) -> bool:
        """Whether the door said that it has the permit."""
        return self.view.delivery is Delivery.ACKNOWLEDGED

    @property
    def waits_for_door(self) -> bool:
        """Whether nothing can happen before the door comes back."""
        return not (self.in_force or self.view.door.online)

    @property
    def open_start(self) -> bool:
        """Whether the permit starts before our records."""
        return self.view.starts_at <= FAR_PAST

    @property
    def open_end(self) -> bool:
        """Whether the permit has no end yet."""
        return self.view.ends_at >= FAR_FUTURE


def permit_rows(permits: Iterable[PermitView]) -> list[PermitRow]:
    """Return permits as rows."""
    return [PermitRow(p, masked(p.card), DELIVERIES[p.delivery]) for p in permits]
