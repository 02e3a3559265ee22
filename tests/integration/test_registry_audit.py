"""The trail tells every look at a name, and whether anybody touched it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from registry.audit.trail import Action, Deed, check, record, verify
from registry.persistence.audit_entries import AuditEntries, AuditEntry
from tests.support.registry_bench import NAMES, Bench, registry


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with registry(tmp_path) as ready:
        yield ready


def entries(bench: Bench) -> list[AuditEntry]:
    with bench.services.store.reading() as uow:
        return list(AuditEntries(uow.session).every())


def test_names_are_masked_unless_there_is_a_reason(bench: Bench) -> None:
    with bench.services.store.writing() as uow:
        reveal = bench.services.identity.reveal
        assert reveal(uow, ["P1", "P3"], "clerk") == {"P1": "甲*", "P3": "丙*"}
        assert reveal(uow, ["P1"], "clerk", "  ") == {"P1": "甲*"}
        assert reveal(uow, ["P1"], "clerk", "complaint 12") == {"P1": NAMES["P1"]}
        assert reveal(uow, ["nobody"], "clerk") == {}
    told = [(e.actor, e.action, e.subject, e.reason) for e in entries(bench)[-4:]]
    assert told == [
        ("clerk", "identity_seen", "party:P1", None),
        ("clerk", "identity_seen", "party:P3", None),
        ("clerk", "identity_seen", "party:P1", None),
        ("clerk", "identity_revealed", "party:P1", "complaint 12"),
    ]


def test_a_look_that_is_not_recorded_did_not_happen(bench: Bench) -> None:
    before = entries(bench)

    def look() -> None:
        with bench.services.store.writing() as uow:
            bench.services.identity.reveal(uow, ["P1"], "clerk", "curious")
            raise KeyError

    with pytest.raises(KeyError):
        look()
    assert entries(bench) == before


def test_the_chain_holds_and_grows(bench: Bench) -> None:
    before = check(entries(bench))
    with bench.services.store.writing() as uow:
        deeds = [Deed("a", Action.IDENTITY_SEEN, f"party:{n}") for n in range(3)]
        record(uow, deeds, bench.now)
        record(uow, [], bench.now)
    with bench.services.store.reading() as uow:
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


def test_a_changed_row_is_found(bench: Bench) -> None:
    with bench.services.store.writing() as uow:
        uow.session.execute(text("UPDATE audit_entries SET actor='x' WHERE number=2"))
    with bench.services.store.reading() as uow:
        assert verify(uow).broken == 2
