"""Areas, buildings, units and their timelines, as the register has them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from controller.vocabulary import ControllerId, Entry, Gap
from registry.domain.credential import CredentialState
from registry.domain.errors import Invalid, NotFound
from registry.domain.hardware import Delivery
from registry.domain.house import UnitState
from registry.domain.timeline import EntryKind, Timeline
from tests.support.postgresql import NewDatabase
from tests.support.registry_bench import (
    BACK,
    FRONT,
    NOW,
    OWNER_CARD,
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
    with registry(tmp_path_factory.mktemp("houses"), new_database) as ready:
        sent: list[Entry] = [
            passage(-300),
            passage(-200, OWNER_CARD),
            passage(-100, UNKNOWN_CARD, granted=False),
            Gap(ControllerId("reader-001"), 1, 4, 9),
            passage(-50, door=BACK),
            # A door's clock may run ahead of ours: its passages are shown still.
            passage(3600),
        ]
        ready.now = NOW - timedelta(seconds=10)
        with ready.services.store.writing() as uow:
            ready.services.ingest.accept(uow, batch(sent))
            ready.services.registration.end_card(
                uow, OWNER_CARD, CredentialState.LOST, "lost", "test"
            )
        ready.now = NOW
        yield ready


def test_the_street_and_its_communities(bench: Bench) -> None:
    with bench.services.store.reading() as uow:
        housing = bench.services.housing
        assert housing.street(uow).name == "示例街"
        (community,) = housing.communities(uow)
        grids = housing.grids(uow, "C01")
    assert (community.buildings, community.units, community.doors) == (2, 5, 3)
    assert [(g.area.code, g.units, g.doors) for g in grids] == [
        ("G001", 4, 2),
        ("G002", 1, 1),
    ]


def test_the_buildings_of_a_grid_with_the_states_of_their_units(bench: Bench) -> None:
    with bench.services.store.reading() as uow:
        (building,) = bench.services.housing.buildings(uow, "G001")
    assert building.states == {
        UnitState.SHOP: 1,
        UnitState.LET_REGISTERED: 1,
        UnitState.UNFILED: 1,
        UnitState.OWNER: 1,
    }
    assert (building.doors, building.doors_online) == (2, 0)


def test_a_building_floor_by_floor_from_the_top(bench: Bench) -> None:
    with bench.services.store.reading() as uow:
        matrix = bench.services.housing.building(uow, "B1")
    assert [floor for floor, _ in matrix.floors] == [3, 2, 1]
    second = matrix.floors[1][1]
    assert [cell.unit.number for cell in second] == ["0201", "0202"]
    assert [cell.occupants for cell in second] == [1, 1]
    assert second[1].next_end is not None
    assert second[1].next_end.isoformat() == "2026-06-20"
    assert matrix.community.code == "C01"
    assert {s.door.id for s in matrix.doors} == {FRONT, BACK}


def test_a_unit_with_everything_on_record(bench: Bench) -> None:
    with bench.services.store.reading() as uow:
        detail = bench.services.housing.unit(uow, "B1-0202")
    assert detail.state is UnitState.UNFILED
    assert [room.name for room in detail.rooms] == ["A", "B"]
    assert [t.id for t in detail.tenancies] == ["T2"]
    assert [p.delivery for p in detail.permits] == [Delivery.WANTED] * 2
    assert {p.door.door.id for p in detail.permits} == {FRONT, BACK}


@pytest.mark.parametrize(
    "read",
    [
        lambda b, uow: b.services.housing.area(uow, "X"),
        lambda b, uow: b.services.housing.grids(uow, "X"),
        lambda b, uow: b.services.housing.buildings(uow, "X"),
        lambda b, uow: b.services.housing.building(uow, "X"),
        lambda b, uow: b.services.housing.unit(uow, "X"),
        lambda b, uow: b.services.housing.door(uow, "X"),
        lambda b, uow: b.services.timelines.of_unit(uow, "X"),
        lambda b, uow: b.services.timelines.of_door(uow, "X"),
    ],
)
def test_what_is_not_on_record_is_not_found(bench: Bench, read: object) -> None:
    assert callable(read)
    with bench.services.store.reading() as uow, pytest.raises(NotFound, match="X"):
        read(bench, uow)


def test_an_empty_register_says_what_to_do(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with (
        registry(tmp_path_factory.mktemp("empty"), seeded=False) as empty,
        empty.services.store.reading() as uow,
        pytest.raises(NotFound, match="seed"),
    ):
        empty.services.housing.street(uow)


def pages(bench: Bench, limit: int, *, door: bool = False) -> list[Timeline]:
    found: list[Timeline] = []
    cursor = None
    timelines = bench.services.timelines
    with bench.services.store.reading() as uow:
        while not found or cursor is not None:
            if door:
                page = timelines.of_door(uow, FRONT, cursor, limit)
            else:
                page = timelines.of_unit(uow, "B1-0201", cursor, limit)
            found.append(page)
            cursor = page.next
    return found


def test_a_units_timeline_has_its_own_people_and_milestones(bench: Bench) -> None:
    (whole,) = pages(bench, 50)
    assert [e.kind for e in whole.entries] == [
        EntryKind.GRANTED,
        EntryKind.GRANTED,
        EntryKind.GRANTED,
        EntryKind.TENANCY_STARTED,
        EntryKind.MOVED_IN,
    ]
    cards = {e.card for e in whole.entries if e.passage is not None}
    assert cards == {TENANT_CARD}
    assert whole.entries[0].at > NOW


def test_a_doors_timeline_has_everybody_and_the_gaps(bench: Bench) -> None:
    (whole,) = pages(bench, 50, door=True)
    kinds = [e.kind for e in whole.entries]
    assert kinds == [
        EntryKind.GRANTED,
        EntryKind.GAP,
        EntryKind.REFUSED,
        EntryKind.GRANTED,
        EntryKind.GRANTED,
    ]
    gap = whole.entries[1].gap
    assert gap is not None
    assert (gap.first, gap.last) == (4, 9)


@pytest.mark.parametrize("door", [False, True])
@pytest.mark.parametrize("limit", [1, 2, 3, 5])
def test_pages_together_are_the_whole(bench: Bench, limit: int, door: bool) -> None:
    (whole,) = pages(bench, 50, door=door)
    parts = pages(bench, limit, door=door)
    assert [e for page in parts for e in page.entries] == list(whole.entries)
    assert all(len(page.entries) <= limit for page in parts)
    places = [e.place for e in whole.entries]
    assert places == sorted(places, reverse=True)


def test_passages_of_one_moment_are_not_lost_between_pages(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with registry(tmp_path_factory.mktemp("moment")) as bench:
        same = [replace(passage(n), at=NOW) for n in range(9)]
        with bench.services.store.writing() as uow:
            bench.services.ingest.accept(uow, batch(same))
        parts = pages(bench, 2, door=True)
    numbers = [e.passage.number for p in parts for e in p.entries if e.passage]
    assert numbers == list(range(9, 0, -1))


def test_an_owners_timeline_tells_that_the_card_ended(bench: Bench) -> None:
    with bench.services.store.reading() as uow:
        found = bench.services.timelines.of_unit(uow, "B1-0301")
    assert [e.kind for e in found.entries] == [EntryKind.CARD_ENDED, EntryKind.GRANTED]


@pytest.mark.parametrize(
    "cursor", ["", "x", "5", ".p", "-.p", "1e3.p", "9" * 18 + ".p", "9" * 99 + ".p"]
)
def test_a_cursor_that_is_none_is_refused(bench: Bench, cursor: str) -> None:
    with bench.services.store.reading() as uow, pytest.raises(Invalid, match="before"):
        bench.services.timelines.of_unit(uow, "B1-0201", cursor)


@pytest.mark.parametrize("key", ["", "p", "p" + "9" * 19, "p" + "9" * 9999, "zz", "é"])
def test_any_key_is_a_place(bench: Bench, key: str) -> None:
    with bench.services.store.reading() as uow:
        whole = bench.services.timelines.of_door(uow, FRONT)
        found = bench.services.timelines.of_door(uow, FRONT, f"{10**17}.{key}")
    assert found == whole


@pytest.mark.parametrize("limit", [-5, 0, 10**9])
def test_a_page_is_bounded(bench: Bench, limit: int) -> None:
    with bench.services.store.reading() as uow:
        found = bench.services.timelines.of_door(uow, FRONT, limit=limit)
    assert 1 <= len(found.entries) <= 200


def test_figures_count(bench: Bench) -> None:
    with bench.services.store.reading() as uow:
        figures = bench.services.housing.figures(uow)
    assert (figures.passages, figures.gaps, figures.holes) == (5, 1, 0)
    assert (figures.communities, figures.grids) == (1, 2)
    assert figures.doors_waiting == 2
