"""What fields go out on, and what went out, as rows."""

import json
from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy import LargeBinary, Text, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.domain.exchange.bases import LawfulBasis
from registry.domain.exchange.tables import ExportType
from registry.persistence.rows import Choice, Moment, Record, add_rows


class LawfulBasisRow(Record):
    """A basis; `codes` is a JSON object of words and codes."""

    __tablename__ = "exchange_bases"
    id: Mapped[str] = mapped_column(primary_key=True)
    type: Mapped[ExportType] = mapped_column(Choice(ExportType))
    field: Mapped[str]
    law: Mapped[str]
    document: Mapped[str]
    recipient: Mapped[str]
    enabled_by: Mapped[str]
    enabled_at: Mapped[datetime] = mapped_column(Moment)
    until: Mapped[date]
    codes: Mapped[str] = mapped_column(Text)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)


class DisclosureRow(Record):
    """A file that was made for somebody else; `report` says which fields, not whose."""

    __tablename__ = "disclosures"
    id: Mapped[str] = mapped_column(primary_key=True)
    type: Mapped[ExportType] = mapped_column(Choice(ExportType))
    recipient: Mapped[str]
    actor: Mapped[str]
    at: Mapped[datetime] = mapped_column(Moment, index=True)
    first: Mapped[date]
    last: Mapped[date]
    records: Mapped[int]
    refused: Mapped[int]
    report: Mapped[str] = mapped_column(Text)
    manifest: Mapped[bytes] = mapped_column(LargeBinary)


@dataclass(frozen=True, slots=True)
class Disclosure:
    """What went to whom: a table of some days; `manifest` is the SHA-256 of that."""

    id: str
    type: ExportType
    recipient: str
    actor: str
    at: datetime
    first: date
    last: date
    records: int
    refused: int
    report: str
    manifest: bytes


class Exchange:
    """The repository of bases and disclosures."""

    def __init__(self, session: Session) -> None:
        """Work in a session."""
        self._session = session

    def add(self, basis: LawfulBasis) -> None:
        """Keep a basis."""
        row = asdict(basis) | {"codes": json.dumps(basis.codes, sort_keys=True)}
        add_rows(self._session, LawfulBasisRow, [row])

    def bases(self) -> list[LawfulBasis]:
        """Return every basis there is or was, the first enabled first."""
        row = LawfulBasisRow
        query = select(row).order_by(row.enabled_at, row.id)
        return [_basis(each) for each in self._session.scalars(query)]

    def revoke(self, id_: str, now: datetime) -> bool:
        """End a basis that was not ended yet; say whether there was one."""
        row = LawfulBasisRow
        done = self._session.execute(
            update(row)
            .where(row.id == id_, row.revoked_at.is_(None))
            .values(revoked_at=now)
        )
        return bool(done.rowcount)  # type: ignore[attr-defined]

    def log(self, disclosure: Disclosure) -> None:
        """Keep what went out; nothing here changes or removes it."""
        add_rows(self._session, DisclosureRow, [asdict(disclosure)])

    def disclosures(self) -> list[Disclosure]:
        """Return everything that ever went out, the first first."""
        row = DisclosureRow
        names = list(Disclosure.__dataclass_fields__)
        return [
            Disclosure(**{name: getattr(each, name) for name in names})
            for each in self._session.scalars(select(row).order_by(row.at, row.id))
        ]


def _basis(row: LawfulBasisRow) -> LawfulBasis:
    return LawfulBasis(
        row.id,
        row.type,
        row.field,
        row.law,
        row.document,
        row.recipient,
        row.enabled_by,
        row.enabled_at,
        row.until,
        json.loads(row.codes),
        row.revoked_at,
    )
