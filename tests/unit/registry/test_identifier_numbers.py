"""Every kind of number: what is accepted, with which doubts, and what is refused."""

from datetime import date, timedelta

import pytest

from registry.domain.errors import Fault
from registry.domain.identifiers import KINDS
from registry.domain.identifiers.check_characters import (
    mod_10_731,
    mod_11_2,
    mod_31_3,
)
from registry.domain.identifiers.kinds import (
    DocumentKind,
    Doubt,
    Identifier,
    Verification,
)
from registry.domain.identifiers.masking import masked
from registry.domain.identifiers.mrz import read_mrz
from registry.domain.identifiers.patterns import PATTERNS, Evidence, doubts_of
from tests.support.identifiers import (
    TODAY,
    accepted,
    citizen,
    full_width,
    organisation,
    refused,
)
from tests.support.vectors import load

VECTORS = load("identifiers")
CITIZEN, PERMIT = DocumentKind.CITIZEN, DocumentKind.RESIDENCE_PERMIT
CARD, ORGANISATION = DocumentKind.PERMANENT_RESIDENT, DocumentKind.ORGANISATION
HK_MO, TAIWAN = DocumentKind.HK_MO_TRAVEL, DocumentKind.TAIWAN_TRAVEL
PASSPORT, FOREIGN = DocumentKind.PASSPORT, DocumentKind.FOREIGN_PASSPORT
SLIP = "compare it with the document, character by character"


@pytest.mark.parametrize("kind", [CITIZEN, CARD, ORGANISATION])
def test_published_examples_are_accepted_and_their_check_characters_found(
    kind: DocumentKind,
) -> None:
    name = {CITIZEN: "citizen", CARD: "permanent_resident"}.get(kind, "organisation")
    check = mod_31_3 if kind is ORGANISATION else mod_11_2
    for vector in VECTORS[name]:
        number = vector["number"]
        assert accepted(kind, number).number == number
        assert check(number[:-1]) == number[-1]


def test_published_check_digits_of_machine_readable_fields() -> None:
    for vector in VECTORS["check_digit"]:
        assert mod_10_731(vector["text"]) == vector["digit"]


def test_the_published_passport_is_read_without_the_person_on_it() -> None:
    for vector in VECTORS["passport"]:
        found = read_mrz(vector["lines"], TODAY)
        expected = Identifier(
            FOREIGN,
            vector["number"],
            vector["state"],
            vector["expires"],
            (Doubt.EXPIRED,),
        )
        assert found == expected


def test_a_travel_permit_is_known_by_what_stays_for_life() -> None:
    for vector in VECTORS["hk_mo_travel"]:
        found = accepted(HK_MO, vector["number"])
        assert (found.number, found.key) == (vector["number"], vector["lifelong"])
        assert found.key == accepted(HK_MO, vector["lifelong"]).key


@pytest.mark.parametrize(
    ("kind", "number", "doubts"),
    [
        (CITIZEN, citizen("440105", "19500101"), ()),
        (CITIZEN, citizen("440107", "19700101"), ()),
        (CITIZEN, citizen("440105", "18500101"), ()),
        (CITIZEN, citizen(born="20000229"), ()),
        (CITIZEN, citizen(born=f"{TODAY:%Y%m%d}"), ()),
        (CITIZEN, citizen("000000"), (Doubt.AREA_UNKNOWN,)),
        (CITIZEN, citizen("999999"), (Doubt.AREA_UNKNOWN, Doubt.OTHER_KIND)),
        (CITIZEN, citizen("810000"), (Doubt.OTHER_KIND,)),
        (PERMIT, citizen("810000"), ()),
        (PERMIT, citizen("820000"), ()),
        (PERMIT, citizen("830000"), ()),
        (CARD, "AAA000000000000", ()),
        (HK_MO, "H00000000", ()),
        (HK_MO, "M0000000000", ()),
        (HK_MO, "HA0000000", ()),
        (HK_MO, "HB0000000", (Doubt.FORMAT_UNVERIFIED,)),
        (TAIWAN, "00000000", ()),
        (TAIWAN, "0000000001", (Doubt.SUPERSEDED,)),
        (TAIWAN, "0000000001A", (Doubt.SUPERSEDED,)),
        (TAIWAN, "T00000000", (Doubt.FORMAT_UNVERIFIED,)),
        (PASSPORT, "E00000000", ()),
        (PASSPORT, "EA0000000", ()),
        (PASSPORT, "G00000000", ()),
        (PASSPORT, "140000000", ()),
        (PASSPORT, "P0000000", ()),
        (PASSPORT, "SE0000000", ()),
        (PASSPORT, "EI0000000", (Doubt.FORMAT_UNVERIFIED,)),
        (ORGANISATION, organisation(), ()),
        (ORGANISATION, organisation("N2440105MF0000000"), ()),
    ],
)
def test_a_number_is_accepted_with_its_doubts(
    kind: DocumentKind, number: str, doubts: tuple[Doubt, ...]
) -> None:
    found = accepted(kind, number)
    assert (found.kind, found.number, found.doubts) == (kind, number, doubts)
    unverified = Doubt.FORMAT_UNVERIFIED in doubts
    wanted = Verification.UNVERIFIED if unverified else Verification.FORMAT_OK
    assert found.verification is wanted
    known = any(pattern.shape.fullmatch(number) for pattern in PATTERNS[kind])
    assert known is not unverified


