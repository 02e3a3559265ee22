"""Cases by themselves: every closing has a reason, and rules are measured by it."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.cases import (
    CASES,
    CONFIRMED,
    OPEN,
    REASONS,
    Case,
    CaseEvent,
    CaseState,
    CloseReason,
    Precision,
    Step,
    measured,
    opened,
)
from registry.domain.errors import Conflict, Invalid
from registry.domain.hazards import HAZARDS, HazardEvent, HazardState
from registry.domain.house_rules.rule import RuleId
from registry.domain.suppression import told
from tests.support.house_rules import TODAY, signal

E, R, S = CaseEvent, CloseReason, CaseState


def case(**changes: object) -> Case:
    found = signal(RuleId.H1, filings=())
    assert found is not None
    return replace(opened("H-1", found, TODAY), **changes)  # type: ignore[arg-type]


steps = st.builds(
    Step,
    st.sampled_from(CaseEvent),
    st.none() | st.sampled_from(CloseReason),
    st.none() | st.text(min_size=1, max_size=600),
    st.none() | st.just("2026-17"),
)


@given(st.lists(steps, max_size=25))
def test_no_way_leads_to_a_closed_case_without_its_reason(taken: list[Step]) -> None:
    now, path = case(), [S.NOTICE]
    for step in taken:
        before = now
        try:
            now = now.after(step, TODAY)
        except (Conflict, Invalid):
            assert now == before
            continue
        assert CASES.moves[before.state, step.event] is now.state
        path.append(now.state)
    if now.open:
        assert (now.closed_on, now.close_reason) == (None, None)
    else:
        assert CASES.final(now.state)
        assert now.closed_on == TODAY
        assert any(now.close_reason in reasons for reasons in REASONS.values())
    if now.state is S.HANDED_OVER:
        assert now.paper
    if now.state in {S.REMEDIED, S.HANDED_OVER}:
        assert S.VISIT in path
    if S.OBJECTED in path:
        assert now.objection


def test_every_state_is_reached_and_ends_well() -> None:
    reached = {S.RAISED} | set(CASES.moves.values())
    assert reached == set(CaseState)
    assert {s for s in CaseState if not CASES.final(s)} == OPEN
    closing = {e for (_, e), after in CASES.moves.items() if after not in OPEN}
    assert closing == set(REASONS)
    assert {r for reasons in REASONS.values() for r in reasons} == set(CloseReason)
    assert set(CloseReason) > CONFIRMED


def test_an_objection_stops_a_case_until_it_was_looked_at() -> None:
    objected = case().after(Step(E.OBJECTED, text="已经续租"), TODAY)
    assert objected.objection == "已经续租"
    for event in (E.REVIEWED, E.VISIT_SENT, E.GAP_CONFIRMED, E.SELF_RESOLVED):
        with pytest.raises(Conflict):
            objected.after(Step(event), TODAY)
    assert objected.after(Step(E.OBJECTION_REFUSED), TODAY).state is S.REVIEW
    upheld = objected.after(Step(E.OBJECTION_UPHELD, R.OBJECTION_UPHELD), TODAY)
    assert upheld.state is S.UNFOUNDED
    assert upheld.objection == "已经续租"


@pytest.mark.parametrize(
    ("state", "step", "fields"),
    [
        (S.NOTICE, Step(E.SELF_RESOLVED), ["reason"]),
        (S.NOTICE, Step(E.SELF_RESOLVED, R.HANDED_OVER), ["reason"]),
        (S.NOTICE, Step(E.REVIEWED, R.EXPLAINED), ["reason"]),
        (S.NOTICE, Step(E.OBJECTED), ["text"]),
        (S.NOTICE, Step(E.OBJECTED, text="长" * 501), ["text"]),
        (S.CONFIRMED_GAP, Step(E.HANDED_OVER), ["reason", "paper"]),
    ],
)
def test_everything_wrong_with_a_step_is_said_at_once(
    state: CaseState, step: Step, fields: list[str]
) -> None:
    with pytest.raises(Invalid) as said:
        case(state=state).after(step, TODAY)
    assert [error.field for error in said.value.fields] == fields


def test_a_guarded_signal_is_a_closed_case_that_says_which_guard() -> None:
    found = signal(RuleId.H7, cards=())
    assert found is not None
    guarded = opened("H-2", found, TODAY)
    assert (guarded.state, guarded.close_reason) == (S.AUTO_GUARDED, R.GUARD_HELD)
    assert [g.name for g in guarded.guards if g.excused] == ["no_card"]
    assert guarded.policy[0].key == "never_entering"
    assert guarded.policy[0].verification == "house_rule"


def closed(confirmed: int, wrong: int) -> Precision:
    right = case(close_reason=R.GAP_REMEDIED, closed_on=date(2026, 6, 1))
    not_so = replace(right, close_reason=R.NOTHING_FOUND)
    return measured([right] * confirmed + [not_so] * wrong)


@pytest.mark.parametrize(
    ("precision", "percent", "low"),
    [
        (closed(0, 0), None, False),
        (closed(0, 19), 0, False),
        (closed(9, 11), 45, True),
        (closed(10, 10), 50, False),
        (closed(49, 51), 49, True),
        (closed(50, 50), 50, False),
    ],
)
def test_a_rule_is_measured_by_what_people_closed(
    precision: Precision, percent: int | None, low: bool
) -> None:
    assert precision.percent == percent
    assert precision.too_low(50, 20) is low


@given(st.lists(st.sampled_from(HazardEvent), max_size=12))
def test_a_hazard_is_checked_by_somebody_before_it_is_over(
    events: list[HazardEvent],
) -> None:
    state, path = HazardState.FOUND, [HazardState.FOUND]
    for event in events:
        if HAZARDS.allows(state, event):
            state = HAZARDS.after(state, event)
            path.append(state)
    if state is HazardState.VERIFIED:
        assert path[-2] in {HazardState.SELF_REPORTED, HazardState.ESCALATED}
    assert HAZARDS.final(state) is (state is HazardState.VERIFIED)


@given(st.integers(0, 1000))
def test_counts_of_one_to_four_are_not_told(count: int) -> None:
    assert told(count) == (None if 0 < count < 5 else count)
