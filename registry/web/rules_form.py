"""The rules of a door as a form: filled from what is in force, read as typed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import FormData

from controller.door_rules import LONGEST_MEMORY, DoorMode, DoorRules
from controller.vocabulary import LARGEST_CARD_NUMBER, Direction
from registry.domain.errors import Fault, FieldError, Invalid
from registry.domain.rules_document import Document, spans_of
from registry.web.forms import text_of
from registry.web.hours import UnclearHours, hours_words, read_hours

LONGEST_HOURS, MOST_ROWS, SPARE_ROWS = 2000, 16, 2
MINUTE = 60
CARDS, MINUTES = re.compile(r"[\s、，,；;]+"), re.compile(r"[0-9]{1,5}(\.[0-9]{1,3})?")
PLACES = (
    (re.compile(r"modes\.([0-9]+)\.mode"), "mode_{}"),
    (re.compile(r"modes\.([0-9]+)\.hours.*"), "hours_{}"),
    (re.compile(r"modes"), "hours_0"),
    (re.compile(r"pin.*"), "pin_hours"),
    (re.compile(r"first_card\.hours.*"), "first_hours"),
    (re.compile(r"first_card\.holders"), "first_cards"),
    (re.compile(r"anti_passback\.(\w+)"), "{}"),
)
"""Where a fault of a document is shown in the form."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the schedule as typed."""

    mode: str
    hours: str


@dataclass(frozen=True, slots=True)
class TypedRules:
    """The rules of a door as typed; `holders` are the cards that were left ticked."""

    mode: str
    rows: tuple[Row, ...]
    pin_hours: str = ""
    first_hours: str = ""
    first_unlocks: str = ""
    holders: tuple[str, ...] = ()
    first_cards: str = ""
    cards_together: str = "1"
    interlock: tuple[str, ...] = ()
    area: str = ""
    direction: str = Direction.ENTRY.value
    forget_after: str = ""
    soft: str = ""
    operator: str = ""
    reason: str = ""

    def __getitem__(self, name: str) -> object:
        """Return a field, as the macros of the forms ask for it."""
        return getattr(self, name)


def typed_rules(form: FormData) -> TypedRules:
    """Read what was sent."""
    rows = [
        Row(text_of(form, f"mode_{number}"), _long_text(form, f"hours_{number}"))
        for number in range(MOST_ROWS)
        if f"hours_{number}" in form
    ]
    names = ("first_unlocks", "first_cards", "cards_together", "area", "direction")
    more = ("forget_after", "soft", "operator", "reason")
    return TypedRules(
        mode=text_of(form, "mode"),
        rows=tuple(rows),
        pin_hours=_long_text(form, "pin_hours"),
        first_hours=_long_text(form, "first_hours"),
        holders=tuple(str(each) for each in form.getlist("holders")),
        interlock=tuple(str(each) for each in form.getlist("interlock")),
        **{name: text_of(form, name) for name in (*names, *more)},
    )


def filled(rules: DoorRules, holders: Sequence[int]) -> TypedRules:
    """Return the form filled with rules; `holders` are records of their cards."""
    first, passback = rules.first_card, rules.anti_passback
    rows = [Row(t.mode.value, hours_words(spans_of(t.hours))) for t in rules.modes]
    seconds = None if passback is None else passback.forget_after
    return TypedRules(
        mode=rules.mode.value,
        rows=tuple(rows),
        pin_hours="" if rules.pin is None else hours_words(spans_of(rules.pin)),
        first_hours="" if first is None else hours_words(spans_of(first.hours)),
        first_unlocks="yes" if first is not None and first.unlocks else "",
        holders=tuple(map(str, holders)),
        cards_together=str(rules.cards_together),
        interlock=tuple(rules.interlock),
        area="" if passback is None else passback.area,
        direction=Direction.ENTRY if passback is None else passback.direction,
        forget_after="" if seconds is None else f"{seconds / MINUTE:g}",
        soft="yes" if passback is not None and passback.soft else "",
    )


