"""The rules of doors, what goes with them to each gateway, and how far it has come."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ForeignKey,
    Index,
    LargeBinary,
    Text,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from controller.door_rules import CardPin
from controller.vocabulary import CardNumber
from registry.domain.hardware import RuleDelivery
from registry.domain.special_days import DayKind
from registry.persistence.credentials import CredentialRow
from registry.persistence.permits import PermitRow
from registry.persistence.rows import Moment, Record, RowNumber, add_rows


class DoorRulesRow(Record):
    """The rules of a door as a JSON document; the newest of a door is in force."""

    __tablename__ = "door_rules"
    __table_args__ = (
        Index("ix_door_rules_door", "door", "number"),
        {"sqlite_autoincrement": True},
    )
    number: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    door: Mapped[str] = mapped_column(ForeignKey("doors.id"))
    revision: Mapped[int]
    rules: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(Moment)
    changed_by: Mapped[str]
    reason: Mapped[str]


class RuleBookRow(Record):
    """The revision of a gateway's rule book, and the one the gateway works by.

    `days` is the digest of the special days in it.
    """

    __tablename__ = "rule_books"
    gateway: Mapped[str] = mapped_column(ForeignKey("gateways.id"), primary_key=True)
    revision: Mapped[int]
    days: Mapped[bytes] = mapped_column(LargeBinary)
    pushed: Mapped[int] = mapped_column(default=0)
    pushed_at: Mapped[datetime | None] = mapped_column(Moment)
    held: Mapped[int] = mapped_column(default=0)
    held_at: Mapped[datetime | None] = mapped_column(Moment)


class SpecialDayRow(Record):
    """What the street says of a day, whatever the library says."""

    __tablename__ = "special_days"
    day: Mapped[date] = mapped_column(primary_key=True)
    kind: Mapped[str]


class CardPinRow(Record):
    """What the PIN of a card is checked against; the PIN itself is nowhere."""

    __tablename__ = "card_pins"
    credential: Mapped[int] = mapped_column(
        ForeignKey("credentials.id"), primary_key=True, autoincrement=False
    )
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    verifier: Mapped[bytes] = mapped_column(LargeBinary)
    duress: Mapped[bytes] = mapped_column(LargeBinary)
    set_at: Mapped[datetime] = mapped_column(Moment)


@dataclass(frozen=True, slots=True)
class StoredRules:
    """One version of a door's rules, and who made it why."""

    number: int
    door: str
    revision: int
    document: Mapping[str, Any]
    changed_at: datetime
    changed_by: str
    reason: str


