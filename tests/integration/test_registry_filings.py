"""Filings on a real file: who may do what, what days do, and what stays known."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from registry.domain.errors import Conflict, Fault, Forbidden, Invalid, NotFound
from registry.domain.filing import FilingEvent, FilingState, LettingMode
from registry.domain.letting_forms import NewFiling
from registry.domain.principals import Principal, Role
from registry.domain.rights import Power
from registry.persistence.audit_entries import AuditEntries
from registry.services.lookups import Slice
from tests.support.letting import (
    CLERK,
    FREE,
    OFFICER,
    OTHER,
    TODAY,
    Letting,
    landlord,
    letting,
    powers,
    right,
    tenant,
    wish,
)

DAY = timedelta(days=1)
L1, L2, L3 = (landlord(party) for party in ("L1", "L2", "L3"))
EVERY_EVENT = tuple(FilingEvent)


@pytest.fixture
def let(tmp_path: Path) -> Iterator[Letting]:
    with letting(tmp_path) as ready:
        yield ready


def fields(error: Invalid) -> dict[str, Fault]:
    assert all(e.message and e.remedy for e in error.fields)
    return {e.field: e.fault for e in error.fields}


def test_a_filing_from_draft_to_number(let: Letting) -> None:
    id_ = let.begin()
    draft = let.now(id_)
    assert (draft.lessor, draft.state, draft.live) == ("L1", FilingState.DRAFT, False)
    submitted = let.move(id_, FilingEvent.SUBMITTED, L1)
    assert submitted.live
    with let.reading() as uow:
        assert uow.filings.filed_in("B2") == {FREE}, "pending counts as filed"
    let.bench.now += 3 * DAY
    accepted = let.move(id_, FilingEvent.ACCEPTED)
    assert accepted == let.now(id_)
    assert accepted.number == "2026-000001"
    assert accepted.submitted_on == TODAY
    assert accepted.accepted_on == TODAY + 3 * DAY
    assert accepted.renews_on == date(2027, 6, 4)
    with let.reading() as uow:
        trail = AuditEntries(uow.session).of_subject(f"filing:{id_}")
        history = let.filings.lookup.history(uow, L1, id_)
    assert [(e.actor, e.action) for e in trail] == [
        (L1.name, "filing_drafted"),
        (L1.name, "filing_submitted"),
        ("clerk", "filing_accepted"),
    ]
    assert [v.content.state for v in history if v.superseded_at is None] == [
        FilingState.SUBMITTED,
        FilingState.ACCEPTED,
    ]


def test_numbers_rise_by_the_year_of_acceptance(let: Letting) -> None:
    with let.writing() as uow:
        let.bench.services.rights.record(uow, CLERK, right("L2", OTHER))
    first, second = let.begin(), let.begin("L2", OTHER)
    for id_ in (first, second):
        let.move(id_, FilingEvent.SUBMITTED)
    assert let.move(second, FilingEvent.ACCEPTED).number == "2026-000001"
    let.bench.now += 214 * DAY
    yesterday = date(2026, 12, 31)
    done = let.move(first, FilingEvent.ACCEPTED, on=yesterday)
    assert (done.number, done.accepted_on) == ("2026-000002", yesterday)
    let.move(first, FilingEvent.WITHDRAWN, L1)
    third = let.begin()
    let.move(third, FilingEvent.SUBMITTED, L1)
    assert let.move(third, FilingEvent.ACCEPTED).number == "2027-000001"


@pytest.mark.parametrize("who", [L2, tenant("L1"), Principal(Role.LANDLORD, "nobody")])
def test_what_is_not_theirs_is_not_there(let: Letting, who: Principal) -> None:
    id_ = let.begin()
    with pytest.raises(Invalid) as told, let.writing() as uow:
        let.filings.draft(uow, who, wish(lessor="L1"))
    assert fields(told.value) == {"unit": Fault.UNKNOWN}
    for event in EVERY_EVENT:
        with pytest.raises(NotFound):
            let.move(id_, event, who, reason="because")
    with let.reading() as uow:
        assert let.filings.lookup.some(uow, who, Slice()) == []
        with pytest.raises(NotFound):
            let.filings.lookup.history(uow, who, id_)


def test_staff_of_another_grid_see_nothing_of_it(let: Letting) -> None:
    id_ = let.begin()
    with pytest.raises(NotFound):
        let.move(id_, FilingEvent.SUBMITTED, OFFICER)
    with let.reading() as uow:
        seen = let.filings.lookup.some(uow, OFFICER, Slice())
    assert {filing.unit[:2] for filing in seen} == {"B1"}


@pytest.mark.parametrize("area", [None, "S01", "C01", "G002"])
def test_staff_of_an_area_around_it_see_it(let: Letting, area: str | None) -> None:
    id_ = let.begin()
    who = Principal(Role.CLERK, "clerk", area=area)
    assert let.move(id_, FilingEvent.SUBMITTED, who).live


@pytest.mark.parametrize(
    "event",
    [
        FilingEvent.SENT_BACK,
        FilingEvent.ACCEPTED,
        FilingEvent.SUSPENDED,
        FilingEvent.RESTORED,
    ],
)
def test_only_the_street_decides(let: Letting, event: FilingEvent) -> None:
    id_ = let.begin()
    let.move(id_, FilingEvent.SUBMITTED, L1)
    with pytest.raises(Forbidden):
        let.move(id_, event, L1, reason="for myself")


@pytest.mark.parametrize(
    "event",
    [FilingEvent.LAPSED, FilingEvent.RENEWAL_NEARED, FilingEvent.TRANSFERRED],
)
def test_nobody_does_by_a_word_what_days_do(let: Letting, event: FilingEvent) -> None:
    filing = let.accepted()
    with pytest.raises(Conflict):
        let.move(filing.id, event)


def test_only_who_may_let_files(let: Letting) -> None:
    id_ = let.begin()
    with let.writing() as uow:
        (held,) = uow.rights.find()
        let.bench.services.rights.end(uow, CLERK, held.id, TODAY)
    with pytest.raises(Forbidden):
        let.move(id_, FilingEvent.SUBMITTED, L1)
    with pytest.raises(Conflict):
        let.move(id_, FilingEvent.SUBMITTED, CLERK)
    assert let.move(id_, FilingEvent.WITHDRAWN, L1).state is FilingState.WITHDRAWN


def test_whoever_lets_without_a_right_on_record_may_not_begin(let: Letting) -> None:
    with pytest.raises(Forbidden), let.writing() as uow:
        let.filings.draft(uow, landlord("P9"), wish(OTHER))


def test_a_delegate_files_until_revoked_and_only_with_the_power(let: Letting) -> None:
    services = let.bench.services
    with let.writing() as uow:
        services.delegations.grant(uow, L1, powers("L1", "L3", Power.CONFIRM))
    with pytest.raises(Forbidden), let.writing() as uow:
        let.filings.draft(uow, L3, wish(lessor="L1"))
    with let.writing() as uow:
        given = services.delegations.grant(uow, L1, powers("L1", "L3", Power.FILE))
        draft = let.filings.draft(uow, L3, wish(lessor="L1"))
    assert draft.lessor == "L1"
    assert let.move(draft.id, FilingEvent.SUBMITTED, L3).live
    with let.writing() as uow:
        services.delegations.revoke(uow, L1, given.id)
    with pytest.raises(Forbidden):
        let.move(draft.id, FilingEvent.WITHDRAWN, L3)


def test_every_fault_of_a_wish_at_once(let: Letting) -> None:
    asked = NewFiling("nowhere", LettingMode.BED, "nobody", "no one")
    with pytest.raises(Invalid) as told, let.writing() as uow:
        let.filings.draft(uow, CLERK, asked)
    assert fields(told.value) == dict.fromkeys(
        ("unit", "lessor", "manager"), Fault.UNKNOWN
    )
    with pytest.raises(Invalid) as told, let.writing() as uow:
        let.filings.draft(uow, CLERK, wish())
    assert fields(told.value) == {"lessor": Fault.MISSING}
    let.begin()
    with pytest.raises(Conflict):
        let.begin()


def test_sent_back_corrected_and_handed_in_again(let: Letting) -> None:
    id_ = let.begin()
    let.move(id_, FilingEvent.SUBMITTED, L1)
    with pytest.raises(Invalid) as told:
        let.move(id_, FilingEvent.SENT_BACK)
    assert fields(told.value) == {"reason": Fault.MISSING}
    with pytest.raises(Conflict), let.writing() as uow:
        let.filings.correct(uow, L1, id_, LettingMode.ROOM, None)
    let.bench.now += DAY
    back = let.move(id_, FilingEvent.SENT_BACK, reason=" the mode is wrong ")
    assert (back.reason, back.live) == ("the mode is wrong", True)
    with let.writing() as uow:
        let.filings.correct(uow, L1, id_, LettingMode.ROOM, "P9")
    with pytest.raises(Invalid), let.writing() as uow:
        let.filings.correct(uow, L1, id_, LettingMode.ROOM, "nobody")
    again = let.move(id_, FilingEvent.SUBMITTED, L1)
    assert (again.mode, again.manager) == (LettingMode.ROOM, "P9")
    assert (again.submitted_on, again.reason) == (TODAY, None)


def test_a_dwelling_has_one_living_filing(let: Letting) -> None:
    with let.writing() as uow:
        let.bench.services.rights.record(uow, CLERK, right("L2"))
    first, second = let.begin("L1"), let.begin("L2")
    let.move(first, FilingEvent.SUBMITTED, L1)
    with pytest.raises(Conflict, match="a living filing already"):
        let.move(second, FilingEvent.SUBMITTED, L2)
    let.move(first, FilingEvent.WITHDRAWN, L1)
    assert let.move(second, FilingEvent.SUBMITTED, L2).live


def test_the_street_says_why_it_withdraws_and_a_lessor_need_not(let: Letting) -> None:
    id_ = let.begin()
    with pytest.raises(Invalid):
        let.move(id_, FilingEvent.WITHDRAWN)
    assert let.move(id_, FilingEvent.WITHDRAWN, L1).reason is None
    with pytest.raises(Conflict, match="this is final"):
        let.move(id_, FilingEvent.SUBMITTED, L1)


def test_a_new_lessor_gets_a_draft_and_time(let: Letting) -> None:
    filing = let.accepted()
    for lessor in ("L1", "nobody"):
        with pytest.raises(Invalid), let.writing() as uow:
            let.filings.transfer(uow, L1, filing.id, lessor)
    let.bench.now += 10 * DAY
    with let.writing() as uow:
        done = let.filings.transfer(uow, L1, filing.id, "L2", None)
    assert (done.closed.state, done.closed.successor) == (
        "transferred",
        done.successor.id,
    )
    assert (done.successor.lessor, done.successor.unit) == ("L2", FREE)
    assert done.file_by == date(2026, 7, 2)
    with pytest.raises(Forbidden):
        let.move(done.successor.id, FilingEvent.SUBMITTED, L2)
    with let.writing() as uow:
        let.bench.services.rights.record(uow, CLERK, right("L2"))
    assert let.move(done.successor.id, FilingEvent.SUBMITTED, L2).live
    with pytest.raises(NotFound), let.writing() as uow:
        let.filings.transfer(uow, L3, filing.id, "L3")


def test_lists_follow_ids_and_what_is_wanted(let: Letting) -> None:
    ids = [let.begin()]
    with let.reading() as uow:
        lookup = let.filings.lookup
        every = [f.id for f in lookup.some(uow, CLERK, Slice())]
        after = [f.id for f in lookup.some(uow, CLERK, Slice(every[0], 1))]
        drafts = lookup.some(uow, CLERK, Slice(), state=FilingState.DRAFT, unit=None)
    assert every == sorted(every)
    assert after == every[1:2]
    assert [f.id for f in drafts] == ids


def test_two_records_of_a_living_filing_are_refused_by_the_key(let: Letting) -> None:
    let.accepted()
    double = replace(let.now(let.begin()), state=FilingState.SUBMITTED)
    with pytest.raises(Conflict, match="a living filing already"), let.writing() as uow:
        uow.filings.revise(double, CLERK.source, let.bench.now)
