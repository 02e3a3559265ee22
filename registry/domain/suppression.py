"""Counts too small to be told: who knows the street would know who is meant."""

LEAST = 5


def told(count: int) -> int | None:
    """Return a count, or None where it is of so few that they could be recognised."""
    return count if count == 0 or count >= LEAST else None
