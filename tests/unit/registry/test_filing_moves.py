"""What events and days write into filings, and forms before the register is asked."""

from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256

import pytest

from registry.domain.contract_warnings import ContractWarning, warnings
from registry.domain.errors import Conflict, Fault
from registry.domain.external_filing import (
    ExternalFiling,
    ExternalKind,
    ExternalState,
)
from registry.domain.filing import (
    FilingEvent,
    FilingState,
    LettingMode,
    RentalFiling,
)
from registry.domain.filing_moves import Happened, Terms, filing_number, moved
from registry.domain.letting_forms import (
    NewContract,
    NewDelegation,
    NewElsewhere,
    NewRight,
    text_faults,
)
from registry.domain.passing_days import elsewhere_by, filing_by
from registry.domain.rights import Contract, Power, RightBasis

DAY = timedelta(days=1)
JUNE, JULY = date(2026, 6, 1), date(2026, 7, 1)
TERMS = Terms(lambda day: day.replace(year=day.year + 1), 90 * DAY)
DRAFT = RentalFiling("F", "U", "L", LettingMode.WHOLE, FilingState.DRAFT)
HELD = replace(DRAFT, state=FilingState.ACCEPTED, renews_on=JULY, number="2026-000001")
EVIDENCE = sha256(b"a title").hexdigest()


def after(filing: RentalFiling, event: FilingEvent, on: date = JUNE) -> RentalFiling:
    return moved(filing, Happened(event, on, "why", filing_number(2026, 17)), TERMS)


def test_whoever_corrects_a_filing_has_filed_since_the_first_day() -> None:
    once = after(DRAFT, FilingEvent.SUBMITTED)
    back = after(once, FilingEvent.SENT_BACK, JUNE + DAY)
    again = after(back, FilingEvent.SUBMITTED, JULY)
    assert (once.live, back.live, back.reason) == (True, True, "why")
    assert (again.submitted_on, again.reason) == (JUNE, None)


def test_acceptance_gives_a_number_and_a_day() -> None:
    done = after(after(DRAFT, FilingEvent.SUBMITTED), FilingEvent.ACCEPTED, JULY)
    assert (done.number, done.accepted_on) == ("2026-000017", JULY)
    assert done.renews_on == date(2027, 7, 1)


def test_renewing_early_loses_nothing() -> None:
    due = replace(HELD, state=FilingState.DUE_RENEWAL)
    assert after(due, FilingEvent.RENEWED, JUNE).renews_on == date(2027, 7, 1)


@pytest.mark.parametrize(
    ("renews_on", "expected"),
    [
        (JULY, JUNE + 90 * DAY),
        (date(2027, 1, 1), date(2027, 1, 1)),
        (None, None),
    ],
)
def test_who_is_restored_has_time_to_renew(
    renews_on: date | None, expected: date | None
) -> None:
    held = replace(HELD, state=FilingState.SUSPENDED, renews_on=renews_on, reason="9")
    restored = after(held, FilingEvent.RESTORED)
    assert (restored.renews_on, restored.reason) == (expected, None)


def test_what_the_table_does_not_list_is_refused() -> None:
    with pytest.raises(Conflict, match="now it may be submitted or withdrawn"):
        after(DRAFT, FilingEvent.ACCEPTED)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 4, 1), []),
        (date(2026, 4, 2), [(date(2026, 4, 2), "due_renewal")]),
        (date(2026, 6, 30), [(date(2026, 4, 2), "due_renewal")]),
        (JULY, [(date(2026, 4, 2), "due_renewal")]),
        (
            JULY + DAY,
            [(date(2026, 4, 2), "due_renewal"), (JULY + DAY, "lapsed")],
        ),
    ],
)
def test_days_alone_make_a_filing_due_and_let_it_lapse(
    day: date, expected: list[tuple[date, str]]
) -> None:
    steps = list(filing_by(HELD, day, TERMS.window))
    assert [(when, filing.state) for when, _, filing in steps] == expected


@pytest.mark.parametrize("state", [FilingState.SUSPENDED, FilingState.LAPSED])
def test_days_do_nothing_to_what_is_suspended_or_over(state: FilingState) -> None:
    assert not list(filing_by(replace(HELD, state=state), JULY + DAY, TERMS.window))
    assert not list(filing_by(replace(HELD, renews_on=None), JULY + DAY, TERMS.window))


