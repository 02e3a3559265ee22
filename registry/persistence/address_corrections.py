"""Corrections of addresses as rows, each with what happened to it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import ForeignKey, Text, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.domain.address_corrections import (
    AddressCorrection,
    CorrectionEvent,
    CorrectionState,
    Step,
)
from registry.persistence.houses import AreaRow, BuildingRow
from registry.persistence.rows import Choice, Moment, Record, RowNumber, add_rows


class AddressCorrectionRow(Record):
    """A correction; `state` follows from its steps and is kept to be asked for."""

    __tablename__ = "address_corrections"
    id: Mapped[str] = mapped_column(primary_key=True)
    building: Mapped[str] = mapped_column(ForeignKey("buildings.code"), index=True)
    wrong: Mapped[str]
    right: Mapped[str]
    reported_by: Mapped[str]
    reported_at: Mapped[datetime] = mapped_column(Moment)
    state: Mapped[CorrectionState] = mapped_column(Choice(CorrectionState), index=True)


class CorrectionStepRow(Record):
    """Something that happened to a correction."""

    __tablename__ = "address_correction_steps"
    number: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    correction: Mapped[str] = mapped_column(
        ForeignKey("address_corrections.id"), index=True
    )
    event: Mapped[CorrectionEvent] = mapped_column(Choice(CorrectionEvent))
    by: Mapped[str]
    at: Mapped[datetime] = mapped_column(Moment)
    reason: Mapped[str | None] = mapped_column(Text)


class AddressCorrections:
    """The repository of corrections."""

    def __init__(self, session: Session) -> None:
        """Work in a session."""
        self._session = session

    def add(self, correction: AddressCorrection) -> None:
        """Keep a new correction."""
        row = asdict(correction) | {"state": correction.state}
        del row["steps"]
        add_rows(self._session, AddressCorrectionRow, [row])

    def get(self, id_: str) -> AddressCorrection | None:
        """Return a correction with its steps."""
        row = self._session.get(AddressCorrectionRow, id_, populate_existing=True)
        return None if row is None else self._whole([row])[0]

    def put(self, correction: AddressCorrection) -> None:
        """Keep the step that was taken last."""
        step = correction.steps[-1]
        row = asdict(step) | {"correction": correction.id}
        add_rows(self._session, CorrectionStepRow, [row])
        kept = self._session.get_one(AddressCorrectionRow, correction.id)
        kept.state = correction.state
        self._session.flush()

    def page(
        self, state: CorrectionState, area: str | None, after: str, limit: int
    ) -> list[AddressCorrection]:
        """Return corrections of a state, in an area where one is named, by id."""
        row = AddressCorrectionRow
        query = select(row).where(row.state == state, row.id > after)
        if area is not None:
            below = select(AreaRow.code).where(AreaRow.parent == area)
            grids = select(AreaRow.code).where(
                or_(AreaRow.code == area, AreaRow.parent == area)
                | AreaRow.parent.in_(below)
            )
            inside = select(BuildingRow.code).where(BuildingRow.grid.in_(grids))
            query = query.where(row.building.in_(inside))
        rows = self._session.scalars(query.order_by(row.id).limit(limit))
        return self._whole(list(rows))

    def _whole(self, rows: Iterable[AddressCorrectionRow]) -> list[AddressCorrection]:
        found = list(rows)
        row = CorrectionStepRow
        query = select(row).where(row.correction.in_([each.id for each in found]))
        steps: dict[str, list[Step]] = defaultdict(list)
        for each in self._session.scalars(query.order_by(row.number)):
            steps[each.correction].append(
                Step(each.event, each.by, each.at, each.reason)
            )
        return [
            AddressCorrection(
                each.id,
                each.building,
                each.wrong,
                each.right,
                each.reported_by,
                each.reported_at,
                tuple(steps[each.id]),
            )
            for each in found
        ]
