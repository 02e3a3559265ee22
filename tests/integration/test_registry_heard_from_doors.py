"""What gateways say of themselves and their doors, and what it moves."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from controller.vocabulary import ControllerId, Entry, Gap, Unwatched
from registry.domain.errors import Invalid, NotFound
from registry.domain.hardware import DoorStatus
from registry.domain.timeline import EntryKind
from registry.persistence.audit_entries import AuditEntries
from registry.persistence.hardware import LastHeartbeat
from registry.persistence.unit_of_work import UnitOfWork
from tests.support.registry_bench import (
    BACK,
    FAR,
    FRONT,
    GATEWAY,
    NOW,
    OTHER_GATEWAY,
    Bench,
    batch,
    heartbeat,
    passage,
    public_pem,
    registry,
    report,
)

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
SAID = report(FRONT, 1)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with registry(tmp_path_factory.mktemp("heard")) as ready:
        yield ready


@pytest.fixture
def uow(bench: Bench) -> Iterator[UnitOfWork]:
    """Write and look; what was written is undone then."""
    with bench.services.store.reading() as opened:
        yield opened
        opened.session.rollback()


def door(uow: UnitOfWork, id_: str) -> DoorStatus:
    uow.session.flush()
    uow.session.expire_all()
    status = uow.hardware.status(id_)
    assert status is not None
    return status


def test_the_same_report_again_moves_no_mark_but_says_when(uow: UnitOfWork) -> None:
    uow.hardware.report(GATEWAY, [SAID], NOW)
    mark = uow.hardware.changes()
    later = replace(SAID, clock_offset=1.5)
    uow.hardware.report(GATEWAY, [later], NOW + SECOND)
    assert uow.hardware.changes() == mark
    status = door(uow, FRONT)
    assert (status.reported_at, status.clock_offset) == (NOW + SECOND, 1.5)
    assert status.acknowledged_at == NOW
    assert door(uow, BACK).reported_at is None


@pytest.mark.parametrize(
    "change",
    [
        {"online": False},
        {"secure": False},
        {"open": True},
        {"tampered": True},
        {"acknowledged": 2},
    ],
)
def test_whatever_is_other_at_a_door_moves_the_mark_by_one(
    uow: UnitOfWork, change: dict[str, Any]
) -> None:
    uow.hardware.report(GATEWAY, [SAID], NOW)
    mark = uow.hardware.changes()
    uow.hardware.report(GATEWAY, [replace(SAID, **change), report(FAR, 1)], NOW)
    assert uow.hardware.changes() == mark + 1
    status = door(uow, FRONT)
    assert {name: getattr(status, name) for name in change} == change
    assert door(uow, FAR).reported_at is None, "the door of another gateway"


def test_a_gateway_is_handed_what_it_wanted_up_to_a_revision(uow: UnitOfWork) -> None:
    uow.hardware.want([FRONT], 5, NOW)
    uow.hardware.want([BACK, FAR], 6, NOW)
    mark = uow.hardware.changes()
    uow.hardware.pushed(GATEWAY, 5, NOW + SECOND)
    front, back, far = (door(uow, id_) for id_ in (FRONT, BACK, FAR))
    assert (front.wanted, front.pushed, front.pushed_at) == (5, 5, NOW + SECOND)
    assert (back.wanted, back.pushed, back.pushed_at) == (6, 0, None)
    assert uow.hardware.changes() == mark + 1
    uow.hardware.pushed(GATEWAY, 9, NOW + MINUTE)
    front, back, far = (door(uow, id_) for id_ in (FRONT, BACK, FAR))
    assert (front.pushed, front.pushed_at) == (5, NOW + SECOND), "nothing new for it"
    assert (back.pushed, back.pushed_at) == (6, NOW + MINUTE)
    assert (far.wanted, far.pushed) == (6, 0)


@pytest.mark.parametrize(
    ("number", "later", "taken"),
    [
        (5, 0, False),
        (4, 0, False),
        (4, -1, False),
        (6, 0, True),
        (6, -1, True),
        (5, 1, True),
        (1, 1, True),
    ],
)
def test_a_heartbeat_is_news_by_its_number_or_by_its_time(
    bench: Bench, uow: UnitOfWork, number: int, later: int, *, taken: bool
) -> None:
    """A restarted gateway counts anew; one whose clock was put back counts on."""
    gateways = bench.services.gateways
    assert uow.hardware.last_heartbeat(GATEWAY) is None
    assert gateways.heard(uow, heartbeat(5, NOW))
    at = NOW + later * SECOND
    assert gateways.heard(uow, heartbeat(number, at, SAID)) is taken
    uow.session.flush()
    uow.session.expire_all()
    last = LastHeartbeat(number, at) if taken else LastHeartbeat(5, NOW)
    assert uow.hardware.last_heartbeat(GATEWAY) == last
    assert uow.hardware.last_heartbeat(OTHER_GATEWAY) is None
    assert door(uow, FRONT).online is taken


def test_a_new_key_takes_the_place_of_the_old_one_alone(
    bench: Bench, uow: UnitOfWork
) -> None:
    others = uow.hardware.public_key(OTHER_GATEWAY)
    fresh = public_pem(Ed25519PrivateKey.generate())
    bench.services.gateways.enroll(uow, GATEWAY, fresh, "clerk")
    assert uow.hardware.public_key(GATEWAY) == fresh
    assert uow.hardware.public_key(OTHER_GATEWAY) == others
    *_, entry = AuditEntries(uow.session).of_subject(f"gateway:{GATEWAY}")
    assert (entry.actor, entry.action) == ("clerk", "gateway_enrolled")


def test_only_a_gateway_on_record_gets_a_key_and_only_an_ed25519_one(
    bench: Bench, uow: UnitOfWork
) -> None:
    enroll = bench.services.gateways.enroll
    other = generate_private_key(SECP256R1()).public_key()
    pem = other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    before = uow.hardware.public_key(GATEWAY)
    assert before is not None
    for wrong in (pem, "", before.replace("PUBLIC", "PRIVATE")):
        with pytest.raises(Invalid) as told:
            enroll(uow, GATEWAY, wrong, "clerk")
        assert [error.field for error in told.value.fields] == ["public_key"]
    with pytest.raises(NotFound, match="gateway-9"):
        enroll(uow, "gateway-9", before, "clerk")
    assert uow.hardware.public_key(GATEWAY) == before
    assert bench.services.gateways.key(uow, "gateway-9") is None


def test_gaps_and_unwatched_spans_are_told_at_their_own_door_only(
    bench: Bench, uow: UnitOfWork
) -> None:
    reader, lock, foreign = (
        ControllerId(id_) for id_ in ("reader-001", "lock-001", "reader-002")
    )
    sent: list[Entry] = [
        Unwatched(reader, NOW - 9 * MINUTE, NOW - 4 * MINUTE),
        Gap(lock, 3, 7, 9),
        Unwatched(foreign, NOW - 9 * MINUTE, NOW - 4 * MINUTE),
        Gap(foreign, 3, 7, 9),
        passage(-120),
    ]
    bench.services.ingest.accept(uow, batch(sent))
    told = {
        id_: [
            (entry.kind, entry.at, entry.door)
            for entry in bench.services.timelines.of_door(uow, id_).entries
        ]
        for id_ in (FRONT, BACK, FAR)
    }
    assert told == {
        FRONT: [
            (EntryKind.GRANTED, NOW - 2 * MINUTE, FRONT),
            (EntryKind.UNWATCHED, NOW - 4 * MINUTE, FRONT),
        ],
        BACK: [(EntryKind.GAP, NOW, BACK)],
        FAR: [],
    }
    (gap,) = uow.passages.gaps_of_controller(lock)
    assert (gap.controller, gap.first, gap.last) == (lock, 7, 9)
    (span,) = uow.passages.unwatched_of_controller(reader)
    assert (span.since, span.until) == (NOW - 9 * MINUTE, NOW - 4 * MINUTE)
    assert uow.passages.gap_count() == 2, "what a stranger told is kept all the same"


def test_the_list_of_doors_says_which_is_in_force(
    bench: Bench, uow: UnitOfWork
) -> None:
    (front,) = bench.services.permits.of_doors(uow, FRONT)
    every = bench.services.permits.of_doors(uow)
    assert [p.status.door.id for p in every] == [FRONT, BACK, FAR]
    assert [p.permits for p in every] == [4, 4, 0]
    assert front == every[0]
    assert bench.services.permits.of_doors(uow, "nowhere") == ()
    uow.hardware.report(GATEWAY, [SAID], NOW)
    figures = bench.services.housing.figures(uow)
    assert (figures.doors, figures.doors_online, figures.doors_waiting) == (3, 1, 1)
