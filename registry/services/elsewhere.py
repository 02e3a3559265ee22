"""Filings with other offices: what was handed in there, and what they answered.

Nothing here is concluded from our own filings: a receipt or an answer says it, or it
is not so.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from registry.audit.trail import Action
from registry.domain.errors import (
    Conflict,
    Fault,
    FieldError,
    Forbidden,
    Invalid,
)
from registry.domain.external_filing import (
    EXTERNAL_FILINGS,
    ExternalEvent,
    ExternalFiling,
    ExternalKind,
    ExternalState,
)
from registry.domain.letting_forms import NewElsewhere, text_faults
from registry.domain.occupancy import Exemption
from registry.domain.parties import fresh_id
from registry.domain.passing_days import elsewhere_by
from registry.domain.policy import Policy
from registry.domain.policy.keys import Key
from registry.domain.principals import Principal
from registry.domain.registration import missing, unknown
from registry.domain.rights import Power
from registry.persistence.lettings import ExternalFilingRow, waiting_elsewhere
from registry.persistence.unit_of_work import UnitOfWork
from registry.services import letting_reach
from registry.services.course import Course
from registry.services.lookups import Lookup
from registry.services.policy_in_force import on_record
from registry.services.scopes import may_act
from registry.services.standing import place_faults, require_staff
from registry.services.street_days import StreetDays

MOST_AT_ONCE = 500
_E = ExternalEvent
BY_WORD = frozenset(_E) - {_E.FELL_DUE, _E.DUE_DAY_PASSED}


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody says of a filing elsewhere.

    A submission has an office and its receipt, a refusal and an exemption a reason, an
    exemption its kind; `on` is the day on the paper, today where it is not given.
    """

    id: str
    event: ExternalEvent
    on: date | None = None
    office: str | None = None
    receipt: str | None = None
    exemption: Exemption | None = None
    reason: str | None = None
    due: date | None = None


class ElsewhereService:
    """Keeps filings elsewhere by what papers say and days bring."""

    def __init__(self, policy: Policy, clock: Callable[[], datetime]) -> None:
        """Work under a policy."""
        self._policy = policy
        self._days = StreetDays(policy.zone, clock)
        self._course: Course[ExternalFiling] = Course(
            "elsewhere", lambda uow: uow.external_filings, self._passing, self._days
        )
        self.lookup: Lookup[ExternalFiling] = Lookup(
            "filing elsewhere",
            lambda uow: uow.external_filings,
            ExternalFilingRow,
            letting_reach.elsewhere,
            self._days.today,
        )

    def record(
        self, uow: UnitOfWork, who: Principal, wish: NewElsewhere
    ) -> ExternalFiling:
        """Keep a filing in sight that has to be made, or was made, elsewhere."""
        today = self._days.today()
        errors = [
            *wish.faults(),
            *place_faults(uow, who, wish.unit, today),
            *_subject_faults(uow, wish),
        ]
        if errors:
            raise Invalid(errors)
        filing = ExternalFiling(
            fresh_id("E"),
            wish.kind,
            wish.unit,
            EXTERNAL_FILINGS.initial,
            wish.tenancy,
            wish.occupancy,
            due=wish.due,
        )
        self._require_business(uow, who, filing)
        if _under_way(uow, filing):
            raise Conflict("such a filing is under way already: carry on with that one")
        self._course.begin(uow, who.source, Action.ELSEWHERE_RECORDED, filing, today)
        return self._course.catch_up(uow, filing, today)

    def tell(self, uow: UnitOfWork, who: Principal, told: Told) -> ExternalFiling:
        """Record what a paper says; only the street records what offices answered."""
        seen = self.lookup.get(uow, who, told.id)
        if told.event not in BY_WORD:
            raise Conflict("only days do this")
        if told.event is not ExternalEvent.SUBMITTED:
            require_staff(who)
        self._require_business(uow, who, seen)
        today = self._days.today()
        if errors := _paper_faults(told, today):
            raise Invalid(errors)
        on = told.on or today
        before = self._course.standing(uow, seen.id, on)
        state = EXTERNAL_FILINGS.after(before.state, told.event)
        after = replace(before, state=state, **_changes(told, on))
        self._course.keep(uow, who.source, told.event, after, on)
        return self._course.catch_up(uow, after, today)

    def pass_days(self, uow: UnitOfWork) -> None:
        """Record what days alone made of filings elsewhere: due, overdue."""
        today = self._days.today()
        near = today + self._window(uow)
        for filing in uow.external_filings.find(
            waiting_elsewhere(near, today),
            order=(ExternalFilingRow.due, ExternalFilingRow.id),
            limit=MOST_AT_ONCE,
        ):
            self._course.catch_up(uow, filing, today)

    def _passing(
        self, uow: UnitOfWork, filing: ExternalFiling, day: date
    ) -> Iterator[tuple[date, ExternalEvent, ExternalFiling]]:
        return elsewhere_by(filing, day, self._window(uow))

    def _window(self, uow: UnitOfWork) -> timedelta:
        """Return how long before its last day a filing counts as due."""
        policy = on_record(uow, self._policy)
        return policy.in_force(Key.REMINDER_LAST, policy.today()).period

    def _require_business(
        self, uow: UnitOfWork, who: Principal, filing: ExternalFiling
    ) -> None:
        """Refuse whose business the filing is not: the lessor's or the occupant's."""
        today = self._days.today()
        if who.staff or (
            filing.kind in letting_reach.LESSORS_BUSINESS
            and may_act(uow, who, Power.FILE, filing.unit, today)
        ):
            return
        about = {filing.occupancy, filing.tenancy}
        if not about & letting_reach.own_affairs(uow, who):
            raise Forbidden("only whom the filing is about, or who lets to them, does")


