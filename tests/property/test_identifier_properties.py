"""What check characters catch, and that no text at all upsets a reader."""

import string
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.domain.errors import FieldError
from registry.domain.identifiers import KINDS, read_document
from registry.domain.identifiers.check_characters import (
    MACHINE_READABLE,
    THIRTY_ONE,
    mod_10_731,
    mod_11_2,
    mod_31_3,
)
from registry.domain.identifiers.kinds import DocumentForm, DocumentKind, Identifier
from registry.domain.identifiers.masking import masked
from registry.domain.identifiers.mrz import read_mrz
from registry.domain.identifiers.phone import Phone, read_phone
from registry.domain.identifiers.typed import plain
from tests.support.identifiers import (
    TERMS,
    TODAY,
    citizen,
    full_width,
    machine_readable,
    organisation,
    read,
)

CITIZEN, ORGANISATION = DocumentKind.CITIZEN, DocumentKind.ORGANISATION
births = st.dates(date(1850, 1, 1), TODAY).map("{:%Y%m%d}".format)
digits = st.text(string.digits, min_size=6, max_size=6)
sequences = st.text(string.digits, min_size=3, max_size=3)
citizens = st.builds(citizen, digits, births, sequences)
codes = st.builds(
    lambda first, area, rest: organisation(first + area + rest),
    st.text(THIRTY_ONE, min_size=2, max_size=2),
    digits,
    st.text(THIRTY_ONE, min_size=9, max_size=9),
)
fields = st.text(MACHINE_READABLE, min_size=1, max_size=39)
nearly = st.text("0123456789XHMEGCN<+-() OlI\u03a7\uff11\u200b\n", max_size=100)
texts = st.text(max_size=100) | nearly
kinds = st.sampled_from(DocumentKind)


def is_read(kind: DocumentKind, number: str) -> bool:
    return isinstance(read(kind, number), Identifier)


def replaced(text: str, place: int, unit: str) -> str:
    return text[:place] + unit + text[place + 1 :]


def swapped(text: str, one: int, other: int) -> str:
    return replaced(replaced(text, one, text[other]), other, text[one])


@settings(max_examples=25)  # each tries every slip there is
@given(citizens)
def test_no_single_slip_in_a_citizen_number_is_accepted(number: str) -> None:
    assert is_read(CITIZEN, number)
    for place, unit in enumerate(number):
        wrong = set("0123456789X") - {unit}
        assert not any(is_read(CITIZEN, replaced(number, place, w)) for w in wrong)
    for place in range(17):
        if number[place] != number[place + 1]:
            assert not is_read(CITIZEN, swapped(number, place, place + 1))


@settings(max_examples=25)  # each tries every slip there is
@given(codes)
def test_no_single_slip_in_a_credit_code_is_accepted(code: str) -> None:
    assert is_read(ORGANISATION, code)
    for place, unit in enumerate(code):
        wrong = set(THIRTY_ONE) - {unit}
        assert not any(is_read(ORGANISATION, replaced(code, place, w)) for w in wrong)


@given(codes, st.integers(0, 17), st.integers(0, 17))
def test_of_two_swapped_characters_only_first_and_last_go_unseen(
    code: str, one: int, other: int
) -> None:
    wrong = swapped(code, one, other)
    fits = mod_31_3(wrong[:-1]) == wrong[-1]
    assert fits == (code == wrong or {one, other} == {0, 17})


@given(fields, st.integers(0, 38), st.sampled_from(MACHINE_READABLE))
def test_seven_three_one_misses_what_is_ten_or_twenty_or_thirty_away(
    text: str, at: int, unit: str
) -> None:
    at %= len(text)
    missed = (value(text[at]) - value(unit)) % 10 == 0
    assert (mod_10_731(replaced(text, at, unit)) == mod_10_731(text)) == missed


