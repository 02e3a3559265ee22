"""Where the messages of a smart door travel on the broker."""

from enum import StrEnum

PREFIX = "menhu/door/"
LONGEST_DEVICE = 64
WILDCARDS = frozenset("/+#")
ONLINE, OFFLINE = b"online", b"offline"
"""What the retained `state` topic holds: set on connecting and by the last will."""
CONTEXT = b"menhu/door|"


class Direction(StrEnum):
    """The last level of a topic; only `state` is retained and in clear."""

    UP = "up"
    DOWN = "down"
    STATE = "state"


GATEWAY_FILTERS = (f"{PREFIX}+/{Direction.UP}", f"{PREFIX}+/{Direction.STATE}")


def topic(device: str, direction: Direction) -> str:
    """Return a topic of a device, or raise ValueError for an unfit name."""
    if not 1 <= len(device) <= LONGEST_DEVICE or not device.isprintable():
        raise ValueError(f"device must be 1 to {LONGEST_DEVICE} printable characters")
    if WILDCARDS & set(device):
        raise ValueError(f"device {device!r} must not hold any of / + #")
    return f"{PREFIX}{device}/{direction}"


def context(place: str) -> bytes:
    """Return what ties a message to its topic, so that none can be moved."""
    return CONTEXT + place.encode()
