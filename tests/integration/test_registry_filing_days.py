"""What days do to filings, and what is said of days that are over."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from registry.domain.errors import Conflict, Fault, Invalid
from registry.domain.filing import FilingEvent, FilingState
from registry.domain.history import AsOf, Channel
from registry.domain.principals import Principal
from registry.persistence.audit_entries import AuditEntries
from registry.services.filings import Asked
from registry.services.street_days import StreetDays
from tests.support.letting import (
    CLERK,
    TODAY,
    Letting,
    landlord,
    letting,
    right,
)

DAY = timedelta(days=1)
L1, L2 = landlord("L1"), landlord("L2")


@pytest.fixture
def let(tmp_path: Path) -> Iterator[Letting]:
    with letting(tmp_path) as ready:
        yield ready


def test_suspended_by_an_order_and_restored_with_time_to_renew(let: Letting) -> None:
    id_ = let.accepted().id
    held = let.move(id_, FilingEvent.SUSPENDED, reason="order 2026-17")
    assert (held.reason, held.live) == ("order 2026-17", True)
    let.bench.now += 400 * DAY
    let.bench.services.retirement.look()
    assert let.now(id_) == held, "days do nothing to it"
    with pytest.raises(Conflict):
        let.move(id_, FilingEvent.RENEWED, L1)
    restored = let.move(id_, FilingEvent.RESTORED)
    assert restored.reason is None
    assert restored.renews_on == date(2027, 10, 4)
    assert let.move(id_, FilingEvent.RENEWED, L1).renews_on == date(2028, 10, 4)


def test_days_make_it_due_and_let_it_lapse_as_of_their_day(let: Letting) -> None:
    filing = let.accepted()
    services = let.bench.services
    renews_on = date(2027, 6, 1)
    let.bench.now += 274 * DAY
    services.retirement.look()
    assert let.now(filing.id).state is FilingState.ACCEPTED
    let.bench.now += DAY
    services.retirement.look()
    assert let.now(filing.id).state is FilingState.DUE_RENEWAL
    let.bench.now += 100 * DAY
    services.retirement.look()
    services.retirement.look()
    days = StreetDays(services.policy.zone, let.bench.clock)
    with let.reading() as uow:
        told = {
            day: uow.filings.get(filing.id, days.as_of(day, None))
            for day in (renews_on - 91 * DAY, renews_on, renews_on + DAY)
        }
        history = uow.filings.history(filing.id)
        trail = AuditEntries(uow.session).of_subject(f"filing:{filing.id}")
    assert [f.state for f in told.values() if f] == [
        "accepted",
        "due_renewal",
        "lapsed",
    ]
    assert [e.action for e in trail if e.actor == "clock"] == [
        "filing_renewal_neared",
        "filing_lapsed",
    ]
    assert sum(v.source.channel is Channel.CLOCK for v in history) == 3
    assert let.begin() != filing.id, "a new filing may begin"


def test_renewal_does_not_wait_for_a_chore(let: Letting) -> None:
    filing = let.accepted()
    with pytest.raises(Conflict):
        let.move(filing.id, FilingEvent.RENEWED, L1)
    let.bench.now += 300 * DAY
    renewed = let.move(filing.id, FilingEvent.RENEWED, L1)
    assert renewed.renews_on == date(2028, 6, 1)
    let.bench.now += 500 * DAY
    with pytest.raises(Conflict, match="lapsed"):
        let.move(filing.id, FilingEvent.RENEWED, L1)


def test_what_came_in_time_is_recorded_late_and_takes_the_lapse_back(
    let: Letting,
) -> None:
    filing = let.accepted()
    let.bench.now += 370 * DAY
    let.bench.services.retirement.look()
    knew = let.bench.now
    assert let.now(filing.id).state is FilingState.LAPSED
    with pytest.raises(Invalid):
        let.move(filing.id, FilingEvent.RENEWED, L1, on=date(2027, 5, 30))
    let.bench.now += DAY
    late = let.move(filing.id, FilingEvent.RENEWED, on=date(2027, 5, 30))
    assert (late.state, late.renews_on) == (FilingState.ACCEPTED, date(2028, 6, 1))
    with let.reading() as uow:
        before = uow.filings.get(filing.id, AsOf(known=knew))
        held = uow.filings.get(filing.id, AsOf(valid=knew))
    assert before is not None
    assert before.state is FilingState.LAPSED, "what was known stays known"
    assert held is not None
    assert held.state is FilingState.ACCEPTED


def test_a_lapse_is_not_taken_back_once_somebody_else_filed(let: Letting) -> None:
    filing = let.accepted()
    let.bench.now += 370 * DAY
    with let.writing() as uow:
        let.bench.services.filings.pass_days(uow)
        let.bench.services.rights.record(uow, CLERK, right("L2"))
    other = let.begin("L2")
    let.move(other, FilingEvent.SUBMITTED, L2)
    for _ in range(2):
        with pytest.raises(Conflict, match="a living filing already"):
            let.move(filing.id, FilingEvent.RENEWED, on=date(2027, 5, 30))
        if let.now(other).live:
            let.bench.now += DAY
            let.move(other, FilingEvent.WITHDRAWN, L2)


@pytest.mark.parametrize(
    ("who", "on"),
    [
        (L1, TODAY - DAY),
        (L1, TODAY + DAY),
        (CLERK, TODAY + DAY),
        (CLERK, TODAY - DAY),
    ],
)
def test_no_day_before_the_last_word_or_to_come(
    let: Letting, who: Principal, on: date
) -> None:
    id_ = let.begin()
    with pytest.raises(Invalid) as told:
        let.move(id_, FilingEvent.SUBMITTED, who, on)
    assert [(e.field, e.fault) for e in told.value.fields] == [
        ("on", Fault.CONTRADICTION)
    ]


def test_a_clock_set_back_does_not_rewrite_what_was_known(let: Letting) -> None:
    id_ = let.begin()
    let.bench.now += DAY
    let.move(id_, FilingEvent.SUBMITTED, L1)
    knew = let.bench.now
    let.bench.now -= timedelta(hours=1)
    with let.writing() as uow:
        let.filings.move(uow, CLERK, Asked(id_, FilingEvent.ACCEPTED))
    with let.reading() as uow:
        known = uow.filings.get(id_, AsOf(known=knew))
    assert known is not None
    assert known.state is FilingState.SUBMITTED
