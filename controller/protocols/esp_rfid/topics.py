"""Where an esp-rfid device speaks and listens, and how the configuration names it.

An address is "TOPIC", a topic no other device has, or "hostname@TOPIC".
"""

from dataclasses import dataclass
from enum import StrEnum

LONGEST_TOPIC = 64
MOST_LEVELS = 3
WILDCARDS = frozenset("+#")


class Branch(StrEnum):
    """The last level of a topic; `tag` replaces part of `send` with Home Assistant."""

    SEND = "send"
    TAG = "tag"
    COMMAND = "cmd"


FILTERS = tuple(
    "/".join(["+"] * levels + [branch])
    for branch in (Branch.SEND, Branch.TAG)
    for levels in range(1, MOST_LEVELS + 1)
)
"""TOPIC is free text in the device's settings: up to three levels are listened to."""


@dataclass(frozen=True, slots=True)
class Place:
    """A device's topic, and its hostname where several share the topic."""

    topic: str
    hostname: str | None

    def branch(self, branch: Branch) -> str:
        """Return one of the device's topics."""
        return f"{self.topic}/{branch}"


def read_address(address: str) -> Place:
    """Read an address, or raise ValueError."""
    hostname, at, topic = address.rpartition("@")
    if not 1 <= len(topic) <= LONGEST_TOPIC or not address.isprintable():
        raise ValueError(f"topic must be 1 to {LONGEST_TOPIC} printable characters")
    if WILDCARDS & set(topic) or topic.startswith("$"):
        raise ValueError(f"topic {topic!r} must not hold + or #, nor begin with $")
    if topic.count("/") >= MOST_LEVELS:
        raise ValueError(f"topic {topic!r} must have at most {MOST_LEVELS} levels")
    if at and not hostname:
        raise ValueError("a hostname stands before the @")
    return Place(topic, hostname if at else None)
