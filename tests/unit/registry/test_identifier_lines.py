"""Machine-readable lines of passports, telephones, and people without a document."""

from datetime import date, timedelta

import pytest

from registry.domain.errors import Fault, FieldError
from registry.domain.identifiers import read_document
from registry.domain.identifiers.kinds import (
    Absence,
    DocumentForm,
    DocumentKind,
    Doubt,
    Identifier,
    NoDocument,
)
from registry.domain.identifiers.mrz import read_mrz
from registry.domain.identifiers.phone import Line, Phone, read_phone
from tests.support.identifiers import TERMS, TODAY, UTOPIA, full_width, machine_readable

CHINESE = "POCHNMUSTER<<ONE<TWO".ljust(44, "<")


def lines(text: str) -> Identifier:
    found = read_mrz(text, TODAY)
    assert isinstance(found, Identifier), found
    return found


def messages(text: str) -> list[str]:
    found = read_mrz(text, TODAY)
    assert isinstance(found, list)
    assert {error.field for error in found} <= {"mrz"}
    return [error.message for error in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            machine_readable(),
            Identifier(
                DocumentKind.FOREIGN_PASSPORT, "X0000000", "UTO", date(2030, 1, 1)
            ),
        ),
        (
            machine_readable("E00000000", first=CHINESE),
            Identifier(DocumentKind.PASSPORT, "E00000000", "CHN", date(2030, 1, 1)),
        ),
        (
            machine_readable(first="P<D<<MUSTER<<ONE".ljust(44, "<"), personal="1"),
            Identifier(
                DocumentKind.FOREIGN_PASSPORT, "X0000000", "D", date(2030, 1, 1)
            ),
        ),
        (
            machine_readable(born="<<<<<<", expires="<<<<<<"),
            Identifier(DocumentKind.FOREIGN_PASSPORT, "X0000000", "UTO"),
        ),
        (
            machine_readable(born="90<<<<", expires=f"{TODAY:%y%m%d}"),
            Identifier(DocumentKind.FOREIGN_PASSPORT, "X0000000", "UTO", TODAY),
        ),
        (
            machine_readable("X", expires="000101"),
            Identifier(
                DocumentKind.FOREIGN_PASSPORT,
                "X",
                "UTO",
                date(2000, 1, 1),
                (Doubt.FORMAT_UNVERIFIED, Doubt.EXPIRED),
            ),
        ),
    ],
)
def test_lines_become_a_document(text: str, expected: Identifier) -> None:
    assert lines(text) == expected
    assert lines(text.replace("\n", "").lower()) == expected
    assert lines(full_width(text).replace("\n", " \r\n\r\n")) == expected


def test_an_empty_personal_number_has_a_filler_or_a_nought_as_check_digit() -> None:
    text = machine_readable()
    assert text[-3:-2] == "0"
    assert lines(f"{text[:-3]}<{text[-2:]}") == lines(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", ["this field is empty"]),
        (UTOPIA, ["a passport has 2 such lines, this is 1"]),
        (f"{UTOPIA}\n" * 3, ["a passport has 2 such lines, this is 3"]),
        (
            machine_readable().replace("<\n", "\n"),
            ["the first line has 44 characters, this has 43"],
        ),
        (
            machine_readable().replace("UTOMUSTER", "UTO\u039cUSTER"),
            ["character 6 of the first line is the Greek Capital Letter Mu"],
        ),
        (
            machine_readable(first="V" + UTOPIA[1:]),
            ["these are not the lines of a passport, which begin with P"],
        ),
        (
            machine_readable(first="P<<TOMUSTER".ljust(44, "<")),
            ["characters 3 to 5 of the first line are not a state"],
        ),
        (
            machine_readable(first="P<U1OMUSTER".ljust(44, "<")),
            ["characters 3 to 5 of the first line are not a state"],
        ),
        (
            machine_readable(first="P<U<OMUSTER".ljust(44, "<")),
            ["characters 3 to 5 of the first line are not a state"],
        ),
        (
            machine_readable().replace("X0", "X1"),
            ["the check digit after the document number does not fit it"],
        ),
        (
            machine_readable().replace("900101", "900102").replace("300101", "300102"),
            [
                "the check digit after the date of birth does not fit it",
                "the check digit after the date of expiry does not fit it",
            ],
        ),
        (
            machine_readable()[:-2] + "X\n",
            ["the last digit of the second line does not fit the line"],
        ),
        (machine_readable(""), ["the second line has no document number"]),
        (
            machine_readable(born="901301", expires="300230"),
            [
                "characters 14 to 19 of the second line are not a date of birth",
                "characters 22 to 27 of the second line are not a date of expiry",
            ],
        ),
        (
            machine_readable(born="9<0101"),
            ["characters 14 to 19 of the second line are not a date of birth"],
        ),
    ],
)
def test_wrong_lines_are_refused_with_every_fault(text: str, told: list[str]) -> None:
    assert messages(text) == told


