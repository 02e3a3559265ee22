"""Rules as documents: read whole or refused with every fault, and written back."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from controller.door_rules import DoorRules, FirstCard, mode_at
from controller.encoding import MOST_HOURS
from controller.schedule import WeeklyProfile
from controller.vocabulary import CardNumber, DoorId
from registry.domain.errors import Fault, Invalid
from registry.domain.rules_document import minute_of, read_rules, written
from tests.support.rule_documents import EVERY_DAY, OFFICE, PLAIN, full, span
from tests.support.strategies import door_rules

ZONE = "Asia/Shanghai"
DOOR, OTHER = DoorId("door-1"), "door-2"
MONDAY = datetime(2026, 11, 23, tzinfo=UTC)


def read(document: dict[str, Any]) -> DoorRules:
    return read_rules(DOOR, document, ZONE)


def faults(document: dict[str, Any]) -> dict[str, Fault]:
    with pytest.raises(Invalid) as caught:
        read(document)
    assert all(error.message and error.remedy for error in caught.value.fields)
    return {error.field: error.fault for error in caught.value.fields}


@pytest.mark.parametrize("document", [PLAIN, OFFICE, full(4001, OTHER)])
def test_what_was_read_is_written_as_it_came(document: dict[str, Any]) -> None:
    assert written(read(document)) == document


def test_plain_rules_ask_for_nothing() -> None:
    assert read(PLAIN) == DoorRules(DOOR)


def profiles_of(rules: DoorRules) -> list[WeeklyProfile]:
    first = [] if rules.first_card is None else [rules.first_card.hours]
    pin = [] if rules.pin is None else [rules.pin]
    return [*(timed.hours for timed in rules.modes), *first, *pin]


@given(door_rules(), st.timedeltas(timedelta(0), timedelta(days=7)))
def test_rules_of_the_language_survive_as_documents(
    rules: DoorRules, later: timedelta
) -> None:
    assume(all(profile.hours for profile in profiles_of(rules)))
    assume(rules.first_card is None or rules.first_card.holders)
    assume(len(set(rules.interlock)) == len(rules.interlock))
    passback = rules.anti_passback
    assume(passback is None or passback.area.strip() == passback.area != "")
    document = written(rules)
    again = read_rules(rules.door, document, ZONE)
    assert written(again) == document
    for one, other in zip(profiles_of(rules), profiles_of(again), strict=True):
        assert {(h.weekday, h.opens, h.closes) for h in one.hours} == {
            (h.weekday, h.opens, h.closes) for h in other.hours
        }
    if all(timed.hours.zone == ZONE for timed in rules.modes):
        now = MONDAY + later
        assert mode_at(again, now, {}) is mode_at(rules, now, {})


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"mode": "ajar"}, {"mode": Fault.MALFORMED}),
        ({"cards_together": 0}, {"cards_together": Fault.MALFORMED}),
        ({"cards_together": 9}, {"cards_together": Fault.MALFORMED}),
        ({"interlock": [DOOR]}, {"interlock": Fault.CONTRADICTION}),
        ({"interlock": ["x"] * 17}, {"interlock": Fault.MALFORMED}),
        ({"pin": []}, {"pin": Fault.MISSING}),
        ({"pin": [span([], "08:00", "09:00")]}, {"pin.0": Fault.MALFORMED}),
        ({"pin": [span([7], "08:00", "09:00")]}, {"pin.0": Fault.MALFORMED}),
        ({"pin": [span([0], "8:00", "09:00")]}, {"pin.0": Fault.MALFORMED}),
        ({"pin": [span([0], "08:60", "09:00")]}, {"pin.0": Fault.MALFORMED}),
        ({"pin": [span([0], "22:00", "24:01")]}, {"pin.0": Fault.MALFORMED}),
        ({"pin": [span([0], "22:00", "06:00")]}, {"pin.0": Fault.CONTRADICTION}),
        ({"pin": [span([0], "06:00", "06:00")]}, {"pin.0": Fault.CONTRADICTION}),
        (
            {"modes": [{"mode": "open", "hours": []}]},
            {"modes.0.mode": Fault.MALFORMED, "modes.0.hours": Fault.MISSING},
        ),
        (
            {"modes": OFFICE["modes"] * 17},
            {"modes": Fault.MALFORMED},
        ),
        (
            {"first_card": {"hours": [], "holders": [], "unlocks": False}},
            {"first_card.hours": Fault.MISSING, "first_card.holders": Fault.MISSING},
        ),
        (
            {
                "first_card": {
                    "hours": [span([0], "08:00", "09:00")],
                    "holders": [0],
                    "unlocks": False,
                }
            },
            {"first_card.holders": Fault.MALFORMED},
        ),
    ],
)
def test_every_fault_is_told_with_its_place(
    change: dict[str, Any], expected: dict[str, Fault]
) -> None:
    assert faults(PLAIN | change) == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"area": " "}, {"area": Fault.MISSING}),
        ({"area": "a\nb"}, {"area": Fault.MALFORMED}),
        ({"area": "区" * 65}, {"area": Fault.MALFORMED}),
        ({"direction": "up"}, {"direction": Fault.MALFORMED}),
        ({"forget_after": 0}, {"forget_after": Fault.MALFORMED}),
        ({"forget_after": 86_401}, {"forget_after": Fault.MALFORMED}),
    ],
)
def test_anti_passback_is_checked(
    change: dict[str, Any], expected: dict[str, Fault]
) -> None:
    good = full(4001, OTHER)["anti_passback"]
    found = faults(PLAIN | {"anti_passback": good | change})
    assert found == {f"anti_passback.{name}": what for name, what in expected.items()}


def test_a_week_has_so_many_spans_and_no_more() -> None:
    spans = [span(EVERY_DAY, f"{n:02d}:00", f"{n:02d}:30") for n in range(24)]
    assert len(spans) * 7 == MOST_HOURS
    read(PLAIN | {"pin": spans})
    more = [*spans, span([0], "23:30", "24:00")]
    assert faults(PLAIN | {"pin": more}) == {"pin": Fault.MALFORMED}


def test_all_faults_are_told_at_once() -> None:
    wrong = PLAIN | {"mode": "x", "cards_together": 0, "pin": [], "interlock": [DOOR]}
    assert set(faults(wrong)) == {"mode", "cards_together", "pin", "interlock"}


def test_holders_are_kept_as_cards() -> None:
    first = read(full(2**64 - 1, OTHER)).first_card
    assert first is not None
    assert first == FirstCard(first.hours, frozenset({CardNumber(2**64 - 1)}), True)


@given(st.integers(0, 24 * 60))
def test_every_minute_can_be_written(minute: int) -> None:
    text = f"{minute // 60:02d}:{minute % 60:02d}"
    assert minute_of(text) == minute


@given(st.text(max_size=6))
def test_any_text_is_a_time_or_none(text: str) -> None:
    found = minute_of(text)
    assert found is None or 0 <= found <= 24 * 60
