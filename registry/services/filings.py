"""Rental filings: begun, handed in, decided on, renewed, ended; every move kept."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from registry.audit.trail import Action
from registry.domain.errors import (
    Conflict,
    Fault,
    FieldError,
    Forbidden,
    Invalid,
)
from registry.domain.filing import (
    FilingEvent,
    FilingState,
    LettingMode,
    RentalFiling,
)
from registry.domain.filing_moves import Happened, Terms, filing_number, moved
from registry.domain.letting_forms import NewFiling, text_faults
from registry.domain.parties import fresh_id
from registry.domain.passing_days import filing_by
from registry.domain.policy import Policy
from registry.domain.policy.keys import Key
from registry.domain.principals import Principal
from registry.domain.registration import missing
from registry.persistence.lettings import ONE_LIVING, FilingRow
from registry.persistence.unit_of_work import UnitOfWork
from registry.services import letting_reach
from registry.services.course import Course
from registry.services.deadlines import Deadlines
from registry.services.lookups import Lookup
from registry.services.policy_in_force import on_record
from registry.services.standing import (
    files_for,
    party_faults,
    place_faults,
    require_right,
    require_staff,
)
from registry.services.street_days import StreetDays

_E = FilingEvent
STREETS = frozenset({_E.SENT_BACK, _E.ACCEPTED, _E.SUSPENDED, _E.RESTORED})
"""What only the street decides."""
BY_WORD = STREETS | {_E.SUBMITTED, _E.RENEWED, _E.WITHDRAWN}
"""What happens to one filing alone, and because somebody says so."""
BY_RIGHT = frozenset({_E.SUBMITTED, _E.ACCEPTED, _E.RENEWED})
"""What needs a right to let in force."""
REASONED = frozenset({_E.SENT_BACK, _E.SUSPENDED})
OPEN = frozenset({FilingState.DRAFT, FilingState.NEEDS_CORRECTION})
"""The states in which what a filing says may be corrected."""
MOST_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Asked:
    """An event as somebody wants it; without a day it takes effect today.

    `reason` is why it is sent back or withdrawn, or the number of the order that
    suspends it.
    """

    id: str
    event: FilingEvent
    on: date | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Transfer:
    """A filing closed, the draft that follows it, and by when to hand that in."""

    closed: RentalFiling
    successor: RentalFiling
    file_by: date


class FilingService:
    """Moves filings along their table, for whom it may be done."""

    def __init__(
        self, policy: Policy, deadlines: Deadlines, clock: Callable[[], datetime]
    ) -> None:
        """Work under a policy, with days counted as deadlines are."""
        self._policy = policy
        self._deadlines = deadlines
        self._days = StreetDays(policy.zone, clock)
        self._course: Course[RentalFiling] = Course(
            "filing", lambda uow: uow.filings, self._passing, self._days
        )
        self.lookup: Lookup[RentalFiling] = Lookup(
            "filing",
            lambda uow: uow.filings,
            FilingRow,
            letting_reach.filings,
            self._days.today,
        )

    def draft(self, uow: UnitOfWork, who: Principal, wish: NewFiling) -> RentalFiling:
        """Begin a filing; it says nothing to the street before it is submitted."""
        lessor = wish.lessor or who.party
        today = self._days.today()
        errors = place_faults(uow, who, wish.unit, today)
        errors += party_faults(uow, lessor=lessor, manager=wish.manager)
        if lessor is None:
            errors.append(missing("lessor", "say who lets the unit"))
        if errors or lessor is None:
            raise Invalid(errors)
        if not who.staff:
            self._require_side(uow, who, lessor, wish.unit, today)
            require_right(uow, who, lessor, wish.unit, today)
        begun = uow.filings.drafts(wish.unit, lessor)
        if begun:
            raise Conflict(f"the lessor has begun {begun[0].id} for this unit already")
        filing = RentalFiling(
            fresh_id("F"),
            wish.unit,
            lessor,
            wish.mode,
            FilingState.DRAFT,
            wish.manager,
        )
        self._course.begin(uow, who.source, Action.FILING_DRAFTED, filing, today)
        return filing

    def correct(
        self,
        uow: UnitOfWork,
        who: Principal,
        id_: str,
        mode: LettingMode,
        manager: str | None,
    ) -> RentalFiling:
        """Change what a filing says while it is a draft or was sent back."""
        seen = self.lookup.get(uow, who, id_)
        today = self._days.today()
        self._require_side(uow, who, seen.lessor, seen.unit, today)
        if errors := party_faults(uow, manager=manager):
            raise Invalid(errors)
        if seen.state not in OPEN:
            raise Conflict(f"the filing is {seen.state}: what it says stays")
        changed = replace(seen, mode=mode, manager=manager)
        self._course.correct(uow, who.source, Action.FILING_CORRECTED, changed, today)
        return changed

    def move(self, uow: UnitOfWork, who: Principal, asked: Asked) -> RentalFiling:
        """Let an event happen to a filing, if its table and the law of who may do."""
        seen = self.lookup.get(uow, who, asked.id)
        on = self._day(who, asked.on)
        if asked.event not in BY_WORD:
            raise Conflict(f"nobody lets a filing be {asked.event} by a word")
        if asked.event in STREETS:
            require_staff(who)
        self._require_side(uow, who, seen.lessor, seen.unit, on)
        reason = _reason(who, asked)
        before = self._standing(uow, seen.id, on)
        what = Happened(asked.event, on, reason)
        after = moved(before, what, self._terms(uow))
        if asked.event in BY_RIGHT:
            require_right(uow, who, before.lessor, before.unit, on)
        if asked.event is FilingEvent.ACCEPTED:
            number = filing_number(on.year, uow.filings.next_number(on.year))
            after = replace(after, number=number)
        if after.live:
            self._require_only(uow, after, on)
        self._course.keep(uow, who.source, asked.event, after, on)
        return after

    def transfer(
        self,
        uow: UnitOfWork,
        who: Principal,
        id_: str,
        lessor: str,
        on: date | None = None,
    ) -> Transfer:
        """Close a filing for a new lessor, and begin the one that follows it."""
        seen = self.lookup.get(uow, who, id_)
        day = self._day(who, on)
        self._require_side(uow, who, seen.lessor, seen.unit, day)
        errors = party_faults(uow, lessor=lessor)
        if lessor == seen.lessor:
            errors.append(_contradiction("lessor", "this is the lessor already"))
        if errors:
            raise Invalid(errors)
        before = self._standing(uow, seen.id, day)
        successor = RentalFiling(
            fresh_id("F"), before.unit, lessor, before.mode, FilingState.DRAFT
        )
        what = Happened(FilingEvent.TRANSFERRED, day, successor=successor.id)
        closed = moved(before, what, self._terms(uow))
        self._course.begin(uow, who.source, Action.FILING_DRAFTED, successor, day)
        self._course.keep(uow, who.source, what.event, closed, day)
        file_by = self._deadlines.last_day(uow, Key.TRANSFER_GRACE, day)
        return Transfer(closed, successor, file_by)

    def pass_days(self, uow: UnitOfWork) -> None:
        """Record what days alone made of filings: due for renewal, lapsed."""
        today = self._days.today()
        nearing = today + self._window(uow)
        for filing in uow.filings.overtaken(nearing, today, MOST_AT_ONCE):
            self._course.catch_up(uow, filing, today)

    def _terms(self, uow: UnitOfWork) -> Terms:
        def last_day(event: date) -> date:
            return self._deadlines.last_day(uow, Key.FILING_RENEWAL, event)

        return Terms(last_day, self._window(uow))

    def _window(self, uow: UnitOfWork) -> timedelta:
        """Return how long before its last day a filing may be renewed."""
        policy = on_record(uow, self._policy)
        return policy.in_force(Key.REMINDER_FIRST, policy.today()).period

    def _require_side(
        self, uow: UnitOfWork, who: Principal, lessor: str | None, unit: str, day: date
    ) -> None:
        """Refuse who is neither the street nor speaks for the lessor."""
        if not who.staff and not files_for(uow, who, lessor, unit, day):
            raise Forbidden("only the lessor, or whom the lessor lets file, does this")

    def _day(self, who: Principal, on: date | None) -> date:
        """Return the day something takes effect; only the street names another one."""
        today = self._days.today()
        if on is None or on == today:
            return today
        if not who.staff:
            raise Invalid([_contradiction("on", "only the street names another day")])
        if on > today:
            raise Invalid([_contradiction("on", "this day has not come yet")])
        return on

    def _standing(self, uow: UnitOfWork, id_: str, on: date) -> RentalFiling:
        """Return a filing as it stood on a day; nobody has said anything since."""
        last = self._course.last_said(uow, id_)
        if last is not None and on < last:
            raise Invalid([_contradiction("on", f"it was changed on {last} since")])
        return self._course.standing(uow, id_, on)

    def _require_only(self, uow: UnitOfWork, filing: RentalFiling, on: date) -> None:
        """Refuse a second one on any day; of two at once the key refuses one."""
        if uow.filings.living_since(filing.unit, self._days.begin(on)) - {filing.id}:
            raise Conflict(ONE_LIVING)

    def _passing(
        self, uow: UnitOfWork, filing: RentalFiling, day: date
    ) -> Iterator[tuple[date, FilingEvent, RentalFiling]]:
        return filing_by(filing, day, self._window(uow))


def _reason(who: Principal, asked: Asked) -> str | None:
    reason = (asked.reason or "").strip()
    withdrawn_by_street = asked.event is FilingEvent.WITHDRAWN and who.staff
    needed = asked.event in REASONED or withdrawn_by_street
    if errors := text_faults("reason", reason, needed=needed):
        raise Invalid(errors)
    return reason or None


def _contradiction(field: str, message: str) -> FieldError:
    remedy = "leave it out for today" if field == "on" else "name another party"
    return FieldError(field, Fault.CONTRADICTION, message, remedy)
