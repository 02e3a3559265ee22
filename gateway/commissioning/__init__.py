"""Bringing a reader into service: found, given its key, tested, and on record."""
