"""A street is imported whole or not at all, and a second time changes nothing."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from registry.audit.trail import verify
from registry.domain.credential import CredentialState
from registry.domain.errors import Invalid
from tests.support.registry_bench import NAMES, STREET, Bench, registry, street

Spoil = Callable[[dict[str, Any]], object]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with registry(tmp_path, seeded=False) as ready:
        yield ready


def test_everything_is_imported_and_published(bench: Bench) -> None:
    told: list[tuple[str, int]] = []
    with bench.services.store.writing() as uow:
        done = bench.services.seeding.load(
            uow, STREET, "test", lambda what, count: told.append((what, count))
        )
    assert dict(done.added) == {
        "places": 13,
        "parties": 5,
        "tenancies": 3,
        "filings": 2,
        "residences": 1,
        "credentials": 4,
        "hardware": 8,
    }
    assert told == [*done.added.items(), ("permits", 1)]
    with bench.services.store.reading() as uow:
        figures = bench.services.housing.figures(uow)
    assert (figures.buildings, figures.units, figures.doors) == (2, 5, 3)


def test_a_second_import_changes_nothing(bench: Bench) -> None:
    bench.seed()
    with bench.services.store.reading() as uow:
        before = verify(uow)
    with bench.services.store.writing() as uow:
        done = bench.services.seeding.load(uow, STREET, "test")
    assert set(done.added.values()) == {0}
    assert done.revision == 1
    with bench.services.store.reading() as uow:
        assert verify(uow) == before


def test_what_was_ended_since_stays_ended(bench: Bench) -> None:
    bench.seed()
    with bench.services.store.writing() as uow:
        bench.services.registration.end_card(
            uow, 4001, CredentialState.LOST, "lost", "test"
        )
    bench.seed()
    with bench.services.store.reading() as uow:
        assert uow.credentials.live(4001) is None
        assert uow.permits.of_cards([4001]) == []


def test_an_import_adds_what_is_new(bench: Bench) -> None:
    bench.seed()
    grown = street()
    grown["parties"].append({"code": "P5", "name": "庚示例住户"})
    grown["residences"].append({"unit": "B2-0101", "party": "P5"})
    grown["credentials"].append({"card": 4005, "party": "P5"})
    with bench.services.store.writing() as uow:
        done = bench.services.seeding.load(uow, grown, "test")
    assert sum(done.added.values()) == 3
    assert done.revision == 2


def put(path: str, value: object) -> Spoil:
    """Return what sets the field at a dotted path."""
    *steps, last = [int(s) if s.isdigit() else s for s in path.split(".")]

    def spoil(document: dict[str, Any]) -> None:
        place: Any = document
        for step in steps:
            place = place[step]
        place[last] = value

    return spoil


@pytest.mark.parametrize(
    ("spoil", "path"),
    [
        (put("format", "menhu-street/2"), "$.format"),
        (put("street", None), "$.street"),
        (put("street.code", ""), "$.street.code"),
        (put("units", {}), "$.units"),
        (put("communities", "x"), "$.communities"),
        (put("grids.1", 7), "$.grids[1]"),
        (put("grids.1.community", "C99"), "$.grids[1].community"),
        (put("buildings.0.name", "a\nb"), "$.buildings[0].name"),
        (put("buildings.0.name", "x" * 201), "$.buildings[0].name"),
        (put("buildings.0.storeys", True), "$.buildings[0].storeys"),
        (put("buildings.0.storeys", 10**9), "$.buildings[0].storeys"),
        (put("buildings.1.code", "B1"), "$.buildings[1].code"),
        (put("units.2.use", "palace"), "$.units[2].use"),
        (put("units.2.building", "B7"), "$.units[2].building"),
        (put("units.2.rooms.1", []), "$.units[2].rooms[1]"),
        (put("parties.0.name", 5), "$.parties[0].name"),
        (put("tenancies.0.start", "2026-02-30"), "$.tenancies[0].start"),
        (put("tenancies.0.end", 20270101), "$.tenancies[0].end"),
        (put("tenancies.0.end", "2026-01-01"), "$.tenancies[0].end"),
        (put("tenancies.0.filed", "yes"), "$.tenancies[0].filed"),
        (put("tenancies.0.room", "nowhere"), "$.tenancies[0].room"),
        (put("tenancies.0.landlord", "P77"), "$.tenancies[0].landlord"),
        (put("tenancies.0.occupants", "P1"), "$.tenancies[0].occupants"),
        (put("tenancies.0.occupants", [1]), "$.tenancies[0].occupants"),
        (put("tenancies.0.occupants", ["P88"]), "$.tenancies[0].occupants[0]"),
        (put("residences.0.unit", "x"), "$.residences[0].unit"),
        (put("credentials.0.card", "4001"), "$.credentials[0].card"),
        (put("credentials.0.card", 2**64), "$.credentials[0].card"),
        (put("credentials.1.card", 4001), "$.credentials[1].card"),
        (put("controllers.0.gateway", "x"), "$.controllers[0].gateway"),
        (put("doors.0.controller", None), "$.doors[0].controller"),
        (put("doors.1.controller", "reader-001"), "$.doors[1].controller"),
    ],
)
def test_a_fault_is_named_by_its_path_and_nothing_is_written(
    bench: Bench, spoil: Spoil, path: str
) -> None:
    document = street()
    spoil(document)
    before = bench.database_bytes()
    with pytest.raises(Invalid) as refused, bench.services.store.writing() as uow:
        bench.services.seeding.load(uow, document, "test")
    assert path in [e.field for e in refused.value.fields]
    assert bench.database_bytes() == before
    assert not any(name in str(refused.value) for name in NAMES.values())


def test_every_fault_is_found_in_one_go(bench: Bench) -> None:
    document = street()
    for position in range(3):
        document["tenancies"][position]["filed"] = None
    document["doors"][0]["name"] = ""
    with pytest.raises(Invalid) as refused, bench.services.store.writing() as uow:
        bench.services.seeding.load(uow, document, "test")
    assert len(refused.value.fields) == 4


@pytest.mark.parametrize("document", [None, [], "x", 5, {}, {"format": None}])
def test_anything_else_is_no_street(bench: Bench, document: object) -> None:
    with pytest.raises(Invalid), bench.services.store.writing() as uow:
        bench.services.seeding.load(uow, document, "test")


def test_twenty_thousand_people(bench: Bench) -> None:
    document = street()
    people = range(20_000)
    document["units"] += [
        {
            "code": f"B1-{n}",
            "building": "B1",
            "number": str(n),
            "floor": 9,
            "use": "owner",
            "rooms": [],
        }
        for n in range(5000, 12_000)
    ]
    document["parties"] += [{"code": f"X{n}", "name": f"示例{n}"} for n in people]
    document["residences"] += [
        {"unit": f"B1-{5000 + n % 7000}", "party": f"X{n}"} for n in people
    ]
    document["credentials"] += [{"card": 10**6 + n, "party": f"X{n}"} for n in people]
    bench.seed(document)
    with bench.services.store.reading() as uow:
        assert len(uow.permits.of_gateway("gateway-1")) == 40_008
