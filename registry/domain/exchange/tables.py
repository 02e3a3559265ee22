"""The tables of the upload convention of 2019, as far as its fields are public.

Names and meanings of fields are read from public code that speaks the convention, not
from its text: which fields it demands is known of ethnicity alone. `required` is
therefore ours: without such a field a record says nothing, or is known to be refused.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class ExportType(StrEnum):
    """The eight tables."""

    OCCUPANTS = "101"
    HOUSES = "102"
    AUTHORISATIONS = "103"
    EVENTS = "104"
    VISITORS = "105"
    TERMINALS = "106"
    AUTHORISATION_PICTURES = "107"
    PASSAGE_PICTURES = "108"


class Standing(StrEnum):
    """Whether a field may go out, and on what."""

    ORDINARY = "ordinary"
    """With its table: it is about a house or a door, or a date of a record."""
    PERSONAL = "personal"
    """Only where a document in force names the field."""
    PSEUDONYM = "pseudonym"
    """With its table, as a keyed stand-in; in clear where a document names it."""
    ABSENT = "absent"
    """We hold no such data; at most a code for unknown that a document allows."""
    NEVER = "never"
    """Not at all, whatever a document says."""


@dataclass(frozen=True, slots=True)
class FieldRule:
    """A field: its name and meaning there, what it is from, and its standing.

    `codes` translates our words; where it is None and `coded` is true the codes are
    not public, and a document has to give them.
    """

    name: str
    meaning: str
    standing: Standing
    origin: str
    required: bool = False
    coded: bool = False
    codes: Mapping[str, str] | None = field(default=None, hash=False)


@dataclass(frozen=True, slots=True)
class Table:
    """A table and its fields; `why_not` says why there is no such file from us."""

    type: ExportType
    title: str
    fields: tuple[FieldRule, ...] = ()
    why_not: str = ""


_S = Standing
NOT_KEPT = "not kept: the register has no such column"
STOPPED = "a card that was stopped has no authorisation left"
UNNAMED = "its name in the convention is not public"
WAYS_OF_LIVING = {"family": "3", "collective": "4"}
"""1 (single), 2 (shared) and 9 (other) exist; our records do not tell them apart."""
STAYS = {"in": "1", "left": "2"}
DIRECTIONS = {"entry": "1", "exit": "2"}

OCCUPANTS = Table(
    ExportType.OCCUPANTS,
    "occupants",
    (
        FieldRule(
            "BH", "number of the record", _S.PSEUDONYM, "occupancy", required=True
        ),
        FieldRule("XM", "name", _S.PERSONAL, "vault", required=True),
        FieldRule("XB", "sex", _S.ABSENT, NOT_KEPT, coded=True),
        FieldRule("GJ", "nationality", _S.ABSENT, NOT_KEPT, coded=True),
        FieldRule("MZ", "ethnicity, in words", _S.NEVER, NOT_KEPT),
        FieldRule("MZDM", "ethnicity", _S.ABSENT, NOT_KEPT, required=True, coded=True),
        FieldRule(
            "ZJLX", "kind of document", _S.PERSONAL, "vault", required=True, coded=True
        ),
        FieldRule("ZJHM", "number of document", _S.PERSONAL, "vault", required=True),
        FieldRule("CSRQ", "date of birth", _S.ABSENT, NOT_KEPT, coded=True),
        FieldRule("HJDZ_DZMC", "place of household", _S.ABSENT, NOT_KEPT, coded=True),
        FieldRule("DWMC", "workplace", _S.ABSENT, NOT_KEPT, coded=True),
        FieldRule(
            "FWDZ", "address of the dwelling", _S.PERSONAL, "unit", required=True
        ),
        FieldRule(
            "FWBH", "number of the house", _S.PERSONAL, "external code", required=True
        ),
        FieldRule("CZWMC", "name of the rental house", _S.PERSONAL, "building"),
        FieldRule(
            "JZFS",
            "way of living",
            _S.PERSONAL,
            "filing and occupancy",
            coded=True,
            codes=WAYS_OF_LIVING,
        ),
        FieldRule("RZSJ", "moved in on", _S.PERSONAL, "occupancy", required=True),
        FieldRule(
            "RZZT",
            "in or left",
            _S.PERSONAL,
            "occupancy",
            required=True,
            coded=True,
            codes=STAYS,
        ),
        FieldRule("GXRQ", "updated on", _S.ORDINARY, "day of the file"),
        FieldRule("RKLB", "category of population", _S.NEVER, NOT_KEPT),
        FieldRule(
            "SFJZDJ",
            "residence registered",
            _S.PERSONAL,
            "filing elsewhere",
            coded=True,
        ),
        FieldRule("LXDH1", "telephone", _S.PERSONAL, "vault"),
        FieldRule("LXDH2", "second telephone", _S.PERSONAL, "vault"),
        FieldRule("YFZGX", "relation to the owner", _S.ABSENT, NOT_KEPT, coded=True),
        FieldRule("emergency contact", "somebody else", _S.NEVER, NOT_KEPT),
        FieldRule("pictures", "of document and head", _S.NEVER, NOT_KEPT),
    ),
)
HOUSES = Table(
    ExportType.HOUSES,
    "houses",
    (
        FieldRule(
            "FWBH", "number of the house", _S.ORDINARY, "external code", required=True
        ),
        FieldRule("FWCQZH", "number of the title", _S.ORDINARY, "external code"),
        FieldRule("FWDZ", "address", _S.ORDINARY, "unit", required=True),
        FieldRule("BZBH", "standard address", _S.ORDINARY, "external code"),
        FieldRule("CZWMC", "name of the rental house", _S.ORDINARY, "building"),
        FieldRule("FJBH", "number of the room", _S.ORDINARY, "unit"),
        FieldRule("CJSJ", "filed on", _S.ORDINARY, "filing"),
        FieldRule("owners", "identity and telephones of two", _S.NEVER, UNNAMED),
    ),
)
AUTHORISATIONS = Table(
    ExportType.AUTHORISATIONS,
    "authorisations of cards",
    (
        FieldRule(
            "XXZJBH", "number of the terminal", _S.ORDINARY, "door", required=True
        ),
        FieldRule("ZJLX", "kind of document", _S.PERSONAL, "vault", coded=True),
        FieldRule("ZJHM", "number of document", _S.PERSONAL, "vault"),
        FieldRule("LXDH", "telephone", _S.PERSONAL, "vault"),
        FieldRule("SQR_XM", "name of who authorised", _S.ABSENT, NOT_KEPT, coded=True),
        FieldRule("XPXLH", "number of the chip", _S.PSEUDONYM, "card", required=True),
        FieldRule("SQRQ", "authorised on", _S.ORDINARY, "card", required=True),
        FieldRule("TYRQ", "stopped on", _S.NEVER, STOPPED),
        FieldRule("SQ_QX", "authorised until", _S.ORDINARY, "permit"),
        FieldRule(
            "FWDZ", "address of the house", _S.ORDINARY, "building", required=True
        ),
        FieldRule("FWBH", "number of the house", _S.ORDINARY, "external code"),
    ),
)
EVENTS = Table(
    ExportType.EVENTS,
    "events at doors",
    (
        FieldRule(
            "XXZJBH", "number of the terminal", _S.ORDINARY, "door", required=True
        ),
        FieldRule("XPXLH", "number of the chip", _S.PSEUDONYM, "card", required=True),
        FieldRule("XM", "name", _S.PERSONAL, "vault"),
        FieldRule("ZJHM", "number of document", _S.PERSONAL, "vault"),
        FieldRule(
            "SJLXDM",
            "in or out",
            _S.ORDINARY,
            "passage",
            required=True,
            coded=True,
            codes=DIRECTIONS,
        ),
        FieldRule("MDMC", "name of the door", _S.ORDINARY, "door"),
        FieldRule("SKSJ", "time of the card", _S.ORDINARY, "passage", required=True),
        FieldRule(
            "FWDZ", "address of the house", _S.ORDINARY, "building", required=True
        ),
        FieldRule("FWBH", "number of the house", _S.ORDINARY, "external code"),
        FieldRule("legal", "legal or illegal", _S.NEVER, UNNAMED),
        FieldRule("pictures", "of who passed", _S.NEVER, NOT_KEPT),
    ),
)
NO_PICTURES = "there are no pictures: the register keeps none and takes none"
TABLES: Mapping[ExportType, Table] = {
    table.type: table
    for table in (
        OCCUPANTS,
        HOUSES,
        AUTHORISATIONS,
        EVENTS,
        Table(
            ExportType.VISITORS,
            "visitors",
            why_not="visitors are not identified, so there is nobody to report",
        ),
        Table(
            ExportType.TERMINALS,
            "terminals",
            why_not="the fields of this table are not public, and none is guessed",
        ),
        Table(
            ExportType.AUTHORISATION_PICTURES,
            "pictures of authorisations",
            why_not=NO_PICTURES,
        ),
        Table(ExportType.PASSAGE_PICTURES, "pictures of passages", why_not=NO_PICTURES),
    )
}


def rules_of(type_: ExportType) -> Mapping[str, FieldRule]:
    """Return the fields of a table by name."""
    return {rule.name: rule for rule in TABLES[type_].fields}


def named(rules: Iterable[FieldRule]) -> str:
    """Return the names of fields as text."""
    return ", ".join(rule.name for rule in rules)
