"""What two people or two gateways do at once, on a database that lets them."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from controller.uplink.messages import GENESIS, PassageBatch, Receipt, chain
from controller.vocabulary import AlarmChange, AlarmKind, DoorId, Entry, GatewayId
from registry.audit.trail import Action, Deed, record, verify
from registry.domain.errors import Invalid
from registry.domain.responsibility import Responsible
from registry.persistence.unit_of_work import UnitOfWork
from registry.services.changes import Changes
from registry.services.ingest import Fork
from tests.support.postgresql import Databases
from tests.support.registry_bench import (
    BACK,
    FAR,
    FRONT,
    GATEWAY,
    NOW,
    OTHER_GATEWAY,
    Bench,
    batch,
    form,
    heartbeat,
    passage,
    registry,
    report,
)
from tests.support.rule_documents import PLAIN

WHO = Responsible("王工", "白天对外办事", "test")
LINES, SIZE = 120, 8


@pytest.fixture
def bench(tmp_path: Path, postgresql: Databases) -> Iterator[Bench]:
    with registry(tmp_path, postgresql) as ready:
        yield ready


def at_once(*deeds: Callable[[], object]) -> list[object]:
    """Let deeds begin at one moment, each in a thread; return results and errors."""
    ready = threading.Barrier(len(deeds))

    def do(deed: Callable[[], object]) -> object:
        ready.wait()
        try:
            return deed()
        except Invalid as refused:
            return refused

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(do, deeds))


def writing(bench: Bench, deed: Callable[[UnitOfWork], object]) -> object:
    with bench.services.store.writing() as uow:
        return deed(uow)


def trail(bench: Bench) -> list[int | None]:
    """Return how many entries the audit trail has and where it is broken."""
    with bench.services.store.reading() as uow:
        verdict = verify(uow)
    return [verdict.entries, verdict.broken]


def record_of(gateway: GatewayId, door: DoorId, epoch: int = 1) -> list[PassageBatch]:
    """Return batches of a gateway's record, an alarm in each."""
    made, previous = [], GENESIS
    for first in range(1, LINES + 1, SIZE):
        numbers = range(first, first + SIZE - 1)
        at = NOW + first * timedelta(seconds=1)
        lines: list[Entry] = [passage(n, door=door) for n in numbers]
        lines.append(AlarmChange(door, AlarmKind.TAMPER, at))
        part = batch(lines, first, previous, epoch)
        made.append(replace(part, gateway=gateway))
        previous = chain(previous, made[-1].entries)
    return made


def send(bench: Bench, record: Sequence[PassageBatch]) -> list[Receipt | Fork]:
    answers = []
    for part in record:
        with bench.services.store.recording() as uow:
            answers.append(bench.services.ingest.accept(uow, part))
    return answers