@pytest.mark.parametrize(
    ("kind", "number", "message", "remedy"),
    [
        (
            CITIZEN,
            citizen()[:-1],
            "a citizen number has 18 characters, this has 17",
            "",
        ),
        (CITIZEN, "0" * 999, "a citizen number has 18 characters, this has more", ""),
        (CITIZEN, citizen(born="19910230"), "digits 7 to 14 are not a date of bi", ""),
        (CITIZEN, citizen(born="19000229"), "digits 7 to 14 are not a date of bi", ""),
        (CITIZEN, citizen(born="20990101"), "digits 7 to 14 are not a date of bi", ""),
        (CITIZEN, citizen(born="20260702"), "digits 7 to 14 are not a date of bi", ""),
        (CITIZEN, citizen(born="18491231"), "digits 7 to 14 are not a date of bi", ""),
        (CITIZEN, "440105199001010000", "the last character does not fit the 17", ""),
        (
            CITIZEN,
            "11010519491231002\u03a7",
            "character 18 is the Greek Capital Letter Chi",
            "type the Latin letter X",
        ),
        (
            CITIZEN,
            "11010519491231002\u0445",
            "character 18 is the Cyrillic Small Letter Ha",
            "type the Latin letter X",
        ),
        (
            CITIZEN,
            "1101\u041e519491231002X",
            "character 5 is the Cyrillic Capital Letter O",
            "type the digit 0",
        ),
        (
            CITIZEN,
            "1L010519491231002X",
            "character 2 is the Latin Capital Letter L",
            "type the digit 1",
        ),
        (
            PERMIT,
            citizen(),
            "such a permit begins with one of 810000, 820000, 830000",
            "choose the kind of document that was shown",
        ),
        (
            CARD,
            citizen(),
            "such a number begins with 9",
            "choose the kind of document that was shown",
        ),
        (CARD, "A0A000000000000", "character 2 cannot stand there", ""),
        (CARD, "AAA", "the number of such a card has 18 or 15 characters", ""),
        (HK_MO, "X00000000", "such a number begins with H for Hong Kong or M", ""),
        (HK_MO, "H0000000", "a HK or Macau travel permit has 9 or 11 characters", ""),
        (TAIWAN, "0", "a Taiwan travel permit has 6 to 12 characters, this has 1", ""),
        (
            TAIWAN,
            "0000000\u0661",
            "character 8 is the Arabic-Indic Digit One",
            "type the digit 1",
        ),
        (CITIZEN, "1101\u5f20519491231002X", "character 5 cannot stand there", ""),
        (PASSPORT, "E0", "a Chinese passport has 7 to 9 characters, this has 2", ""),
        (ORGANISATION, organisation()[:-1], "a unified social credit code has 18", ""),
        (
            ORGANISATION,
            "9144O105000000000T",
            "character 5 is the Latin Capital Letter O",
            "type the digit 0",
        ),
        (
            ORGANISATION,
            "914401050I0000000T",
            "character 10 is the Latin Capital Letter I",
            "type the digit 1",
        ),
        (ORGANISATION, "914401050000000000", "the last character does not fit", ""),
    ],
)
def test_a_wrong_number_is_refused_with_the_remedy(
    kind: DocumentKind, number: str, message: str, remedy: str
) -> None:
    faults = refused(kind, number)
    assert len(faults) == 1
    assert faults[0].field == "number"
    assert faults[0].message.startswith(message)
    assert faults[0].remedy == (remedy or SLIP)


@pytest.mark.parametrize("kind", list(KINDS))
def test_nothing_typed_is_missing(kind: DocumentKind) -> None:
    faults = refused(kind, " \u3000\u200b")
    assert {fault.fault for fault in faults} == {Fault.MISSING}


@pytest.mark.parametrize(
    "typed",
    [
        "11010519491231002x",
        "110105 19491231 002X",
        full_width("11010519491231002X"),
        "\u202d11010519491231002X\u202c\n",
        "11010519491231002\u2169",
    ],
)
def test_what_means_the_same_is_read_the_same(typed: str) -> None:
    assert accepted(CITIZEN, typed).number == "11010519491231002X"


def test_marks_that_some_editions_print_do_not_count() -> None:
    assert accepted(HK_MO, "h00000000(01)").number == "H0000000001"
    assert accepted(TAIWAN, "0000000001（A）").key == "00000000"
    assert accepted(PASSPORT, "P.0000000").number == "P0000000"


