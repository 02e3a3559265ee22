"""Parties: persons and organisations, known here by an opaque id alone."""

import secrets
from dataclasses import dataclass
from enum import StrEnum


class PartyKind(StrEnum):
    """What a party is."""

    PERSON = "person"
    ORGANISATION = "organisation"


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody or some body; what they are called is in the vault."""

    id: str
    kind: PartyKind = PartyKind.PERSON


def fresh_id(prefix: str) -> str:
    """Return a new id: its prefix says what it names, the rest is chance."""
    return f"{prefix}-{secrets.token_hex(8)}"
