"""Cases in the store: raised once a day, one for a rule and a unit, until closed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from registry.audit.trail import Action
from registry.domain.cases import Case, CaseEvent, CaseState, CloseReason, Step
from registry.domain.errors import Conflict, Invalid
from registry.domain.external_filing import (
    ExternalFiling,
    ExternalKind,
    ExternalState,
)
from registry.domain.history import Source
from registry.domain.house_rules.rule import RuleId
from registry.domain.principals import Principal, Role
from registry.persistence.audit_entries import AuditEntries
from registry.persistence.cases import Wanted
from registry.services.cases import RuleOverview
from tests.support.postgresql import NewDatabase
from tests.support.registry_bench import (
    BACK,
    FAR,
    FRONT,
    NOW,
    TENANT_CARD,
    Bench,
    batch,
    passage,
    registry,
    report,
)

DAY = timedelta(days=1)
FILED = "B1-0201"
"""A unit let from the first of the year for a year, and filed."""
TODAY = date(2026, 6, 1)
CLERK = Principal(Role.CLERK, "clerk")
EVERY = frozenset(CaseState)
REVIEWED = Step(CaseEvent.REVIEWED)
WRONG = Step(CaseEvent.FOUND_NOTHING, CloseReason.NOTHING_FOUND)
RIGHT = Step(CaseEvent.SELF_RESOLVED, CloseReason.REGISTER_CORRECTED)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with registry(tmp_path) as ready:
        yield ready


@pytest.fixture
def either(tmp_path: Path, new_database: NewDatabase) -> Iterator[Bench]:
    with registry(tmp_path, new_database) as ready:
        yield ready


def swept(bench: Bench, days: int = 0) -> list[Case]:
    """Let days pass, ask the rules, and return every case there is."""
    bench.now += days * DAY
    bench.services.house_cases._swept = None
    bench.services.house_cases.sweep(bench.services.store)
    with bench.services.store.reading() as uow:
        return bench.services.house_cases.listed(uow, CLERK, Wanted(EVERY))


def of(cases: list[Case], rule: RuleId, place: str = "B1-0202") -> list[Case]:
    return [case for case in cases if (case.rule, case.place) == (rule, place)]


def take(bench: Bench, case: Case, step: Step) -> Case:
    with bench.services.store.writing() as uow:
        return bench.services.house_cases.take(uow, CLERK, case.id, step)


def listen(bench: Bench) -> None:
    """Let all doors of the first gateway report."""
    with bench.services.store.writing() as uow:
        doors = (report(FRONT), report(BACK))
        uow.hardware.report("gateway-1", doors, bench.now)
        uow.hardware.report("gateway-2", (report(FAR),), bench.now)


def test_rules_are_asked_by_the_day_and_again_only_after_a_close(
    bench: Bench,
) -> None:
    (unfiled,) = of(swept(bench), RuleId.H2, FILED)
    assert unfiled.state is CaseState.NOTICE
    assert "合同备案回执" in unfiled.sentence
    assert dict(unfiled.numbers) == {"days": 151}
    assert of(swept(bench, 1), RuleId.H2, FILED) == [unfiled]
    closed = take(bench, unfiled, WRONG)
    assert closed.closed_on == TODAY + DAY
    assert of(swept(bench, 29), RuleId.H2, FILED) == [closed]
    again = of(swept(bench, 1), RuleId.H2, FILED)
    assert sorted(case.open for case in again) == [False, True]


def test_an_explanation_holds_longer(bench: Bench) -> None:
    (unfiled,) = of(swept(bench), RuleId.H2, FILED)
    explained = Step(CaseEvent.SELF_RESOLVED, CloseReason.EXPLAINED)
    closed = take(bench, unfiled, explained)
    assert of(swept(bench, 60), RuleId.H2, FILED) == [closed]
    assert len(of(swept(bench, 120), RuleId.H2, FILED)) == 2


def test_a_guard_is_written_down_and_gives_way_when_it_holds_no_more(
    bench: Bench,
) -> None:
    pending = ExternalFiling(
        "E1",
        ExternalKind.CONTRACT_FILING,
        FILED,
        ExternalState.SUBMITTED,
        tenancy="T1",
    )
    source = Source("clerk")
    with bench.services.store.writing() as uow:
        (known,) = of_rule_in_the_mould(bench)
        uow.cases.revise(replace(known, state=CaseState.UNFOUNDED), source, bench.now)
        uow.external_filings.add([pending], source, bench.now)
    guarded = of(swept(bench), RuleId.H2, FILED)
    (written,) = [c for c in guarded if c.state is CaseState.AUTO_GUARDED]
    assert [g.name for g in written.guards if g.excused] == ["pending"]
    assert len(of(swept(bench, 1), RuleId.H2, FILED)) == len(guarded)
    with bench.services.store.writing() as uow:
        refused = replace(pending, state=ExternalState.REFUSED)
        uow.external_filings.revise(refused, source, bench.now)
    states = {c.state for c in of(swept(bench, 1), RuleId.H2, FILED)}
    assert CaseState.NOTICE in states


def of_rule_in_the_mould(bench: Bench) -> list[Case]:
    """Return what the first sweep found about the contract of the filed unit."""
    return of(swept(bench), RuleId.H2, FILED)


def test_what_is_no_more_so_closes_by_itself_and_measures_nothing(
    bench: Bench,
) -> None:
    (contract,) = of(swept(bench), RuleId.H2, FILED)
    filed = ExternalFiling(
        "E1",
        ExternalKind.CONTRACT_FILING,
        FILED,
        ExternalState.GRANTED,
        tenancy="T1",
    )
    with bench.services.store.writing() as uow:
        uow.external_filings.add([filed], Source("clerk"), bench.now)
    (closed,) = of(swept(bench, 1), RuleId.H2, FILED)
    assert (closed.id, closed.state) == (contract.id, CaseState.SELF_RESOLVED)
    assert closed.close_reason is CloseReason.NO_LONGER_SO
    with bench.services.store.reading() as uow:
        assert uow.cases.closed(RuleId.H2, date.min, 100) == []


def test_doors_nobody_heard_of_make_one_case_for_the_house(bench: Bench) -> None:
    deaf = [c for c in swept(bench) if c.rule is RuleId.H15]
    assert {(c.place, c.unit) for c in deaf} == {("B1", None), ("B2", None)}
    listen(bench)
    heard = [c for c in swept(bench, 1) if c.rule is RuleId.H15]
    assert {c.close_reason for c in heard} == {CloseReason.NO_LONGER_SO}


def test_use_after_the_end_is_read_from_the_days(bench: Bench) -> None:
    """The lease ends and nobody says so: the occupancy goes on, the card opens."""
    listen(bench)
    with bench.services.store.writing() as uow:
        tenancy = uow.tenancies.get("T1")
        assert tenancy is not None
        over = replace(tenancy, end=TODAY)
        uow.tenancies.revise(over, Source("clerk"), bench.now)
        entries = [passage(n, TENANT_CARD, FRONT, NOW + (40 + n) * DAY) for n in (1, 2)]
        bench.services.ingest.accept(uow, batch(entries))
    bench.now += 42 * DAY
    bench.services.retirement.look()
    (case,) = of(swept(bench), RuleId.H3, FILED)
    assert dict(case.numbers) == {"days": 2, "end": "2026-06-01", "last": "2026-07-13"}
    assert case.state is CaseState.NOTICE


def test_a_card_at_two_houses_within_a_minute_is_counted_once(either: Bench) -> None:
    bench = either
    listen(bench)
    far = replace(passage(2, TENANT_CARD, FAR, NOW + timedelta(seconds=30)))
    with bench.services.store.writing() as uow:
        bench.services.ingest.accept(
            uow, batch([passage(1, TENANT_CARD, FRONT, NOW), far])
        )
        uow.session.execute(text("UPDATE passages SET own = (1 = 1)"))
    bench.services.retirement.look()
    with bench.services.store.reading() as uow:
        (move,) = uow.daily_use.moves([1], TODAY)
    assert (move.from_door, move.to_door, move.seconds) == (FRONT, FAR, 30)
    with bench.services.store.writing() as uow:
        bench.services.ingest.accept(
            uow,
            batch(
                [passage(3, TENANT_CARD, FRONT, NOW + timedelta(seconds=40))], epoch=2
            ),
        )
    bench.services.retirement.look()
    with bench.services.store.reading() as uow:
        moves = uow.daily_use.moves([1], TODAY)
    assert {(m.from_door, m.seconds) for m in moves} == {(FRONT, 30), (FAR, 10)}


def close_many(bench: Bench, case: Case, step: Step, count: int) -> None:
    """Put closed cases of a rule on record, as people would have closed them."""
    with bench.services.store.writing() as uow:
        closed = [
            replace(case.after(step, TODAY), id=f"many-{step.reason}-{n}")
            for n in range(count)
        ]
        uow.cases.add(closed, Source("clerk"), bench.now)


def overview(bench: Bench) -> dict[RuleId, RuleOverview]:
    with bench.services.store.reading() as uow:
        return {r.rule.id: r for r in bench.services.house_cases.overview(uow)}


def test_a_rule_that_is_wrong_too_often_stops_and_says_so(bench: Bench) -> None:
    (unfiled,) = of(swept(bench), RuleId.H2, FILED)
    close_many(bench, unfiled, RIGHT, 9)
    close_many(bench, unfiled, WRONG, 11)
    take(bench, unfiled, WRONG)
    cases = swept(bench, 100)
    assert not [c for c in of(cases, RuleId.H2, FILED) if c.open]
    with bench.services.store.reading() as uow:
        rules = overview(bench)
        trail = AuditEntries(uow.session).of_subject("rule:H2")
    stopped = rules[RuleId.H2]
    assert (stopped.on, stopped.precision.percent) == (False, 42)
    assert stopped.switch is not None
    assert stopped.switch.automatic
    assert [entry.action for entry in trail] == [Action.HOUSE_RULE_SWITCHED]
    with bench.services.store.writing() as uow:
        bench.services.house_cases.switch(
            uow, CLERK, RuleId.H2, on=True, reason="规则已更正"
        )
    assert [c for c in of(swept(bench, 1), RuleId.H2, FILED) if c.open]
    with bench.services.store.reading() as uow:
        rules = overview(bench)
    assert rules[RuleId.H2].precision.closed == 0


def test_a_rule_is_switched_off_by_hand_with_a_reason(bench: Bench) -> None:
    service = bench.services.house_cases
    with bench.services.store.writing() as uow:
        for reason in ("", " ", "长" * 201, "两\n行"):
            with pytest.raises(Invalid):
                service.switch(uow, CLERK, RuleId.H1, on=False, reason=reason)
        service.switch(uow, CLERK, RuleId.H1, on=False, reason="规则有误")
        for case in uow.cases.listed(Wanted(EVERY, RuleId.H1)):
            service.take(uow, CLERK, case.id, WRONG)
    assert not [c for c in swept(bench, 60) if c.rule is RuleId.H1 and c.open]


def test_a_rule_has_one_open_case_for_a_unit_whoever_hurries(either: Bench) -> None:
    bench = either
    (unfiled,) = of(swept(bench), RuleId.H1)
    second = replace(unfiled, id="H-second")
    with (
        pytest.raises(IntegrityError),
        bench.services.store.writing() as uow,
    ):
        uow.cases.add([second], Source("clerk"), bench.now)
    with pytest.raises(Conflict):
        take(bench, unfiled, Step(CaseEvent.GAP_CONFIRMED))
    with pytest.raises(Invalid):
        take(bench, unfiled, Step(CaseEvent.NOTICED))
