"""Telephone numbers in E.164. A number is a way to reach somebody, never who they are.

The numbering plans are known from memory: leading digits outside them raise a doubt,
only an impossible length is refused.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum

from registry.domain.errors import Fault, FieldError
from registry.domain.identifiers.kinds import Doubt
from registry.domain.identifiers.masking import masked
from registry.domain.identifiers.typed import DIGITS, odd_characters, plain
from registry.domain.registration import missing

CHINA = "86"
GIVE = (
    "give a mobile number of 11 digits, a landline with its area code (020 ...),"
    " or + and the country code"
)
SEPARATORS = "-().\u2010\u2011\u2013\u2014"
FEWEST, MOST = 7, 15


class Line(StrEnum):
    """What a number leads to."""

    MOBILE = "mobile"
    LANDLINE = "landline"
    SERVICE = "service"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Phone:
    """A number as + and at most 15 digits."""

    number: str = field(repr=False)
    line: Line
    doubts: tuple[Doubt, ...] = ()

    @property
    def masked(self) -> str:
        """The number as it may be shown."""
        return masked(self.number)


@dataclass(frozen=True, slots=True)
class Plan:
    """The numbers of a country code; `trunk` is dialled inside the country only.

    What `possible` does not match has digits missing or too many.
    """

    code: str
    possible: str
    lines: tuple[tuple[str, Line], ...]
    trunk: str = "0"

    def line(self, number: str) -> Line:
        """Return what a national number leads to."""
        matching = (line for shape, line in self.lines if re.fullmatch(shape, number))
        return next(matching, Line.UNKNOWN)


PLANS = (
    Plan(
        CHINA,
        r"10[0-9]{8}|1[1-9][0-9]{9}|[2-9][0-9]{9,10}",
        (
            (r"1[3-9][0-9]{9}", Line.MOBILE),
            (r"[48]00[0-9]{7}", Line.SERVICE),
            (r"10[0-9]{8}|2[0-9]{9}|[3-9][0-9]{9,10}", Line.LANDLINE),
        ),
    ),
    Plan(
        "852",
        r"[1-9][0-9]{7}",
        ((r"[4-9][0-9]{7}", Line.MOBILE), (r"[23][0-9]{7}", Line.LANDLINE)),
        trunk="",
    ),
    Plan(
        "853",
        r"[1-9][0-9]{7}",
        ((r"6[0-9]{7}", Line.MOBILE), (r"[28][0-9]{7}", Line.LANDLINE)),
        trunk="",
    ),
    Plan(
        "886",
        r"[1-9][0-9]{7,8}",
        ((r"9[0-9]{8}", Line.MOBILE), (r"[2-8][0-9]{7,8}", Line.LANDLINE)),
    ),
)


def read_phone(text: str, name: str = "phone") -> Phone | list[FieldError]:
    """Read a number as typed in China or with a country code."""
    typed = plain(text).translate({ord(mark): None for mark in SEPARATORS})
    if not typed:
        return [missing(name, GIVE)]
    plus = typed.startswith("+")
    digits = typed.removeprefix("+")
    odd = list(odd_characters(name, digits, DIGITS, 1 + plus))
    if odd:
        return odd
    if plus or digits.startswith("00"):
        found = _international(digits if plus else digits[2:])
    else:
        found = _national(digits)
    if found is None:
        message = "no telephone number has these digits"
        return [FieldError(name, Fault.MALFORMED, message, GIVE)]
    return found


def _national(digits: str) -> Phone | None:
    china = PLANS[0]
    for number in (digits.removeprefix(china.trunk), digits.removeprefix(CHINA)):
        line = china.line(number)
        needs_area = line is Line.LANDLINE and number == digits
        if line is not Line.UNKNOWN and not needs_area:
            return Phone(f"+{CHINA}{number}", line)
    return None


def _international(digits: str) -> Phone | None:
    for plan in PLANS:
        if digits.startswith(plan.code):
            return _of_plan(plan, digits.removeprefix(plan.code))
    if digits.startswith("0") or not FEWEST <= len(digits) <= MOST:
        return None
    return Phone(f"+{digits}", Line.UNKNOWN, (Doubt.FORMAT_UNVERIFIED,))


def _of_plan(plan: Plan, typed: str) -> Phone | None:
    number = typed.removeprefix(plan.trunk)
    if not re.fullmatch(plan.possible, number):
        return None
    line = plan.line(number)
    doubts = (Doubt.FORMAT_UNVERIFIED,) if line is Line.UNKNOWN else ()
    return Phone(f"+{plan.code}{number}", line, doubts)
