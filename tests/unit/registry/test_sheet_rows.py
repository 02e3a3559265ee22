"""Rows of sheets: headers in two languages, cells read or named with a remedy."""

from datetime import date

import pytest

from registry.domain.errors import Fault, Invalid
from registry.domain.occupancy import Basis
from registry.domain.places import UnitUse
from registry.domain.rights import RightBasis
from registry.domain.sheets.faults import Line, in_words, letter_of
from registry.domain.sheets.jobs import IMPORTS, ImportState
from registry.domain.sheets.kinds import (
    COLUMNS,
    DRAFTS,
    CardDraft,
    Draft,
    LandlordDraft,
    OccupantDraft,
    SheetKind,
    TenancyDraft,
    UnitDraft,
)
from registry.domain.sheets.table import LAST_ROW, escaped, read_row, rows_of, unescaped

UNITS, LANDLORDS, TENANCIES, OCCUPANTS, CARDS = SheetKind
GOOD: dict[SheetKind, tuple[str, ...]] = {
    UNITS: ("", "B1", "0201", "-1", "出租", "45.5"),
    LANDLORDS: ("B1-0201", "L1", "张例", "产权", "2026/1/2", "2027年1月2日"),
    TENANCIES: ("T1", "B1-0201", "A", "P1", "P2", "", "2026.1.2", "", "2026-01-01"),
    OCCUPANTS: ("B1-0201", "", "", "李例", "家属", "", "2026-01-02", "无"),
    CARDS: ("18446744073709551615", "I-0123456789abcdef#2"),
}
DRAFT: dict[SheetKind, Draft] = {
    UNITS: UnitDraft("B1", "0201", -1, UnitUse.RENTAL, None, 45.5),
    LANDLORDS: LandlordDraft(
        "B1-0201",
        RightBasis.TITLE,
        date(2026, 1, 2),
        "L1",
        "张例",
        date(2027, 1, 2),
    ),
    TENANCIES: TenancyDraft(
        "B1-0201",
        date(2026, 1, 2),
        "T1",
        "A",
        "P1",
        "P2",
        signed_on=date(2026, 1, 1),
    ),
    OCCUPANTS: OccupantDraft(
        "B1-0201",
        Basis.FAMILY,
        name="李例",
        end=date(2026, 1, 2),
        tenancy="无",
    ),
    CARDS: CardDraft(2**64 - 1, "I-0123456789abcdef#2"),
}


def headers(kind: SheetKind, *, english: bool = False) -> list[str]:
    return [
        c.key.replace("_", " ").title() if english else c.chinese for c in COLUMNS[kind]
    ]


def read(kind: SheetKind, *table: list[str]) -> list[tuple[Draft | None, list[str]]]:
    """Return each row's draft, and the columns of its faults."""
    found = []
    for row in rows_of(kind, table):
        draft, faults = read_row(kind, row)
        found.append((draft, [fault.column for fault in faults]))
    return found


@pytest.mark.parametrize("kind", SheetKind)
@pytest.mark.parametrize("english", [False, True])
def test_a_row_is_read_under_headers_of_either_language(
    kind: SheetKind, english: bool
) -> None:
    table = [headers(kind, english=english), [], list(GOOD[kind])]
    assert read(kind, *table) == [(DRAFT[kind], [])]


@pytest.mark.parametrize("kind", SheetKind)
def test_columns_may_stand_in_any_order_and_row_numbers_stay(kind: SheetKind) -> None:
    mixed = [headers(kind)[::-1], ["", " "], list(GOOD[kind])[::-1]]
    ((row, letters),) = [(r.line.row, r.line.letters) for r in rows_of(kind, mixed)]
    assert row == 3
    assert letters[COLUMNS[kind][-1].key] == "A"
    assert read(kind, *mixed) == [(DRAFT[kind], [])]


@pytest.mark.parametrize("kind", SheetKind)
def test_the_columns_are_the_fields_of_the_draft(kind: SheetKind) -> None:
    fields = set(DRAFTS[kind].__dataclass_fields__)
    assert {column.key for column in COLUMNS[kind]} == fields
    assert all(c.remedy for c in COLUMNS[kind])
    names = [name for c in COLUMNS[kind] for name in (c.key, c.chinese)]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("kind", SheetKind)
def test_the_example_of_the_template_is_no_row(kind: SheetKind) -> None:
    example = [column.example for column in COLUMNS[kind]]
    assert read(kind, headers(kind), example) == []
    empty = [["" for _ in COLUMNS[kind]], [" "]]
    assert read(kind, headers(kind), *empty) == []


