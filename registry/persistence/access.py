"""Tokens that stand for principals, and requests that were answered, as rows."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, Text, delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.domain.principals import Principal, Role
from registry.persistence.rows import Choice, Moment, Record


class TokenRow(Record):
    """A token: of itself only its SHA-256 is here."""

    __tablename__ = "access_tokens"
    id: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    role: Mapped[Role] = mapped_column(Choice(Role))
    party: Mapped[str | None] = mapped_column(ForeignKey("parties.id"))
    area: Mapped[str | None] = mapped_column(ForeignKey("areas.code"))
    issued_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)


class AnswerRow(Record):
    """What a request with an idempotency key was answered, to answer it so again."""

    __tablename__ = "answers"
    actor: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request: Mapped[bytes] = mapped_column(LargeBinary)
    answer: Mapped[str] = mapped_column(Text)
    answered_at: Mapped[datetime] = mapped_column(Moment, index=True)


@dataclass(frozen=True, slots=True)
class Token:
    """A token as issued: for whom, and until when."""

    id: str
    role: Role
    party: str | None
    area: str | None
    issued_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None

    def principal(self) -> Principal:
        """Return whom it stands for."""
        return Principal(self.role, f"token:{self.id}", self.party, self.area)


@dataclass(frozen=True, slots=True)
class Answer:
    """The SHA-256 of a request, and the JSON it was answered with."""

    request: bytes
    answer: str


class Access:
    """The repository of tokens and answers."""

    def __init__(self, session: Session) -> None:
        """Work in a session."""
        self._session = session

    def add_token(self, token: Token, digest: bytes) -> None:
        """Add a token by its digest."""
        self._session.add(
            TokenRow(
                id=token.id,
                digest=digest,
                role=token.role,
                party=token.party,
                area=token.area,
                issued_at=token.issued_at,
                expires_at=token.expires_at,
            )
        )
        self._session.flush()

    def token(self, digest: bytes) -> Token | None:
        """Return the token with a digest."""
        row = self._session.scalar(select(TokenRow).where(TokenRow.digest == digest))
        return None if row is None else _token(row)

    def tokens(self) -> list[Token]:
        """Return every token, the newest first."""
        query = select(TokenRow).order_by(TokenRow.issued_at.desc(), TokenRow.id)
        return [_token(row) for row in self._session.scalars(query)]

    def revoke(self, id_: str, now: datetime) -> bool:
        """End a token; say whether there was one to end."""
        done = self._session.execute(
            update(TokenRow)
            .where(TokenRow.id == id_, TokenRow.revoked_at.is_(None))
            .values(revoked_at=now)
            .returning(TokenRow.id)
        )
        return done.scalar() is not None

    def answer(self, actor: str, key: str) -> Answer | None:
        """Return what a request with a key was answered."""
        row = self._session.get(AnswerRow, (actor, key))
        return None if row is None else Answer(row.request, row.answer)

    def keep(self, actor: str, key: str, answer: Answer, now: datetime) -> None:
        """Keep an answer."""
        self._session.add(
            AnswerRow(
                actor=actor,
                key=key,
                request=answer.request,
                answer=answer.answer,
                answered_at=now,
            )
        )
        self._session.flush()

    def forget(self, before: datetime) -> None:
        """Delete answers given before a moment."""
        self._session.execute(delete(AnswerRow).where(AnswerRow.answered_at < before))


def _token(row: TokenRow) -> Token:
    return Token(
        row.id,
        row.role,
        row.party,
        row.area,
        row.issued_at,
        row.expires_at,
        row.revoked_at,
    )
