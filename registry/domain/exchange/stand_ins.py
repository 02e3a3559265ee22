"""Stand-ins: what a record is called outside, another in every month."""

import hmac
from datetime import date

LENGTH = 32


class StandIns:
    """Makes stand-ins under a key of 32 bytes that never leaves the registry.

    Within a month the same record has the same stand-in in every table, so that a
    card's authorisation and its events belong together; from month to month nothing
    follows from one about the other.
    """

    def __init__(self, key: bytes) -> None:
        """Take the key."""
        self._key = key

    def of(self, kind: str, id_: str, day: date) -> str:
        """Return the stand-in of a record: 32 hexadecimal digits of HMAC-SHA-256."""
        month = hmac.digest(self._key, f"menhu/exchange|{day:%Y-%m}".encode(), "sha256")
        return hmac.digest(month, f"{kind}|{id_}".encode(), "sha256").hex()[:LENGTH]