def _changes(told: Told, on: date) -> dict[str, Any]:
    """Return what a paper writes into a filing."""
    changes: dict[ExternalEvent, dict[str, Any]] = {
        ExternalEvent.SUBMITTED: {
            "office": told.office,
            "receipt": told.receipt,
            "on": on,
            "reason": None,
        },
        ExternalEvent.GRANTED: {"on": on, "due": told.due, "reason": None},
        ExternalEvent.REFUSED: {"on": on, "reason": told.reason},
        ExternalEvent.EXEMPTED: {
            "on": on,
            "exemption": told.exemption,
            "reason": told.reason,
        },
        ExternalEvent.NO_LONGER_EXEMPT: {
            "on": on,
            "exemption": None,
            "reason": None,
            "due": told.due,
        },
    }
    return changes[told.event]


def _paper_faults(told: Told, today: date) -> list[FieldError]:
    """Say what a paper should have told."""
    submitted = told.event is ExternalEvent.SUBMITTED
    errors = text_faults("office", told.office, needed=submitted)
    errors += text_faults("receipt", told.receipt, needed=submitted)
    refused = told.event is ExternalEvent.REFUSED
    errors += text_faults("reason", told.reason, needed=refused)
    if told.event is ExternalEvent.EXEMPTED and not (told.exemption or told.reason):
        errors.append(missing("exemption", "say which exemption, or give a reason"))
    if told.on is not None and told.on > today:
        message, remedy = "this day has not come yet", "give the day on the paper"
        errors.append(FieldError("on", Fault.CONTRADICTION, message, remedy))
    return errors


def _subject_faults(uow: UnitOfWork, wish: NewElsewhere) -> list[FieldError]:
    """Say which of tenancy and occupancy is not one of the unit's."""
    tenancy = None if wish.tenancy is None else uow.tenancies.get(wish.tenancy)
    stay = None if wish.occupancy is None else uow.occupancies.get(wish.occupancy)
    named = {"tenancy": (wish.tenancy, tenancy), "occupancy": (wish.occupancy, stay)}
    return [
        unknown(field, f"the {field}", f"name a {field} of the unit")
        for field, (id_, found) in named.items()
        if id_ is not None and (found is None or found.unit != wish.unit)
    ]


def _under_way(uow: UnitOfWork, filing: ExternalFiling) -> bool:
    """Say whether one of its kind about the same is not granted yet."""
    about = (
        ExternalFilingRow.tenancy == filing.tenancy
        if filing.kind is ExternalKind.CONTRACT_FILING
        else ExternalFilingRow.occupancy == filing.occupancy
    )
    same = uow.external_filings.find(ExternalFilingRow.kind == filing.kind, about)
    return any(other.state is not ExternalState.GRANTED for other in same)
