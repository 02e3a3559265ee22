"""Cases, switches of rules and hazards as rows."""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Dialect,
    ForeignKey,
    Index,
    Text,
    func,
    or_,
    select,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.types import TypeDecorator

from registry.domain.cases import (
    MEASURED,
    OPEN,
    Case,
    CaseState,
    CloseReason,
    GuardTold,
    PolicyTold,
    RuleSwitch,
)
from registry.domain.hazards import Hazard, HazardKind, HazardState
from registry.domain.house_rules.rule import GuardName, RuleId
from registry.domain.policy.keys import Key
from registry.domain.policy.value import Unit, Verification
from registry.persistence.houses import buildings_within
from registry.persistence.ledger import Ledger, VersionColumns
from registry.persistence.rows import Choice, Record

Told = tuple[tuple[Any, ...], ...]


class Lines(TypeDecorator[Told]):
    """Rows of a small table, stored as one text in JSON."""

    impl = Text
    cache_ok = True

    def process_bind_param(
        self,
        value: Told | None,
        dialect: Dialect,  # noqa: ARG002 - every dialect stores the same
    ) -> str | None:
        """Store rows."""
        return None if value is None else json.dumps(value, ensure_ascii=False)

    def process_result_value(
        self,
        value: Any | None,  # noqa: ANN401 - the driver's own
        dialect: Dialect,  # noqa: ARG002 - every dialect stores the same
    ) -> Told | None:
        """Read rows."""
        return None if value is None else tuple(map(tuple, json.loads(value)))


class PolicyLines(Lines):
    """Policy values as they stood."""

    cache_ok = True

    def process_result_value(
        self,
        value: Any | None,  # noqa: ANN401 - the driver's own
        dialect: Dialect,
    ) -> Told | None:
        """Read values."""
        rows = super().process_result_value(value, dialect) or ()
        return tuple(
            PolicyTold(Key(key), amount, Unit(unit), Verification(tag), source)
            for key, amount, unit, tag, source in rows
        )


class GuardLines(Lines):
    """What guards said."""

    cache_ok = True

    def process_result_value(
        self,
        value: Any | None,  # noqa: ANN401 - the driver's own
        dialect: Dialect,
    ) -> Told | None:
        """Read results."""
        rows = super().process_result_value(value, dialect) or ()
        return tuple(GuardTold(GuardName(name), excused) for name, excused in rows)


OPEN_WORDS = ", ".join(f"'{state}'" for state in sorted(OPEN))
OPEN_CASE = text(
    f"state IN ({OPEN_WORDS}) AND superseded_at IS NULL AND valid_to IS NULL"
)


class CaseRow(VersionColumns, Record):
    """A case; the key over open ones is what keeps a rule to one for each place."""

    __tablename__ = "case_versions"
    __table_args__ = (
        Index(
            "uq_case_versions_open",
            "rule",
            "place",
            unique=True,
            sqlite_where=OPEN_CASE,
            postgresql_where=OPEN_CASE,
        ),
    )
    rule: Mapped[RuleId] = mapped_column(Choice(RuleId))
    rule_version: Mapped[int]
    building: Mapped[str] = mapped_column(ForeignKey("buildings.code"), index=True)
    unit: Mapped[str | None] = mapped_column(ForeignKey("units.code"), index=True)
    place: Mapped[str]
    state: Mapped[CaseState] = mapped_column(Choice(CaseState))
    raised_on: Mapped[date]
    numbers: Mapped[Told] = mapped_column(Lines)
    policy: Mapped[Told] = mapped_column(PolicyLines)
    guards: Mapped[Told] = mapped_column(GuardLines)
    sentence: Mapped[str] = mapped_column(Text)
    objection: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)
    paper: Mapped[str | None]
    closed_on: Mapped[date | None]
    close_reason: Mapped[CloseReason | None] = mapped_column(Choice(CloseReason))


class SwitchRow(VersionColumns, Record):
    """Whether a rule is asked."""

    __tablename__ = "rule_switch_versions"
    rule: Mapped[RuleId] = mapped_column(Choice(RuleId))
    on: Mapped[bool]
    since: Mapped[date]
    reason: Mapped[str] = mapped_column(Text)
    by: Mapped[str]
    measured_from: Mapped[date]
    automatic: Mapped[bool]


class HazardRow(VersionColumns, Record):
    """A hazard."""

    __tablename__ = "hazard_versions"
    unit: Mapped[str] = mapped_column(ForeignKey("units.code"), index=True)
    kind: Mapped[HazardKind] = mapped_column(Choice(HazardKind))
    state: Mapped[HazardState] = mapped_column(Choice(HazardState))
    found_on: Mapped[date]
    due: Mapped[date | None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cases to list: of an area, some units, a rule, some states."""

    states: Collection[CaseState]
    rule: RuleId | None = None
    area: str | None = None
    units: Collection[str] | None = None
    after: str = ""
    limit: int = 50


class Cases(Ledger[Case]):
    """The repository of cases."""

    def __init__(self, session: Session) -> None:
        """Work in a session."""
        super().__init__(session, Case, CaseRow)

    def listed(self, wanted: Wanted) -> list[Case]:
        """Return cases in the order of their ids."""
        row = CaseRow
        where: list[ColumnElement[bool]] = [
            row.state.in_(wanted.states),
            row.id > wanted.after,
        ]
        if wanted.rule is not None:
            where.append(row.rule == wanted.rule)
        if wanted.area is not None:
            where.append(row.building.in_(buildings_within(wanted.area)))
        if wanted.units is not None:
            where.append(row.unit.in_(wanted.units))
        return self.find(*where, limit=wanted.limit)

    def of_building(self, building: str, since: date) -> list[Case]:
        """Return the cases of a house that are open or were closed since a day."""
        still = or_(CaseRow.closed_on.is_(None), CaseRow.closed_on >= since)
        return self.find(CaseRow.building == building, still)

    def open_at(self, unit: str) -> list[Case]:
        """Return the open cases of a unit."""
        return self.find(CaseRow.unit == unit, CaseRow.state.in_(OPEN))

    def closed(self, rule: RuleId, since: date, most: int) -> list[Case]:
        """Return the cases of a rule that people closed last, after a day."""
        where = (
            CaseRow.rule == rule,
            CaseRow.state.in_(MEASURED),
            CaseRow.close_reason != CloseReason.NO_LONGER_SO,
            CaseRow.closed_on > since,
        )
        order = (CaseRow.closed_on.desc(), CaseRow.version.desc())
        return self.find(*where, order=order, limit=most)

    def open_counts(self) -> dict[RuleId, int]:
        """Return how many cases of each rule are open."""
        row = CaseRow
        current = (row.superseded_at.is_(None), row.valid_to.is_(None))
        query = select(row.rule, func.count()).where(row.state.in_(OPEN), *current)
        return dict(self._session.execute(query.group_by(row.rule)).all())


class Switches(Ledger[RuleSwitch]):
    """The repository of switches; a rule without one is on."""

    def __init__(self, session: Session) -> None:
        """Work in a session."""
        super().__init__(session, RuleSwitch, SwitchRow)

    def every(self) -> dict[RuleId, RuleSwitch]:
        """Return the switches there are, by rule."""
        return {switch.rule: switch for switch in self.find()}


class Hazards(Ledger[Hazard]):
    """The repository of hazards."""

    def __init__(self, session: Session) -> None:
        """Work in a session."""
        super().__init__(session, Hazard, HazardRow)

    def of_units(self, units: Iterable[str]) -> list[Hazard]:
        """Return the hazards of units."""
        return self.find(HazardRow.unit.in_(list(units)))