def test_every_fault_of_a_number_is_told_at_once() -> None:
    assert len(refused(CITIZEN, "440105199113320000")) == 2
    positions = [fault.message for fault in refused(CITIZEN, "A" * 18)]
    assert positions[0] == "character 1 cannot stand there"
    assert len(positions) == 6


def test_numbers_of_fifteen_digits_are_of_old_files_only() -> None:
    old = accepted(CITIZEN, "440105500101000", legacy=True)
    assert (old.number, old.doubts) == ("440105500101000", (Doubt.SUPERSEDED,))
    assert refused(CITIZEN, "440105500101000")[0].remedy == (
        "give the 18 characters of the present card"
    )
    wrong = refused(CITIZEN, "440105501301000", legacy=True)
    assert wrong[0].message == "digits 7 to 12 are not a date of birth"


@pytest.mark.parametrize(
    ("state", "field", "fault"),
    [
        ("", "issuing_state", Fault.MISSING),
        ("US", "issuing_state", Fault.MALFORMED),
        ("U5A", "issuing_state", Fault.MALFORMED),
        ("CHN", "issuing_state", Fault.CONTRADICTION),
    ],
)
def test_a_foreign_passport_names_its_state(
    state: str, field: str, fault: Fault
) -> None:
    assert [(e.field, e.fault) for e in refused(FOREIGN, "X0000000", state)] == [
        (field, fault)
    ]
    both = refused(FOREIGN, "X" * 21, state)
    assert [e.field for e in both] == ["number", field]


@pytest.mark.parametrize(
    ("number", "doubts"),
    [
        ("X0000000", ()),
        ("X", (Doubt.FORMAT_UNVERIFIED,)),
        ("X000", (Doubt.FORMAT_UNVERIFIED,)),
        ("0" * 20, (Doubt.FORMAT_UNVERIFIED,)),
    ],
)
def test_no_foreign_passport_is_refused_for_its_shape(
    number: str, doubts: tuple[Doubt, ...]
) -> None:
    for state in ("D", "UTO"):
        found = accepted(FOREIGN, number, state.lower())
        assert (found.issuing_state, found.doubts) == (state, doubts)


def test_each_kind_has_a_reader_and_shapes_with_sources() -> None:
    assert set(KINDS) == set(PATTERNS) == set(DocumentKind)
    shapes = [shape for group in PATTERNS.values() for shape in group]
    assert all(shape.source for shape in shapes)
    assert {shape.evidence for shape in shapes} == set(Evidence)
    assert all(
        shape.since < shape.until for shape in shapes if shape.since and shape.until
    )


def test_a_number_is_never_shown_by_accident_and_masked_when_shown() -> None:
    found = accepted(CITIZEN, citizen())
    assert found.masked == "4401**********0009"
    assert citizen() not in repr(found)
    assert "0000" not in repr(accepted(HK_MO, "H0000000001"))
    assert accepted(HK_MO, "H00000000").masked == "H0*****00"
    assert accepted(FOREIGN, "X12", "UTO").masked == "**2"


def test_verification_has_an_order() -> None:
    assert Verification.READER_READ.reaches(Verification.DOCUMENT_SEEN)
    assert Verification.FORMAT_OK.reaches(Verification.FORMAT_OK)
    assert not Verification.UNVERIFIED.reaches(Verification.FORMAT_OK)


def test_an_old_shape_is_superseded_from_the_day_its_last_documents_ended() -> None:
    (until,) = {p.until for p in PATTERNS[TAIWAN] if p.until}
    assert until == date(2013, 9, 25)
    assert doubts_of(TAIWAN, "0000000001", until) == (Doubt.SUPERSEDED,)
    assert doubts_of(TAIWAN, "0000000001", until - timedelta(days=1)) == ()


@pytest.mark.parametrize("number", ["0000000001", "0000000001A"])
def test_of_an_old_taiwan_permit_eight_digits_stay_for_life(number: str) -> None:
    assert accepted(TAIWAN, number).key == "00000000"
    assert accepted(TAIWAN, f"{number[:8]}0"[:9]).lifelong is None
    assert accepted(HK_MO, "HA000000001").lifelong is None


def test_the_provinces_are_those_of_the_standard() -> None:
    known = [
        f"{code:02}"
        for code in range(100)
        if Doubt.AREA_UNKNOWN not in accepted(CITIZEN, citizen(f"{code:02}0101")).doubts
    ]
    assert " ".join(known) == (
        "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46"
        " 50 51 52 53 54 61 62 63 64 65 71 81 82 83"
    )


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("1", "1"),
        ("1234567", "******7"),
        ("12345678", "12****78"),
        ("12345678901234", "12**********34"),
        ("123456789012345", "1234*******2345"),
    ],
)
def test_the_shorter_a_number_the_less_of_it_is_shown(number: str, shown: str) -> None:
    assert masked(number) == shown
