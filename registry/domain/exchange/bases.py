"""On what a field goes out: a document with a number, who enabled it, until when."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from registry.domain.errors import Fault, FieldError, Invalid
from registry.domain.exchange.tables import TABLES, ExportType, Standing, rules_of
from registry.domain.registration import day_of, missing
from registry.domain.responsibility import too_long

WHOLE = "*"
"""Stands for a table itself, with those fields that need no document of their own."""
UNKNOWN = "unknown"
"""The word that a document may give a code for where we hold no such data."""
LONGEST = 200
CODE = re.compile(r"([a-z_]{1,40})=([!-~]{1,40})")
DAY_REMEDY = "write it YYYY-MM-DD, a day to come"


@dataclass(frozen=True, slots=True)
class LawfulBasis:
    """A field, or a whole table, may go out: on which law and document, until when.

    `codes` are what the document says our words are called there.
    """

    id: str
    type: ExportType
    field: str
    law: str
    document: str
    recipient: str
    enabled_by: str
    enabled_at: datetime
    until: date
    codes: Mapping[str, str]
    revoked_at: datetime | None = None

    def holds(self, day: date) -> bool:
        """Say whether it is in force on a day."""
        return self.revoked_at is None and day < self.until


@dataclass(frozen=True, slots=True)
class BasisForm:
    """A basis as somebody typed it; `codes` are pairs such as citizen=111."""

    type: str
    field: str
    law: str
    document: str
    recipient: str
    until: str
    operator: str
    codes: Sequence[str] = ()


def read_basis(form: BasisForm, id_: str, now: datetime, today: date) -> LawfulBasis:
    """Read a basis, or raise Invalid with every fault."""
    errors = [
        *_text_faults("law", form.law, "name the law and article"),
        *_text_faults("document", form.document, "give the number of the document"),
        *_text_faults("recipient", form.recipient, "name the authority that asks"),
        *_text_faults("operator", form.operator, "give the name of who does this"),
    ]
    type_ = next((each for each in ExportType if each == form.type.strip()), None)
    errors += _field_faults(type_, form.field)
    until = day_of(form.until)
    if until is None or until <= today:
        message = "this is not a day to come"
        errors.append(FieldError("until", Fault.MALFORMED, message, DAY_REMEDY))
    codes = [CODE.fullmatch(pair.strip()) for pair in form.codes]
    if None in codes:
        remedy = "write our word and their code, such as citizen=111"
        message = "this is not a pair of words"
        errors.append(FieldError("codes", Fault.MALFORMED, message, remedy))
    if errors or type_ is None or until is None:
        raise Invalid(errors)
    return LawfulBasis(
        id_,
        type_,
        form.field,
        form.law.strip(),
        form.document.strip(),
        form.recipient.strip(),
        form.operator.strip(),
        now,
        until,
        {pair[1]: pair[2] for pair in codes if pair is not None},
    )


def basis_of(
    bases: Iterable[LawfulBasis], type_: ExportType, name: str, day: date
) -> LawfulBasis | None:
    """Return what a field goes out on, on a day; of several the one enabled last."""
    found = [
        basis
        for basis in bases
        if (basis.type, basis.field) == (type_, name) and basis.holds(day)
    ]
    return max(found, key=lambda basis: basis.enabled_at, default=None)


def _field_faults(type_: ExportType | None, name: str) -> list[FieldError]:
    if type_ is None:
        message, remedy = "there is no such table", "give one of 101 to 104"
        return [FieldError("type", Fault.UNKNOWN, message, remedy)]
    table = TABLES[type_]
    if table.why_not:
        remedy = "nothing can enable it"
        return [FieldError("type", Fault.CONTRADICTION, table.why_not, remedy)]
    rule = rules_of(type_).get(name)
    if name == WHOLE:
        return []
    if rule is None:
        remedy = "`menhu-registry exchange report` lists the fields"
        message = "the table has no such field"
        return [FieldError("field", Fault.UNKNOWN, message, remedy)]
    if rule.standing is Standing.NEVER:
        message = f"this field never goes out: {rule.origin}"
        return [FieldError("field", Fault.CONTRADICTION, message, "leave it out")]
    return []


def _text_faults(name: str, text: str, remedy: str) -> list[FieldError]:
    if not text.strip():
        return [missing(name, remedy)]
    if len(text) > LONGEST or not text.isprintable():
        return [too_long(name, "this", LONGEST)]
    return []
