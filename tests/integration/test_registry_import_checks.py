"""Rows held against the register and each other: the cell that is wrong is named."""

from collections.abc import Iterator

import pytest

from registry.domain.sheets.kinds import SheetKind
from registry.services.sheets.imports import SheetImports
from tests.support.registry_bench import OWNER_CARD, TENANT_CARD, registry
from tests.support.sheets import CLERK, places_of_faults, sheet

UNITS, LANDLORDS, TENANCIES, OCCUPANTS, CARDS = SheetKind
NAME, OTHER_NAME = "庚示例新客", "辛示例新客"
EMPTY = "B2-0101"
SHOP = ("1", "商铺", "")
LET = ("", "", "2026-06-01", "", "")
OCCUPANT = (EMPTY, "", "7", NAME, "租客", "2026-06-01", "", "")
LANDLORD = (EMPTY, "L1", NAME, "产权", "2026-01-01", "")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SheetImports]:
    """Serve tests that only read: whatever they leave is in nobody's way."""
    with registry(tmp_path_factory.mktemp("imports")) as ready:
        yield ready.services.sheet_imports


FAULTS: list[tuple[SheetKind, tuple[str, ...], str]] = [
    (UNITS, ("", "B9", "1", "1", "出租", ""), "building"),
    (UNITS, ("", "B1", "0201", "1", "出租", ""), "number"),
    (UNITS, ("B1-0201", "B1", "1", "1", "出租", ""), "unit"),
    (UNITS, ("X", "B1", "0201", "1", "出租", ""), "number"),
    (LANDLORDS, ("B9", *LANDLORD[1:]), "unit"),
    (LANDLORDS, (EMPTY, "L1", "", *LANDLORD[3:]), "name"),
    (LANDLORDS, (EMPTY, "P9", OTHER_NAME, *LANDLORD[3:]), "name"),
    (LANDLORDS, (EMPTY, "I-1#2", NAME, *LANDLORD[3:]), "landlord"),
    (LANDLORDS, (*LANDLORD[:5], "2026-01-01"), "end"),
    (TENANCIES, ("", "B9", "", "", *LET), "unit"),
    (TENANCIES, ("", EMPTY, "A", "", *LET), "room"),
    (TENANCIES, ("", EMPTY, "", "P8", *LET), "landlord"),
    (TENANCIES, ("", EMPTY, "", "P9", *LET[:4], "2026-06-01"), "tenant"),
    (TENANCIES, ("", EMPTY, "", "P9", "P1", *LET[1:]), "signed_on"),
    (TENANCIES, ("", EMPTY, "", "P9", "P1", NAME, *LET[2:4], "2026-06-01"), "name"),
    (TENANCIES, ("", EMPTY, "", "P9", "P8", "", *LET[2:4], "2026-06-01"), "name"),
    (TENANCIES, ("", EMPTY, "", "", "P1", "", *LET[2:4], "2026-06-01"), "landlord"),
    (TENANCIES, ("T1", EMPTY, "", "", *LET), "tenancy"),
    (TENANCIES, ("9", EMPTY, "", "", *LET), "tenancy"),
    (TENANCIES, ("", "B1-0201", "", "", *LET), "start"),
    (OCCUPANTS, ("B1-0201", "", "P1", "", "租客", "2026-06-01", "", ""), "start"),
    (OCCUPANTS, ("B1-0202", "C", *OCCUPANT[2:]), "room"),
    (OCCUPANTS, (*OCCUPANT[:7], "T1"), "tenancy"),
    (CARDS, (str(TENANT_CARD), "P3"), "card"),
    (CARDS, ("7001", "P8"), "person"),
    (CARDS, ("7001", "I-0123456789abcdef#2"), "person"),
]


@pytest.mark.parametrize(("kind", "row", "column"), FAULTS)
def test_what_contradicts_the_register_is_named_by_its_cell(
    shared: SheetImports, kind: SheetKind, row: tuple[str, ...], column: str
) -> None:
    job = shared.read(kind, sheet(kind, [row]), CLERK)
    ((number, letter, found),) = places_of_faults(shared, job)
    assert (number, found) == (2, column)
    assert letter in "ABCDEFGHI"
    ((fault,),) = [row.faults for row in shared.faulty(job.id)]
    assert NAME not in fault.message + fault.remedy
    assert str(OWNER_CARD) not in fault.message + fault.remedy


TWICE: list[tuple[SheetKind, tuple[str, ...], tuple[str, ...], str]] = [
    (UNITS, ("", "B1", "9", *SHOP), ("", "B1", "9", "2", "自住", ""), "number"),
    (UNITS, ("X", "B1", "8", *SHOP), ("X", "B1", "9", *SHOP), "unit"),
    (LANDLORDS, LANDLORD, LANDLORD, "start"),
    (LANDLORDS, LANDLORD, ("B1-0301", "L1", OTHER_NAME, *LANDLORD[3:]), "name"),
    (OCCUPANTS, OCCUPANT, OCCUPANT, "start"),
    (CARDS, ("7001", "P1"), ("7001", "P3"), "card"),
    (
        TENANCIES,
        ("", EMPTY, "", "", *LET),
        ("", EMPTY, "", "", "", "", "2026-09-01", "", ""),
        "start",
    ),
    (
        TENANCIES,
        ("T9", EMPTY, "", "", "", "", "2026-06-01", "2026-07-01", ""),
        ("T9", EMPTY, "", "", "", "", "2026-07-01", "", ""),
        "tenancy",
    ),
]


@pytest.mark.parametrize(("kind", "first", "second", "column"), TWICE)
def test_what_the_file_says_twice_is_a_fault_of_the_later_row(
    shared: SheetImports,
    kind: SheetKind,
    first: tuple[str, ...],
    second: tuple[str, ...],
    column: str,
) -> None:
    job = shared.read(kind, sheet(kind, [first, second]), CLERK)
    ((number, _, found),) = places_of_faults(shared, job)
    assert (number, found) == (3, column)
