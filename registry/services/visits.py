"""Visits: opened where a side is silent, assigned, made, closed with what was found."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache

from registry.audit.trail import Action, Deed, record
from registry.domain import stays as words
from registry.domain.deadlines.due import DueState, Duty
from registry.domain.errors import Fault, FieldError, Invalid, NotFound
from registry.domain.history import Channel, Source
from registry.domain.occupancy import Occupancy, OccupancyState
from registry.domain.parties import fresh_id
from registry.domain.policy import Policy
from registry.domain.policy.keys import Key
from registry.domain.principals import Principal
from registry.domain.visit import (
    VISITS,
    Finding,
    Purpose,
    Severity,
    Visit,
    VisitEvent,
)
from registry.persistence.tenancies import OccupancyRow
from registry.persistence.unit_of_work import UnitOfWork
from registry.persistence.visits import Wanted
from registry.services.deadlines import Deadlines
from registry.services.scopes import may_see, require_area, require_unit
from registry.services.stays import StayService

CLOCK = Source("registry", Channel.CLOCK)
DIGEST = re.compile(r"[0-9a-f]{64}")
LONGEST_ASSIGNEE = 50
OPEN_QUESTIONS = (
    OccupancyState.DECLARED,
    OccupancyState.CONTESTED,
    OccupancyState.LEAVE_DECLARED,
)


@dataclass(frozen=True, slots=True)
class Report:
    """What somebody found, and the SHA-256 of a document that shows it."""

    finding: Finding
    evidence: str | None = None


class VisitService:
    """Keeps visits; they are the street's own, nobody else sees them."""

    def __init__(
        self,
        stays: StayService,
        deadlines: Deadlines,
        policy: Policy,
        clock: Callable[[], datetime],
    ) -> None:
        """Let stays follow what is found; wait and be due by a policy."""
        self._stays = stays
        self._deadlines = deadlines
        self._policy = policy
        self._clock = clock

    def send(self, uow: UnitOfWork) -> int:
        """Open a visit wherever a side has been silent long enough; return how many.

        Silence confirms nothing and undoes nothing.
        """
        today = self._stays.today()

        @cache
        def late(day: date) -> bool:
            duty = Duty(Key.SILENCE_VISIT, day)
            return self._deadlines.assess(uow, duty).state is DueState.OVERDUE

        stays = uow.occupancies.find(OccupancyRow.state.in_(OPEN_QUESTIONS))
        asked = {stay.id: words.unanswered(stay, today, late) for stay in stays}
        due = [stay for stay in stays if asked[stay.id] is not None]
        known = {visit.occupancy for visit in uow.visits.about([s.id for s in due])}
        fresh = [stay for stay in due if stay.id not in known]
        for stay in fresh:
            sent = words.visit_sent(stay)
            if sent != stay:
                self._stays.keep(uow, CLOCK, sent)
            self._open(uow, CLOCK, _visit(stay, asked[stay.id], self._due()))
        return len(fresh)

    def open(
        self, uow: UnitOfWork, who: Principal, unit: str, severity: Severity
    ) -> Visit:
        """Open a visit to a unit that nobody's stay is the reason of."""
        require_unit(uow, who, unit, self._stays.today())
        found = uow.houses.unit(unit)
        building = "" if found is None else found.building
        visit = Visit(
            fresh_id("V"),
            unit,
            building,
            Purpose.ROUTINE,
            self._due(),
            severity=severity,
        )
        return self._open(uow, who.source, visit)

    def assign(
        self, uow: UnitOfWork, who: Principal, id_: str, assignee: str | None = None
    ) -> Visit:
        """Give a visit to somebody by the name they sign with, or take it oneself."""
        name = who.name if assignee is None else assignee.strip()
        if not 0 < len(name) <= LONGEST_ASSIGNEE or not name.isprintable():
            message = f"whoever goes is named in 1 to {LONGEST_ASSIGNEE} characters"
            raise Invalid([_malformed("assignee", message)])
        return self._moved(
            uow, who, self.get(uow, who, id_), VisitEvent.ASSIGNED, assignee=name
        )

    def nobody_answered(self, uow: UnitOfWork, who: Principal, id_: str) -> Visit:
        """Record that nobody opened; the visit is due again later."""
        visit = self.get(uow, who, id_)
        return self._moved(
            uow,
            who,
            visit,
            VisitEvent.NOBODY_ANSWERED,
            attempts=visit.attempts + 1,
            due=self._due(),
        )

    def close(self, uow: UnitOfWork, who: Principal, id_: str, report: Report) -> Visit:
        """Close a visit with what was found; a stay in question follows it."""
        visit = self.get(uow, who, id_)
        if errors := _faults(visit, report):
            raise Invalid(errors)
        visit.closer_allowed(who.name)
        done = self._moved(
            uow,
            who,
            visit,
            VisitEvent.DONE,
            finding=report.finding,
            evidence=report.evidence,
            closed_by=who.name,
            closed_on=self._stays.today(),
        )
        if visit.occupancy is not None:
            self._stays.found(uow, who.source, visit.occupancy, report.finding)
        return done

    def listed(self, uow: UnitOfWork, who: Principal, wanted: Wanted) -> list[Visit]:
        """Return the visits of an area, the first due first."""
        area = wanted.area or who.area
        if area is not None:
            require_area(uow, who, area)
        return uow.visits.listed(replace(wanted, area=area))

    def get(self, uow: UnitOfWork, who: Principal, id_: str) -> Visit:
        """Return a visit in somebody's area."""
        visit = uow.visits.get(id_)
        today = self._stays.today()
        if visit is None or not (who.staff and may_see(uow, who, visit.unit, today)):
            raise NotFound(f"there is no visit {id_!r}")
        return visit

    def _due(self) -> date:
        today = self._stays.today()
        return today + self._policy.in_force(Key.VISIT_DUE, today).period

    def _open(self, uow: UnitOfWork, source: Source, visit: Visit) -> Visit:
        now = self._clock()
        uow.visits.add([visit], source, now)
        deed = Deed(
            source.actor, Action.VISIT_OPENED, f"visit:{visit.id}", visit.purpose
        )
        record(uow, [deed], now)
        return visit

    def _moved(
        self,
        uow: UnitOfWork,
        who: Principal,
        visit: Visit,
        event: VisitEvent,
        **changes: object,
    ) -> Visit:
        state, now = VISITS.after(visit.state, event), self._clock()
        moved = replace(visit, state=state, **changes)  # type: ignore[arg-type]
        uow.visits.revise(moved, who.source, now)
        deed = Deed(who.name, Action.VISIT_CHANGED, f"visit:{visit.id}", event)
        record(uow, [deed], now)
        return moved


def _visit(stay: Occupancy, purpose: Purpose | None, due: date) -> Visit:
    """Return a visit about a stay; where two contradict each other, much depends."""
    severity = Severity.HIGH if purpose is Purpose.CONTESTED else Severity.NORMAL
    return Visit(
        fresh_id("V"),
        stay.unit,
        stay.building,
        purpose or Purpose.ROUTINE,
        due,
        stay.id,
        severity,
    )


def _faults(visit: Visit, report: Report) -> list[FieldError]:
    errors = []
    if report.finding not in visit.findings:
        message = f"this visit finds {' or '.join(sorted(visit.findings))}"
        errors.append(_malformed("finding", message))
    if report.evidence is not None and not DIGEST.fullmatch(report.evidence):
        message = "evidence is named by its SHA-256 in 64 hexadecimal digits"
        errors.append(_malformed("evidence", message))
    return errors


def _malformed(name: str, message: str) -> FieldError:
    return FieldError(name, Fault.MALFORMED, message, "correct it and send it again")
