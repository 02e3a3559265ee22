"""Records into lines of a table: whole or refused, never padded."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from registry.domain.exchange.bases import UNKNOWN
from registry.domain.exchange.plan import How, Outgoing, Plan

Line = dict[str, str]
NO_VALUE = "record it in the register, or leave this record out for good"


@dataclass(frozen=True, slots=True)
class Facts:
    """A record of ours: its opaque reference, and what is known by field name.

    `values` are our own words and texts; `stand_in` is the keyed stand-in for whatever
    goes out as a pseudonym.
    """

    record: str
    values: Mapping[str, str | None] = field(repr=False)
    stand_in: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """A record that did not go out: its place, the field missing and the remedy."""

    row: int
    record: str
    field: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Mapped:
    """The lines of a file, what was refused, and for how many records each field is."""

    lines: tuple[Line, ...] = field(repr=False)
    refused: tuple[Refusal, ...]
    counts: Mapping[str, int]


def mapped(plan: Plan, records: Iterable[Facts]) -> Mapped:
    """Map records one by one; every missing field of a refused one is told."""
    lines: list[Line] = []
    refused: list[Refusal] = []
    counts: Counter[str] = Counter()
    for row, facts in enumerate(records, 1):
        line, missing = _line(plan, facts)
        if missing:
            refused += [
                Refusal(row, facts.record, name, remedy) for name, remedy in missing
            ]
            continue
        lines.append(line)
        counts.update(line.keys())
    return Mapped(tuple(lines), tuple(refused), counts)


def _line(plan: Plan, facts: Facts) -> tuple[Line, list[tuple[str, str]]]:
    line: Line = {}
    missing: list[tuple[str, str]] = []
    for outgoing in plan.outgoing:
        rule = outgoing.rule
        value, remedy = _value(outgoing, facts)
        if value:
            line[rule.name] = value
        elif rule.required:
            missing.append((rule.name, remedy))
    return line, missing


def _value(outgoing: Outgoing, facts: Facts) -> tuple[str | None, str]:
    """Return what goes out, or None and the remedy."""
    if outgoing.how is How.PSEUDONYM:
        return facts.stand_in, ""
    if outgoing.how is How.UNKNOWN:
        return outgoing.codes[UNKNOWN], ""
    word = facts.values.get(outgoing.rule.name)
    if word is None or not outgoing.rule.coded:
        return word, NO_VALUE
    code = outgoing.codes.get(word)
    return code, f"have the document give a code for {word}"
