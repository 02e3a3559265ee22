"""The kinds of sheets: their columns in order, and what a row of each says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from registry.domain.occupancy import Basis
from registry.domain.places import UnitUse
from registry.domain.rights import RightBasis
from registry.domain.sheets import reading, words
from registry.domain.sheets.reading import Reader

DAY_REMEDY = "give the date as YYYY-MM-DD"
UNIT_REMEDY = "give the code of a unit on record"
ROOM_REMEDY = "give the code or the name of a room of the unit, or leave it empty"
NAME_REMEDY = "give the name as it stands on the document"


class SheetKind(StrEnum):
    """What the rows of a sheet are."""

    UNITS = "units"
    LANDLORDS = "landlords"
    TENANCIES = "tenancies"
    OCCUPANTS = "occupants"
    CARDS = "cards"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its two headers, how its cells are read, and what puts one right."""

    key: str
    chinese: str
    read: Reader
    remedy: str
    example: str = ""
    required: bool = True
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UnitDraft:
    """A unit as a row tells it."""

    building: str
    number: str
    floor: int
    use: UnitUse
    unit: str | None = None
    area: float | None = None


@dataclass(frozen=True, slots=True)
class LandlordDraft:
    """Somebody who may let a unit, as a row tells it."""

    unit: str
    basis: RightBasis
    start: date
    landlord: str | None = field(default=None, repr=False)
    name: str | None = field(default=None, repr=False)
    end: date | None = None


@dataclass(frozen=True, slots=True)
class TenancyDraft:
    """A tenancy as a row tells it."""

    unit: str
    start: date
    tenancy: str | None = None
    room: str | None = None
    landlord: str | None = None
    tenant: str | None = field(default=None, repr=False)
    name: str | None = field(default=None, repr=False)
    end: date | None = None
    signed_on: date | None = None


@dataclass(frozen=True, slots=True)
class OccupantDraft:
    """Somebody who lives in a unit, as a row tells it."""

    unit: str
    basis: Basis
    room: str | None = None
    person: str | None = field(default=None, repr=False)
    name: str | None = field(default=None, repr=False)
    start: date | None = None
    end: date | None = None
    tenancy: str | None = None


@dataclass(frozen=True, slots=True)
class CardDraft:
    """A card in somebody's hands, as a row tells it."""

    card: int = field(repr=False)
    person: str


Telling = LandlordDraft | TenancyDraft | OccupantDraft
"""Rows that may tell of a person by a name."""
Draft = UnitDraft | LandlordDraft | TenancyDraft | OccupantDraft | CardDraft


def _unit(example: str = "例-0301") -> Column:
    return Column("unit", "房屋编号", reading.code, UNIT_REMEDY, example)


def _room() -> Column:
    return Column("room", "房间", reading.code, ROOM_REMEDY, required=False)


def _day(key: str, chinese: str, example: str, *, required: bool = False) -> Column:
    return Column(key, chinese, reading.day, DAY_REMEDY, example, required)


USES, RIGHTS, BASES = (
    tuple(those.values()) for those in (words.USES, words.RIGHTS, words.BASES)
)

