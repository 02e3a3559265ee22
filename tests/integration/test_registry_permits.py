"""Permits are published with their cause, delivered, and confirmed door by door."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controller.encoding import DIGEST_SIZE, digest_of
from controller.uplink.messages import PermitDelta, PermitSnapshot
from controller.vocabulary import DoorId, Permit, PermitId
from registry.domain.credential import CredentialState
from registry.domain.hardware import Delivery, DoorStatus
from tests.support.postgresql import NewDatabase
from tests.support.registry_bench import (
    BACK,
    FAR,
    FRONT,
    GATEWAY,
    NOW,
    OTHER_GATEWAY,
    ROOM_CARD,
    TENANT_CARD,
    Bench,
    form,
    heartbeat,
    registry,
    report,
    street,
)

EMPTY = bytes(DIGEST_SIZE)


@pytest.fixture
def bench(tmp_path: Path, new_database: NewDatabase) -> Iterator[Bench]:
    with registry(tmp_path, new_database) as ready:
        yield ready


def answer(bench: Bench, after: int, digest: bytes) -> PermitDelta | PermitSnapshot:
    with bench.services.store.reading() as uow:
        return bench.services.permits.answer(uow, bench.request(after, digest))


def snapshot(bench: Bench) -> PermitSnapshot:
    found = answer(bench, 10**6, EMPTY)
    assert isinstance(found, PermitSnapshot)
    return found


def cancel(bench: Bench, card: int) -> int:
    with bench.services.store.writing() as uow:
        return bench.services.registration.end_card(
            uow, card, CredentialState.CANCELLED, "given back", "test"
        )


def door(bench: Bench, id_: str) -> DoorStatus:
    with bench.services.store.reading() as uow:
        return bench.services.housing.door(uow, id_)


def hear(bench: Bench, number: int, acknowledged: int, *doors: str) -> bool:
    sent = [report(DoorId(id_), acknowledged) for id_ in doors]
    with bench.services.store.writing() as uow:
        return bench.services.gateways.heard(uow, heartbeat(number, bench.now, *sent))


def applied(
    table: dict[PermitId, Permit], delta: PermitDelta
) -> dict[PermitId, Permit]:
    """Apply a delta as a gateway does: take away first."""
    kept = {id_: p for id_, p in table.items() if id_ not in delta.removed}
    return kept | {p.id: p for p in delta.put}


def test_a_street_is_published_at_once(bench: Bench) -> None:
    whole = snapshot(bench)
    assert whole.revision == 1
    assert len(whole.permits) == 8, "four cards at two doors"
    assert whole.digest == digest_of(whole.permits)
    assert {p.door for p in whole.permits} == {FRONT, BACK}


def test_a_gateway_that_holds_our_set_lacks_nothing(bench: Bench) -> None:
    whole = snapshot(bench)
    delta = answer(bench, whole.revision, whole.digest)
    assert delta == PermitDelta(
        GATEWAY, whole.revision, whole.revision, (), (), whole.digest
    )


@pytest.mark.parametrize(
    ("after", "digest"), [(0, EMPTY), (1, bytes([1] * 32)), (99, EMPTY)]
)
def test_a_gateway_that_holds_something_else_gets_everything(
    bench: Bench, after: int, digest: bytes
) -> None:
    assert isinstance(answer(bench, after, digest), PermitSnapshot)


def test_an_empty_set_is_known_before_anything_was_published(tmp_path: Path) -> None:
    with registry(tmp_path, seeded=False) as bench:
        document = street()
        document["credentials"] = []
        bench.seed(document)
        delta = answer(bench, 0, EMPTY)
        assert isinstance(delta, PermitDelta)
        assert (delta.revision, delta.put) == (0, ())


def test_a_cancelled_card_is_a_small_delta(bench: Bench) -> None:
    before = snapshot(bench)
    revision = cancel(bench, TENANT_CARD)
    delta = answer(bench, before.revision, before.digest)
    assert isinstance(delta, PermitDelta)
    assert delta.revision == revision == before.revision + 1
    assert not delta.put
    gone = {p.id for p in before.permits if p.card.value == TENANT_CARD}
    assert set(delta.removed) == gone
    table = applied({p.id: p for p in before.permits}, delta)
    assert digest_of(table.values()) == delta.digest


def test_what_was_put_and_taken_away_since_is_not_put(bench: Bench) -> None:
    before = snapshot(bench)
    bench.register(unit="B1-0202", room="B1-0202-B", card="5001")
    cancel(bench, 5001)
    delta = answer(bench, before.revision, before.digest)
    assert isinstance(delta, PermitDelta)
    assert delta.put == ()
    assert delta.digest == before.digest
    assert delta.revision == before.revision + 2


def test_only_the_gateways_concerned_move(bench: Bench) -> None:
    before = snapshot(bench)
    revision = bench.register()
    assert revision == 2
    assert answer(bench, before.revision, before.digest).revision == before.revision
    with bench.services.store.reading() as uow:
        assert uow.permits.set_of(OTHER_GATEWAY).revision == 2
    assert door(bench, FAR).wanted == 2
    assert door(bench, FRONT).wanted == 1


def test_a_change_that_changes_no_permit_keeps_the_revision(bench: Bench) -> None:
    assert bench.register(card="") == 1


def test_wanted_pushed_acknowledged(bench: Bench) -> None:
    assert door(bench, FRONT).delivery(1) is Delivery.WANTED
    bench.now += timedelta(seconds=1)
    with bench.services.store.writing() as uow:
        bench.services.permits.pushed(uow, GATEWAY, 1)
    pushed = door(bench, FRONT)
    assert pushed.delivery(1) is Delivery.PUSHED
    assert pushed.pushed_at == bench.now
    bench.now += timedelta(seconds=1)
    assert hear(bench, 1, 1, FRONT)
    done = door(bench, FRONT)
    assert done.delivery(1) is Delivery.ACKNOWLEDGED
    assert (done.acknowledged_at, done.online) == (bench.now, True)
    assert door(bench, BACK).delivery(1) is Delivery.PUSHED
    assert door(bench, FAR).wanted == 0
    cancel(bench, TENANT_CARD)
    assert door(bench, FRONT).delivery(2) is Delivery.WANTED


def test_a_door_acknowledged_since_when(bench: Bench) -> None:
    hear(bench, 1, 1, FRONT)
    bench.now += timedelta(hours=1)
    hear(bench, 2, 1, FRONT)
    status = door(bench, FRONT)
    assert status.acknowledged_at == NOW
    assert status.reported_at == bench.now


def test_a_door_that_forgot_says_so(bench: Bench) -> None:
    hear(bench, 1, 1, FRONT)
    hear(bench, 2, 0, FRONT)
    assert door(bench, FRONT).delivery(1) is Delivery.WANTED


def test_an_old_heartbeat_changes_nothing(bench: Bench) -> None:
    bench.now += timedelta(hours=1)
    assert hear(bench, 5, 1, FRONT)
    bench.now -= timedelta(hours=1)
    assert not hear(bench, 5, 0, FRONT)
    assert door(bench, FRONT).acknowledged == 1
    bench.now += timedelta(hours=2)
    assert hear(bench, 1, 0, FRONT), "a restarted gateway counts anew"
    assert door(bench, FRONT).acknowledged == 0


def test_a_gateway_speaks_for_its_own_doors_only(bench: Bench) -> None:
    hear(bench, 1, 1, FAR)
    assert not door(bench, FAR).online


def test_an_earlier_end_keeps_the_permits_and_shortens_them(bench: Bench) -> None:
    before = snapshot(bench)
    with bench.services.store.writing() as uow:
        bench.services.registration.end_tenancy(uow, "T1", date(2026, 6, 2), "test")
    delta = answer(bench, before.revision, before.digest)
    assert isinstance(delta, PermitDelta)
    assert delta.removed == ()
    old = {p.id: p for p in before.permits}
    for permit in delta.put:
        assert permit.validity.start == old[permit.id].validity.start
        assert permit.validity.end < old[permit.id].validity.end
    assert len(delta.put) == 2


def test_ended_permits_are_withdrawn(bench: Bench) -> None:
    bench.now += timedelta(days=40)
    with bench.services.store.writing() as uow:
        assert bench.services.permits.retire(uow) == 2
        assert bench.services.permits.retire(uow) == 2
    cards = {p.card.value for p in snapshot(bench).permits}
    assert ROOM_CARD not in cards
    assert TENANT_CARD in cards


def test_a_served_registry_withdraws_what_has_ended(bench: Bench) -> None:
    bench.now += timedelta(days=40)
    bench.services.retirement.look()
    assert ROOM_CARD not in {p.card.value for p in snapshot(bench).permits}


def test_the_permits_of_cards_say_how_far_they_are(bench: Bench) -> None:
    hear(bench, 1, 1, FRONT)
    with bench.services.store.reading() as uow:
        found = bench.services.permits.of_cards(uow, [TENANT_CARD])
    states = {p.door.door.id: p.delivery for p in found}
    assert states == {FRONT: Delivery.ACKNOWLEDGED, BACK: Delivery.WANTED}


def test_a_failed_change_publishes_nothing(bench: Bench) -> None:
    before = snapshot(bench)

    def fail() -> None:
        with bench.services.store.writing() as uow:
            bench.services.registration.record_tenancy(uow, form(), "test")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert snapshot(bench) == before
    assert door(bench, FAR).wanted == 0


steps = st.lists(
    st.tuples(st.sampled_from(["issue", "cancel", "fetch"]), st.integers(1, 4)),
    max_size=12,
)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps)
def test_a_gateway_that_follows_has_the_registrys_set(
    tmp_path_factory: pytest.TempPathFactory,
    new_database: NewDatabase,
    story: list[tuple[str, int]],
) -> None:
    """Whatever changes and however rarely it asks, deltas lead to the same set."""
    with registry(tmp_path_factory.mktemp("story"), new_database) as bench:
        whole = snapshot(bench)
        table, revision = {p.id: p for p in whole.permits}, whole.revision
        live: set[int] = set()
        for step, number in [*story, ("fetch", 0)]:
            card = 6000 + number
            if step == "issue" and card not in live:
                bench.issue(card, "P1")
                live.add(card)
            elif step == "cancel" and card in live:
                cancel(bench, card)
                live.discard(card)
            elif step == "fetch":
                delta = answer(bench, revision, digest_of(table.values()))
                assert isinstance(delta, PermitDelta)
                table, revision = applied(table, delta), delta.revision
                assert digest_of(table.values()) == delta.digest
        assert set(table.values()) == set(snapshot(bench).permits)
