"""Visits as rows, listed by area and by the day they are due."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, ForeignKey, and_, or_
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.domain.visit import DUE, Finding, Purpose, Severity, Visit, VisitState
from registry.persistence.houses import buildings_within
from registry.persistence.ledger import Ledger, VersionColumns
from registry.persistence.rows import Choice, Record


class VisitRow(VersionColumns, Record):
    """A visit."""

    __tablename__ = "visit_versions"
    unit: Mapped[str] = mapped_column(ForeignKey("units.code"), index=True)
    building: Mapped[str] = mapped_column(ForeignKey("buildings.code"), index=True)
    purpose: Mapped[Purpose] = mapped_column(Choice(Purpose))
    due: Mapped[date] = mapped_column(index=True)
    occupancy: Mapped[str | None] = mapped_column(ForeignKey("entities.id"), index=True)
    severity: Mapped[Severity] = mapped_column(Choice(Severity))
    state: Mapped[VisitState] = mapped_column(Choice(VisitState))
    assignee: Mapped[str | None]
    attempts: Mapped[int]
    finding: Mapped[Finding | None] = mapped_column(Choice(Finding))
    evidence: Mapped[str | None]
    closed_by: Mapped[str | None]
    closed_on: Mapped[date | None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which visits to list: of an area, in some states, after a visit in the list."""

    area: str | None
    states: Collection[VisitState]
    after: tuple[date, str] | None
    limit: int


class Visits(Ledger[Visit]):
    """The repository of visits."""

    def __init__(self, session: Session) -> None:
        """Work in a session."""
        super().__init__(session, Visit, VisitRow)

    def of_occupancy(self, occupancy: str) -> Visit | None:
        """Return the visit about a stay that is still to be made."""
        found = self.about([occupancy])
        return found[0] if found else None

    def about(self, occupancies: Iterable[str]) -> list[Visit]:
        """Return the visits about stays that are still to be made."""
        due = VisitRow.state.in_(DUE)
        return self.find(VisitRow.occupancy.in_(list(occupancies)), due)

    def listed(self, wanted: Wanted) -> list[Visit]:
        """Return visits by the day they are due, the first due first."""
        row = VisitRow
        where: list[ColumnElement[bool]] = [row.state.in_(wanted.states)]
        if wanted.area is not None:
            where.append(row.building.in_(buildings_within(wanted.area)))
        if wanted.after is not None:
            day, id_ = wanted.after
            where.append(or_(row.due > day, and_(row.due == day, row.id > id_)))
        return self.find(*where, order=(row.due, row.id), limit=wanted.limit)
