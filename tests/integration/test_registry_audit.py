"""The trail tells every look at a name, and whether anybody touched it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from registry.audit.trail import Action, Deed, check, record, verify
from registry.persistence.audit_entries import AuditEntries, AuditEntry
from registry.persistence.unit_of_work import UnitOfWork
from tests.support.postgresql import NewDatabase
from tests.support.registry_bench import NAMES, Bench, registry


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with registry(tmp_path) as ready:
        yield ready


@pytest.fixture
def either(tmp_path: Path, new_database: NewDatabase) -> Iterator[Bench]:
    with registry(tmp_path, new_database) as ready:
        yield ready


def entries(bench: Bench) -> list[AuditEntry]:
    with bench.services.store.reading() as uow:
        return list(AuditEntries(uow.session).every())


def test_names_are_masked_unless_there_is_a_reason(either: Bench) -> None:
    with either.services.store.writing() as uow:
        reveal = either.services.identity.reveal
        assert reveal(uow, ["P1", "P3"], "clerk") == {"P1": "甲*", "P3": "丙*"}
        assert reveal(uow, ["P1"], "clerk", "  ") == {"P1": "甲*"}
        assert reveal(uow, ["P1"], "clerk", "complaint 12") == {"P1": NAMES["P1"]}
        assert reveal(uow, ["nobody"], "clerk") == {}
    told = [(e.actor, e.action, e.subject, e.reason) for e in entries(either)[-4:]]
    assert told == [
        ("clerk", "identity_seen", "party:P1", None),
        ("clerk", "identity_seen", "party:P3", None),
        ("clerk", "identity_seen", "party:P1", None),
        ("clerk", "identity_revealed", "party:P1", "complaint 12"),
    ]


def test_a_look_that_is_not_recorded_did_not_happen(either: Bench) -> None:
    before = entries(either)

    def look() -> None:
        with either.services.store.writing() as uow:
            either.services.identity.reveal(uow, ["P1"], "clerk", "curious")
            raise KeyError

    with pytest.raises(KeyError):
        look()
    assert entries(either) == before


def test_the_chain_holds_and_grows(either: Bench) -> None:
    before = check(entries(either))
    with either.services.store.writing() as uow:
        deeds = [Deed("a", Action.IDENTITY_SEEN, f"party:{n}") for n in range(3)]
        record(uow, deeds, either.now)
        record(uow, [], either.now)
    with either.services.store.reading() as uow:
        after = verify(uow)
    assert before.broken is after.broken is None
    assert after.entries == before.entries + 3
    assert after.head != before.head


@pytest.mark.parametrize(
    "changes",
    [
        {"actor": "b"},
        {"action": "identity_revealed"},
        {"action": "no such action"},
        {"subject": "party:2"},
        {"reason": "x"},
        {"number": 7},
        {"hash": bytes(32)},
    ],
)
@pytest.mark.parametrize("position", [0, 2, 4])
def test_a_changed_entry_is_found(
    bench: Bench, changes: dict[str, Any], position: int
) -> None:
    with bench.services.store.writing() as uow:
        deed = Deed("a", Action.IDENTITY_SEEN, "party:1")
        record(uow, [deed] * 2, bench.now)
    trail = entries(bench)
    assert len(trail) == 5
    trail[position] = replace(trail[position], **changes)
    assert check(trail).broken == position + 1


def test_a_shifted_time_a_missing_and_a_moved_entry_are_found(bench: Bench) -> None:
    trail = entries(bench)
    late = replace(trail[1], at=trail[1].at + timedelta(microseconds=1))
    assert check([trail[0], late, trail[2]]).broken == 2
    assert check([trail[0], trail[2]]).broken == 2
    assert check([trail[1], trail[0]]).broken == 1
    assert check([]).broken is None


LENGTH = 6
EDITS = {
    "at": "at + 1",
    "actor": "actor || 'x'",
    "action": "'card_ended'",
    "subject": "subject || ' '",
    "reason": "'because'",
    "hash": "zeroblob(32)",
}


def grown(bench: Bench) -> Bench:
    """Let a trail have six entries."""
    with bench.services.store.writing() as uow:
        deeds = [Deed("a", Action.IDENTITY_SEEN, f"party:{n}") for n in range(3)]
        record(uow, deeds, bench.now)
    assert len(entries(bench)) == LENGTH
    return bench


def broken_by(bench: Bench, *statements: str) -> int | None:
    """Do something to the table behind our back; return the first bad entry told.

    What was done is undone then.
    """
    with Session(bench.services.store._writer) as session:
        for statement in statements:
            session.execute(text(statement))
        found = verify(UnitOfWork(session)).broken
        session.rollback()
    return found


def test_any_edited_row_is_named(bench: Bench) -> None:
    grown(bench)
    for number in range(1, LENGTH + 1):
        for column, value in EDITS.items():
            edit = f"UPDATE audit_entries SET {column}={value} WHERE number={number}"  # noqa: S608 - our own words
            assert broken_by(bench, edit) == number, edit
    assert broken_by(bench) is None


def test_the_place_of_any_row_taken_out_is_named(bench: Bench) -> None:
    grown(bench)
    for number in range(1, LENGTH):
        gone = f"DELETE FROM audit_entries WHERE number={number}"  # noqa: S608 - our own words
        closed = f"UPDATE audit_entries SET number=number-1 WHERE number>{number}"  # noqa: S608 - our own words
        assert broken_by(bench, gone) == number
        assert broken_by(bench, gone, closed) == number, "closing ranks hides nothing"


@pytest.mark.parametrize(
    ("one", "other"), [(a, b) for b in range(2, LENGTH + 1) for a in range(1, b)]
)
def test_the_first_of_two_rows_that_changed_places_is_named(
    bench: Bench, one: int, other: int
) -> None:
    grown(bench)
    moves = ((one, 0), (other, one), (0, other))
    swap = [
        f"UPDATE audit_entries SET number={new} WHERE number={old}"  # noqa: S608 - our own words
        for old, new in moves
    ]
    assert broken_by(bench, *swap) == one


def test_an_entry_put_in_between_is_named(bench: Bench) -> None:
    grown(bench)
    copy = (
        "INSERT INTO audit_entries SELECT 7, at, actor, action, subject, reason, hash "
        "FROM audit_entries WHERE number=6"
    )
    assert broken_by(bench, copy) == 7


def test_a_trail_cut_short_has_another_head(bench: Bench) -> None:
    """Nothing in a chain tells that its end is missing: heads are to be compared."""
    trail = entries(grown(bench))
    whole, cut = check(trail), check(trail[:-1])
    assert cut.broken is None
    assert (cut.entries, cut.head) == (LENGTH - 1, trail[-2].hash)
    assert whole.head != cut.head