def test_two_gateways_ingest_while_somebody_reads_on(bench: Bench) -> None:
    """Whoever goes on after the last number misses nothing and sees nothing twice."""
    done = threading.Event()
    seen: list[tuple[str, int]] = []
    numbers: list[int] = []
    changes: list[int] = []

    def follow() -> None:
        ended = False
        while not ended:
            ended = done.is_set()
            with bench.services.store.reading() as uow:
                fresh = uow.passages.after(numbers[-1] if numbers else 0, 1000)
                changes.append(uow.alarms.last_change())
            seen.extend((p.gateway, p.seq) for p in fresh)
            numbers.extend(p.number for p in fresh)

    def feed() -> None:
        try:
            at_once(
                lambda: send(bench, record_of(GATEWAY, FRONT)),
                lambda: send(bench, record_of(OTHER_GATEWAY, FAR)),
                lambda: send(bench, record_of(GATEWAY, BACK, epoch=2)),
            )
        finally:
            done.set()

    at_once(follow, feed)
    passages = LINES - LINES // SIZE
    assert numbers == sorted(set(numbers))
    assert len(seen) == 3 * passages
    assert [s for g, s in seen if g == OTHER_GATEWAY] == [
        n for n in range(1, LINES + 1) if n % SIZE
    ]
    assert changes == sorted(changes)
    # An alarm ends the one before it: two changes, but for the first of a door.
    assert changes[-1] == 3 * (2 * LINES // SIZE - 1)


def test_one_record_sent_twice_at_once_is_stored_once(bench: Bench) -> None:
    sent = record_of(GATEWAY, FRONT)
    first, second = at_once(lambda: send(bench, sent), lambda: send(bench, sent))
    assert isinstance(first, list)
    assert isinstance(second, list)
    assert first[-1] == second[-1]
    with bench.services.store.reading() as uow:
        seqs = [p.seq for p in uow.passages.after(0, 1000)]
    assert seqs == [n for n in range(1, LINES + 1) if n % SIZE]


def test_two_clerks_let_one_unit_and_one_of_them_is_told(bench: Bench) -> None:
    results = at_once(
        *(
            lambda card=card: bench.register(card=card, occupant=f"示例{card}")
            for card in ("5001", "5002", "5003", "5004")
        )
    )
    refused = [r for r in results if isinstance(r, Invalid)]
    assert len(refused) == 3
    assert {e.field for r in refused for e in r.fields} == {"start"}
    with bench.services.store.reading() as uow:
        assert len(uow.tenancies.of_units(["B2-0101"])) == 1
    assert trail(bench)[1] is None


def test_a_card_is_bound_to_one_of_two(bench: Bench) -> None:
    results = at_once(
        *(
            lambda start=start: bench.register(start=start, end=f"{start[:4]}-12-01")
            for start in ("2027-06-01", "2028-06-01", "2029-06-01")
        )
    )
    refused = [r for r in results if isinstance(r, Invalid)]
    assert len(refused) == 2
    assert {e.field for r in refused for e in r.fields} == {"card"}
    with bench.services.store.reading() as uow:
        assert len(uow.credentials.of_cards([5001])) == 1


def test_a_form_sent_twice_at_once_is_one_tenancy(bench: Bench) -> None:
    form_once = form(key="0123456789abcdef")
    results = at_once(
        *[
            lambda: writing(
                bench,
                lambda uow: (
                    bench.services.registration.record_tenancy(
                        uow, form_once, "clerk"
                    ).tenancy.id
                ),
            )
        ]
        * 3
    )
    assert results == ["T-0123456789abcdef"] * 3


def test_revisions_books_and_the_trail_lose_nothing(bench: Bench) -> None:
    """Permits, rules, looks at names and deeds from everywhere, all at once."""
    entries = int(trail(bench)[0] or 0)
    rules = [PLAIN | {"mode": mode} for mode in ("locked", "unlocked", "locked")]

    def issue(card: int) -> None:
        bench.issue(card, "P1")

    def look() -> None:
        for _ in range(5):
            with bench.services.store.recording() as uow:
                bench.services.identity.reveal(uow, ["P1", "P3"], "clerk")
                record(uow, [Deed("a", Action.PIN_SET, "credential:1")], bench.now)

    def change(door: str) -> None:
        for document in rules:
            with bench.services.store.writing() as uow:
                bench.services.door_rules.replace(uow, door, document, WHO)

    with bench.services.store.reading() as uow:
        before = (uow.permits.revision(), uow.rule_books.revisions())
    done = at_once(
        *(lambda card=card: issue(card) for card in range(6001, 6005)),
        lambda: change(FRONT),
        lambda: change(BACK),
        look,
        look,
    )
    assert done == [None] * 8
    with bench.services.store.reading() as uow:
        after = (uow.permits.revision(), uow.rule_books.revisions())
        assert len(uow.permits.of_cards(range(6001, 6005))) == 8
    assert (after[0] - before[0], after[1] - before[1]) == (4, 6)
    assert trail(bench) == [entries + 6 + 2 * 5 * 3, None]


def test_heartbeats_and_permits_lose_no_change_of_a_door(bench: Bench) -> None:
    def beat() -> None:
        for number in range(1, 11):
            front = report(FRONT, number, online=bool(number % 2))
            heard = heartbeat(number, NOW, front, report(BACK, number))
            with bench.services.store.recording() as uow:
                bench.services.gateways.heard(uow, heard)

    def issue() -> None:
        for card in range(6001, 6011):
            bench.issue(card, "P1")

    def push() -> None:
        for _ in range(10):
            with bench.services.store.recording() as uow:
                bench.services.permits.pushed(uow, GATEWAY, uow.permits.revision())

    with bench.services.store.reading() as uow:
        before = uow.hardware.changes()
    at_once(beat, issue, push)
    with bench.services.store.reading() as uow:
        status = uow.hardware.status(FRONT)
        assert status is not None
        assert uow.hardware.changes() - before >= 2 * (10 + 10)
    assert (status.wanted, status.acknowledged) == (11, 10)
    assert Changes(bench.services.store)._read().revision == 11


WAITING = text(
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
)


def test_a_later_line_is_never_seen_before_an_earlier_one(bench: Bench) -> None:
    parts = [batch([passage(1)]), batch([passage(2)], 2)]
    parts[1] = replace(parts[1], previous=chain(GENESIS, parts[0].entries))
    first, here = parts
    begun, there = (replace(part, gateway=OTHER_GATEWAY) for part in parts)
    send(bench, [first, begun])
    with ThreadPoolExecutor(1) as pool:
        with bench.services.store.recording() as uow:
            bench.services.ingest.accept(uow, here)
            later = pool.submit(send, bench, [there])
            waits = 0
            while not (later.done() or waits):
                with bench.services.store.reading() as looking:
                    waits = looking.session.scalar(WAITING) or 0
                    assert len(looking.passages.after(0, 100)) == 2
            assert waits == 1
        later.result()
    with bench.services.store.reading() as uow:
        gateways = [p.gateway for p in uow.passages.after(0, 100)]
    assert gateways == [GATEWAY, OTHER_GATEWAY, GATEWAY, OTHER_GATEWAY]
