"""Tokens for the API: issued once, known by a digest, ended by time or by word."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from registry.audit.trail import Action, Deed, record
from registry.domain.errors import FieldError, Invalid, NotFound, Unauthorised
from registry.domain.parties import fresh_id
from registry.domain.principals import STAFF, Principal, Role
from registry.domain.registration import missing, unknown
from registry.persistence.access import Token
from registry.persistence.unit_of_work import UnitOfWork

TOKEN_DAYS = 90
ANSWERS_KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Wish:
    """A token as it is asked for."""

    role: Role
    party: str | None = None
    area: str | None = None
    days: int = TOKEN_DAYS


class AccessService:
    """Issues tokens and says whom one stands for."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        """Take times from a clock."""
        self._clock = clock

    def issue(self, uow: UnitOfWork, wish: Wish, actor: str) -> tuple[Token, str]:
        """Return a token and its secret, which is told this once."""
        if errors := _faults(uow, wish):
            raise Invalid(errors)
        now = self._clock()
        secret = secrets.token_urlsafe(32)
        token = Token(
            fresh_id("K"),
            wish.role,
            wish.party,
            wish.area,
            now,
            now + timedelta(days=wish.days),
        )
        uow.access.add_token(token, _digest(secret))
        record(uow, [Deed(actor, Action.TOKEN_ISSUED, f"token:{token.id}")], now)
        return token, secret

    def revoke(self, uow: UnitOfWork, id_: str, actor: str) -> None:
        """End a token at once."""
        now = self._clock()
        if not uow.access.revoke(id_, now):
            raise NotFound(f"there is no token {id_!r} in force")
        record(uow, [Deed(actor, Action.TOKEN_REVOKED, f"token:{id_}")], now)

    def principal(self, uow: UnitOfWork, secret: str) -> Principal:
        """Return whom a secret stands for; raises Unauthorised."""
        token = uow.access.token(_digest(secret))
        now = self._clock()
        if token is None or token.revoked_at is not None or token.expires_at <= now:
            raise Unauthorised
        return token.principal()

    def forget(self, uow: UnitOfWork) -> None:
        """Delete answers that nobody will ask for again."""
        uow.access.forget(self._clock() - ANSWERS_KEPT)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _faults(uow: UnitOfWork, wish: Wish) -> list[FieldError]:
    errors = []
    if wish.role in STAFF and wish.party is not None:
        errors.append(unknown("party", "a party of staff", "leave it out"))
    if wish.role not in STAFF and wish.party is None:
        errors.append(missing("party", "say whom the token stands for"))
    if wish.party is not None and uow.parties.get(wish.party) is None:
        errors.append(unknown("party", "the party", "give the id of a party"))
    if wish.area is not None and uow.houses.area(wish.area) is None:
        errors.append(unknown("area", "the area", "give the code of an area"))
    return errors
