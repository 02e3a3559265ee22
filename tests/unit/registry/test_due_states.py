"""How a duty stands: reminders, safe harbour, exemptions, windows."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.deadlines.arithmetic import Event, start_of
from registry.domain.deadlines.due import (
    OPEN,
    Due,
    DueState,
    Duty,
    Submission,
    assess,
)
from registry.domain.deadlines.exemptions import (
    ALLOWED,
    Exemption,
    written_form_required,
)
from registry.domain.errors import Invalid, NotFound
from registry.domain.policy import Policy
from registry.domain.policy.keys import DUTIES, Key
from registry.domain.policy.value import Unit, Verification
from tests.support.policy_values import value, workdays

POLICY = Policy()
SIGNED = date(2026, 3, 2)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def noon(day: date) -> datetime:
    return start_of(day, POLICY.zone) + 12 * HOUR


def stands(
    now: datetime,
    key: Key = Key.LEASE_FILING,
    event: Event = SIGNED,
    submission: Submission | None = None,
    exemption: Exemption | None = None,
) -> Due:
    return assess(Duty(key, event, submission, exemption), POLICY, workdays(), now)


@pytest.mark.parametrize(
    ("days", "state"),
    [
        (-1, DueState.NOT_DUE),
        (0, DueState.DUE_SOON),
        (22, DueState.DUE_SOON),
        (23, DueState.DUE),
        (30, DueState.DUE),
        (31, DueState.OVERDUE),
    ],
)
def test_a_lease_is_filed_within_thirty_days(days: int, state: DueState) -> None:
    due = stands(noon(SIGNED + days * DAY))
    assert due.state is state
    assert due.compliant is (state is not DueState.OVERDUE)
    assert due.deadline.day == date(2026, 4, 1)
    assert due.reminders == (SIGNED, date(2026, 3, 25))


def test_a_due_date_names_its_rule() -> None:
    rule = stands(noon(SIGNED)).rule
    assert (rule.key, rule.amount) == (Key.LEASE_FILING, 30)
    assert rule.source.endswith("(MOHURD order 6)")
    assert rule.verification is Verification.OFFICIAL_TEXT


def test_an_endorsement_is_told_when_it_can_be_had() -> None:
    issued = date(2025, 8, 31)
    opens, deadline = date(2026, 7, 31), date(2026, 8, 31)
    states = {
        day: stands(noon(day), Key.PERMIT_ENDORSEMENT, issued).state
        for day in (opens - DAY, opens, date(2026, 8, 24), deadline, deadline + DAY)
    }
    assert list(states.values()) == [
        DueState.NOT_DUE,
        DueState.DUE_SOON,
        DueState.DUE,
        DueState.DUE,
        DueState.OVERDUE,
    ]
    due = stands(noon(opens), Key.PERMIT_ENDORSEMENT, issued)
    assert (due.opens, due.deadline.day) == (opens, deadline)
    assert due.reminders == (opens, date(2026, 8, 1), date(2026, 8, 24))


def test_a_short_deadline_is_told_at_once() -> None:
    moved_in = noon(SIGNED)
    due = stands(moved_in, Key.FOREIGNER_REPORT, moved_in)
    assert (due.state, due.reminders) == (DueState.DUE, (SIGNED,))
    assert due.reminder_on(SIGNED)
    late = moved_in + 24 * HOUR
    before = stands(late - timedelta(microseconds=1), Key.FOREIGNER_REPORT, moved_in)
    assert before.state is DueState.DUE
    assert stands(late, Key.FOREIGNER_REPORT, moved_in).state is DueState.OVERDUE


def test_all_three_reminders_come_before_a_far_deadline() -> None:
    far = Policy(book=POLICY.book.added([value(200)]))
    due = assess(Duty(Key.LEASE_FILING, SIGNED), far, workdays(), noon(SIGNED))
    before = [(due.deadline.day - day).days for day in due.reminders]
    assert (before, due.state) == ([90, 30, 7], DueState.NOT_DUE)


def test_handed_in_is_safe_until_the_office_decides() -> None:
    submitted = Submission(noon(SIGNED + 10 * DAY))
    long_after = noon(SIGNED + 300 * DAY)
    due = stands(long_after, submission=submitted)
    assert (due.state, due.late, due.compliant) == (DueState.PENDING, False, True)
    assert not any(due.reminder_on(day) for day in due.reminders)
    before = stands(noon(SIGNED + 9 * DAY), submission=submitted)
    assert before.state is DueState.DUE_SOON, "it was not handed in yet"


@pytest.mark.parametrize(
    ("granted", "state"), [(True, DueState.MET), (False, DueState.OVERDUE)]
)
def test_a_decision_counts_from_its_moment(granted: bool, state: DueState) -> None:
    decided = noon(SIGNED + 40 * DAY)
    submitted = Submission(noon(SIGNED + 10 * DAY), decided, granted)
    pending = stands(decided - HOUR, submission=submitted)
    assert pending.state is DueState.PENDING
    assert stands(decided, submission=submitted).state is state


def test_handed_in_late_is_pending_and_says_so() -> None:
    deadline = stands(noon(SIGNED)).deadline
    for moment, late in ((-HOUR, False), (0 * HOUR, True)):
        at = deadline.late_from + moment
        due = stands(noon(SIGNED + 50 * DAY), submission=Submission(at))
        assert (due.state, due.late) == (DueState.PENDING, late)


@pytest.mark.parametrize("reason", sorted(ALLOWED[Key.OCCUPANT_REPORT]))
def test_who_only_visits_is_exempt(reason: Exemption) -> None:
    later = noon(SIGNED + 90 * DAY)
    due = stands(later, Key.OCCUPANT_REPORT, exemption=reason)
    assert (due.state, due.compliant) == (DueState.EXEMPT, True)
    assert not due.reminder_on(SIGNED)


def test_an_exemption_counts_only_for_its_duty() -> None:
    with pytest.raises(Invalid, match="short_oral_lease") as caught:
        stands(noon(SIGNED), exemption=Exemption.TOURISM)
    assert caught.value.fields[0].field == "exemption"
    with pytest.raises(Invalid, match="there is none"):
        stands(noon(SIGNED), Key.CAMERA_FILING, exemption=Exemption.TOURISM)


@pytest.mark.parametrize(
    ("start", "end", "written"),
    [
        (date(2026, 1, 1), None, False),
        (date(2026, 1, 1), date(2026, 6, 30), False),
        (date(2026, 1, 1), date(2026, 7, 1), True),
        (date(2025, 8, 31), date(2026, 2, 27), False),
        (date(2025, 8, 31), date(2026, 2, 28), True),
    ],
)
def test_a_lease_of_half_a_year_is_written(
    start: date, end: date | None, written: bool
) -> None:
    rule = POLICY.in_force(Key.WRITTEN_LEASE_FROM, start)
    assert written_form_required(start, end, rule) is written


def test_the_rule_is_that_of_the_day_of_the_event() -> None:
    changed = value(10, valid_from=SIGNED + DAY)
    policy = Policy(book=POLICY.book.added([changed]))
    for event, amount in ((SIGNED, 30), (SIGNED + DAY, 10)):
        duty = Duty(Key.LEASE_FILING, event)
        due = assess(duty, policy, workdays(), noon(date(2027, 1, 1)))
        assert due.rule.amount == amount


def test_no_rule_is_no_due_date() -> None:
    with pytest.raises(NotFound, match=r"residence_registration .* 2026-03-02"):
        stands(noon(SIGNED), Key.RESIDENCE_REGISTRATION)


days_after = st.integers(-50, 400)
submissions = st.none() | st.builds(
    lambda start, wait, granted: Submission(
        noon(SIGNED + start * DAY),
        None if wait is None else noon(SIGNED + (start + wait) * DAY),
        granted,
    ),
    st.integers(0, 300),
    st.none() | st.integers(0, 100),
    st.booleans(),
)
duties = st.sampled_from(sorted(DUTIES - {Key.RESIDENCE_REGISTRATION}))


@given(duties, days_after, submissions)
def test_whoever_handed_it_in_is_never_overdue_before_a_refusal(
    key: Key, days: int, submission: Submission | None
) -> None:
    now = noon(SIGNED + days * DAY)
    due = stands(now, key, SIGNED, submission)
    assert due.rule.unit in set(Unit)
    if submission is None or submission.submitted_at > now:
        assert due.state in OPEN
        assert (due.state is DueState.OVERDUE) is (now >= due.deadline.late_from)
        return
    decided = submission.decided_at is not None and submission.decided_at <= now
    if not decided or submission.granted:
        assert due.compliant
        assert due.state is (DueState.MET if decided else DueState.PENDING)
    else:
        assert due == replace(stands(now, key), duty=due.duty, late=due.late)


ORDER = list(DueState)


@given(duties, days_after, st.integers(0, 100))
def test_without_a_deed_time_only_presses_on(key: Key, days: int, more: int) -> None:
    first = stands(noon(SIGNED + days * DAY), key)
    second = stands(noon(SIGNED + (days + more) * DAY), key)
    assert ORDER.index(second.state) >= ORDER.index(first.state)
    assert second.reminders == first.reminders
    assert all(first.opens <= day <= first.deadline.day for day in first.reminders)