@given(fields.filter(lambda text: len(text) > 1), st.integers(0, 38))
def test_seven_three_one_misses_neighbours_five_apart(text: str, at: int) -> None:
    at %= len(text) - 1
    missed = (value(text[at]) - value(text[at + 1])) % 5 == 0
    assert (mod_10_731(swapped(text, at, at + 1)) == mod_10_731(text)) == missed


def value(unit: str) -> int:
    return 0 if unit == "<" else MACHINE_READABLE.index(unit)


@given(
    st.text(string.digits, min_size=9, max_size=9),
    st.dates(date(1930, 1, 1), date(2025, 1, 1)).map("{:%y%m%d}".format),
    st.dates(date(2020, 1, 1), date(2040, 1, 1)).map("{:%y%m%d}".format),
    st.integers(45, 88),
    st.sampled_from(string.digits),
)
def test_a_wrong_digit_on_the_second_line_is_refused_where_digits_are_checked(
    number: str, born: str, expires: str, place: int, digit: str
) -> None:
    text = machine_readable(number, born, expires, "00000000000000")
    wrong = replaced(text, place, digit)
    unchecked = {*range(45 + 10, 45 + 13), 45 + 20}
    told = read_mrz(wrong, TODAY)
    accepted = wrong == text or place in unchecked
    assert isinstance(told, Identifier) == accepted


@given(citizens)
def test_the_weights_of_the_standard_give_the_same_character(number: str) -> None:
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(w * int(d) for w, d in zip(weights, number[:17], strict=True))
    assert "10X98765432"[total % 11] == mod_11_2(number[:17]) == number[17]


@given(kinds, texts, texts, texts, st.booleans())
def test_any_text_is_read_or_refused_with_remedies(
    kind: DocumentKind, number: str, state: str, until: str, legacy: bool
) -> None:
    form = DocumentForm(kind, number, state, state, until, legacy)
    told = read_document(form, TERMS)
    if isinstance(told, list):
        assert told
        assert all_told(told)
    elif isinstance(told, Identifier):
        again = read_document(
            DocumentForm(told.kind, told.number, told.issuing_state or "", legacy=True),
            TERMS,
        )
        assert again == told
        assert len(told.masked) == len(told.number)


@given(kinds, citizens, st.integers(0, 17), st.sampled_from("AO7\u5f20"))
def test_no_refusal_repeats_what_was_typed(
    kind: DocumentKind, number: str, place: int, unit: str
) -> None:
    wrong = replaced(number, place, unit)
    told = read(kind, wrong)
    if isinstance(told, list):
        words = " ".join(f"{error.message} {error.remedy}" for error in told)
        assert wrong[6:14] not in words
        assert wrong not in words
        assert "\u5f20" not in words
        assert "5F20" not in words


@given(texts)
def test_any_text_is_a_telephone_or_lines_or_refused(text: str) -> None:
    phone, lines = read_phone(text), read_mrz(text, TODAY)
    if isinstance(phone, Phone):
        assert read_phone(phone.number) == phone
    else:
        assert all_told(phone)
    assert isinstance(lines, Identifier) or all_told(lines)


def all_told(errors: list[FieldError]) -> bool:
    return all(e.field and e.message and e.remedy for e in errors)


@given(st.text() | nearly)
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    assert plain(plain(text)) == plain(text)


@given(kinds, citizens | codes | st.just("H00000000"))
def test_full_width_is_read_as_half_width(kind: DocumentKind, number: str) -> None:
    assert read(kind, full_width(number)) == read(kind, number)


@given(citizens | codes)
def test_a_masked_number_keeps_eight_characters_of_eighteen(number: str) -> None:
    assert masked(number) == f"{number[:4]}{'*' * 10}{number[-4:]}"


@pytest.mark.parametrize("kind", [k for k in KINDS if k is not DocumentKind.CITIZEN])
def test_old_numbers_of_fifteen_digits_are_citizens_only(kind: DocumentKind) -> None:
    form = DocumentForm(kind, "440105500101000", "UTO", legacy=True)
    told = read_document(form, TERMS)
    assert isinstance(told, list) == (kind is not DocumentKind.FOREIGN_PASSPORT)
