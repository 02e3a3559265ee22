"""Filings elsewhere: by papers and days alone, each told to whom it concerns."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from registry.domain.errors import Conflict, Fault, Forbidden, Invalid, NotFound
from registry.domain.external_filing import (
    ExternalEvent,
    ExternalFiling,
    ExternalKind,
    ExternalState,
)
from registry.domain.filing import FilingState, LettingMode, RentalFiling
from registry.domain.letting_forms import NewElsewhere
from registry.domain.occupancy import (
    Basis,
    Exemption,
    Occupancy,
    OccupancyState,
    Side,
)
from registry.domain.principals import Principal
from registry.persistence.audit_entries import AuditEntries
from registry.services.elsewhere import Told
from registry.services.lookups import Slice
from tests.support.letting import (
    CLERK,
    OFFICER,
    TODAY,
    Letting,
    landlord,
    letting,
    tenant,
)

DAY = timedelta(days=1)
UNIT = "B1-0201"
LESSOR, LIVES_THERE, STRANGER = landlord("P9"), tenant("P1"), tenant("P2")
LEASE, STAY = ExternalKind.CONTRACT_FILING, ExternalKind.RESIDENCE_REGISTRATION
SUBMITTED, GRANTED = ExternalEvent.SUBMITTED, ExternalEvent.GRANTED


@pytest.fixture
def let(tmp_path: Path) -> Iterator[Letting]:
    with letting(tmp_path) as ready:
        yield ready


@pytest.fixture
def occupancy(let: Letting) -> str:
    with let.reading() as uow:
        (stay,) = uow.occupancies.of_unit(UNIT)
    return stay.id


def lease(due: date | None = None) -> NewElsewhere:
    return NewElsewhere(LEASE, UNIT, tenancy="T1", due=due)


def record(let: Letting, wish: NewElsewhere, who: Principal = LESSOR) -> ExternalFiling:
    with let.writing() as uow:
        return let.bench.services.elsewhere.record(uow, who, wish)


def tell(let: Letting, told: Told, who: Principal = CLERK) -> ExternalFiling:
    with let.writing() as uow:
        return let.bench.services.elsewhere.tell(uow, who, told)


def handed_in(filing: ExternalFiling, on: date | None = None) -> Told:
    return Told(filing.id, SUBMITTED, on, "housing office", "R-2026-77")


def fields(error: Invalid) -> dict[str, Fault]:
    assert all(e.message and e.remedy for e in error.fields)
    return {e.field: e.fault for e in error.fields}


def test_a_lease_is_handed_in_and_granted_by_papers(let: Letting) -> None:
    filing = record(let, lease(TODAY + 20 * DAY))
    assert filing.state is ExternalState.NOT_DUE
    let.bench.now += 3 * DAY
    waiting = tell(let, handed_in(filing, TODAY + DAY), LESSOR)
    assert (waiting.state, waiting.on) == (ExternalState.SUBMITTED, TODAY + DAY)
    assert (waiting.office, waiting.receipt) == ("housing office", "R-2026-77")
    done = tell(let, Told(filing.id, GRANTED))
    assert (done.state, done.on) == (ExternalState.GRANTED, TODAY + 3 * DAY)
    assert done.receipt == "R-2026-77"
    with let.reading() as uow:
        trail = AuditEntries(uow.session).of_subject(f"elsewhere:{filing.id}")
    assert [e.action for e in trail] == [
        "elsewhere_recorded",
        "elsewhere_submitted",
        "elsewhere_granted",
    ]


def test_days_make_it_due_and_overdue(let: Letting) -> None:
    filing = record(let, lease(TODAY + 20 * DAY))
    seen = []
    for days in (12, 1, 7, 1):
        let.bench.now += days * DAY
        let.bench.services.retirement.look()
        with let.reading() as uow:
            now = uow.external_filings.get(filing.id)
        seen.append(now.state if now else None)
    assert seen == ["not_due", "due", "due", "overdue"]
    late = tell(let, handed_in(filing), LESSOR)
    assert late.state is ExternalState.SUBMITTED
    let.bench.now += 30 * DAY
    let.bench.services.retirement.look()
    with let.reading() as uow:
        assert uow.external_filings.get(filing.id) == late


@pytest.mark.parametrize(
    ("due", "state"),
    [(0, ExternalState.DUE), (-1, ExternalState.OVERDUE), (7, ExternalState.DUE)],
)
def test_what_is_due_already_is_so_from_the_start(
    let: Letting, due: int, state: ExternalState
) -> None:
    assert record(let, lease(TODAY + due * DAY)).state is state


def test_a_receipt_from_before_its_day_takes_overdue_back(let: Letting) -> None:
    filing = record(let, lease(TODAY + 10 * DAY))
    let.bench.now += 15 * DAY
    let.bench.services.retirement.look()
    let.bench.now += DAY
    tell(let, handed_in(filing, TODAY + 9 * DAY))
    with let.reading() as uow:
        lookup = let.bench.services.elsewhere.lookup
        current = [
            v.content.state
            for v in lookup.history(uow, CLERK, filing.id)
            if v.superseded_at is None
        ]
    assert current == ["not_due", "due", "submitted"]


def test_our_own_filing_says_nothing_of_theirs(let: Letting, occupancy: str) -> None:
    stay = record(let, NewElsewhere(STAY, UNIT, occupancy=occupancy), LIVES_THERE)
    filing = record(let, lease())
    with let.writing() as uow:
        own = RentalFiling("F-9", "B2-0101", "P9", LettingMode.WHOLE, FilingState.DRAFT)
        uow.filings.add([own], CLERK.source, let.bench.now)
    let.bench.services.retirement.look()
    with let.reading() as uow:
        states = {f.id: f.state for f in uow.external_filings.find()}
    assert states == {stay.id: "not_due", filing.id: "not_due"}


def test_refused_it_may_be_handed_in_again(let: Letting) -> None:
    filing = record(let, lease())
    tell(let, handed_in(filing))
    with pytest.raises(Invalid) as told:
        tell(let, Told(filing.id, ExternalEvent.REFUSED))
    assert fields(told.value) == {"reason": Fault.MISSING}
    reason = "a page is missing"
    refused = tell(let, Told(filing.id, ExternalEvent.REFUSED, reason=reason))
    assert (refused.state, refused.reason) == (ExternalState.REFUSED, reason)
    with pytest.raises(Conflict):
        tell(let, Told(filing.id, GRANTED))
    again = tell(let, handed_in(filing), LESSOR)
    assert (again.state, again.reason) == (ExternalState.SUBMITTED, None)


def test_exempt_for_a_reason_and_no_longer(let: Letting, occupancy: str) -> None:
    stay = record(let, NewElsewhere(STAY, UNIT, occupancy=occupancy), LIVES_THERE)
    with pytest.raises(Invalid) as told:
        tell(let, Told(stay.id, ExternalEvent.EXEMPTED))
    assert fields(told.value) == {"exemption": Fault.MISSING}
    why = Exemption.FULL_TIME_STUDENT
    exempt = tell(let, Told(stay.id, ExternalEvent.EXEMPTED, exemption=why))
    assert (exempt.state, exempt.exemption) == (ExternalState.EXEMPT, why)
    due = TODAY - DAY
    event = ExternalEvent.NO_LONGER_EXEMPT
    late = tell(let, Told(stay.id, event, due=due))
    assert (late.state, late.exemption) == (ExternalState.OVERDUE, None)


@pytest.mark.parametrize("event", [GRANTED, ExternalEvent.EXEMPTED])
@pytest.mark.parametrize("who", [LESSOR, LIVES_THERE])
def test_only_the_street_records_what_an_office_answered(
    let: Letting, event: ExternalEvent, who: Principal
) -> None:
    filing = record(let, lease())
    tell(let, handed_in(filing), who)
    with pytest.raises(Forbidden):
        tell(let, Told(filing.id, event, reason="they said so"), who)


@pytest.mark.parametrize(
    "event", [ExternalEvent.FELL_DUE, ExternalEvent.DUE_DAY_PASSED]
)
def test_nobody_makes_it_due_by_a_word(let: Letting, event: ExternalEvent) -> None:
    with pytest.raises(Conflict, match="only days"):
        tell(let, Told(record(let, lease()).id, event))


def test_each_sees_what_concerns_them(let: Letting, occupancy: str) -> None:
    permit = ExternalKind.RESIDENCE_PERMIT
    record(let, lease())
    record(let, NewElsewhere(STAY, UNIT, occupancy=occupancy), LIVES_THERE)
    own = record(let, NewElsewhere(permit, UNIT, occupancy=occupancy), LIVES_THERE)
    lookup = let.bench.services.elsewhere.lookup
    people = (LESSOR, LIVES_THERE, STRANGER, landlord("L1"), CLERK, OFFICER)
    with let.reading() as uow:
        seen = [{f.kind for f in lookup.some(uow, who, Slice())} for who in people]
        kinds = lookup.some(uow, CLERK, Slice(), kind=permit, state=None)
    every = {LEASE, STAY, permit}
    assert seen == [{LEASE, STAY}, every, set(), set(), every, every]
    assert kinds == [own]
    with pytest.raises(NotFound):
        tell(let, handed_in(own), LESSOR)
    with pytest.raises(NotFound):
        tell(let, handed_in(own), STRANGER)


def test_nobody_sees_a_lease_by_saying_alone_to_live_under_it(let: Letting) -> None:
    filing = record(let, lease())
    alone = Occupancy(
        "O-9",
        "P2",
        UNIT,
        "B1",
        Basis.CO_OCCUPANT,
        TODAY,
        tenancy="T1",
        state=OccupancyState.DECLARED,
        declared_by=Side.OCCUPANT,
    )
    vouched = replace(alone, confirmed_by=Side.LANDLORD)
    lookup = let.bench.services.elsewhere.lookup
    with let.writing() as uow:
        uow.occupancies.add([alone], STRANGER.source, let.bench.now)
        assert lookup.some(uow, STRANGER, Slice()) == []
        uow.occupancies.revise(vouched, CLERK.source, let.bench.now)
        assert lookup.some(uow, STRANGER, Slice()) == [filing]


def test_every_fault_of_a_wish_at_once(let: Letting, occupancy: str) -> None:
    for wish, expected in (
        (NewElsewhere(LEASE, UNIT), {"tenancy": Fault.MISSING}),
        (NewElsewhere(STAY, UNIT, tenancy="T1"), {"occupancy": Fault.MISSING}),
        (
            NewElsewhere(STAY, "B1-0202", "T1", occupancy),
            {"tenancy": Fault.UNKNOWN, "occupancy": Fault.UNKNOWN},
        ),
        (NewElsewhere(LEASE, "nowhere", "T1"), None),
    ):
        with pytest.raises(Invalid) as told:
            record(let, wish, CLERK)
        if expected is not None:
            assert fields(told.value) == expected
    with pytest.raises(Invalid) as told:
        record(let, lease(), landlord("L1"))
    assert fields(told.value) == {"unit": Fault.UNKNOWN}
    permit = NewElsewhere(ExternalKind.RESIDENCE_PERMIT, UNIT, occupancy=occupancy)
    with pytest.raises(Forbidden):
        record(let, permit, LESSOR)


def test_one_of_a_kind_is_under_way_at_a_time(let: Letting) -> None:
    filing = record(let, lease())
    with pytest.raises(Conflict):
        record(let, lease())
    tell(let, handed_in(filing))
    tell(let, Told(filing.id, GRANTED, due=TODAY + 365 * DAY))
    assert record(let, lease()).id != filing.id


def test_every_fault_of_a_receipt_at_once(let: Letting) -> None:
    filing = record(let, lease())
    with pytest.raises(Invalid) as told:
        tell(let, Told(filing.id, SUBMITTED, TODAY + DAY, office="x" * 201), LESSOR)
    assert fields(told.value) == {
        "office": Fault.MALFORMED,
        "receipt": Fault.MISSING,
        "on": Fault.CONTRADICTION,
    }
