"""Cases of two parties with one document, as rows."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import ForeignKey, Text, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.domain.identifiers.kinds import DocumentKind
from registry.domain.merge_cases import MergeCase, MergeState
from registry.persistence.rows import Choice, Moment, Record, add_rows


class MergeCaseRow(Record):
    """A case."""

    __tablename__ = "merge_cases"
    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[DocumentKind] = mapped_column(Choice(DocumentKind))
    first: Mapped[str] = mapped_column(ForeignKey("parties.id"), index=True)
    second: Mapped[str] = mapped_column(ForeignKey("parties.id"), index=True)
    opened_at: Mapped[datetime] = mapped_column(Moment)
    state: Mapped[MergeState] = mapped_column(Choice(MergeState))
    closed_by: Mapped[str | None]
    closed_at: Mapped[datetime | None] = mapped_column(Moment)
    reason: Mapped[str | None] = mapped_column(Text)


class MergeCases:
    """The repository of cases."""

    def __init__(self, session: Session) -> None:
        """Work in a session."""
        self._session = session

    def add(self, cases: Iterable[MergeCase]) -> None:
        """Keep new cases."""
        add_rows(self._session, MergeCaseRow, [asdict(case) for case in cases])

    def get(self, id_: str) -> MergeCase | None:
        """Return a case."""
        row = self._session.get(MergeCaseRow, id_, populate_existing=True)
        return None if row is None else _case(row)

    def put(self, case: MergeCase) -> None:
        """Keep what a case has become."""
        self._session.execute(
            update(MergeCaseRow)
            .where(MergeCaseRow.id == case.id)
            .values(**asdict(case))
        )

    def open_between(self, first: str, second: str, kind: DocumentKind) -> bool:
        """Say whether two parties, in whatever order, have an open case already."""
        pair = [first, second]
        query = select(MergeCaseRow.id).where(
            MergeCaseRow.first.in_(pair),
            MergeCaseRow.second.in_(pair),
            MergeCaseRow.kind == kind,
            MergeCaseRow.state == MergeState.OPEN,
        )
        return self._session.scalar(query.limit(1)) is not None

    def open(self, after: str, limit: int) -> list[MergeCase]:
        """Return open cases in the order of their ids."""
        query = select(MergeCaseRow).where(
            MergeCaseRow.state == MergeState.OPEN, MergeCaseRow.id > after
        )
        rows = self._session.scalars(query.order_by(MergeCaseRow.id).limit(limit))
        return [_case(row) for row in rows]


def _case(row: MergeCaseRow) -> MergeCase:
    return MergeCase(
        row.id,
        row.kind,
        row.first,
        row.second,
        row.opened_at,
        row.state,
        row.closed_by,
        row.closed_at,
        row.reason,
    )
