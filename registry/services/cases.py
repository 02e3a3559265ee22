"""Cases of houses: raised by rules, answered by people; rules that are wrong stop."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from registry.audit.trail import Action, Deed, record
from registry.domain.cases import (
    SETTLED,
    Case,
    CaseEvent,
    CaseState,
    CloseReason,
    GuardTold,
    Precision,
    RuleSwitch,
    Step,
    measured,
    opened,
)
from registry.domain.errors import Fault, FieldError, Invalid, NotFound
from registry.domain.history import Channel, Source
from registry.domain.house_rules import RULES
from registry.domain.house_rules.inputs import HouseInputs
from registry.domain.house_rules.rule import Limits, Rule, RuleId, Signal, ask
from registry.domain.parties import fresh_id
from registry.domain.places import Building
from registry.domain.policy import Policy
from registry.domain.policy.keys import Key
from registry.domain.principals import Principal
from registry.persistence.cases import Wanted
from registry.persistence.unit_of_work import Store, UnitOfWork
from registry.services.house_inputs import Street, read_house, street_on
from registry.services.policy_in_force import on_record
from registry.services.scopes import may_see, own_units, require_area

CLOCK = Source("registry", Channel.CLOCK)
BY_THE_CLOCK = frozenset({CaseEvent.GUARDED, CaseEvent.NOTICED})
LONGEST_REASON = 200
HIDDEN = frozenset({CaseState.RAISED, CaseState.AUTO_GUARDED})
"""What residents are not asked about."""


@dataclass(frozen=True, slots=True)
class RuleOverview:
    """A rule, whether it is asked, how often it was right, and its open cases."""

    rule: Rule
    on: bool
    switch: RuleSwitch | None
    precision: Precision
    open: int


class CaseService:
    """Asks the rules once a day and keeps what comes of it; no door heeds it."""

    def __init__(self, policy: Policy, clock: Callable[[], datetime]) -> None:
        """Ask under a policy."""
        self._policy = policy
        self._clock = clock
        self._swept: date | None = None

    def today(self) -> date:
        """Return the day it is in the street."""
        return self._policy.today()

    def sweep(self, store: Store) -> None:
        """Ask every rule of every house, a house at a time, once a day."""
        today = self.today()
        if self._swept == today:
            return
        with store.writing() as uow:
            self.stop_wrong_rules(uow)
        with store.reading() as uow:
            buildings = uow.houses.buildings()
            street = self.street(uow)
        for building in buildings:
            with store.reading() as uow:
                signals = self.signals(uow, building, street)
            with store.writing() as uow:
                self.keep(uow, building, signals)
        self._swept = today

    def street(self, uow: UnitOfWork) -> Street:
        """Return what is the same for every house today."""
        return street_on(uow, self.today(), self._policy.zone, self._clock)

    def signals(
        self, uow: UnitOfWork, building: Building, street: Street
    ) -> list[Signal]:
        """Return what the rules that are on have to say of a house today."""
        limits, off = self._limits(uow), self._off(uow)
        houses = read_house(uow, street, building)
        return list(_asked(houses, limits, off))

    def keep(
        self, uow: UnitOfWork, building: Building, signals: Sequence[Signal]
    ) -> int:
        """Open a case for every signal that is new; return how many.

        A case nobody took up yet is closed where what raised it is no more.
        """
        today, limits = self.today(), self._limits(uow)
        longest = limits[Key.CASE_EXPLAINED].days
        known = uow.cases.of_building(building.code, today - timedelta(days=longest))
        fresh = [s for s in signals if self._new(s, known, limits)]
        cases = [opened(fresh_id("H"), signal, today) for signal in fresh]
        uow.cases.add(cases, CLOCK, self._clock())
        said = {(s.rule, s.unit or s.building) for s in signals if not s.guarded}
        off = self._off(uow)
        for case in known:
            gone = (case.rule, case.place) not in said and case.rule not in off
            if case.state is CaseState.NOTICE and gone:
                step = Step(CaseEvent.SELF_RESOLVED, CloseReason.NO_LONGER_SO)
                uow.cases.revise(case.after(step, today), CLOCK, self._clock())
        return len(cases)

    def _new(self, signal: Signal, known: Iterable[Case], limits: Limits) -> bool:
        place = signal.unit or signal.building
        mine = [c for c in known if (c.rule, c.place) == (signal.rule, place)]
        if any(case.open for case in mine):
            return False
        if signal.guarded:
            said = tuple(GuardTold(g.name, g.excused) for g in signal.guards)
            return not any(case.guards == said for case in mine)
        return not any(self._silent(case, limits) for case in mine)

    def _silent(self, case: Case, limits: Limits) -> bool:
        """Say whether a closed case keeps its rule silent about its place."""
        if case.closed_on is None or case.close_reason is CloseReason.GUARD_HELD:
            return False
        settled = case.close_reason in SETTLED
        key = Key.CASE_EXPLAINED if settled else Key.CASE_COOL_OFF
        return self.today() < case.closed_on + timedelta(days=limits[key].days)

    def listed(self, uow: UnitOfWork, who: Principal, wanted: Wanted) -> list[Case]:
        """Return the cases somebody may see: staff by area, others of their units."""
        area, units, states = wanted.area, wanted.units, set(wanted.states)
        if who.staff:
            area = area or who.area
            if area is not None:
                require_area(uow, who, area)
        else:
            units, states = own_units(uow, who, self.today()), states - HIDDEN
        seen = Wanted(states, wanted.rule, area, units, wanted.after, wanted.limit)
        return uow.cases.listed(seen)

    def get(self, uow: UnitOfWork, who: Principal, id_: str) -> Case:
        """Return a case; raises NotFound also where it is not theirs to see."""
        case = uow.cases.get(id_)
        if case is None or not self._sees(uow, who, case):
            raise NotFound(f"there is no case {id_!r}")
        return case

    def _sees(self, uow: UnitOfWork, who: Principal, case: Case) -> bool:
        if who.staff:
            return who.area in {None, *uow.houses.areas_of(case.building)}
        shown = case.unit is not None and case.state not in HIDDEN
        return shown and may_see(uow, who, case.unit or "", self.today())

    def take(self, uow: UnitOfWork, who: Principal, id_: str, step: Step) -> Case:
        """Take a step in a case; residents may object and nothing else."""
        case = self.get(uow, who, id_)
        allowed = step.event not in BY_THE_CLOCK
        if not allowed or not (who.staff or step.event is CaseEvent.OBJECTED):
            raise Invalid([_error("event", "this step is not yours to take")])
        after, now = case.after(step, self.today()), self._clock()
        uow.cases.revise(after, who.source, now)
        said = step.event if step.reason is None else f"{step.event}: {step.reason}"
        deed = Deed(who.name, Action.CASE_CHANGED, f"case:{id_}", said)
        record(uow, [deed], now)
        return after

    def overview(self, uow: UnitOfWork) -> list[RuleOverview]:
        """Return every rule with how it does."""
        switches, counts = uow.switches.every(), uow.cases.open_counts()
        limits = self._limits(uow)
        return [
            RuleOverview(
                rule,
                id_ not in switches or switches[id_].on,
                switches.get(id_),
                self._precision(uow, id_, switches.get(id_), limits),
                counts.get(id_, 0),
            )
            for id_, rule in RULES.items()
        ]

    def stop_wrong_rules(self, uow: UnitOfWork) -> list[RuleId]:
        """Switch off the rules that are wrong too often; return them."""
        limits = self._limits(uow)
        least = limits[Key.PRECISION_LEAST].amount
        enough = limits[Key.PRECISION_CLOSED_LEAST].amount
        wrong = [
            each
            for each in self.overview(uow)
            if each.on and each.precision.too_low(least, enough)
        ]
        for each in wrong:
            right = f"{each.precision.confirmed} of {each.precision.closed} confirmed"
            self._switch(uow, CLOCK, each.rule.id, on=False, reason=right)
        return [each.rule.id for each in wrong]

    def switch(
        self, uow: UnitOfWork, who: Principal, rule: RuleId, *, on: bool, reason: str
    ) -> RuleSwitch:
        """Switch a rule on or off for a reason; raises Invalid without one."""
        said = reason.strip()
        if not 0 < len(said) <= LONGEST_REASON or not said.isprintable():
            message = f"give a reason of 1 to {LONGEST_REASON} characters"
            raise Invalid([_error("reason", message)])
        return self._switch(uow, who.source, rule, on=on, reason=said)

    def _switch(
        self, uow: UnitOfWork, source: Source, rule: RuleId, *, on: bool, reason: str
    ) -> RuleSwitch:
        known, today, now = uow.switches.every().get(rule), self.today(), self._clock()
        before = date.min if known is None else known.measured_from
        switch = RuleSwitch(
            f"rule-{rule}",
            rule,
            on,
            today,
            reason,
            source.actor,
            today if on else before,
            source.channel is Channel.CLOCK,
        )
        if known is None:
            uow.switches.add([switch], source, now)
        else:
            uow.switches.revise(switch, source, now)
        said = f"{'on' if on else 'off'}: {reason}"
        deed = Deed(source.actor, Action.HOUSE_RULE_SWITCHED, f"rule:{rule}", said)
        record(uow, [deed], now)
        return switch

    def _precision(
        self, uow: UnitOfWork, rule: RuleId, switch: RuleSwitch | None, limits: Limits
    ) -> Precision:
        since = date.min if switch is None else switch.measured_from
        most = limits[Key.PRECISION_WINDOW].amount
        return measured(uow.cases.closed(rule, since, most))

    def _off(self, uow: UnitOfWork) -> set[RuleId]:
        return {rule for rule, each in uow.switches.every().items() if not each.on}

    def _limits(self, uow: UnitOfWork) -> Limits:
        policy, today = on_record(uow, self._policy), self.today()
        known = {key: policy.book.known(key, today) for key in Key}
        return Limits({k: value for k, value in known.items() if value is not None})


def _asked(
    houses: Iterable[HouseInputs], limits: Limits, off: set[RuleId]
) -> Iterator[Signal]:
    for number, house in enumerate(houses):
        for rule in RULES.values():
            if rule.id in off or (rule.of_house and number):
                continue
            signal = ask(rule, house, limits)
            if signal is not None:
                yield signal


def _error(field: str, message: str) -> FieldError:
    return FieldError(field, Fault.MALFORMED, message, "correct it and send it again")
