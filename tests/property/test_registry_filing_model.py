"""Filings as a machine: landlords and clerks at random, on few dwellings, for years.

Whatever they try, a move outside the table does not happen, a dwelling has one living
filing at most on every day, and what was known on a day stays what was known then.
"""

from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)

from registry.audit.trail import verify
from registry.domain.errors import Conflict, Forbidden, Invalid, NotFound
from registry.domain.filing import (
    FILINGS,
    FilingEvent,
    FilingState,
    RentalFiling,
)
from registry.domain.history import AsOf, Version
from registry.domain.principals import Principal
from tests.support.letting import (
    CLERK,
    FREE,
    LANDLORDS,
    OTHER,
    Letting,
    landlord,
    letting,
    right,
    wish,
)

DAY = timedelta(days=1)
BEFORE, FOREVER = (datetime(year, 1, 1, tzinfo=UTC) for year in (1, 9999))
UNITS = (FREE, OTHER)
REFUSED = (Conflict, Forbidden, Invalid, NotFound)
STREETS = {"sent_back", "accepted", "suspended", "restored"}

ONWARD = tuple(e for e in FilingEvent if e in STREETS | {"submitted", "renewed"})

units = st.sampled_from(UNITS)
parties = st.sampled_from(LANDLORDS)
people = st.sampled_from([CLERK, *map(landlord, LANDLORDS)])
events = st.sampled_from(list(FilingEvent))


@dataclass(frozen=True)
class Answer:
    """What the register said of a filing as of a moment, at a moment."""

    id: str
    at: AsOf
    said: object


