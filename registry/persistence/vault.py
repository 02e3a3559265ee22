"""Names, sealed: AES-256-GCM, tied to their table, column, row and key."""

import hashlib
import hmac
import os
from collections.abc import Iterable, Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import ForeignKey, LargeBinary, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.domain.errors import InstallationFault
from registry.persistence.rows import Record, add_rows

NONCE_SIZE = 12


class IdentityRow(Record):
    """A sealed name and the key it is sealed with."""

    __tablename__ = "identities"
    party: Mapped[str] = mapped_column(ForeignKey("parties.id"), primary_key=True)
    key: Mapped[str]
    name: Mapped[bytes] = mapped_column(LargeBinary)


class VaultKey:
    """A key of 32 bytes and the id that names it beside what it sealed."""

    def __init__(self, key: bytes) -> None:
        """Take the key; its id says nothing about it."""
        self.id = hashlib.sha256(b"menhu/vault-key-id" + key).hexdigest()[:16]
        self._cipher = AESGCM(key)

    def seal(self, text: str, place: str) -> bytes:
        """Seal a text for one place."""
        nonce = os.urandom(NONCE_SIZE)
        bound = f"{place}|{self.id}".encode()
        return nonce + self._cipher.encrypt(nonce, text.encode(), bound)

    def open(self, sealed: bytes, place: str) -> str:
        """Open what was sealed for this place with this key."""
        nonce, body = sealed[:NONCE_SIZE], sealed[NONCE_SIZE:]
        try:
            clear = self._cipher.decrypt(nonce, body, f"{place}|{self.id}".encode())
        except (InvalidTag, ValueError) as error:
            raise InstallationFault(
                "a sealed text does not open: the vault key or the record was changed"
            ) from error
        return clear.decode()


class IndexKey:
    """A key of 32 bytes that equal numbers are found by, and nothing is opened with."""

    def __init__(self, key: bytes) -> None:
        """Take the key, which is not the one that seals."""
        self._key = key

    def of(self, text: str) -> bytes:
        """Return the keyed digest of a text: 32 bytes of HMAC-SHA-256."""
        return hmac.digest(self._key, b"menhu/blind-index|" + text.encode(), "sha256")


class Vault:
    """The repository of sealed names."""

    def __init__(self, session: Session, key: VaultKey) -> None:
        """Work in a session with a key."""
        self._session = session
        self._key = key

    def put(self, names: Mapping[str, str]) -> None:
        """Seal the names of parties."""
        rows = [
            {
                "party": party,
                "key": self._key.id,
                "name": self._key.seal(name, _place(party)),
            }
            for party, name in names.items()
        ]
        add_rows(self._session, IdentityRow, rows)

    def named(self, parties: Iterable[str]) -> set[str]:
        """Return those of some parties that have a name."""
        query = select(IdentityRow.party).where(IdentityRow.party.in_(list(parties)))
        return set(self._session.scalars(query))

    def forget(self, parties: Iterable[str]) -> None:
        """Delete the names of parties."""
        those = IdentityRow.party.in_(list(parties))
        self._session.execute(delete(IdentityRow).where(those))

    def names(self, parties: Iterable[str]) -> dict[str, str]:
        """Return the names of parties, of those that have one."""
        query = select(IdentityRow).where(IdentityRow.party.in_(list(parties)))
        return {
            row.party: self._key.open(row.name, _place(row.party))
            for row in self._session.scalars(query)
        }


def _place(party: str) -> str:
    return f"identities|name|{party}"
