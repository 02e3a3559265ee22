"""Cards as rows; a card has at most one holder at a time."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import (
    ForeignKey,
    Index,
    Select,
    Text,
    exists,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.domain.credential import (
    ENDED,
    Credential,
    CredentialChange,
    CredentialState,
)
from registry.domain.history import Channel, Source
from registry.persistence.permits import PermitRow
from registry.persistence.rows import (
    Choice,
    Moment,
    Record,
    RowNumber,
    Unsigned,
    add_rows,
)


class CredentialRow(Record):
    """A card in a party's hands, as it is now."""

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
    state: Mapped[CredentialState] = mapped_column(Choice(CredentialState))
    issued_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)


class CredentialChangeRow(Record):
    """A card came to another state; appended, never changed.

    A credential without changes is in force since it was issued.
    """

    __tablename__ = "credential_changes"
    number: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    credential: Mapped[int] = mapped_column(ForeignKey("credentials.id"), index=True)
    state: Mapped[CredentialState] = mapped_column(Choice(CredentialState))
    at: Mapped[datetime] = mapped_column(Moment)
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    reason: Mapped[str | None] = mapped_column(Text)
    successor: Mapped[int | None] = mapped_column(ForeignKey("credentials.id"))
    actor: Mapped[str]
    channel: Mapped[Channel] = mapped_column(Choice(Channel))


_PERMITTED = exists().where(PermitRow.card == CredentialRow.card)


@dataclass(frozen=True, slots=True)
class Recorded:
    """Who recorded a change, when, and why."""

    source: Source
    at: datetime
    reason: str | None = None


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

    def idle(self) -> list[Credential]:
        """Return the cards in force that no permit is published for."""
        active = CredentialRow.state == CredentialState.ACTIVE
        query = select(CredentialRow).where(active, ~_PERMITTED)
        return self._all(query.order_by(CredentialRow.id))

    def woken(self) -> list[Credential]:
        """Return the expired cards that a permit is published for again."""
        expired = CredentialRow.state == CredentialState.EXPIRED
        query = select(CredentialRow).where(expired, _PERMITTED)
        return self._all(query.order_by(CredentialRow.id))

    def issue(self, card: int, party: str, recorded: Recorded) -> Credential:
        """Bind a card to a party; it opens nothing yet."""
        row = CredentialRow(
            card=card,
            party=party,
            state=CredentialState.ISSUED,
            issued_at=recorded.at,
        )
        self._session.add(row)
        self._session.flush()
        change = CredentialChange(CredentialState.ISSUED, recorded.at)
        self._append(row.id, change, recorded)
        return _credential(row)

    def change(self, id_: int, change: CredentialChange, recorded: Recorded) -> None:
        """Let a credential come to another state."""
        ended_at = change.at if change.state in ENDED else None
        self._session.execute(
            update(CredentialRow)
            .where(CredentialRow.id == id_)
            .values(state=change.state, ended_at=ended_at)
        )
        self._append(id_, change, recorded)

    def with_changes(self, credentials: Collection[Credential]) -> list[Credential]:
        """Return credentials with every change of theirs, for questions of the past."""
        row = CredentialChangeRow
        query = select(row.credential, row.state, row.at, row.successor)
        query = query.where(row.credential.in_([c.id for c in credentials]))
        changes: dict[int, list[CredentialChange]] = defaultdict(list)
        made = self._session.execute(query.order_by(row.number))
        for id_, state, at, successor in made:
            changes[id_].append(CredentialChange(state, at, successor))
        return [replace(c, changes=tuple(changes[c.id])) for c in credentials]

    def _append(self, id_: int, change: CredentialChange, recorded: Recorded) -> None:
        row = {
            "credential": id_,
            "state": change.state,
            "at": change.at,
            "recorded_at": recorded.at,
            "reason": recorded.reason,
            "successor": change.successor,
            "actor": recorded.source.actor,
            "channel": recorded.source.channel,
        }
        add_rows(self._session, CredentialChangeRow, [row])

    def _all(self, query: Select[CredentialRow]) -> list[Credential]:
        return [_credential(row) for row in self._session.scalars(query)]


def _credential(row: CredentialRow) -> Credential:
    return Credential(
        row.id,
        row.card,
        row.party,
        row.state,
        row.issued_at,
        row.ended_at,
    )
