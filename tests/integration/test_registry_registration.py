"""At the counter: all faults at once, nothing half done, permits at once."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from registry.domain.credential import CredentialState
from registry.domain.errors import Conflict, Fault, Invalid, NotFound
from registry.domain.occupancy import Basis
from registry.persistence.audit_entries import AuditEntries
from tests.support.postgresql import NewDatabase
from tests.support.registry_bench import (
    FAR,
    TENANT_CARD,
    Bench,
    form,
    registry,
)


@pytest.fixture
def bench(tmp_path: Path, new_database: NewDatabase) -> Iterator[Bench]:
    with registry(tmp_path, new_database) as ready:
        yield ready


@pytest.fixture
def filed(tmp_path: Path) -> Iterator[Bench]:
    with registry(tmp_path) as ready:
        yield ready


def recorded(bench: Bench) -> list[object]:
    """Return what the counter can change."""
    with bench.services.store.reading() as uow:
        rows = (uow.tenancies.find(), uow.occupancies.find())
        return [
            *(sorted(map(str, each)) for each in rows),
            uow.parties.ids(),
            uow.credentials.every(),
            uow.permits.revision(),
            list(AuditEntries(uow.session).every()),
        ]


def faults(bench: Bench, **changes: Any) -> set[tuple[str, Fault]]:  # noqa: ANN401 - fields of several types
    before = recorded(bench)
    with (
        pytest.raises(Invalid) as refused,
        bench.services.store.writing() as uow,
    ):
        bench.services.registration.record_tenancy(uow, form(**changes), "test")
    assert recorded(bench) == before, "nothing was changed"
    assert all(e.message and e.remedy for e in refused.value.fields)
    return {(e.field, e.fault) for e in refused.value.fields}


def test_a_tenancy_with_its_occupant_card_and_permits(bench: Bench) -> None:
    with bench.services.store.writing() as uow:
        done = bench.services.registration.record_tenancy(
            uow, form(landlord="P9", filed=True), "clerk"
        )
    with bench.services.store.reading() as uow:
        detail = bench.services.housing.unit(uow, "B2-0101")
        trail = [
            (e.actor, e.action, e.subject) for e in AuditEntries(uow.session).every()
        ]
    assert detail.tenancies == (done.tenancy,)
    assert done.tenancy.landlord == "P9"
    assert detail.filing is not None
    assert (detail.filing.lessor, detail.filing.state) == ("P9", "accepted")
    (occupancy,) = detail.occupancies
    assert (occupancy.party, occupancy.basis) == (done.party, Basis.TENANT)
    assert (occupancy.start, occupancy.end) == (date(2026, 6, 1), date(2027, 6, 1))
    assert [c.card for c in detail.credentials] == [5001]
    assert [p.door.door.id for p in detail.permits] == [FAR]
    assert detail.permits[0].revision == done.revision == 2
    assert trail[-2:] == [
        ("clerk", "tenancy_recorded", f"tenancy:{done.tenancy.id}"),
        ("clerk", "card_issued", f"party:{done.party}"),
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"unit": ""}, {("unit", Fault.MISSING)}),
        ({"unit": "B9-0101"}, {("unit", Fault.UNKNOWN)}),
        ({"room": "B2-0101-A"}, {("room", Fault.UNKNOWN)}),
        ({"unit": "B1-0202", "room": "B2-0101-A"}, {("room", Fault.UNKNOWN)}),
        ({"landlord": "nobody"}, {("landlord", Fault.UNKNOWN)}),
        ({"occupant": "  "}, {("occupant", Fault.MISSING)}),
        ({"occupant": "长" * 51}, {("occupant", Fault.MALFORMED)}),
        ({"occupant": "甲\x00乙"}, {("occupant", Fault.MALFORMED)}),
        ({"card": "0"}, {("card", Fault.MALFORMED)}),
        ({"card": "-3"}, {("card", Fault.MALFORMED)}),
        ({"card": "4e3"}, {("card", Fault.MALFORMED)}),
        ({"card": "٣"}, {("card", Fault.MALFORMED)}),
        ({"card": str(2**64)}, {("card", Fault.MALFORMED)}),
        ({"card": "9" * 5000}, {("card", Fault.MALFORMED)}),
        ({"card": str(TENANT_CARD)}, {("card", Fault.TAKEN)}),
        ({"start": ""}, {("start", Fault.MISSING)}),
        ({"start": "1 June"}, {("start", Fault.MALFORMED)}),
        ({"end": "9999-12-31"}, {("end", Fault.MALFORMED)}),
        ({"end": "2026-06-01"}, {("end", Fault.CONTRADICTION)}),
        ({"end": "2026-05-01"}, {("end", Fault.CONTRADICTION)}),
        ({"unit": "B1-0201"}, {("start", Fault.CONTRADICTION)}),
        ({"unit": "B1-0202"}, {("start", Fault.CONTRADICTION)}),
        ({"unit": "B1-0202", "room": "B1-0202-A"}, {("start", Fault.CONTRADICTION)}),
        ({"key": "short"}, {("key", Fault.MALFORMED)}),
        (
            {"unit": "x", "occupant": "", "card": "x", "start": "x", "end": ""},
            {
                ("unit", Fault.UNKNOWN),
                ("occupant", Fault.MISSING),
                ("card", Fault.MALFORMED),
                ("start", Fault.MALFORMED),
                ("end", Fault.MISSING),
            },
        ),
    ],
)
def test_every_fault_is_told_at_once_and_nothing_changes(
    filed: Bench, changes: dict[str, Any], expected: set[tuple[str, Fault]]
) -> None:
    assert faults(filed, **changes) == expected


@pytest.mark.parametrize(
    "changes",
    [
        {"unit": "B1-0202", "room": "B1-0202-B"},
        {"unit": "B1-0202", "room": "B1-0202-A", "start": "2026-06-20"},
        {"unit": "B1-0201", "start": "2025-06-01", "end": "2026-01-01"},
        {"card": str(2**64 - 1)},
        {"card": ""},
    ],
)
def test_what_does_not_overlap_is_accepted(
    bench: Bench, changes: dict[str, Any]
) -> None:
    assert bench.register(**changes) >= 1


def test_a_form_sent_twice_is_recorded_once(bench: Bench) -> None:
    key = "0123456789abcdef" * 2
    outcomes = []
    for _ in range(2):
        with bench.services.store.writing() as uow:
            outcomes.append(
                bench.services.registration.record_tenancy(uow, form(key=key), "test")
            )
    assert outcomes[0] == outcomes[1]
    with bench.services.store.reading() as uow:
        assert len(uow.tenancies.of_units(["B2-0101"])) == 1


@pytest.mark.parametrize(
    ("tenancy", "day", "error"),
    [
        ("T9", date(2026, 6, 2), NotFound),
        ("T1", date(2025, 12, 31), Invalid),
        ("T1", date(2027, 1, 2), Invalid),
    ],
)
def test_a_tenancy_ends_within_its_term_only(
    bench: Bench, tenancy: str, day: date, error: type[Exception]
) -> None:
    with pytest.raises(error), bench.services.store.writing() as uow:
        bench.services.registration.end_tenancy(uow, tenancy, day, "test")


def test_ending_a_tenancy_ends_who_lives_there_under_it(bench: Bench) -> None:
    day = date(2026, 6, 2)
    with bench.services.store.writing() as uow:
        revision = bench.services.registration.end_tenancy(uow, "T1", day, "clerk")
    assert revision == 2
    with bench.services.store.reading() as uow:
        found = uow.tenancies.get("T1")
        (occupancy,) = uow.occupancies.of_unit("B1-0201")
        (entry,) = AuditEntries(uow.session).of_subject("tenancy:T1")
    assert found is not None
    assert found.until == occupancy.end == day
    assert found.end == date(2027, 1, 1)
    assert entry.action == "tenancy_ended"


@pytest.mark.parametrize("state", ["lost", "cancelled", "returned"])
def test_a_card_ends_once(bench: Bench, state: str) -> None:
    end = bench.services.registration.end_card
    with bench.services.store.writing() as uow:
        assert end(uow, TENANT_CARD, CredentialState(state), "gone", "test") == 2
    with pytest.raises(Conflict), bench.services.store.writing() as uow:
        end(uow, TENANT_CARD, CredentialState(state), "gone", "test")
    with bench.services.store.reading() as uow:
        (credential,) = uow.credentials.of_cards([TENANT_CARD])
        (entry,) = AuditEntries(uow.session).of_subject(f"credential:{credential.id}")
    assert credential.state == state
    assert credential.ended_at == bench.now
    assert entry.reason == "gone"
    assert str(TENANT_CARD) not in entry.subject


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201])
def test_a_card_ends_for_a_reason_only(bench: Bench, reason: str) -> None:
    with (
        pytest.raises(Invalid) as refused,
        bench.services.store.writing() as uow,
    ):
        bench.services.registration.end_card(
            uow, TENANT_CARD, CredentialState.LOST, reason, "test"
        )
    assert [e.field for e in refused.value.fields] == ["reason"]


def test_a_card_nobody_was_issued_is_not_found(bench: Bench) -> None:
    with pytest.raises(NotFound), bench.services.store.writing() as uow:
        bench.services.registration.end_card(
            uow, 31337, CredentialState.LOST, "lost", "test"
        )