class RuleBooks:
    """The repository of rules, special days and PINs."""

    def __init__(self, session: Session) -> None:
        """Work in a session."""
        self._session = session

    def delivery(self, gateway: str) -> RuleDelivery:
        """Return how far the rule book of a gateway has come."""
        row = self._session.get(RuleBookRow, gateway)
        if row is None:
            return RuleDelivery()
        return RuleDelivery(
            row.revision, row.pushed, row.held, row.pushed_at, row.held_at
        )

    def rise(self, gateways: Iterable[str], days: bytes | None = None) -> None:
        """Raise the revision of gateways' books; `days` is the digest of its days."""
        for gateway in gateways:
            row = self._session.get(RuleBookRow, gateway)
            if row is None:
                row = RuleBookRow(gateway=gateway, revision=0, days=b"")
                self._session.add(row)
            row.revision += 1
            row.days = row.days if days is None else days
        self._session.flush()

    def of_other_days(self, gateways: Iterable[str], days: bytes) -> list[str]:
        """Return the gateways whose book was made with other special days."""
        same = set(
            self._session.scalars(
                select(RuleBookRow.gateway).where(RuleBookRow.days == days)
            )
        )
        return [gateway for gateway in gateways if gateway not in same]

    def pushed(self, gateway: str, revision: int, now: datetime) -> None:
        """Note that a gateway was handed its book of a revision."""
        self._mark(gateway, pushed=revision, pushed_at=now)

    def held(self, gateway: str, revision: int, now: datetime) -> None:
        """Note that a gateway works by its book of a revision."""
        self._mark(gateway, held=revision, held_at=now)

    def _mark(self, gateway: str, **values: object) -> None:
        self._session.execute(
            update(RuleBookRow).where(RuleBookRow.gateway == gateway).values(**values)
        )

    def revisions(self) -> int:
        """Return the sum of all books' revisions, which rises with each of them."""
        return self._session.scalar(select(func.sum(RuleBookRow.revision))) or 0

    def add(self, stored: StoredRules) -> None:
        """Put a version of a door's rules in force; its number is not looked at."""
        values = {
            "door": stored.door,
            "revision": stored.revision,
            "rules": json.dumps(stored.document, sort_keys=True),
            "changed_at": stored.changed_at,
            "changed_by": stored.changed_by,
            "reason": stored.reason,
        }
        add_rows(self._session, DoorRulesRow, [values])

    def newest(self, door: str, limit: int) -> list[StoredRules]:
        """Return the versions of a door's rules, the one in force first."""
        query = select(DoorRulesRow).where(DoorRulesRow.door == door)
        rows = self._session.scalars(
            query.order_by(DoorRulesRow.number.desc()).limit(limit)
        )
        return [_stored(row) for row in rows]

    def in_force(self, doors: Iterable[str]) -> list[StoredRules]:
        """Return the rules in force of those doors that have any."""
        last = select(func.max(DoorRulesRow.number)).group_by(DoorRulesRow.door)
        query = select(DoorRulesRow).where(DoorRulesRow.number.in_(last))
        wanted = set(doors)
        rows = self._session.scalars(query.order_by(DoorRulesRow.door))
        return [_stored(row) for row in rows if row.door in wanted]

    def special_days(self, year: int) -> dict[date, DayKind]:
        """Return what the street says of the days of a year."""
        query = select(SpecialDayRow).where(
            SpecialDayRow.day.between(date(year, 1, 1), date(year, 12, 31))
        )
        rows = self._session.scalars(query.order_by(SpecialDayRow.day))
        return {row.day: DayKind(row.kind) for row in rows}

    def set_special_days(self, year: int, days: Mapping[date, DayKind]) -> None:
        """Replace what the street says of the days of a year."""
        first, last = date(year, 1, 1), date(year, 12, 31)
        self._session.execute(
            delete(SpecialDayRow).where(SpecialDayRow.day.between(first, last))
        )
        rows = [{"day": day, "kind": kind.value} for day, kind in days.items()]
        add_rows(self._session, SpecialDayRow, rows)

    def set_pin(self, credential: int, pin: CardPin, now: datetime) -> None:
        """Keep what a card's PIN is checked against, instead of what was kept."""
        self.forget_pin(credential)
        values = {
            "credential": credential,
            "salt": pin.salt,
            "verifier": pin.verifier,
            "duress": pin.duress,
            "set_at": now,
        }
        add_rows(self._session, CardPinRow, [values])

    def forget_pin(self, credential: int) -> bool:
        """Forget what a card's PIN is checked against; say whether there was one."""
        known = self.has_pin(credential)
        self._session.execute(
            delete(CardPinRow).where(CardPinRow.credential == credential)
        )
        return known

    def has_pin(self, credential: int) -> bool:
        """Say whether a card has a PIN."""
        query = select(CardPinRow.credential).where(CardPinRow.credential == credential)
        return self._session.scalar(query) is not None

    def cards_with_pin(self) -> set[int]:
        """Return the cards in somebody's hands that have a PIN."""
        query = select(CredentialRow.card).join(
            CardPinRow, CardPinRow.credential == CredentialRow.id
        )
        return set(self._session.scalars(query.where(CredentialRow.ended_at.is_(None))))

    def pins_at(self, doors: Iterable[str]) -> list[CardPin]:
        """Return the PINs of the cards that may open any of the doors."""
        cards: set[int] = set()
        for door in doors:
            permitted = select(PermitRow.card).where(PermitRow.door == door).distinct()
            cards.update(self._session.scalars(permitted))
        query = (
            select(CredentialRow.card, CardPinRow)
            .join(CardPinRow, CardPinRow.credential == CredentialRow.id)
            .where(CredentialRow.ended_at.is_(None))
            .order_by(CredentialRow.id)
        )
        return [
            CardPin(CardNumber(card), row.salt, row.verifier, row.duress)
            for card, row in self._session.execute(query)
            if card in cards
        ]

    def cards_without_pin(self, door: str) -> int:
        """Return how many cards have a permit at a door and no PIN."""
        permitted = select(PermitRow.card).where(PermitRow.door == door).distinct()
        return len(set(self._session.scalars(permitted)) - self.cards_with_pin())

    def gateways_of_card(self, card: int) -> set[str]:
        """Return the gateways at which a card has a permit."""
        query = select(PermitRow.gateway).where(PermitRow.card == card).distinct()
        return set(self._session.scalars(query))


def _stored(row: DoorRulesRow) -> StoredRules:
    return StoredRules(
        row.number,
        row.door,
        row.revision,
        json.loads(row.rules),
        row.changed_at,
        row.changed_by,
        row.reason,
    )
