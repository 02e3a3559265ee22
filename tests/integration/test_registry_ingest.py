"""Every line of a gateway's record is stored exactly once, in order, attributed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from controller.cbor import pack, unpack
from controller.encoding import LARGEST_COUNT, encode_entry
from controller.errors import MessageRefused
from controller.uplink.messages import (
    GENESIS,
    PassageBatch,
    Receipt,
    chain,
    link,
)
from controller.uplink.passage_rows import OtherEntry, PassageRow, read_line
from controller.vocabulary import ControllerId, DoorId, Entry, Gap, Unwatched
from registry.domain.credential import CardState, CredentialState
from registry.domain.timeline import EntryKind, RecordedPassage
from registry.persistence.records import LOST, Hole
from registry.services import ingest
from registry.services.ingest import Fork
from registry.services.traffic import Traffic
from tests.support.postgresql import NewDatabase
from tests.support.registry_bench import (
    BACK,
    FAR,
    FRONT,
    GATEWAY,
    KEEPER_CARD,
    NOW,
    OTHER_GATEWAY,
    OWNER_CARD,
    ROOM_CARD,
    TENANT_CARD,
    UNKNOWN_CARD,
    Bench,
    batch,
    passage,
    registry,
)


@pytest.fixture(scope="module")
def bench(
    tmp_path_factory: pytest.TempPathFactory, new_database: NewDatabase
) -> Iterator[Bench]:
    with registry(tmp_path_factory.mktemp("ingest"), new_database) as ready:
        yield ready


@pytest.fixture
def fresh(tmp_path: Path, new_database: NewDatabase) -> Iterator[Bench]:
    with registry(tmp_path, new_database) as ready:
        yield ready


def accept(bench: Bench, sent: PassageBatch) -> Receipt | Fork:
    with bench.services.store.recording() as uow:
        return bench.services.ingest.accept(uow, sent)


def stored(bench: Bench, epoch: int = 1) -> list[RecordedPassage]:
    with bench.services.store.reading() as uow:
        return [p for p in uow.passages.after(0, 10_000) if p.epoch == epoch]


def holes(bench: Bench) -> list[Hole]:
    with bench.services.store.reading() as uow:
        return [hole for _, hole in uow.records.holes(0, 100)]


def counts(bench: Bench) -> tuple[int, int, int]:
    """Return how many gaps, holes and forks there are."""
    with bench.services.store.reading() as uow:
        figures = bench.services.housing.figures(uow)
    return figures.gaps, figures.holes, figures.forks


def test_a_batch_is_stored_and_receipted(fresh: Bench) -> None:
    sent = batch([passage(1), passage(2, UNKNOWN_CARD, granted=False)])
    receipt = accept(fresh, sent)
    assert receipt == Receipt(GATEWAY, 1, 2, chain(GENESIS, sent.entries))
    first, second = stored(fresh)
    assert (first.seq, first.card, first.granted) == (1, TENANT_CARD, True)
    assert (second.seq, second.card, second.granted) == (2, UNKNOWN_CARD, False)
    assert first.recorded_at == NOW
    assert first.at == NOW + timedelta(seconds=1)


def test_a_gap_of_a_controller_is_kept_beside_the_passages(fresh: Bench) -> None:
    gap = Gap(ControllerId("lock-001"), 3, 10, LARGEST_COUNT)
    accept(fresh, batch([passage(1), gap, passage(2)]))
    assert [p.seq for p in stored(fresh)] == [1, 3]
    assert counts(fresh) == (1, 0, 0)
    with fresh.services.store.reading() as uow:
        (kept,) = uow.passages.gaps_of_controller("lock-001")
    assert (kept.first, kept.last, kept.door) == (10, LARGEST_COUNT, BACK)


def test_an_unwatched_span_is_kept_and_shown_at_its_door(fresh: Bench) -> None:
    span = Unwatched(ControllerId("lock-001"), NOW - timedelta(minutes=9), NOW)
    foreign = replace(span, controller=ControllerId("lock-of-others"))
    sent = batch([passage(1), span, foreign])
    accept(fresh, sent)
    accept(fresh, sent)
    with fresh.services.store.reading() as uow:
        (kept,) = uow.passages.unwatched_of_controller("lock-001")
        assert uow.passages.unwatched_of_controller("lock-of-others") == []
        shown = fresh.services.timelines.of_door(uow, BACK).entries
    assert (kept.since, kept.until, kept.door) == (span.since, span.until, BACK)
    assert [entry.kind for entry in shown if entry.unwatched] == [EntryKind.UNWATCHED]


def test_a_replay_changes_nothing_and_is_receipted_again(fresh: Bench) -> None:
    sent = batch([passage(n) for n in range(5)])
    assert accept(fresh, sent) == accept(fresh, sent)
    assert len(stored(fresh)) == 5


def test_a_batch_too_far_ahead_is_told_where_to_go_on(fresh: Bench) -> None:
    whole = batch([passage(n) for n in range(6)])
    head = replace(whole, entries=whole.entries[:2])
    accept(fresh, head)
    ahead = replace(
        whole,
        first=5,
        previous=chain(GENESIS, whole.entries[:4]),
        entries=whole.entries[4:],
    )
    assert accept(fresh, ahead) == Receipt(GATEWAY, 1, 2, chain(GENESIS, head.entries))
    assert len(stored(fresh)) == 2


def test_an_unknown_epoch_that_starts_in_the_middle_is_sent_back(fresh: Bench) -> None:
    sent = batch([passage(1)], first=7, previous=bytes([1] * 32))
    assert accept(fresh, sent) == Receipt(GATEWAY, 1, 0, GENESIS)
    assert stored(fresh) == []


def test_what_a_gateway_lost_is_a_hole(fresh: Bench) -> None:
    accept(fresh, batch([passage(1)]))
    elsewhere = bytes([7] * 32)
    sent = replace(batch([passage(9)], first=9, previous=elsewhere), after_loss=True)
    receipt = accept(fresh, sent)
    assert receipt == Receipt(GATEWAY, 1, 9, chain(elsewhere, sent.entries))
    assert [p.seq for p in stored(fresh)] == [1, 9]
    assert [(h.first, h.last, h.reason) for h in holes(fresh)] == [(2, 8, LOST)]
    assert accept(fresh, sent) == receipt
    assert counts(fresh) == (0, 1, 0), "the same loss is told once"


@pytest.mark.parametrize("after_loss", [False, True])
@pytest.mark.parametrize("forged", [[2, 90], [1, 2, 90], [1, 90], [90]])
def test_another_history_is_refused_and_recorded(
    fresh: Bench, forged: list[int], after_loss: bool
) -> None:
    honest = [encode_entry(passage(n)) for n in (1, 2)]
    accept(fresh, batch(honest))
    first = 1 if forged[0] == 1 else 2
    sent = replace(
        batch([passage(n + 100) for n in forged], first=first, previous=bytes(32)),
        after_loss=after_loss,
    )
    outcome = accept(fresh, sent)
    assert sent.last >= 2
    assert isinstance(outcome, Fork)
    assert outcome.mark.upto == 2
    assert len(stored(fresh)) == 2
    assert counts(fresh) == (0, 0, 1)


def test_a_new_epoch_may_come_before_the_end_of_the_last(fresh: Bench) -> None:
    lines = [encode_entry(passage(n)) for n in range(4)]
    accept(fresh, batch(lines[:2]))
    tip = chain(GENESIS, lines)
    later = batch([passage(9)], previous=tip, epoch=2)
    assert accept(fresh, later) == Receipt(GATEWAY, 2, 1, chain(tip, later.entries))
    rest = batch(lines[2:], first=3, previous=chain(GENESIS, lines[:2]))
    assert accept(fresh, rest) == Receipt(GATEWAY, 1, 4, tip)
    assert len(stored(fresh, 1)) == 4
    assert len(stored(fresh, 2)) == 1


def test_gateways_do_not_share_a_record(fresh: Bench) -> None:
    sent = batch([passage(1)])
    accept(fresh, sent)
    accept(fresh, replace(sent, gateway=OTHER_GATEWAY))
    assert [p.gateway for p in stored(fresh)] == [GATEWAY, OTHER_GATEWAY]


@pytest.mark.parametrize(
    "line", [b"", b"\x00", b"\xff" * 20, encode_entry(passage())[:-1]]
)
def test_an_unreadable_line_is_a_hole_and_the_record_goes_on(
    fresh: Bench, line: bytes
) -> None:
    sent = batch([passage(1), line, passage(2)])
    receipt = Receipt(GATEWAY, 1, 3, chain(GENESIS, sent.entries))
    assert accept(fresh, sent) == receipt
    assert [p.seq for p in stored(fresh)] == [1, 3]
    assert accept(fresh, sent) == receipt
    (hole,) = holes(fresh)
    assert (hole.epoch, hole.first, hole.last, hole.line) == (1, 2, 2, line)
    assert hole.reason != LOST
    assert counts(fresh) == (0, 1, 0), "told once, in figures too"
    onward = batch([passage(4)], 4, receipt.chain)
    assert accept(fresh, onward) == Receipt(
        GATEWAY, 1, 4, chain(receipt.chain, onward.entries)
    )


def test_a_line_of_another_vocabulary_says_which_field_is_not_known(
    fresh: Bench,
) -> None:
    row = unpack(encode_entry(passage(1)), 640)
    assert isinstance(row, list)
    row[4] = 200
    accept(fresh, batch([pack(row)]))
    (hole,) = holes(fresh)
    assert hole.reason.startswith("passage.reason must be")


def test_a_batch_is_read_before_others_are_kept_from_writing(
    fresh: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    revisions = []

    def read(data: bytes) -> PassageRow | OtherEntry:
        """Read while somebody else writes; were the lock taken this would fail."""
        with fresh.services.store.writing() as uow:
            revisions.append(uow.permits.next_revision())
        return read_line(data)

    monkeypatch.setattr(ingest, "read_line", read)
    accept(fresh, batch([passage(1), passage(2)]))
    assert revisions == [2, 3]
    assert len(stored(fresh)) == 2


def test_nobody_tells_of_a_door_that_is_anothers(fresh: Bench) -> None:
    """What a gateway says of doors it does not have is kept, but shown nowhere."""
    foreign: list[Entry] = [
        passage(1, door=FAR),
        Gap(ControllerId("reader-002"), 1, 1, 2),
    ]
    accept(fresh, batch([*foreign, passage(2, door=DoorId("nowhere")), passage(3)]))
    own = replace(batch([passage(4, door=FAR)]), gateway=OTHER_GATEWAY)
    accept(fresh, own)
    assert [(p.seq, p.own) for p in stored(fresh)] == [
        (1, False),
        (3, False),
        (4, True),
        (1, True),
    ]
    traffic = Traffic(fresh.clock)
    with fresh.services.store.reading() as uow:
        timeline = fresh.services.timelines.of_door(uow, FAR).entries
        live = traffic.after(uow, 0, 2)
        hours = traffic.last_day(uow, [FAR, "nowhere"])
    assert [e.passage and e.passage.gateway for e in timeline] == [OTHER_GATEWAY]
    assert [(p.gateway, p.door) for p in live] == [
        (GATEWAY, FRONT),
        (OTHER_GATEWAY, FAR),
    ]
    assert sum(hour.total for hour in hours) == 1
    assert counts(fresh)[0] == 1, "the gap is on record"


def test_numbers_beyond_the_last_are_refused(fresh: Bench) -> None:
    sent = batch([passage(1), passage(2)], first=LARGEST_COUNT)
    with pytest.raises(MessageRefused, match="beyond"):
        accept(fresh, replace(sent, after_loss=True))


@pytest.mark.parametrize(
    ("card", "door", "expected"),
    [
        (TENANT_CARD, FRONT, (CardState.ACTIVE, "P1", "B1-0201")),
        (ROOM_CARD, BACK, (CardState.ACTIVE, "P2", "B1-0202")),
        (OWNER_CARD, FRONT, (CardState.ACTIVE, "P3", "B1-0301")),
        (KEEPER_CARD, FRONT, (CardState.ACTIVE, "P4", "B1-0101")),
        (TENANT_CARD, FAR, (CardState.ACTIVE, "P1", None)),
        (TENANT_CARD, DoorId("nowhere"), (CardState.ACTIVE, "P1", None)),
        (UNKNOWN_CARD, FRONT, (CardState.UNKNOWN, None, None)),
        (None, FRONT, (None, None, None)),
    ],
)
def test_a_passage_is_attributed_to_the_holder_and_the_unit(
    bench: Bench,
    card: int | None,
    door: DoorId,
    expected: tuple[CardState | None, str | None, str | None],
) -> None:
    with bench.services.store.reading() as uow:
        epoch = uow.passages.last_number() + 1
    accept(bench, batch([passage(1, card, door)], epoch=epoch))
    (found,) = stored(bench, epoch)
    assert found.card == card
    assert (found.card_state, found.party, found.unit) == expected


@pytest.mark.parametrize(
    "at",
    [datetime(1, 1, 3, tzinfo=UTC), datetime(9999, 12, 30, 23, 59, tzinfo=UTC)],
)
def test_a_clock_wrong_by_ages_does_not_stop_the_record(
    fresh: Bench, at: datetime
) -> None:
    accept(fresh, batch([passage(1, at=at)]))
    (found,) = stored(fresh)
    assert found.at == at


def test_the_holder_is_who_held_the_card_then(fresh: Bench) -> None:
    hour = timedelta(hours=1)
    with fresh.services.store.writing() as uow:
        fresh.services.registration.end_card(
            uow, TENANT_CARD, CredentialState.LOST, "lost it", "test"
        )
    fresh.now += 2 * hour
    fresh.register(card=str(TENANT_CARD), unit="B1-0202", room="B1-0202-B")
    moments = [NOW - hour, NOW + hour, NOW + 3 * hour]
    accept(fresh, batch([passage(n, at=at) for n, at in enumerate(moments)]))
    before, lost, after = stored(fresh)
    assert (before.card_state, before.party) == (CardState.ACTIVE, "P1")
    assert (lost.card_state, lost.party) == (CardState.LOST, "P1")
    assert (after.card_state, after.unit) == (CardState.ACTIVE, "B1-0202")
    assert after.party not in {None, "P1"}
    assert before.credential == lost.credential != after.credential


@pytest.mark.parametrize(
    ("day", "unit"),
    [
        (datetime(2025, 12, 31, tzinfo=UTC), None),
        (datetime(2026, 6, 19, tzinfo=UTC), "B1-0202"),
        (datetime(2026, 7, 3, tzinfo=UTC), "B1-0202"),
        (datetime(2026, 7, 4, tzinfo=UTC), None),
    ],
)
def test_the_unit_is_the_home_of_that_day_and_of_the_grace_after(
    fresh: Bench, day: datetime, unit: str | None
) -> None:
    accept(fresh, batch([passage(1, ROOM_CARD, at=day)]))
    (found,) = stored(fresh)
    assert found.unit == unit
    assert found.party == "P2"


def test_a_batch_is_one_statement(fresh: Bench) -> None:
    statements: list[str] = []

    def note(*call: Any) -> None:  # noqa: ANN401 - SQLAlchemy's own signature
        statements.append(call[2].split("(")[0].strip())

    with fresh.services.store.recording() as uow:
        connection = uow.session.connection()
        event.listen(connection, "before_cursor_execute", note)
        fresh.services.ingest.accept(uow, batch([passage(n) for n in range(100)]))
    inserts = [each for each in statements if each.startswith("INSERT INTO passages")]
    assert inserts == ["INSERT INTO passages"]
    assert len(stored(fresh)) == 100
    assert len(statements) < 12, "attribution does not ask for each passage"


RECORD = [encode_entry(passage(n)) for n in range(40)]
CHAIN = list(accumulate(RECORD, link, initial=GENESIS))

spans = st.tuples(st.integers(0, 39), st.integers(1, 15))


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(spans, max_size=25), st.data())
def test_duplicates_overlaps_gaps_and_disorder_give_the_record_itself(
    bench: Bench, sent: list[tuple[int, int]], data: st.DataObject
) -> None:
    """Whatever order batches arrive in, what is stored is a prefix, once."""
    with bench.services.store.reading() as uow:
        epoch = uow.passages.last_number() + 1000
    expected = 0
    for start, size in sent:
        lines = RECORD[start : start + size]
        outcome = accept(bench, batch(lines, start + 1, CHAIN[start], epoch))
        if start <= expected:
            expected = max(expected, start + len(lines))
        assert outcome == Receipt(GATEWAY, epoch, expected, CHAIN[expected])
        if data.draw(st.booleans(), "check now"):
            assert [p.seq for p in stored(bench, epoch)] == list(range(1, expected + 1))
    found = stored(bench, epoch)
    assert [p.controller_index for p in found] == list(range(expected))
    numbers = [p.number for p in found]
    assert numbers == sorted(numbers)


junk = st.binary(max_size=30).filter(lambda data: data not in RECORD)

mixed = st.lists(st.one_of(st.sampled_from(RECORD), junk), min_size=1, max_size=30)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(mixed, st.integers(1, 10))
def test_any_mix_of_readable_and_unreadable_lines_goes_on(
    bench: Bench, lines: list[bytes], size: int
) -> None:
    """Every line is either a passage or a hole, at its place, and receipted."""
    with bench.services.store.reading() as uow:
        epoch = uow.passages.last_number() + 10**6
        before = len(uow.records.holes(0, 10**6))
        epoch += before
    previous = GENESIS
    for start in range(0, len(lines), size):
        part = lines[start : start + size]
        receipt = accept(bench, batch(part, start + 1, previous, epoch))
        previous = chain(previous, part)
        assert receipt == Receipt(GATEWAY, epoch, start + len(part), previous)
    good = [seq for seq, line in enumerate(lines, 1) if line in RECORD]
    torn = [(seq, line) for seq, line in enumerate(lines, 1) if line not in RECORD]
    assert [p.seq for p in stored(bench, epoch)] == good
    with bench.services.store.reading() as uow:
        kept = [hole for _, hole in uow.records.holes(0, 10**6)][before:]
    assert [(h.first, h.line) for h in kept] == torn
    assert all(h.first == h.last and h.reason for h in kept)
