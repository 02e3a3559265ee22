"""What repositories answer, in which order, how much of it and of whom."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from controller.vocabulary import AlarmChange, AlarmKind
from registry.domain.alarms import Acknowledgement, AlarmState
from registry.domain.credential import CredentialChange, CredentialState
from registry.domain.hardware import Controller, Door, Gateway
from registry.domain.history import Source
from registry.domain.parties import Party
from registry.domain.places import Area, AreaKind, Room, Unit, UnitUse
from registry.domain.tenancy import Tenancy
from registry.persistence.alarms import Told
from registry.persistence.credentials import Recorded
from registry.persistence.records import HighWater, Hole
from registry.persistence.unit_of_work import UnitOfWork
from tests.support.postgresql import NewDatabase
from tests.support.registry_bench import (
    BACK,
    FAR,
    FRONT,
    GATEWAY,
    NOW,
    OTHER_GATEWAY,
    OWNER_CARD,
    ROOM_CARD,
    TENANT_CARD,
    Bench,
    batch,
    passage,
    registry,
)

SECOND = timedelta(seconds=1)
TOLD = Told(GATEWAY, 1, 1, NOW)


@pytest.fixture(scope="module")
def bench(
    tmp_path_factory: pytest.TempPathFactory, new_database: NewDatabase
) -> Iterator[Bench]:
    with registry(tmp_path_factory.mktemp("rows"), new_database) as ready:
        yield ready


@pytest.fixture
def uow(bench: Bench) -> Iterator[UnitOfWork]:
    """Write and look; what was written is undone then."""
    with bench.services.store.reading() as opened:
        if bench.settings.database_url is not None:
            # There the numbers of what was undone do not come again.
            restart = "ALTER SEQUENCE alarms_number_seq RESTART"
            opened.session.execute(text(restart))
        yield opened
        opened.session.rollback()


def ring(uow: UnitOfWork, door: str, seconds: int, ended: int | None = None) -> None:
    end = None if ended is None else NOW + ended * SECOND
    uow.alarms.put(door, AlarmKind.TAMPER, {NOW + seconds * SECOND: end}, TOLD)


def take_on(uow: UnitOfWork, number: int) -> None:
    uow.alarms.acknowledge(number, Acknowledgement("王工", NOW))


def test_open_alarms_are_the_newest_by_when_they_began(uow: UnitOfWork) -> None:
    for door, seconds in ((FRONT, 5), (FRONT, 9), (BACK, 1), (FRONT, 7), (BACK, 9)):
        ring(uow, door, seconds)
    assert [a.number for a in uow.alarms.open(10)] == [5, 2, 4, 1, 3]
    assert [a.number for a in uow.alarms.open(2)] == [5, 2]
    assert [a.number for a in uow.alarms.open(10, [BACK])] == [5, 3]
    assert [a.number for a in uow.alarms.open(1, [FRONT])] == [2]


def test_closed_alarms_are_the_last_stored_and_no_others(uow: UnitOfWork) -> None:
    for seconds in (9, 5, 7, 1):
        ring(uow, FRONT, seconds, seconds)
    for number in (1, 2, 4):
        take_on(uow, number)
    assert [a.number for a in uow.alarms.closed(10)] == [4, 2, 1]
    assert [a.number for a in uow.alarms.closed(1)] == [4]
    assert [a.number for a in uow.alarms.open(10)] == [3]


def test_every_open_state_is_counted_by_itself(uow: UnitOfWork) -> None:
    for seconds in range(6):
        ring(uow, FRONT, seconds, seconds if seconds < 3 else None)
    for number in (1, 2, 4):
        take_on(uow, number)
    assert uow.alarms.counts() == {
        AlarmState.RAISED: 2,
        AlarmState.CLEARED: 1,
        AlarmState.ACKNOWLEDGED: 1,
    }
    found = {state: uow.alarms.after(0, 10, state, None) for state in AlarmState}
    assert {state: [a.number for a in alarms] for state, alarms in found.items()} == {
        AlarmState.RAISED: [5, 6],
        AlarmState.ACKNOWLEDGED: [4],
        AlarmState.CLEARED: [3],
        AlarmState.CLOSED: [1, 2],
    }
    assert [a.number for a in uow.alarms.after(5, 10, AlarmState.RAISED, None)] == [6]


def test_an_alarm_is_found_beside_its_nearest_neighbours_only(uow: UnitOfWork) -> None:
    for seconds in (1, 3, 5, 7, 9):
        ring(uow, FRONT, seconds, seconds + 1)
    ring(uow, BACK, 4)
    uow.alarms.put(FRONT, AlarmKind.POWER, {NOW + 6 * SECOND: None}, TOLD)
    around = uow.alarms.around(FRONT, AlarmKind.TAMPER, NOW + 5 * SECOND)
    assert sorted(around) == [NOW + n * SECOND for n in (3, 5, 7)]
    between = uow.alarms.around(FRONT, AlarmKind.TAMPER, NOW + 4 * SECOND)
    assert sorted(between) == [NOW + n * SECOND for n in (3, 5)]
    assert between[NOW + 3 * SECOND] == NOW + 4 * SECOND


def test_a_later_word_changes_one_alarm_and_keeps_who_told_first(
    bench: Bench, uow: UnitOfWork
) -> None:
    ring(uow, FRONT, 1)
    ring(uow, BACK, 1)
    ring(uow, FRONT, 5)
    over = AlarmChange(FRONT, AlarmKind.TAMPER, NOW + SECOND, NOW + 2 * SECOND)
    bench.services.alarms.take(uow, over, Told(OTHER_GATEWAY, 9, 9, NOW + SECOND))
    uow.session.expire_all()
    first, back, last = uow.alarms.after(0, 10, None, None)
    assert first.cleared_at == NOW + 2 * SECOND
    assert (first.gateway, first.epoch, first.seq) == (GATEWAY, 1, 1)
    assert first.recorded_at == NOW
    assert (back.cleared_at, last.cleared_at) == (None, None)
    assert uow.alarms.last_change() == 4


def test_passages_of_one_moment_are_paged_by_their_number(
    bench: Bench, uow: UnitOfWork
) -> None:
    seconds = (3, 1, 3, 3, 2)
    sent = [passage(n, at=NOW + s * SECOND) for n, s in enumerate(seconds)]
    sent += [passage(9, door=BACK, at=NOW + 3 * SECOND)]
    bench.services.ingest.accept(uow, batch(sent))
    first = uow.passages.last_number() - len(sent)
    for read, place in ((uow.passages.of_door, FRONT), (uow.passages.of_unit, None)):
        found = read(place or "B1-0201", None, 10)
        numbers = [p.number - first for p in found if p.door == FRONT]
        assert numbers == [4, 3, 1, 5, 2]
    before = (NOW + 3 * SECOND, first + 3)
    page = uow.passages.of_door(FRONT, before, 2)
    assert [p.number - first for p in page] == [1, 5]
    after = uow.passages.after(first + 4, 1)
    assert [p.number - first for p in after] == [5]


def test_holes_are_listed_in_the_order_they_were_noted(uow: UnitOfWork) -> None:
    uow.records.add_holes([Hole(GATEWAY, 1, n, n + 1, NOW) for n in (7, 3, 5)])
    found = uow.records.holes(0, 10)
    assert [(n, h.first, h.last) for n, h in found] == [(1, 7, 8), (2, 3, 4), (3, 5, 6)]
    assert [n for n, _ in uow.records.holes(1, 1)] == [2]
    assert uow.records.holes(3, 10) == []
    assert (uow.records.hole_count(), uow.records.fork_count()) == (3, 0)


def test_a_mark_belongs_to_one_epoch_of_one_gateway(uow: UnitOfWork) -> None:
    marks = [
        HighWater(gateway, epoch, upto, bytes([upto]) * 32)
        for upto, (gateway, epoch) in enumerate(
            [(GATEWAY, 1), (GATEWAY, 2), (OTHER_GATEWAY, 1)], 4
        )
    ]
    for mark in marks:
        uow.records.advance(mark, NOW)
    moved = HighWater(GATEWAY, 2, 99, bytes(32))
    uow.records.advance(moved, NOW)
    uow.session.flush()
    assert uow.records.high_water(GATEWAY, 1) == marks[0]
    assert uow.records.high_water(GATEWAY, 2) == moved
    assert uow.records.high_water(OTHER_GATEWAY, 1) == marks[2]
    assert uow.records.high_water(OTHER_GATEWAY, 2) is None


def test_a_card_is_followed_from_hand_to_hand(uow: UnitOfWork) -> None:
    (issued,) = uow.credentials.of_cards([TENANT_CARD])
    returned = CredentialChange(CredentialState.RETURNED, NOW)
    uow.credentials.change(issued.id, returned, Recorded(Source("test"), NOW))
    uow.credentials.add([(TENANT_CARD, "P9")], NOW + 2 * SECOND)
    uow.session.expire_all()
    history = uow.credentials.of_cards([TENANT_CARD])
    assert [c.party for c in history] == ["P1", "P9"]
    assert [c.state for c in history] == [
        CredentialState.RETURNED,
        CredentialState.ACTIVE,
    ]
    assert uow.credentials.live(TENANT_CARD) == history[1]
    untouched = uow.credentials.live(ROOM_CARD)
    assert untouched is not None
    assert untouched.state is CredentialState.ACTIVE
    both = uow.credentials.of_parties(["P9", "P2", "P1"])
    assert [c.party for c in both] == ["P1", "P2", "P9"]
    with pytest.raises(IntegrityError):
        uow.credentials.add([(OWNER_CARD, "P9")], NOW)


def test_tenancies_of_a_unit_are_the_latest_first(uow: UnitOfWork) -> None:
    years = {"Tb": 2031, "Ta": 2031, "Tc": 2030, "Td": 2032}
    uow.tenancies.add(
        [
            Tenancy(id_, "B2-0101", None, None, date(y, 1, 1), date(y, 6, 1))
            for id_, y in years.items()
        ],
        Source("test"),
        NOW,
    )
    found = uow.tenancies.of_units(["B2-0101"])
    assert [t.id for t in found] == ["Td", "Ta", "Tb", "Tc"]
    assert {t.id for t in uow.tenancies.of_building("B2")} == set(years)
    assert {t.id for t in uow.tenancies.of_building("B1")} == {"T1", "T2", "T3"}


def test_occupancies_are_told_by_party_unit_building_and_tenancy(
    uow: UnitOfWork,
) -> None:
    reads = uow.occupancies
    assert [o.party for o in reads.of_unit("B1-0202")] == ["P2"]
    assert [o.unit for o in reads.of_parties(["P1", "P3"])] == ["B1-0301", "B1-0201"]
    assert [o.party for o in reads.of_tenancy("T3")] == ["P4"]
    assert len(reads.of_building("B1")) == 4
    assert reads.of_building("B2") == []
    assert uow.parties.get("P9") == Party("P9")
    assert uow.parties.get("nobody") is None


def test_places_stand_in_the_order_of_their_codes(uow: UnitOfWork) -> None:
    uow.houses.add(
        [
            Unit("B1-0000", "B1", "0302", 3, UnitUse.VACANT),
            Unit("B1-9999", "B1", "0102", 1, UnitUse.VACANT),
        ]
    )
    uow.houses.add([Room("B1-0202-0", "B1-0202", "Z")])
    units = uow.houses.units(["B2", "B1"])
    assert [u.number for u in units] == [
        "0101",
        "0102",
        "0201",
        "0202",
        "0301",
        "0302",
        "0101",
    ]
    assert [r.name for r in uow.houses.rooms("B1-0202")] == ["Z", "A", "B"]
    assert uow.houses.rooms("B1-0201") == []
    assert [b.code for b in uow.houses.buildings("G002")] == ["B2"]
    assert [a.code for a in uow.houses.areas(AreaKind.GRID, "C01")] == ["G001", "G002"]
    assert uow.houses.areas(AreaKind.GRID, "C99") == []
    uow.houses.add([Area("G000", AreaKind.GRID, "新网格", "C01")])
    grids = [a.code for a in uow.houses.areas(AreaKind.GRID)]
    assert grids == ["G000", "G001", "G002"]
    assert [a.code for a in uow.houses.areas(AreaKind.STREET)] == ["S01"]
    grid = uow.houses.area("G001")
    assert grid is not None
    assert (grid.kind, grid.parent) == (AreaKind.GRID, "C01")
    assert uow.houses.area("G999") is None
    assert uow.houses.unit_counts() == {"B1": 6, "B2": 1}


def test_doors_and_gateways_are_listed_by_id(uow: UnitOfWork) -> None:
    uow.hardware.add_gateways([Gateway("gateway-0", "新网关")])
    uow.hardware.add_controllers([Controller("reader-000", "gateway-0", "osdp")])
    uow.hardware.add_doors([Door("door-000", "reader-000", "B2", "侧门")])
    assert [(g.id, g.enrolled) for g in uow.hardware.gateways()] == [
        ("gateway-0", False),
        (GATEWAY, True),
        (OTHER_GATEWAY, True),
    ]
    assert [d.id for d in uow.hardware.doors()] == ["door-000", FRONT, BACK, FAR]
    assert [s.door.id for s in uow.hardware.statuses("B2")] == ["door-000", FAR]
    assert {d.id for d in uow.hardware.doors_of_gateway(GATEWAY)} == {FRONT, BACK}
    assert uow.hardware.gateways_of_doors()["door-000"] == "gateway-0"


def test_a_controller_moves_one_door_only(uow: UnitOfWork) -> None:
    with pytest.raises(IntegrityError):
        uow.hardware.add_doors([Door("door-009", "reader-001", "B1", "侧门")])
