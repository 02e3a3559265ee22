"""What all parts of one gateway share."""

from dataclasses import dataclass, field

from controller.vocabulary import GatewayId
from gateway.clock import Clock
from gateway.counters import Counters
from gateway.doors import Doors


@dataclass(frozen=True, slots=True)
class Site:
    """One gateway: its name, its doors, its time, its counts."""

    gateway: GatewayId
    doors: Doors
    clock: Clock
    counters: Counters = field(default_factory=Counters)