@pytest.mark.parametrize(
    ("typed", "number", "line"),
    [
        ("138 0000 0000", "+8613800000000", Line.MOBILE),
        (full_width("138-0000-0000"), "+8613800000000", Line.MOBILE),
        ("8613800000000", "+8613800000000", Line.MOBILE),
        ("013800000000", "+8613800000000", Line.MOBILE),
        ("+86 138 0000 0000", "+8613800000000", Line.MOBILE),
        ("(020) 8000-0000", "+862080000000", Line.LANDLINE),
        ("0755-80000000", "+8675580000000", Line.LANDLINE),
        ("+86 (0)20 8000 0000", "+862080000000", Line.LANDLINE),
        ("0086 10 80000000", "+861080000000", Line.LANDLINE),
        ("400-000-0000", "+864000000000", Line.SERVICE),
        ("+852 9000 0000", "+85290000000", Line.MOBILE),
        ("00852 2000 0000", "+85220000000", Line.LANDLINE),
        ("+853 6000 0000", "+85360000000", Line.MOBILE),
        ("+886 0900 000 000", "+886900000000", Line.MOBILE),
        ("+886 2 2000 0000", "+886220000000", Line.LANDLINE),
    ],
)
def test_a_telephone_number_becomes_international(
    typed: str, number: str, line: Line
) -> None:
    assert read_phone(typed) == Phone(number, line)


def test_a_number_outside_the_known_plans_is_doubted() -> None:
    doubts = (Doubt.FORMAT_UNVERIFIED,)
    for typed in ("+8612000000000", "+85210000000", "+4915000000000", "+1000000"):
        assert read_phone(typed) == Phone(typed, Line.UNKNOWN, doubts)


@pytest.mark.parametrize(
    "typed",
    [
        "80000000",
        "2080000000",
        "1380000000",
        "138000000000",
        "12000000000",
        "+861380000000",
        "+8520900000",
        "+886000000000",
        "+0123456789",
        "+123456",
        "+1234567890123456",
        "+",
    ],
)
def test_what_cannot_be_dialled_is_refused(typed: str) -> None:
    found = read_phone(typed, "contact")
    assert isinstance(found, list)
    assert [(e.field, e.fault) for e in found] == [("contact", Fault.MALFORMED)]


def test_a_telephone_number_with_letters_says_which_and_none_is_missing() -> None:
    (letter,) = _refused("138O0000000")
    assert letter.message == "character 4 is the Latin Capital Letter O"
    assert letter.remedy == "type the digit 0"
    assert _refused(" ")[0].fault is Fault.MISSING


def test_a_telephone_number_is_not_in_its_repr() -> None:
    found = read_phone("13800000000")
    assert isinstance(found, Phone)
    assert "138" not in repr(found)
    assert found.masked == "+8**********00"


def _refused(typed: str) -> list[FieldError]:
    found = read_phone(typed)
    assert isinstance(found, list)
    return found


def absent(reason: str, until: str, number: str = "") -> object:
    form = DocumentForm(DocumentKind.NO_DOCUMENT, number, reason=reason, until=until)
    return read_document(form, TERMS)


def test_without_a_document_there_is_a_reason_and_an_end() -> None:
    last = TODAY + TERMS.longest_exception
    for until in (TODAY + timedelta(days=1), last):
        expected = NoDocument(Absence.LOST, until)
        assert absent("lost", until.isoformat()) == expected


@pytest.mark.parametrize(
    ("reason", "until", "number", "told"),
    [
        ("", "", "", [("reason", Fault.MISSING), ("until", Fault.MISSING)]),
        ("shy", "soon", "", [("reason", Fault.UNKNOWN), ("until", Fault.MALFORMED)]),
        ("lost", TODAY.isoformat(), "", [("until", Fault.CONTRADICTION)]),
        ("lost", "2026-09-30", "", [("until", Fault.CONTRADICTION)]),
        ("lost", "2026-08-01", "0", [("number", Fault.CONTRADICTION)]),
    ],
)
def test_an_exception_without_reason_or_end_is_refused(
    reason: str, until: str, number: str, told: list[tuple[str, Fault]]
) -> None:
    found = absent(reason, until, number)
    assert isinstance(found, list)
    assert [(error.field, error.fault) for error in found] == told