def with_spare_rows(typed: TypedRules) -> list[Row]:
    """Return the lines of the schedule and some empty ones."""
    spare = max(0, min(SPARE_ROWS, MOST_ROWS - len(typed.rows)))
    blank = sum(not row.hours for row in typed.rows)
    empty = Row(DoorMode.UNLOCKED.value, "")
    return [*typed.rows, *[empty] * max(0, spare - blank)]


def document_of(typed: TypedRules, held: Mapping[str, int]) -> Document:
    """Return a form as rules; `held` gives the card of each record in the form.

    Raises Invalid with the fields of the form that cannot be read.
    """
    errors: list[FieldError] = []
    document = {
        "mode": typed.mode,
        "modes": [
            {"mode": row.mode, "hours": _hours(f"hours_{number}", row.hours, errors)}
            for number, row in enumerate(typed.rows)
            if row.hours
        ],
        "pin": _hours("pin_hours", typed.pin_hours, errors)
        if typed.pin_hours
        else None,
        "first_card": _first_card(typed, held, errors),
        "cards_together": _count(typed.cards_together),
        "interlock": list(typed.interlock),
        "anti_passback": _passback(typed, errors),
    }
    if errors:
        raise Invalid(errors)
    return document


def in_form(errors: Sequence[FieldError], typed: TypedRules) -> list[FieldError]:
    """Return faults of a document at the fields of the form it came from."""
    rows = [str(number) for number, row in enumerate(typed.rows) if row.hours]
    return [
        FieldError(_field(e.field, rows), e.fault, e.message, e.remedy) for e in errors
    ]


def _field(place: str, rows: Sequence[str]) -> str:
    for pattern, name in PLACES:
        found = pattern.fullmatch(place)
        if found is not None:
            parts = found.groups()
            if name != "{}" and parts:
                parts = (rows[int(parts[0])],)
            return name.format(*parts)
    return place


def _long_text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value.strip()[:LONGEST_HOURS] if isinstance(value, str) else ""


def _hours(name: str, text: str, errors: list[FieldError]) -> list[dict[str, Any]]:
    try:
        return read_hours(text)
    except UnclearHours:
        errors.append(_malformed(name))
        return []


def _count(text: str) -> int:
    return int(text) if re.fullmatch("[0-9]{1,3}", text) else 0


def _first_card(
    typed: TypedRules, held: Mapping[str, int], errors: list[FieldError]
) -> dict[str, Any] | None:
    written = [card for card in CARDS.split(typed.first_cards) if card]
    kept = [held[each] for each in typed.holders if each in held]
    if not typed.first_hours and not written:
        return None
    if not typed.first_hours:
        errors.append(FieldError("first_hours", Fault.MISSING, "no hours", "give some"))
    readable = all(re.fullmatch("[0-9]{1,20}", card) for card in written)
    if not readable:
        errors.append(_malformed("first_cards"))
    cards = [int(card) for card in written] if readable else []
    hours = _hours("first_hours", typed.first_hours, errors)
    holders = sorted({*kept, *(min(card, LARGEST_CARD_NUMBER + 1) for card in cards)})
    unlocks = bool(typed.first_unlocks)
    return {"hours": hours, "holders": holders, "unlocks": unlocks}


def _passback(typed: TypedRules, errors: list[FieldError]) -> dict[str, Any] | None:
    if not (typed.area or typed.forget_after or typed.soft):
        return None
    seconds = None
    if typed.forget_after:
        readable = MINUTES.fullmatch(typed.forget_after) is not None
        seconds = round(float(typed.forget_after) * MINUTE) if readable else 0
        if not 1 <= seconds <= LONGEST_MEMORY:
            errors.append(_malformed("forget_after"))
    return {
        "area": typed.area,
        "direction": typed.direction,
        "forget_after": seconds,
        "soft": bool(typed.soft),
    }


def _malformed(name: str) -> FieldError:
    return FieldError(name, Fault.MALFORMED, "this cannot be read", "write it anew")
