"""Who held some cards and where they lived: three questions for a whole batch."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    String,
    any_,
    literal,
    select,
    type_coerce,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from registry.domain.credential import (
    Credential,
    CredentialChange,
    CredentialState,
)
from registry.domain.occupancy import Basis, Occupancy, OccupancyState, Side
from registry.persistence.credentials import CredentialChangeRow, CredentialRow
from registry.persistence.tenancies import OccupancyRow

# An enumeration looks its members up much more slowly.
STATES = {state.value: state for state in CredentialState}
BASES = {basis.value: basis for basis in Basis}
SIDES = {side.value: side for side in Side}
STANDS = {state.value: state for state in OccupancyState}


class Holders:
    """The repository of holders; asked with every batch, it makes no mapped rows."""

    def __init__(self, session: Session) -> None:
        """Work in a session."""
        self._session = session

    def credentials(self, cards: Collection[int]) -> list[Credential]:
        """Return every credential of the cards, the latest last."""
        row = CredentialRow
        query = (
            select(
                row.id,
                row.card,
                row.party,
                type_coerce(row.state, String),
                row.issued_at,
                row.ended_at,
            )
            .where(self._among(row.card, cards))
            .order_by(row.issued_at, row.id)
        )
        found = self._rows(query)
        changes = self._changes({number for number, *_ in found})
        return [
            Credential(
                number,
                card,
                party,
                STATES[state],
                issued_at,
                ended_at,
                tuple(changes.get(number, ())),
            )
            for number, card, party, state, issued_at, ended_at in found
        ]

    def _changes(
        self, credentials: Collection[int]
    ) -> dict[int, list[CredentialChange]]:
        """Return what became of credentials, the first change first."""
        row = CredentialChangeRow
        query = (
            select(row.credential, type_coerce(row.state, String), row.at)
            .where(self._among(row.credential, credentials))
            .order_by(row.number)
        )
        changes: dict[int, list[CredentialChange]] = {}
        for number, state, at in self._rows(query):
            changes.setdefault(number, []).append(CredentialChange(STATES[state], at))
        return changes

    def occupancies(self, parties: Collection[str]) -> list[Occupancy]:
        """Return the occupancies of parties, the first recorded first."""
        row = OccupancyRow
        query = (
            select(
                row.id,
                row.party,
                row.unit,
                row.building,
                type_coerce(row.basis, String),
                row.start,
                row.end,
                row.tenancy,
                row.room,
                type_coerce(row.state, String),
                type_coerce(row.leave_by, String),
                row.leave_on,
            )
            .where(self._among(row.party, parties))
            .where(row.superseded_at.is_(None), row.valid_to.is_(None))
            .order_by(row.id)
        )
        return [
            Occupancy(
                id_,
                party,
                unit,
                building,
                BASES[basis],
                start,
                end,
                tenancy,
                room,
                STANDS[state],
                leave_by=SIDES.get(leave_by),
                leave_on=leave_on,
            )
            for (
                id_,
                party,
                unit,
                building,
                basis,
                start,
                end,
                tenancy,
                room,
                state,
                leave_by,
                leave_on,
            ) in self._rows(query)
        ]

    def _rows(self, query: Any) -> Any:  # noqa: ANN401 - rows of several types
        return self._session.connection().execute(query).all()

    def _among(
        self, column: InstrumentedAttribute[Any], values: Collection[Any]
    ) -> ColumnElement[bool]:
        """Compare with many values; PostgreSQL takes them as one, not one by one."""
        if self._session.get_bind().dialect.name != "postgresql":
            return column.in_(list(values))
        return column == any_(literal(list(values), ARRAY(column.type)))
