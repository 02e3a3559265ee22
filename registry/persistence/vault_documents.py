"""Numbers of documents and telephones, sealed, and what to find a holder by.

A row is superseded, never changed: what somebody showed once stays on record until
its retention ends.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.domain.history import Channel, Source
from registry.domain.identifiers.kinds import (
    Absence,
    DocumentKind,
    Doubt,
    Verification,
)
from registry.domain.identifiers.phone import Line
from registry.domain.identity_documents import IdentityDocument, Telephone
from registry.domain.parties import fresh_id
from registry.persistence.rows import Choice, Choices, Moment, Record, add_rows
from registry.persistence.vault import IndexKey, VaultKey

LIVE_HOLDER = text("superseded_at IS NULL AND holds")


class DocumentRow(Record):
    """A document; `holds` marks the one live document that its number counts for."""

    __tablename__ = "identity_documents"
    __table_args__ = (
        Index(
            "uq_identity_documents_holder",
            "kind",
            "issuing_state",
            "blind_index",
            unique=True,
            sqlite_where=LIVE_HOLDER,
            postgresql_where=LIVE_HOLDER,
        ),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    party: Mapped[str] = mapped_column(ForeignKey("parties.id"), index=True)
    kind: Mapped[DocumentKind] = mapped_column(Choice(DocumentKind))
    issuing_state: Mapped[str]
    key: Mapped[str]
    number: Mapped[bytes | None] = mapped_column(LargeBinary)
    blind_index: Mapped[bytes | None] = mapped_column(LargeBinary)
    holds: Mapped[bool]
    expires: Mapped[date | None]
    verification: Mapped[Verification] = mapped_column(Choice(Verification))
    doubts: Mapped[frozenset[Doubt]] = mapped_column(Choices(Doubt))
    absence: Mapped[Absence | None] = mapped_column(Choice(Absence))
    until: Mapped[date | None]
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    superseded_at: Mapped[datetime | None] = mapped_column(Moment)
    actor: Mapped[str]
    channel: Mapped[Channel] = mapped_column(Choice(Channel))


class TelephoneRow(Record):
    """A telephone of a party; it has no index, for nobody is found by it."""

    __tablename__ = "telephones"
    id: Mapped[str] = mapped_column(primary_key=True)
    party: Mapped[str] = mapped_column(ForeignKey("parties.id"), index=True)
    key: Mapped[str]
    number: Mapped[bytes] = mapped_column(LargeBinary)
    line: Mapped[Line] = mapped_column(Choice(Line))
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    superseded_at: Mapped[datetime | None] = mapped_column(Moment)
    actor: Mapped[str]
    channel: Mapped[Channel] = mapped_column(Choice(Channel))


@dataclass(frozen=True, slots=True)
class KeptDocument:
    """A live document and the id of its row."""

    id: str
    content: IdentityDocument


@dataclass(frozen=True, slots=True)
class Keys:
    """What numbers are sealed with, and what their index is made with."""

    vault: VaultKey
    index: IndexKey


class DocumentVault:
    """The repository of documents and telephones, by party."""

    def __init__(self, session: Session, keys: Keys) -> None:
        """Work in a session with both keys."""
        self._session = session
        self._keys = keys

    def documents(self, party: str) -> list[KeptDocument]:
        """Return the live documents of a party, opened, the first recorded first."""
        query = select(DocumentRow).where(
            DocumentRow.party == party, DocumentRow.superseded_at.is_(None)
        )
        rows = self._session.scalars(
            query.order_by(DocumentRow.recorded_at, DocumentRow.id)
        )
        return [self._opened(row) for row in rows]

    def holders(self, document: IdentityDocument) -> list[str]:
        """Return the parties that have a live document of the same index."""
        if document.indexed is None:
            return []
        query = select(DocumentRow.party).where(
            DocumentRow.kind == document.kind,
            DocumentRow.issuing_state == (document.issuing_state or ""),
            DocumentRow.blind_index == self._keys.index.of(document.indexed),
            DocumentRow.superseded_at.is_(None),
        )
        return list(self._session.scalars(query.order_by(DocumentRow.id)))

    def add(
        self,
        party: str,
        documents: Iterable[tuple[IdentityDocument, bool]],
        source: Source,
        now: datetime,
    ) -> None:
        """Seal documents, each with whether its number counts for this party."""
        rows = [
            self._sealed(fresh_id("D"), party, document, holds=holds)
            | _recorded(source, now)
            for document, holds in documents
        ]
        add_rows(self._session, DocumentRow, rows)

    def supersede(self, ids: Sequence[str], now: datetime) -> None:
        """Let documents end."""
        self._session.execute(
            update(DocumentRow)
            .where(DocumentRow.id.in_(ids))
            .values(superseded_at=now, holds=False)
        )

    def telephones(self, party: str) -> list[Telephone]:
        """Return the telephones of a party, opened, the first recorded first."""
        query = select(TelephoneRow).where(
            TelephoneRow.party == party, TelephoneRow.superseded_at.is_(None)
        )
        rows = self._session.scalars(
            query.order_by(TelephoneRow.recorded_at, TelephoneRow.id)
        )
        place = "telephones|number|{}".format
        return [
            Telephone(self._keys.vault.open(row.number, place(row.id)), row.line)
            for row in rows
        ]

    def replace_telephones(
        self, party: str, telephones: Iterable[Telephone], source: Source, now: datetime
    ) -> None:
        """Let the telephones of a party be these."""
        live = (TelephoneRow.party == party, TelephoneRow.superseded_at.is_(None))
        self._session.execute(
            update(TelephoneRow).where(*live).values(superseded_at=now)
        )
        rows = []
        for telephone in telephones:
            id_ = fresh_id("L")
            sealed = self._keys.vault.seal(telephone.number, f"telephones|number|{id_}")
            rows.append(
                {
                    "id": id_,
                    "party": party,
                    "key": self._keys.vault.id,
                    "number": sealed,
                    "line": telephone.line,
                }
                | _recorded(source, now)
            )
        add_rows(self._session, TelephoneRow, rows)

    def _sealed(
        self, id_: str, party: str, document: IdentityDocument, *, holds: bool
    ) -> dict[str, object]:
        number, indexed = document.number, document.indexed
        sealed = None if number is None else self._keys.vault.seal(number, _place(id_))
        return {
            "id": id_,
            "party": party,
            "kind": document.kind,
            "issuing_state": document.issuing_state or "",
            "key": self._keys.vault.id,
            "number": sealed,
            "blind_index": None if indexed is None else self._keys.index.of(indexed),
            "holds": holds and indexed is not None,
            "expires": document.expires,
            "verification": document.verification,
            "doubts": document.doubts,
            "absence": document.absence,
            "until": document.until,
        }

    def _opened(self, row: DocumentRow) -> KeptDocument:
        sealed, place = row.number, _place(row.id)
        number = None if sealed is None else self._keys.vault.open(sealed, place)
        return KeptDocument(
            row.id,
            IdentityDocument(
                kind=row.kind,
                number=number,
                issuing_state=row.issuing_state or None,
                expires=row.expires,
                verification=row.verification,
                doubts=row.doubts,
                absence=row.absence,
                until=row.until,
            ),
        )


def _place(id_: str) -> str:
    return f"identity_documents|number|{id_}"


def _recorded(source: Source, now: datetime) -> dict[str, object]:
    return {
        "recorded_at": now,
        "superseded_at": None,
        "actor": source.actor,
        "channel": source.channel,
    }
