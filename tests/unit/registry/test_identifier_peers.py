"""Our readers beside python-stdnum, id-validator and phonenumbers.

Every disagreement is listed with its reason. One that is not listed fails, and so does
one that is listed and has gone.
"""

from collections.abc import Callable, Iterable, Mapping

import phonenumbers
import pytest
from id_validator import helper, validator
from stdnum.cn import ric, uscc

from registry.domain.identifiers.check_characters import mod_11_2, mod_31_3
from registry.domain.identifiers.kinds import DocumentKind, Identifier
from registry.domain.identifiers.phone import Phone, read_phone
from tests.support.identifiers import citizen, full_width, organisation, read

STDNUM, ID_VALIDATOR = "python-stdnum", "id-validator"
PEERS: Mapping[str, Callable[[str], bool]] = {
    STDNUM: ric.is_valid,
    ID_VALIDATOR: validator.is_valid,
}
YEARS = (1950, 1965, 1980, 1990, 2000, 2020)
BEFORE_1983 = (1950, 1965, 1980)
BEFORE_2000 = (*BEFORE_1983, 1990)

REFUSED_AREAS: Mapping[tuple[str, str], tuple[tuple[int, ...], str]] = {
    (STDNUM, "440102"): ((*BEFORE_1983, 2020), "its table gives districts years"),
    (STDNUM, "440105"): (BEFORE_1983, "its table gives districts years"),
    (STDNUM, "440107"): ((*BEFORE_1983, 2020), "its table gives districts years"),
    (STDNUM, "440111"): (BEFORE_1983, "its table gives districts years"),
    (STDNUM, "440121"): ((2000, 2020), "its table gives districts years"),
    (STDNUM, "440126"): ((2000, 2020), "its table gives districts years"),
    (STDNUM, "441900"): (BEFORE_1983, "its table gives cities years"),
    (STDNUM, "442000"): (BEFORE_1983, "its table gives cities years"),
    (STDNUM, "810000"): (BEFORE_2000, "a resident may be born before 1997"),
    (STDNUM, "820000"): (BEFORE_2000, "a resident may be born before 1999"),
    (STDNUM, "830000"): (YEARS, "it does not know residents of Taiwan"),
    (STDNUM, "999999"): (YEARS, "we warn of an unknown area"),
    (STDNUM, "000000"): (YEARS, "we warn of an unknown area"),
    (ID_VALIDATOR, "710000"): (YEARS, "it knows Taiwan as 830000 only"),
    (ID_VALIDATOR, "999999"): (YEARS, "we warn of an unknown area"),
    (ID_VALIDATOR, "000000"): (YEARS, "we warn of an unknown area"),
}
"""Births that a peer refuses and we accept, by peer and area."""
AREAS = {"110105", "440000", "440100", *(area for _, area in REFUSED_AREAS)}

TYPED: Mapping[str, str] = {
    "good": citizen(),
    "small x": "11010519491231002x",
    "wrong check character": "440105199001010000",
    "year 2099": citizen(born="20990101"),
    "29 February 1900": citizen(born="19000229"),
    "30 February": citizen(born="19910230"),
    "29 February 2000": citizen(born="20000229"),
    "year 1849": citizen("110105", "18490101"),
    "17 characters": citizen()[:-1],
    "first generation": "440105500101000",
    "full width": full_width(citizen()),
    "inner space": "440105 19900101 0009",
    "Greek Chi": "11010519491231002\u03a7",
    "hyphens": "440105-19900101-0009",
    "nothing": "",
}
DISAGREEMENTS: Mapping[tuple[str, str], str] = {
    (STDNUM, "year 2099"): "it accepts births to come",
    (STDNUM, "year 1849"): "it accepts births of any age",
    (ID_VALIDATOR, "year 1849"): "it accepts births from 1800",
    (ID_VALIDATOR, "first generation"): "we ask for the present card",
    (ID_VALIDATOR, "full width"): "we read full-width digits",
    (STDNUM, "inner space"): "we leave spaces out",
    (ID_VALIDATOR, "inner space"): "we leave spaces out",
}

TELEPHONES = (
    "13800000000",
    "010-80000000",
    "020-80000000",
    "0755-80000000",
    "0758-8000000",
    "4008000000",
    "+85220000000",
    "+85260000000",
    "+85390000000",
    "+85328000000",
    "+85366000000",
    "+886220000000",
    "+886912000000",
    "+8613800000000",
    "008613800000000",
    "80000000",
    "+86138000",
    "+4915112345678",
    "0138000000",
    "+0123",
    "12000000000",
)
OTHERWISE_DIALLED: Mapping[str, str] = {
    "80000000": "a number without its area code cannot be called from elsewhere",
    "+86138000": "a mobile number has 11 digits",
    "0138000000": "a mobile number has 11 digits",
    "12000000000": "no mobile number is known that begins with 12",
}
"""What phonenumbers makes a number of and we refuse."""


def ours(number: str) -> bool:
    return isinstance(read(DocumentKind.CITIZEN, number), Identifier)


@pytest.mark.parametrize("peer", list(PEERS))
def test_births_and_areas_are_accepted_as_by_peers_but_for_the_listed(
    peer: str,
) -> None:
    differing: dict[tuple[str, str], tuple[int, ...]] = {}
    for area in AREAS:
        numbers = {year: citizen(area, f"{year}0101") for year in YEARS}
        assert all(map(ours, numbers.values()))
        refused = tuple(y for y, n in numbers.items() if not PEERS[peer](n))
        if refused:
            differing[peer, area] = refused
    assert differing == {
        key: years for key, (years, _) in REFUSED_AREAS.items() if key[0] == peer
    }


@pytest.mark.parametrize("peer", list(PEERS))
def test_what_is_typed_is_accepted_as_by_peers_but_for_the_listed(peer: str) -> None:
    differing = {
        (peer, name)
        for name, typed in TYPED.items()
        if ours(typed) != bool(PEERS[peer](typed))
    }
    assert differing == {key for key in DISAGREEMENTS if key[0] == peer}


def bodies() -> Iterable[str]:
    """Return numbers without check character that differ in every place."""
    for place in range(17):
        for digit in "0123456789":
            yield "44010519900101000"[:place] + digit + "44010519900101000"[place + 1 :]


def test_all_compute_the_same_check_character() -> None:
    for body in bodies():
        assert mod_11_2(body) == ric.calc_check_digit(body + "0")
        assert mod_11_2(body) == helper.generator_check_bit(body)
        assert mod_31_3(body) == uscc.calc_check_digit(body + "0")


def test_credit_codes_agree_but_for_registrars_with_a_letter() -> None:
    for body in bodies():
        assert uscc.is_valid(organisation(body))
    for first in ("A1", "N2", "Y1"):
        number = organisation(f"{first}440105000000000")
        assert isinstance(read(DocumentKind.ORGANISATION, number), Identifier)
        assert not uscc.is_valid(number)


def dialled(typed: str) -> str | None:
    """Return what phonenumbers makes of a number typed in China."""
    try:
        number = phonenumbers.parse(typed, "CN")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def test_telephones_are_read_as_by_phonenumbers_but_for_the_listed() -> None:
    differing = {}
    for typed in TELEPHONES:
        found = read_phone(typed)
        number = found.number if isinstance(found, Phone) else None
        if number != dialled(typed):
            differing[typed] = (number, dialled(typed))
    assert set(differing) == set(OTHERWISE_DIALLED), differing
