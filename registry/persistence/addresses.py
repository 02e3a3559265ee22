"""Codes of other registers, names in use, grids over time and corrections as rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, or_, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.domain.addresses import AddressAlias, CodeScheme, ExternalCode, Validity
from registry.domain.grid_membership import GridMembership
from registry.domain.history import Channel, Source
from registry.domain.identifiers.typed import plain
from registry.persistence.rows import Choice, Moment, Record, RowNumber, add_rows

OPEN_END = text("valid_to IS NULL")


class DatedColumns:
    """The columns of what holds from one day to another, as somebody recorded it."""

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    source: Mapped[str]
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    actor: Mapped[str]
    channel: Mapped[Channel] = mapped_column(Choice(Channel))


class ExternalCodeRow(DatedColumns, Record):
    """A code; one without an end is nobody else's, whoever writes."""

    __tablename__ = "external_codes"
    __table_args__ = (
        Index("ix_external_codes_value", "value"),
        Index(
            "uq_external_codes_open",
            "scheme",
            "value",
            unique=True,
            sqlite_where=OPEN_END,
            postgresql_where=OPEN_END,
        ),
    )
    place: Mapped[str] = mapped_column(index=True)
    scheme: Mapped[CodeScheme] = mapped_column(Choice(CodeScheme))
    value: Mapped[str]


class AddressAliasRow(DatedColumns, Record):
    """A name in use; `key` is its compatible form, which it is found by."""

    __tablename__ = "address_aliases"
    place: Mapped[str] = mapped_column(index=True)
    text: Mapped[str]
    key: Mapped[str] = mapped_column(index=True)


class GridMembershipRow(DatedColumns, Record):
    """The grid of a building in some time."""

    __tablename__ = "grid_memberships"
    building: Mapped[str] = mapped_column(ForeignKey("buildings.code"), index=True)
    grid: Mapped[str] = mapped_column(ForeignKey("areas.code"), index=True)


@dataclass(frozen=True, slots=True)
class KeptCode:
    """A code and the number of its row."""

    number: int
    content: ExternalCode


class Addresses:
    """The repository of what places are called, and of the grids of buildings."""

    def __init__(self, session: Session) -> None:
        """Work in a session."""
        self._session = session

    def add_codes(
        self, codes: Iterable[ExternalCode], source: Source, now: datetime
    ) -> None:
        """Keep codes."""
        rows = [
            {"place": code.place, "scheme": code.scheme, "value": code.value}
            | _dated(code.source, code.valid, source, now)
            for code in codes
        ]
        add_rows(self._session, ExternalCodeRow, rows)

    def codes_like(self, value: str) -> list[KeptCode]:
        """Return the codes of a value, of whatever scheme and time."""
        return self._codes(ExternalCodeRow.value == value)

    def codes_of(self, place: str) -> list[KeptCode]:
        """Return the codes of a place, of whatever time."""
        return self._codes(ExternalCodeRow.place == place)

    def codes_of_scheme(self, scheme: CodeScheme) -> list[ExternalCode]:
        """Return every code of a scheme."""
        found = self._codes(ExternalCodeRow.scheme == scheme)
        return [kept.content for kept in found]

    def code(self, number: int) -> KeptCode | None:
        """Return a code by its number."""
        found = self._codes(ExternalCodeRow.number == number)
        return found[0] if found else None

    def end_code(self, number: int, day: date) -> None:
        """Let a code end on a day."""
        self._session.execute(
            update(ExternalCodeRow)
            .where(ExternalCodeRow.number == number)
            .values(valid_to=day)
        )

    def add_aliases(
        self, aliases: Iterable[AddressAlias], source: Source, now: datetime
    ) -> None:
        """Keep names."""
        rows = [
            {"place": alias.place, "text": alias.text, "key": plain(alias.text)}
            | _dated(alias.source, alias.valid, source, now)
            for alias in aliases
        ]
        add_rows(self._session, AddressAliasRow, rows)

    def aliases_of(self, place: str) -> list[AddressAlias]:
        """Return the names of a place, of whatever time."""
        return self._aliases(AddressAliasRow.place == place)

    def aliases_among(self, keys: Sequence[str], day: date) -> list[AddressAlias]:
        """Return the names in use on a day whose compatible form is one of these."""
        return self._aliases(AddressAliasRow.key.in_(keys), *_holds(day))

    def memberships(self, building: str) -> list[GridMembership]:
        """Return the grids of a building over time, the first first."""
        query = select(GridMembershipRow).where(GridMembershipRow.building == building)
        return [
            GridMembership(
                row.building,
                row.grid,
                row.source,
                Validity(row.valid_from, row.valid_to),
            )
            for row in self._session.scalars(query.order_by(GridMembershipRow.number))
        ]

    def put_memberships(
        self,
        building: str,
        memberships: Iterable[GridMembership],
        source: Source,
        now: datetime,
    ) -> None:
        """Let the grids of a building be these: the last that was gets its end."""
        known = len(self.memberships(building))
        every = list(memberships)
        if known:
            self._session.execute(
                update(GridMembershipRow)
                .where(
                    GridMembershipRow.building == building,
                    GridMembershipRow.valid_to.is_(None),
                )
                .values(valid_to=every[known - 1].valid.end)
            )
        rows = [
            {"building": building, "grid": each.grid}
            | _dated(each.source, each.valid, source, now)
            for each in every[known:]
        ]
        add_rows(self._session, GridMembershipRow, rows)

    def _codes(self, *where: Any) -> list[KeptCode]:  # noqa: ANN401 - any condition
        query = select(ExternalCodeRow).where(*where)
        return [
            KeptCode(
                row.number,
                ExternalCode(
                    row.place,
                    row.scheme,
                    row.value,
                    row.source,
                    Validity(row.valid_from, row.valid_to),
                ),
            )
            for row in self._session.scalars(
                query.order_by(ExternalCodeRow.number),
                execution_options={"populate_existing": True},
            )
        ]

    def _aliases(self, *where: Any) -> list[AddressAlias]:  # noqa: ANN401 - the same
        query = select(AddressAliasRow).where(*where)
        return [
            AddressAlias(
                row.place, row.text, row.source, Validity(row.valid_from, row.valid_to)
            )
            for row in self._session.scalars(query.order_by(AddressAliasRow.number))
        ]


def _holds(day: date) -> tuple[Any, ...]:
    row = AddressAliasRow
    return (
        or_(row.valid_from.is_(None), row.valid_from <= day),
        or_(row.valid_to.is_(None), row.valid_to > day),
    )


def _dated(
    said_by: str, valid: Validity, source: Source, now: datetime
) -> dict[str, object]:
    return {
        "source": said_by,
        "valid_from": valid.start,
        "valid_to": valid.end,
        "recorded_at": now,
        "actor": source.actor,
        "channel": source.channel,
    }
