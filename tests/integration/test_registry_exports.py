"""What leaves as sheets comes back as the same register; who takes names is noted."""

import json
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.audit.trail import Action
from registry.domain.sheets.jobs import ImportState
from registry.domain.sheets.kinds import COLUMNS, SheetKind
from registry.persistence.audit_entries import AuditEntries
from registry.services.sheets.sheet_files import Format
from tests.support.registry_bench import NAMES, STREET, Bench, Keys, registry
from tests.support.sheets import CLERK, brought, file, live, places_of_faults

UNITS, LANDLORDS, TENANCIES, OCCUPANTS, CARDS = SheetKind
PLACES = {
    key: value
    if key not in {"parties", "tenancies", "residences", "credentials"}
    else []
    for key, value in STREET.items()
}
Tables = dict[SheetKind, list[list[str]]]
FIRST = date(2026, 1, 1)


@dataclass(frozen=True, slots=True)
class Mould:
    """A folder of a register, and the keys of its gateways."""

    folder: Path
    keys: Keys

    @contextmanager
    def copy(self) -> Iterator[Bench]:
        """Open a copy of its own."""
        with TemporaryDirectory() as folder:
            copytree(self.folder, folder, dirs_exist_ok=True)
            bench = Bench(Path(folder), None, self.keys)
            with closing(bench.services.store):
                yield bench


@pytest.fixture(scope="module")
def mould(tmp_path_factory: pytest.TempPathFactory) -> Mould:
    """Make a register of places and doors without anybody, to be copied."""
    folder = tmp_path_factory.mktemp("places")
    with registry(folder, seeded=False) as bench:
        bench.seed(json.loads(json.dumps(PLACES)))
        return Mould(folder, bench.keys)


def exported(bench: Bench, reason: str | None = "to compare") -> Tables:
    """Return the register as tables."""
    exports = bench.services.sheet_exports
    tables = {}
    for kind in SheetKind:
        with bench.services.store.writing() as uow:
            names = exports.begin(uow, kind, CLERK, reason)
        with bench.services.store.reading() as uow:
            tables[kind] = list(exports.table(uow, kind, names))
    return tables


def filled(bench: Bench, tables: Mapping[SheetKind, list[list[str]]]) -> None:
    """Bring tables in, as files of either format; nothing may be refused."""
    imports = bench.services.sheet_imports
    for turn, (kind, table) in enumerate(tables.items()):
        form = tuple(Format)[turn % 2]
        job = imports.read(kind, file(table, form), CLERK)
        imports.confirm(job.id, CLERK)
        done = imports.run(job.id, CLERK)
        assert done.state is ImportState.DONE, places_of_faults(imports, job)


def compared(tables: Tables) -> Tables:
    """Return tables with their rows in an order that new ids do not change."""
    return {kind: [t[0], *sorted(t[1:])] for kind, t in tables.items()}


def day(offset: int | None) -> str:
    return "" if offset is None else (FIRST + timedelta(days=offset)).isoformat()


starts = st.integers(0, 300)
lengths = st.none() | st.integers(1, 300)
places = st.sampled_from(["B1-0101", "B1-0201", "B1-0202", "B1-0301", "B2-0101"])
names = st.sampled_from(["甲甲", "=乙", "-丙 丁", "@O'Neil", "'戊", "𠮷己"])


@st.composite
def registers(draw: st.DrawFn) -> Tables:
    """Draw a register as sheets that contradict nothing."""
    uses = draw(st.lists(st.sampled_from(["出租", "商铺"]), max_size=3))
    areas = st.sampled_from(["", "9.50"])
    units = [
        ["", "B2", f"02{n:02}", str(n - 3), use, draw(areas)]
        for n, use in enumerate(uses)
    ]
    landlords, tenancies, occupants, cards = [], [], [], []
    for n, unit in enumerate(draw(st.lists(places, unique=True, max_size=5))):
        landlord, tenant = f"P-{n:016x}", f"P-{n + 99:016x}"
        start, length = draw(starts), draw(lengths)
        end = None if length is None else start + length
        called, living = draw(names), draw(names)
        span = [day(start), day(end)]
        landlords.append([unit, landlord, called, "产权", *span])
        signed = draw(st.booleans())
        who = [tenant, living] if signed else ["", ""]
        row = [f"T-{n}", unit, "", landlord, *who, *span, day(start) if signed else ""]
        tenancies.append(row)
        basis, by = draw(st.sampled_from([("租客", f"T-{n}"), ("产权人", "无")]))
        occupants.append([unit, "", tenant, living, basis, *span, by])
        if draw(st.booleans()):
            cards.append([str(7000 + n), tenant])
    tables = {
        UNITS: units,
        LANDLORDS: landlords,
        TENANCIES: tenancies,
        OCCUPANTS: occupants,
        CARDS: cards,
    }
    return {k: [[c.chinese for c in COLUMNS[k]], *rows] for k, rows in tables.items()}


@settings(max_examples=5)
@given(registers())
def test_a_register_that_leaves_and_comes_back_is_the_same(
    mould: Mould, tables: Tables
) -> None:
    with mould.copy() as first, mould.copy() as second:
        filled(first, tables)
        out = exported(first)
        places_there = {row[0] for row in exported(second)[UNITS]}
        fresh = out | {UNITS: [r for r in out[UNITS] if r[0] not in places_there]}
        fresh[UNITS].insert(0, out[UNITS][0])
        filled(second, fresh)
        assert compared(exported(second)) == compared(out)
        assert live(second)["permits"] == live(first)["permits"]
        assert live(second)["named"] == live(first)["named"]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with registry(tmp_path) as ready:
        yield ready


def test_without_a_reason_no_name_leaves(bench: Bench) -> None:
    said = json.dumps(exported(bench, None), ensure_ascii=False)
    assert not any(name in said for name in NAMES.values())
    with bench.services.store.reading() as uow:
        entries = list(AuditEntries(uow.session).every())
    actions = [entry.action for entry in entries if entry.actor == CLERK]
    assert actions == [Action.SHEET_EXPORTED] * len(SheetKind)


def test_every_name_that_leaves_is_noted_with_the_reason(bench: Bench) -> None:
    rows = [("B1-0201", "P9", "", "产权", "2026-01-01", "")]
    brought(bench.services.sheet_imports, LANDLORDS, rows)
    tables = exported(bench)
    assert tables[LANDLORDS][1][2] == NAMES["P9"]
    assert {row[3] for row in tables[OCCUPANTS][1:]} == set(NAMES.values()) - {
        NAMES["P9"]
    }
    with bench.services.store.reading() as uow:
        for party in NAMES:
            (entry,) = AuditEntries(uow.session).of_subject(f"party:{party}")
            assert (entry.action, entry.reason) == (
                Action.IDENTITY_REVEALED,
                "to compare",
            )
