"""What the counter does leaves exactly its own deeds, and borders belong to a term."""

import logging
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from registry.domain.credential import CredentialState
from registry.domain.errors import Invalid
from registry.domain.responsibility import LONGEST_REASON
from registry.persistence.audit_entries import AuditEntries
from registry.persistence.unit_of_work import UnitOfWork
from tests.support.postgresql import NewDatabase
from tests.support.registry_bench import (
    NOW,
    OWNER_CARD,
    ROOM_CARD,
    TENANT_CARD,
    Bench,
    form,
    registry,
)

KEY = "0123456789abcdef"


@pytest.fixture(scope="module")
def bench(
    tmp_path_factory: pytest.TempPathFactory, new_database: NewDatabase
) -> Iterator[Bench]:
    with registry(tmp_path_factory.mktemp("deeds"), new_database) as ready:
        yield ready


@pytest.fixture
def uow(bench: Bench) -> Iterator[UnitOfWork]:
    """Write and look; what was written is undone then."""
    with bench.services.store.reading() as opened:
        yield opened
        opened.session.rollback()


def deeds(uow: UnitOfWork) -> list[tuple[str, str, str, str | None]]:
    """Return what the counter did since the street was imported."""
    every = AuditEntries(uow.session).every()
    return [
        (e.actor, e.action, e.subject, e.reason) for e in every if e.actor == "clerk"
    ]


def test_a_card_is_a_deed_of_its_own_and_no_card_is_none(
    bench: Bench, uow: UnitOfWork
) -> None:
    record = bench.services.registration.record_tenancy
    plain = record(uow, form(card="", end="2026-09-01"), "clerk")
    later = record(uow, form(start="2026-09-01"), "clerk")
    assert deeds(uow) == [
        ("clerk", "tenancy_recorded", f"tenancy:{plain.tenancy.id}", None),
        ("clerk", "tenancy_recorded", f"tenancy:{later.tenancy.id}", None),
        ("clerk", "card_issued", f"party:{later.party}", None),
    ]
    assert (plain.revision, later.revision) == (1, 2)
    issued = uow.credentials.live(5001)
    assert issued is not None
    assert (issued.party, issued.issued_at) == (later.party, NOW)


def test_a_form_sent_again_names_the_same_party_and_leaves_no_deed(
    bench: Bench, uow: UnitOfWork
) -> None:
    record = bench.services.registration.record_tenancy
    first = record(uow, form(key=KEY), "clerk")
    done = deeds(uow)
    again = record(uow, form(key=KEY, unit="B1-0201", card="x", end=""), "clerk")
    assert again == first
    assert deeds(uow) == done
    other = record(uow, form(key=KEY + "0", card="", unit="B1-0301"), "clerk")
    assert other.tenancy.id != first.tenancy.id
    assert other.party != first.party


@pytest.mark.parametrize("day", [date(2026, 1, 1), date(2026, 1, 2), date(2027, 1, 1)])
def test_the_first_and_the_last_day_of_a_term_belong_to_it(
    bench: Bench, uow: UnitOfWork, day: date
) -> None:
    bench.services.registration.end_tenancy(uow, "T1", day, "clerk")
    uow.session.expire_all()
    (occupancy,) = uow.occupancies.of_tenancy("T1")
    assert occupancy.end == day
    assert deeds(uow) == [("clerk", "tenancy_ended", "tenancy:T1", None)]


def test_a_tenancy_that_ends_where_it_began_leaves_nobody_a_door(
    bench: Bench, uow: UnitOfWork
) -> None:
    bench.services.registration.end_tenancy(uow, "T1", date(2026, 1, 1), "clerk")
    assert uow.permits.of_cards([TENANT_CARD]) == []
    assert len(uow.permits.of_cards([ROOM_CARD])) == 2


