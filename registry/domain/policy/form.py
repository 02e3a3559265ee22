"""A policy value as somebody typed it."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from registry.domain.errors import Fault, FieldError, Invalid
from registry.domain.policy.book import PolicyBook
from registry.domain.policy.keys import DUTIES, Key
from registry.domain.policy.value import (
    OURS,
    PERIODS,
    Jurisdiction,
    PolicyValue,
    Unit,
    Verification,
)
from registry.domain.registration import FIRST_YEAR, LAST_YEAR, day_of, missing
from registry.domain.responsibility import Responsible, read_responsible, too_long

AMOUNT = re.compile(r"[0-9]{1,5}")
LARGEST_AMOUNT = 36_500
LONGEST_SOURCE = 200
LISTED = "`menhu-registry policy list` names what there is"
DAY_REMEDY = f"write it YYYY-MM-DD, between {FIRST_YEAR} and {LAST_YEAR}"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PolicyForm:
    """A value to record: text, so that every fault is told at once.

    Where `unit` is empty it is the unit the key has had so far; where `verification`
    is, the street's own rules are house rules and everything else is unverified.
    """

    key: str
    amount: str
    valid_from: str
    source: str
    operator: str
    reason: str
    valid_to: str = ""
    unit: str = ""
    jurisdiction: str = Jurisdiction.STREET
    verification: str = ""
    enforced: bool = True


def read(
    form: PolicyForm, book: PolicyBook, actor: str
) -> tuple[PolicyValue, Responsible]:
    """Read a value and who answers for it, or raise Invalid with every fault."""
    errors: list[FieldError] = []
    key = _code("key", form.key, Key, LISTED, errors)
    place = _code("jurisdiction", form.jurisdiction, _place, one_of(OURS), errors)
    first = _day("valid_from", form.valid_from, errors)
    last = _day("valid_to", form.valid_to, errors) if form.valid_to.strip() else None
    if first and last and last <= first:
        errors.append(_contradiction("valid_to", "it ends before it begins"))
    amount = _amount(form.amount, errors)
    source = _source(form.source, errors)
    unit = None if key is None else _unit(key, form.unit, book, errors)
    tag = None if place is None else _tag(form.verification, place, errors)
    responsible = _responsible(form, actor, errors)
    if not (key and place and first and unit and tag and responsible) or errors:
        raise Invalid(errors)
    value = PolicyValue(
        key, amount, unit, place, first, source, tag, last, form.enforced
    )
    return value, responsible


def one_of(codes: Iterable[str]) -> str:
    """Return the remedy that names what is allowed."""
    return f"say one of {', '.join(sorted(codes))}"


def _code(
    field: str,
    text: str,
    kind: Callable[[str], T],
    remedy: str,
    errors: list[FieldError],
) -> T | None:
    try:
        return kind(text.strip())
    except ValueError:
        message = f"{text.strip()!r} is not known"
        errors.append(FieldError(field, Fault.UNKNOWN, message, remedy))
        return None


def _place(text: str) -> Jurisdiction:
    """Return whose rule it is; raises ValueError where rules do not hold here."""
    return OURS[OURS.index(Jurisdiction(text))]


def _day(field: str, text: str, errors: list[FieldError]) -> date | None:
    day = day_of(text)
    if day is None:
        errors.append(FieldError(field, Fault.MALFORMED, "this is no day", DAY_REMEDY))
    return day


def _amount(text: str, errors: list[FieldError]) -> int:
    if AMOUNT.fullmatch(text.strip()) and int(text) <= LARGEST_AMOUNT:
        return int(text)
    message = f"an amount is a whole number from 0 to {LARGEST_AMOUNT}"
    errors.append(
        FieldError("amount", Fault.MALFORMED, message, "write it in digits alone")
    )
    return 0


def _source(text: str, errors: list[FieldError]) -> str:
    source = text.strip()
    if not source:
        remedy = "name the law and article, or why the street decided so"
        errors.append(missing("source", remedy))
    elif len(source) > LONGEST_SOURCE or not source.isprintable():
        errors.append(too_long("source", "a source", LONGEST_SOURCE))
    return source


def _unit(
    key: Key, text: str, book: PolicyBook, errors: list[FieldError]
) -> Unit | None:
    """Read a unit; one that the key's readers could not work with is refused."""
    had = [value.unit for value in book.history(key) if value.jurisdiction in OURS]
    allowed = PERIODS if key in DUTIES else frozenset(had)
    usual = had[-1] if had else None
    remedy = one_of(allowed)
    if not text.strip():
        errors.extend([] if usual else [missing("unit", remedy)])
        return usual
    unit = _code("unit", text, Unit, remedy, errors)
    if unit is not None and unit not in allowed:
        message = f"{key} is not counted in {unit}"
        errors.append(FieldError("unit", Fault.CONTRADICTION, message, remedy))
    return unit


def _tag(
    text: str, place: Jurisdiction, errors: list[FieldError]
) -> Verification | None:
    ours = place is Jurisdiction.STREET
    if not text.strip():
        return Verification.HOUSE_RULE if ours else Verification.UNVERIFIED
    tag = _code("verification", text, Verification, one_of(Verification), errors)
    if tag is not None and ours is not (tag is Verification.HOUSE_RULE):
        message = "the street's own rules are house rules, and nobody else's are"
        errors.append(_contradiction("verification", message))
    return tag


def _responsible(
    form: PolicyForm, actor: str, errors: list[FieldError]
) -> Responsible | None:
    try:
        return read_responsible(form.operator, form.reason, actor)
    except Invalid as error:
        errors.extend(error.fields)
        return None


def _contradiction(field: str, message: str) -> FieldError:
    return FieldError(field, Fault.CONTRADICTION, message, "change one of the two")