@pytest.mark.parametrize(
    ("due", "states"),
    [
        (None, []),
        (JULY + DAY, []),
        (JULY, ["due"]),
        (JUNE, ["due"]),
        (JUNE - DAY, ["due", "overdue"]),
    ],
)
def test_a_filing_elsewhere_is_overdue_after_its_last_day(
    due: date | None, states: list[str]
) -> None:
    state = ExternalState.NOT_DUE
    filing = ExternalFiling("E", ExternalKind.CONTRACT_FILING, "U", state, due=due)
    steps = list(elsewhere_by(filing, JUNE, 30 * DAY))
    assert [filing.state for _, _, filing in steps] == states
    submitted = replace(filing, state=ExternalState.SUBMITTED)
    assert not list(elsewhere_by(submitted, JUNE, 30 * DAY))


LEASE = Contract("C", "U", "L", "T", JUNE, JULY, JUNE)


@pytest.mark.parametrize(
    ("end", "head", "right", "expected"),
    [
        (JULY, None, True, []),
        (JULY, None, False, ["no_right_on_record"]),
        (JULY, replace(LEASE, tenant="L"), True, []),
        (JULY + DAY, replace(LEASE, tenant="L"), True, ["beyond_head_lease"]),
        (None, replace(LEASE, tenant="L"), True, ["beyond_head_lease"]),
        (None, replace(LEASE, tenant="L", end=None), True, []),
        (JULY, replace(LEASE, tenant="X"), True, ["other_head_tenant"]),
        (None, LEASE, False, [str(warning) for warning in ContractWarning]),
    ],
)
def test_a_sublease_is_looked_at_twice(
    end: date | None, head: Contract | None, right: bool, expected: list[str]
) -> None:
    assert list(warnings(replace(LEASE, end=end), head, right=right)) == expected


def named(form: NewRight | NewDelegation | NewContract | NewElsewhere) -> set[str]:
    assert all(error.message and error.remedy for error in form.faults())
    return {error.field for error in form.faults()}


def test_forms_tell_every_fault_of_their_own() -> None:
    title = RightBasis.TITLE
    assert not named(NewRight("L", "U", title, JUNE, JULY, EVIDENCE))
    bad = NewRight("L", "U", title, JULY, JUNE, EVIDENCE.upper())
    assert named(bad) == {"end", "evidence"}
    nothing = NewDelegation("L", "L", frozenset(), JUNE, JUNE)
    assert named(nothing) == {"end", "powers", "delegate"}
    assert not named(NewDelegation("L", "A", frozenset(Power), JUNE, JULY))
    good = NewContract("U", "L", "T", JUNE, JUNE, rent=0, deposit=2**31 - 1)
    assert not named(good)
    wrong = NewContract(
        "U", "L", "L", JULY, JUNE, JUNE, evidence="x", rent=-1, deposit=2**31
    )
    assert named(wrong) == {"end", "tenant", "evidence", "rent", "deposit"}


@pytest.mark.parametrize("kind", ExternalKind)
def test_a_lease_is_filed_elsewhere_and_people_are(kind: ExternalKind) -> None:
    lease = kind is ExternalKind.CONTRACT_FILING
    assert named(NewElsewhere(kind, "U")) == {"tenancy" if lease else "occupancy"}
    assert bool(named(NewElsewhere(kind, "U", tenancy="T1"))) is not lease
    assert bool(named(NewElsewhere(kind, "U", occupancy="O1"))) is lease


@pytest.mark.parametrize(
    ("text", "needed", "fault"),
    [
        ("", True, Fault.MISSING),
        (None, True, Fault.MISSING),
        ("", False, None),
        ("x" * 200, True, None),
        ("x" * 201, False, Fault.MALFORMED),
        ("two\nlines", False, Fault.MALFORMED),
    ],
)
def test_a_reason_is_one_short_line(
    text: str | None, needed: bool, fault: Fault | None
) -> None:
    found = [error.fault for error in text_faults("reason", text, needed=needed)]
    assert found == ([] if fault is None else [fault])