def test_an_earlier_end_brings_the_permits_of_its_own_people_forward(
    bench: Bench, uow: UnitOfWork
) -> None:
    cards = (TENANT_CARD, ROOM_CARD, OWNER_CARD)
    before = {c: uow.permits.of_cards([c]) for c in cards}
    bench.services.registration.end_tenancy(uow, "T1", date(2026, 6, 10), "clerk")
    uow.session.expire_all()
    ends = {p.permit.validity.end for p in uow.permits.of_cards([TENANT_CARD])}
    assert ends == {datetime(2026, 6, 23, 16, tzinfo=UTC)}, "14 days, then midnight"
    for card in (ROOM_CARD, OWNER_CARD):
        assert uow.permits.of_cards([card]) == before[card]


def test_why_a_card_ended_is_kept_up_to_its_last_character(
    bench: Bench, uow: UnitOfWork
) -> None:
    end = bench.services.registration.end_card
    with pytest.raises(Invalid) as told:
        end(uow, ROOM_CARD, CredentialState.LOST, "x" * (LONGEST_REASON + 1), "clerk")
    assert [(e.field, e.fault) for e in told.value.fields] == [("reason", "malformed")]
    assert deeds(uow) == []
    assert LONGEST_REASON == 200
    why = "y" * LONGEST_REASON
    assert end(uow, ROOM_CARD, CredentialState.LOST, f"  {why}\n", "clerk") == 2
    uow.session.expire_all()
    (lost,) = uow.credentials.of_cards([ROOM_CARD])
    assert (lost.state, lost.ended_at) == (CredentialState.LOST, NOW)
    assert deeds(uow) == [("clerk", "card_ended", f"credential:{lost.id}", why)]
    assert uow.permits.of_cards([ROOM_CARD]) == []
    assert len(uow.permits.of_cards([TENANT_CARD])) == 2


def test_a_card_that_ended_is_given_to_the_next_who_moves_in(
    bench: Bench, uow: UnitOfWork
) -> None:
    registration = bench.services.registration
    with pytest.raises(Invalid) as told:
        registration.record_tenancy(uow, form(card=str(ROOM_CARD)), "clerk")
    assert [(e.field, e.fault) for e in told.value.fields] == [("card", "taken")]
    registration.end_card(uow, ROOM_CARD, CredentialState.RETURNED, "moved", "clerk")
    moved_in = registration.record_tenancy(uow, form(card=str(ROOM_CARD)), "clerk")
    doors = {p.permit.door for p in uow.permits.of_cards([ROOM_CARD])}
    assert doors == {"door-003"}
    assert [c.party for c in uow.credentials.of_cards([ROOM_CARD])] == [
        "P2",
        moved_in.party,
    ]


def test_permits_are_withdrawn_at_their_very_end_and_no_sooner(tmp_path: Path) -> None:
    with registry(tmp_path) as fresh:
        with fresh.services.store.reading() as uow:
            (ends,) = {p.permit.validity.end for p in uow.permits.of_cards([ROOM_CARD])}
        for now, left in ((ends - timedelta(microseconds=1), 2), (ends, 0)):
            fresh.now = now
            fresh.services.retirement.look()
            with fresh.services.store.reading() as uow:
                assert len(uow.permits.of_cards([ROOM_CARD])) == left
                assert len(uow.permits.of_cards([TENANT_CARD])) == 2


def test_a_look_that_fails_is_logged_and_the_next_one_is_made(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with registry(tmp_path) as fresh:
        fresh.now += timedelta(days=40)
        with fresh.services.store.writing() as uow:
            uow.session.execute(text("ALTER TABLE permits RENAME TO elsewhere"))
        with caplog.at_level(logging.WARNING):
            fresh.services.retirement.look()
        assert {r.message for r in caplog.records} == {
            "an hourly chore failed: OperationalError"
        }
        with fresh.services.store.writing() as uow:
            uow.session.execute(text("ALTER TABLE elsewhere RENAME TO permits"))
        fresh.services.retirement.look()
        with fresh.services.store.reading() as uow:
            assert uow.permits.of_cards([ROOM_CARD]) == []