COLUMNS: Mapping[SheetKind, tuple[Column, ...]] = {
    SheetKind.UNITS: (
        Column(
            "unit",
            "房屋编号",
            reading.code,
            "leave it empty to get building-number, or give a code of its own",
            "例-0301",
            required=False,
        ),
        Column(
            "building",
            "楼栋编号",
            reading.code,
            "give the code of a building on record",
            "例",
        ),
        Column(
            "number",
            "房号",
            reading.code,
            "give the number on the door, once in a building",
            "0301",
        ),
        Column(
            "floor",
            "楼层",
            reading.whole,
            "give the storey as a whole number, below ground negative",
            "3",
        ),
        Column(
            "use",
            "用途",
            reading.one_of(words.USES),
            f"give one of {'、'.join(USES)}",
            "出租",
            choices=USES,
        ),
        Column(
            "area",
            "面积",
            reading.square_metres,
            "give square metres with at most two decimals, or leave it empty",
            "45.5",
            required=False,
        ),
    ),
    SheetKind.LANDLORDS: (
        _unit(),
        Column(
            "landlord",
            "房东编号",
            reading.code,
            "give the id of a party on record, or a code of your own for one person",
            "L1",
            required=False,
        ),
        Column(
            "name", "房东姓名", reading.person_name, NAME_REMEDY, "张例", required=False
        ),
        Column(
            "basis",
            "出租依据",
            reading.one_of(words.RIGHTS),
            f"give one of {'、'.join(RIGHTS)}",
            "产权",
            choices=RIGHTS,
        ),
        _day("start", "开始日期", "2026-01-01", required=True),
        _day("end", "结束日期", ""),
    ),
    SheetKind.TENANCIES: (
        Column(
            "tenancy",
            "租约编号",
            reading.code,
            "leave it empty for a new tenancy",
            required=False,
        ),
        _unit(),
        _room(),
        Column(
            "landlord",
            "房东编号",
            reading.code,
            "give the id of a party on record, or leave it empty",
            required=False,
        ),
        Column(
            "tenant",
            "承租人编号",
            reading.code,
            "give the id of a party on record, a code of your own, or leave it empty",
            required=False,
        ),
        Column("name", "承租人姓名", reading.person_name, NAME_REMEDY, required=False),
        _day("start", "开始日期", "2026-01-01", required=True),
        _day("end", "结束日期", "2026-12-31"),
        _day("signed_on", "合同签订日期", ""),
    ),
    SheetKind.OCCUPANTS: (
        _unit(),
        _room(),
        Column(
            "person",
            "人员编号",
            reading.code,
            "give the id of a party on record, or a code of your own for one person",
            "1",
            required=False,
        ),
        Column(
            "name", "姓名", reading.person_name, NAME_REMEDY, "李例", required=False
        ),
        Column(
            "basis",
            "居住依据",
            reading.one_of(words.BASES),
            f"give one of {'、'.join(BASES)}",
            "租客",
            choices=BASES,
        ),
        _day("start", "入住日期", "2026-01-01"),
        _day("end", "搬出日期", ""),
        Column(
            "tenancy",
            "租约编号",
            reading.code,
            f"give the id of a tenancy of the unit, {words.NONE} for none, "
            "or leave it empty to find it",
            required=False,
        ),
    ),
    SheetKind.CARDS: (
        Column(
            "card",
            "卡号",
            reading.card_number,
            "format the column as text and give the digits printed on the card",
            "4400001234",
        ),
        Column(
            "person",
            "人员编号",
            reading.code,
            "give the id of a party on record, or IMPORT#ROW of an import of "
            "occupants, such as I-0123456789abcdef#2",
            "I-0123456789abcdef#2",
        ),
    ),
}

DRAFTS: Mapping[SheetKind, type[Draft]] = {
    SheetKind.UNITS: UnitDraft,
    SheetKind.LANDLORDS: LandlordDraft,
    SheetKind.TENANCIES: TenancyDraft,
    SheetKind.OCCUPANTS: OccupantDraft,
    SheetKind.CARDS: CardDraft,
}

DOCUMENTS = frozenset(
    {"document", "document kind", "document number", "证件类型", "证件号码", "证件"}
)
"""Columns nobody here can keep safely yet: said aloud, never dropped in silence."""
PERSONAL = frozenset({"name"})
"""Columns whose cells leave the vault for nobody who corrects a sheet."""
ROW, PROBLEM, REMEDY = "row", "problem", "remedy"
EXTRA: Mapping[str, str] = {ROW: "原行号", PROBLEM: "问题", REMEDY: "改法"}
"""The columns a sheet of faulty rows has beside those of its kind."""


def column_of(kind: SheetKind, key: str) -> Column:
    """Return a column of a kind by its key."""
    return next(column for column in COLUMNS[kind] if column.key == key)
