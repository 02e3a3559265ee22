"""The rules of doors as rows of plain values, and back."""

from datetime import date

from controller.cbor import Row, Value
from controller.door_rules import (
    LONGEST_MEMORY,
    MOST_CARDS_TOGETHER,
    SALT_SIZE,
    VERIFIER_SIZE,
    AntiPassback,
    CardPin,
    DoorMode,
    DoorRules,
    FirstCard,
    RuleBook,
    TimedMode,
)
from controller.encoding import (
    DIRECTIONS,
    LARGEST_COUNT,
    optional_profile,
    profile_row,
    read_card,
    read_optional_profile,
    read_profile,
)
from controller.errors import MessageRefused
from controller.schedule import DAYS_PER_WEEK
from controller.vocabulary import DoorId, Revision

MOST_DOORS = 5_000
MOST_MODES = 16
MOST_INTERLOCKED = 16
MOST_HOLDERS = 200
MOST_SPECIAL_DAYS = 1_000
MOST_PINS = 100_000
RULES_LIMIT = 16 * 1024 * 1024
"""Bytes of a whole rule book."""
LAST_DAY = date.max.toordinal()
# Their order is on the wire: new members go to the end.
MODES = tuple(DoorMode)


def rule_book_row(book: RuleBook) -> list[Value]:
    """Return the rules of all doors as a row."""
    days: list[Value] = [
        [day.toordinal(), weekday] for day, weekday in sorted(book.special_days.items())
    ]
    return [
        book.revision,
        [_rules_row(rules) for rules in book.doors],
        days,
        [[pin.card.value, pin.salt, pin.verifier, pin.duress] for pin in book.pins],
    ]


def read_rule_book(message: Row) -> RuleBook:
    """Read the rules of all doors, or raise MessageRefused."""
    row = message.row("book", 4)
    try:
        return RuleBook(
            Revision(row.integer("revision", LARGEST_COUNT)),
            tuple(_read_rules(item) for item in row.items("doors", MOST_DOORS)),
            dict(
                _read_day(item) for item in row.items("special_days", MOST_SPECIAL_DAYS)
            ),
            tuple(_read_pin(item) for item in row.items("pins", MOST_PINS)),
        )
    except ValueError as error:
        raise MessageRefused(f"book: {error}") from error


def _rules_row(rules: DoorRules) -> list[Value]:
    first, passback = rules.first_card, rules.anti_passback
    return [
        rules.door,
        MODES.index(rules.mode),
        [[MODES.index(each.mode), profile_row(each.hours)] for each in rules.modes],
        optional_profile(rules.pin),
        None if first is None else _first_card_row(first),
        rules.cards_together,
        list(rules.interlock),
        None if passback is None else _passback_row(passback),
    ]


def _read_rules(value: Value) -> DoorRules:
    row = Row(value, "door", 8)
    return DoorRules(
        DoorId(row.text("door")),
        _read_mode(row),
        tuple(_read_timed_mode(item) for item in row.items("modes", MOST_MODES)),
        read_optional_profile(row, "pin"),
        _read_first_card(row),
        row.integer("cards_together", MOST_CARDS_TOGETHER, 1),
        tuple(
            DoorId(Row([item], "interlock", 1).text("door"))
            for item in row.items("interlock", MOST_INTERLOCKED)
        ),
        _read_passback(row),
    )


def _read_mode(row: Row) -> DoorMode:
    return MODES[row.integer("mode", len(MODES) - 1)]


def _read_timed_mode(value: Value) -> TimedMode:
    row = Row(value, "modes", 2)
    return TimedMode(_read_mode(row), read_profile(row, "hours"))


def _first_card_row(first: FirstCard) -> list[Value]:
    holders: list[Value] = [card.value for card in sorted(first.holders)]
    return [profile_row(first.hours), holders, first.unlocks]


def _read_first_card(rules: Row) -> FirstCard | None:
    holder = rules.maybe("first_card")
    if holder is None:
        return None
    row = holder.row("first_card", 3)
    hours = read_profile(row, "hours")
    holders = frozenset(
        read_card(Row([item], "holders", 1), "card")
        for item in row.items("holders", MOST_HOLDERS)
    )
    return FirstCard(hours, holders, row.flag("unlocks"))


def _passback_row(passback: AntiPassback) -> list[Value]:
    seconds = passback.forget_after
    return [
        passback.area,
        DIRECTIONS.index(passback.direction),
        None if seconds is None else [seconds],
        passback.soft,
    ]


def _read_passback(rules: Row) -> AntiPassback | None:
    holder = rules.maybe("anti_passback")
    if holder is None:
        return None
    row = holder.row("anti_passback", 4)
    area = row.text("area")
    direction = DIRECTIONS[row.integer("direction", len(DIRECTIONS) - 1)]
    timer = row.maybe("forget_after")
    seconds = None
    if timer is not None:
        seconds = timer.row("forget_after", 1).integer("seconds", LONGEST_MEMORY, 1)
    return AntiPassback(area, direction, seconds, row.flag("soft"))


def _read_day(value: Value) -> tuple[date, int]:
    row = Row(value, "special_days", 2)
    return (
        date.fromordinal(row.integer("day", LAST_DAY, 1)),
        row.integer("weekday", DAYS_PER_WEEK - 1),
    )


def _read_pin(value: Value) -> CardPin:
    row = Row(value, "pins", 4)
    return CardPin(
        read_card(row, "card"),
        row.octets("salt", SALT_SIZE),
        row.octets("verifier", VERIFIER_SIZE),
        row.octets("duress", VERIFIER_SIZE),
    )