@pytest.mark.parametrize(
    ("kind", "column", "texts"),
    [
        (UNITS, "building", ["", "B 1", "x" * 65, "=A1", "B;1", "=", "\u202e"]),
        (UNITS, "floor", ["", "3.0", "三", "12345", "1e1", "--1", "²"]),
        (UNITS, "use", ["", "住宅", "rental house"]),
        (UNITS, "area", ["0", "0.00", "-1", "4,5", "1234567", "1.234", "nan"]),
        (LANDLORDS, "start", ["", "2026-02-30", "26-01-01", "2099-01-01", "45678"]),
        (LANDLORDS, "start", ["1999-12-31", "2026-01-01T00:00", "2027-01-02"]),
        (LANDLORDS, "name", ["x" * 51, "a\nb", "a\u202eb", '=HYPERLINK("")']),
        (
            CARDS,
            "card",
            ["", "0", "-1", "1.5", "1e9", "18446744073709551616", "\uff14"],
        ),
        (CARDS, "person", ["", "a b", "=1"]),
    ],
)
def test_a_cell_that_cannot_be_read_is_named(
    kind: SheetKind, column: str, texts: list[str]
) -> None:
    place = [c.key for c in COLUMNS[kind]].index(column)
    for text in texts:
        row = list(GOOD[kind])
        row[place] = text
        ((draft, faults),) = read(kind, headers(kind), row)
        backwards = column == "start" and text == "2027-01-02"
        assert faults == ["end" if backwards else column], text
        assert draft is None


def test_every_fault_of_a_row_is_told_at_once_and_no_value_is_repeated() -> None:
    secret = "x" * 600
    row = ["", "B 1", "", "x", "y", secret, "beside"]
    (found,) = rows_of(UNITS, [headers(UNITS), row])
    _, faults = read_row(UNITS, found)
    assert [(f.letter, f.fault) for f in faults] == [
        ("G", Fault.UNKNOWN),
        ("B", Fault.MALFORMED),
        ("C", Fault.MISSING),
        ("D", Fault.MALFORMED),
        ("E", Fault.MALFORMED),
        ("F", Fault.MALFORMED),
    ]
    said = "".join(in_words(faults))
    assert secret not in said
    assert faults[1].field_error().field == "row 2, column B (building)"
    assert all(part in said for part in ("G (-): ", "D (floor): ", "出租、自住"))


@pytest.mark.parametrize(
    ("header", "fields"),
    [
        ([], ["the file"]),
        (["卡号"], ["person"]),
        (["卡号", "人员编号", "姓名"], ["header C"]),
        (["卡号", "人员编号", "card"], ["header C"]),
        (["卡号", "人员编号", "证件号码"], ["header C"]),
        (["卡号", "人员编号", *[""] * 39, "x"], ["the header"]),
        (["4400001234", "P1"], ["header A", "header B", "card", "person"]),
    ],
)
def test_a_header_that_cannot_be_used_is_refused_by_letter(
    header: list[str], fields: list[str]
) -> None:
    with pytest.raises(Invalid) as refused:
        list(rows_of(CARDS, [header, ["1", "P1"]] if header else []))
    assert [e.field for e in refused.value.fields] == fields
    assert "4400001234" not in str(refused.value)


def test_identity_documents_are_refused_aloud() -> None:
    with pytest.raises(Invalid, match="identity documents cannot be kept here yet"):
        list(rows_of(OCCUPANTS, [[*headers(OCCUPANTS), "证件类型"]]))


def test_a_file_that_goes_on_too_long_is_refused() -> None:
    fits = [headers(CARDS), *[["1", "P1"]] * (LAST_ROW - 1)]
    assert sum(1 for _ in rows_of(CARDS, fits)) == 50_000
    with pytest.raises(Invalid, match="below row 50001"):
        list(rows_of(CARDS, [*fits, [""]]))


@pytest.mark.parametrize(
    ("index", "letters"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")]
)
def test_columns_have_letters_as_in_a_spreadsheet(index: int, letters: str) -> None:
    assert letter_of(index) == letters


@pytest.mark.parametrize("text", ["=1+1", "+86", "-1", "@sum", "'x", "'=1", "x", ""])
def test_no_text_leaves_as_a_formula_and_all_come_back(text: str) -> None:
    assert escaped(text)[:1] not in tuple("=+-@")
    assert unescaped(escaped(text)) == text


def test_an_escaped_formula_is_text() -> None:
    row = list(GOOD[LANDLORDS])
    row[2] = escaped("=张例")
    ((draft, _),) = read(LANDLORDS, headers(LANDLORDS), row)
    assert isinstance(draft, LandlordDraft)
    assert draft.name == "=张例"


def test_drafts_keep_names_and_cards_out_of_their_text() -> None:
    for draft in DRAFT.values():
        assert "例" not in repr(draft)
        assert str(2**64 - 1) not in repr(draft)
    (row,) = rows_of(CARDS, [headers(CARDS), list(GOOD[CARDS])])
    assert str(2**64 - 1) not in repr(row)


def test_an_import_ends_in_three_ways() -> None:
    final = {state for state in ImportState if IMPORTS.final(state)}
    assert final == {ImportState.UNDONE, ImportState.DISCARDED}
    assert Line(1, {}).missing("x", "y").letter == ""