class Filings(RuleBasedStateMachine):
    """The registry, and every answer it ever gave."""

    @initialize()
    def open(self) -> None:
        self.stack = ExitStack()
        folder = Path(self.stack.enter_context(TemporaryDirectory()))
        self.let: Letting = self.stack.enter_context(letting(folder))
        self.rights = {("L1", FREE)}
        self.answers: list[Answer] = []
        for party, unit in (("L2", FREE), ("L1", OTHER), ("L2", OTHER)):
            self.change_right(party, unit)
        self.ids = [self.let.begin(*each) for each in sorted(self.rights)]
        self.ids.append("B1-0201.filing")

    def teardown(self) -> None:
        with self.let.reading() as uow:
            assert verify(uow).broken is None
            for answer in self.answers:
                assert uow.filings.get(answer.id, answer.at) == answer.said
        self.stack.close()

    def going(self) -> list[str]:
        """Return the filings to which something can still happen, or all."""
        going = [i for i in self.ids if not FILINGS.final(self.let.now(i).state)]
        return going or self.ids

    @property
    def today(self) -> date:
        return self.let.bench.services.housing.today()

    @rule(data=st.data(), times=st.integers(2, 6), days=st.sampled_from([0, 1, 300]))
    def go_on(self, data: st.DataObject, times: int, days: int) -> None:
        """Let a filing go on as it may, by somebody whose business it is."""
        id_ = data.draw(st.sampled_from(self.going()), "filing")
        for _ in range(times):
            before = self.let.now(id_)
            may = [e for e in ONWARD if FILINGS.allows(before.state, e)]
            event = data.draw(st.sampled_from(may or [FilingEvent.RENEWED]), "event")
            street = event in STREETS or before.lessor is None
            who = CLERK if street else landlord(before.lessor or "")
            self.move(id_, event, who)
            self.let.bench.now += days * DAY
            with self.let.writing() as uow:
                self.let.filings.pass_days(uow)
        self.ask(id_, data.draw(st.integers(0, 800), "ago"))

    @rule(data=st.data(), what=st.sampled_from(["right", "draft", "transfer", "any"]))
    def disturb(self, data: st.DataObject, what: str) -> None:
        """Change who may let, or ask for what may make no sense."""
        party, unit = data.draw(parties, "party"), data.draw(units, "unit")
        who = data.draw(people, "who")
        id_ = data.draw(st.sampled_from(self.ids), "filing")
        if what == "right":
            self.change_right(party, unit)
        elif what == "draft":
            self.begin(who, party, unit)
        elif what == "transfer":
            self.transfer(who, party, id_)
        else:
            late = data.draw(st.none() | st.integers(-1, 40), "late")
            self.move(id_, data.draw(events, "event"), who, late)
        self.ask(id_, data.draw(st.integers(0, 800), "ago"))
        self.let.bench.now += data.draw(st.sampled_from([0, 7, 200]), "days") * DAY

    def change_right(self, party: str, unit: str) -> None:
        """End a right to let, or record it from today on."""
        service = self.let.bench.services.rights
        with self.let.writing() as uow:
            if (party, unit) not in self.rights:
                wanted = replace(right(party, unit), start=self.today)
                service.record(uow, CLERK, wanted)
            else:
                for held in uow.rights.find():
                    if (held.party, held.unit, held.end) == (party, unit, None):
                        service.end(uow, CLERK, held.id, self.today)
        self.rights ^= {(party, unit)}

    def begin(self, who: Principal, party: str, unit: str) -> None:
        lessor = who.party or party
        try:
            with self.let.writing() as uow:
                done = self.let.filings.draft(uow, who, wish(unit, lessor))
        except REFUSED:
            return
        assert who.staff or (lessor, unit) in self.rights
        self.ids.append(done.id)

    def transfer(self, who: Principal, party: str, id_: str) -> None:
        before = self.let.now(id_)
        try:
            with self.let.writing() as uow:
                done = self.let.filings.transfer(uow, who, id_, party)
        except REFUSED:
            return
        assert who.staff or who.party == before.lessor
        assert done.successor.lessor == party != before.lessor
        self.ids.append(done.successor.id)

    def move(
        self, id_: str, event: FilingEvent, who: Principal, late: int | None = None
    ) -> None:
        before = self.let.now(id_)
        on = None if late is None else self.today - late * DAY
        try:
            after = self.let.move(id_, event, who, on, "because")
        except REFUSED:
            assert self.let.now(id_) == before, "what is refused changes nothing"
            return
        assert event not in {"lapsed", "renewal_neared", "transferred"}
        assert who.staff or (who.party == before.lessor and event not in STREETS)
        assert after.state in {to for (_, e), to in FILINGS.moves.items() if e == event}
        if event in {"submitted", "accepted", "renewed"} and on is None:
            assert (after.lessor, after.unit) in self.rights

    def ask(self, id_: str, ago: int) -> None:
        """Keep an answer; it must still be given at the end."""
        now = self.let.bench.now
        self.let.bench.now += timedelta(seconds=1)
        for valid in (None, now - ago * DAY, now):
            at = AsOf(valid, now)
            with self.let.reading() as uow:
                self.answers.append(Answer(id_, at, uow.filings.get(id_, at)))

    @invariant()
    def a_dwelling_has_one_living_filing_on_every_day(self) -> None:
        for unit in UNITS:
            spans = [
                (start_of(version), version.span.end or FOREVER)
                for versions in self.current()
                for version in versions
                if version.content.unit == unit and version.content.live
            ]
            for (_, end), (start, _) in pairwise(sorted(spans)):
                assert end <= start

    @invariant()
    def every_filing_walks_along_its_table(self) -> None:
        for versions in self.current():
            assert versions[-1].span.end is None
            for before, after in pairwise(versions):
                assert before.span.end == after.span.start
                assert reachable(before.content.state, after.content.state)

    def current(self) -> list[list[Version[RentalFiling]]]:
        """Return what is known now of each filing, day after day."""
        with self.let.reading() as uow:
            every = [uow.filings.history(id_) for id_ in uow.filings.ids()]
        known = [[v for v in versions if v.superseded_at is None] for versions in every]
        return [sorted(versions, key=start_of) for versions in known]


def start_of(version: Version[RentalFiling]) -> datetime:
    return version.span.start or BEFORE


def reachable(start: FilingState, end: FilingState) -> bool:
    """Say whether one state leads to another, or to itself, along the table.

    Of several moves in one day only the last is told of that day.
    """
    seen, fresh = {start}, {start}
    while fresh:
        fresh = {to for (at, _), to in FILINGS.moves.items() if at in fresh} - seen
        seen |= fresh
    return end in seen


Filings.TestCase.settings = settings(
    max_examples=4,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestFilings = Filings.TestCase
