"""The known shapes of numbers, each with its evidence, source and time.

They raise doubts and refuse nothing: a real document of a shape nobody told us about
must not be turned away.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from registry.domain.identifiers.kinds import DocumentKind, Doubt

CREDIT = "[0-9A-HJ-NP-RTUWXY]"


class Evidence(StrEnum):
    """How well a shape is founded, strongest first."""

    PUBLISHED = "published"
    REPORTED = "reported"
    REMEMBERED = "remembered"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A shape, and the days on which documents of it came into use and went out."""

    shape: re.Pattern[str]
    evidence: Evidence
    source: str
    since: date | None = None
    until: date | None = None


def _published(
    shape: str, source: str, since: date | None = None, until: date | None = None
) -> Pattern:
    return Pattern(re.compile(shape), Evidence.PUBLISHED, source, since, until)


def _reported(
    shape: str, source: str, since: date | None = None, until: date | None = None
) -> Pattern:
    return Pattern(re.compile(shape), Evidence.REPORTED, source, since, until)


def _remembered(shape: str, what: str) -> Pattern:
    return Pattern(re.compile(shape), Evidence.REMEMBERED, what)


_TAIWAN_2008 = "China News Service, 2008-09-12, on the Taiwan permit's numbers"
_PASSPORTS = "cwdbkk.com, the four kinds of Chinese passports and their numbers"

PATTERNS: Mapping[DocumentKind, tuple[Pattern, ...]] = {
    DocumentKind.CITIZEN: (
        _published(r"[0-9]{17}[0-9X]", "GB 11643-1999", date(1999, 7, 1)),
        _published(r"[0-9]{15}", "GB 11643-1989", until=date(2013, 1, 1)),
    ),
    DocumentKind.RESIDENCE_PERMIT: (
        _published(
            r"8[123]0000[0-9]{11}[0-9X]", "State Council Office, 2018 no. 81, article 3"
        ),
    ),
    DocumentKind.PERMANENT_RESIDENT: (
        _reported(
            r"9[0-9]{16}[0-9X]",
            "eastcoms.com/service/pro/840, rules of the 2023 card",
            date(2023, 12, 1),
        ),
        _reported(r"[A-Z]{3}[0-9]{12}", "the same, on the 2017 card"),
    ),
    DocumentKind.HK_MO_TRAVEL: (
        _published(
            r"[HM][0-9]{10}",
            "Ministry of Public Security, 2010-03-10, rules of the permit's numbers",
            date(1999, 1, 15),
        ),
        _remembered(r"[HM][0-9]{8}", "cards that print the count of issues apart"),
        _reported(
            r"[HM]A[0-9]{7}",
            "Hong Kong News, 2024-07-01, permits of permanent residents of other"
            " nationality: HA or MA, 9 characters; that 7 are digits is remembered",
            date(2024, 7, 10),
        ),
    ),
    DocumentKind.TAIWAN_TRAVEL: (
        _reported(r"[0-9]{8}", _TAIWAN_2008, date(2008, 9, 25)),
        _reported(
            r"[0-9]{10}[0-9A-Z]?",
            f"{_TAIWAN_2008}: until then, valid for five years",
            date(1992, 5, 1),
            date(2013, 9, 25),
        ),
    ),
    DocumentKind.PASSPORT: (
        _reported(r"E[0-9]{8}", _PASSPORTS),
        _reported(r"E[A-HJ-NP-Z][0-9]{7}", _PASSPORTS, date(2017, 4, 5)),
        _reported(r"(G[0-9]{8}|1[45][0-9]{7})", _PASSPORTS),
        _reported(r"([PSD]E|[PSD])[0-9]{7}|[PSD][0-9]{8}", _PASSPORTS),
        _reported(r"(K[0-9]{8}|MA[0-9]{7})", f"{_PASSPORTS}: Hong Kong, Macau"),
        _remembered(r"H[0-9]{8}", "later passports of Hong Kong"),
    ),
    DocumentKind.FOREIGN_PASSPORT: (
        _published(r"[A-Z0-9]{5,9}", "ICAO 9303-4: nine places; fewer than 5 are rare"),
    ),
    DocumentKind.ORGANISATION: (
        _published(rf"{CREDIT}{{2}}[0-9]{{6}}{CREDIT}{{10}}", "GB 32100-2015"),
    ),
    DocumentKind.NO_DOCUMENT: (),
}


def doubts_of(kind: DocumentKind, number: str, today: date) -> tuple[Doubt, ...]:
    """Say what the known shapes make of a number that is accepted."""
    found = [p for p in PATTERNS[kind] if p.shape.fullmatch(number)]
    if not found:
        return (Doubt.FORMAT_UNVERIFIED,)
    if all(p.until is not None and p.until <= today for p in found):
        return (Doubt.SUPERSEDED,)
    return ()
