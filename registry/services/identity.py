"""The only door to names: whoever looks leaves an entry in the audit trail."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from registry.audit.trail import Action, Deed, record
from registry.persistence.unit_of_work import UnitOfWork
from registry.persistence.vault import Vault, VaultKey


class Identity:
    """Keeps names sealed and opens them for a named actor."""

    def __init__(self, key: bytes, clock: Callable[[], datetime]) -> None:
        """Seal with a key of 32 bytes."""
        self._key = VaultKey(key)
        self._clock = clock

    def keep(self, uow: UnitOfWork, names: Mapping[str, str]) -> None:
        """Seal the names of new parties."""
        Vault(uow.session, self._key).put(names)

    def seal(self, text: str, place: str) -> bytes:
        """Seal a text that waits to be recorded, for the one place it is kept at."""
        return self._key.seal(text, place)

    def open(self, sealed: bytes, place: str) -> str:
        """Open a text that waits to be recorded."""
        return self._key.open(sealed, place)

    def agreeing(
        self, uow: UnitOfWork, claims: Iterable[tuple[str, str]]
    ) -> frozenset[tuple[str, str]]:
        """Return those of some (party, name) that are as recorded; names stay here."""
        asked = set(claims)
        recorded = Vault(uow.session, self._key).names({party for party, _ in asked})
        return frozenset(c for c in asked if recorded.get(c[0]) == c[1])

    def nameless(self, uow: UnitOfWork, parties: Iterable[str]) -> frozenset[str]:
        """Return those of some parties whose name nobody gave."""
        asked = set(parties)
        return frozenset(asked - Vault(uow.session, self._key).named(asked))

    def forget(self, uow: UnitOfWork, parties: Iterable[str]) -> None:
        """Delete the names of parties that should not have been recorded."""
        Vault(uow.session, self._key).forget(parties)

    def reveal(
        self,
        uow: UnitOfWork,
        parties: Iterable[str],
        actor: str,
        reason: str | None = None,
    ) -> dict[str, str]:
        """Return names by party: masked, or clear when a reason is given.

        Needs a writing unit of work: every party looked at gets an audit entry.
        """
        names = Vault(uow.session, self._key).names(parties)
        reason = (reason or "").strip() or None
        action = Action.IDENTITY_REVEALED if reason else Action.IDENTITY_SEEN
        deeds = [Deed(actor, action, f"party:{p}", reason) for p in sorted(names)]
        record(uow, deeds, self._clock())
        return names if reason else {p: masked(name) for p, name in names.items()}


def masked(name: str) -> str:
    """Return the first character and a star: enough to recognise, not to tell."""
    return f"{name[:1]}*"
