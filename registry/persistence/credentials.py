"""Cards as rows; a card has at most one holder at a time."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ForeignKey, Index, Select, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.domain.credential import Credential, CredentialState
from registry.persistence.rows import Moment, Record, RowNumber, Unsigned, add_rows


class CredentialRow(Record):
    """A card in a party's hands."""

    __tablename__ = "credentials"
    __table_args__ = (
        Index("ix_credentials_card", "card"),
        Index(
            "uq_credentials_live_card",
            "card",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )
    id: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    card: Mapped[int] = mapped_column(Unsigned)
    party: Mapped[str] = mapped_column(ForeignKey("parties.id"), index=True)
    state: Mapped[str]
    issued_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)


class Credentials:
    """The repository of cards."""

    def __init__(self, session: Session) -> None:
        """Work in a session."""
        self._session = session

    def add(self, holders: Iterable[tuple[int, str]], issued_at: datetime) -> None:
        """Issue cards to parties."""
        rows = [
            {
                "card": card,
                "party": party,
                "state": CredentialState.ACTIVE,
                "issued_at": issued_at,
            }
            for card, party in holders
        ]
        add_rows(self._session, CredentialRow, rows)

    def cards(self) -> set[int]:
        """Return every card ever issued."""
        return set(self._session.scalars(select(CredentialRow.card)))

    def live(self, card: int) -> Credential | None:
        """Return the credential of a card that somebody holds now."""
        query = select(CredentialRow).where(
            CredentialRow.card == card, CredentialRow.ended_at.is_(None)
        )
        row = self._session.scalar(query)
        return None if row is None else _credential(row)

    def held(self, cards: Iterable[int]) -> list[Credential]:
        """Return the credentials of the cards that somebody holds now."""
        query = select(CredentialRow).where(
            CredentialRow.card.in_(list(cards)), CredentialRow.ended_at.is_(None)
        )
        return self._all(query.order_by(CredentialRow.id))

    def of_cards(self, cards: Iterable[int]) -> list[Credential]:
        """Return every credential of the cards, the latest last."""
        query = select(CredentialRow).where(CredentialRow.card.in_(list(cards)))
        return self._all(query.order_by(CredentialRow.issued_at, CredentialRow.id))

    def of_parties(self, parties: Iterable[str]) -> list[Credential]:
        """Return every credential of the parties."""
        query = select(CredentialRow).where(CredentialRow.party.in_(list(parties)))
        return self._all(query.order_by(CredentialRow.id))

    def in_use(self, ids: Iterable[int]) -> list[Credential]:
        """Return those of some credentials whose card somebody holds now."""
        query = select(CredentialRow).where(CredentialRow.id.in_(list(ids)))
        return self._all(
            query.where(CredentialRow.ended_at.is_(None)).order_by(CredentialRow.id)
        )

    def every(self) -> list[Credential]:
        """Return all credentials."""
        return self._all(select(CredentialRow).order_by(CredentialRow.id))

    def end(self, id_: int, state: CredentialState, at: datetime) -> None:
        """Let a credential end."""
        self._session.execute(
            update(CredentialRow)
            .where(CredentialRow.id == id_)
            .values(state=state, ended_at=at)
        )

    def _all(self, query: Select[CredentialRow]) -> list[Credential]:
        return [_credential(row) for row in self._session.scalars(query)]


def _credential(row: CredentialRow) -> Credential:
    return Credential(
        row.id,
        row.card,
        row.party,
        CredentialState(row.state),
        row.issued_at,
        row.ended_at,
    )
