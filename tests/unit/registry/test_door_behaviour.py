"""What a door does now and until when, and what its hardware leaves undone."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.door_rules import DoorMode, DoorRules, mode_at
from controller.protocols import PROTOCOLS
from controller.vocabulary import DoorId
from registry.domain.door_behaviour import (
    AHEAD,
    Behaviour,
    Rule,
    behaviour,
    rules_in_use,
    unkept,
)
from registry.domain.rules_document import read_rules
from tests.support.rule_documents import OFFICE, PLAIN, full
from tests.support.strategies import door_rules

DOOR, ZONE = DoorId("door-1"), "Asia/Shanghai"
WORKDAYS = read_rules(DOOR, OFFICE, ZONE)
EVERYTHING = read_rules(DOOR, full(4001, "door-2"), ZONE)


def local(day: int, hour: int, minute: int = 0) -> datetime:
    """Return a time of November 2026 in Shanghai; the 23rd is a Monday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)


@pytest.mark.parametrize(
    ("now", "mode", "until"),
    [
        (local(23, 7, 59), DoorMode.CONTROLLED, local(23, 8)),
        (local(23, 8), DoorMode.UNLOCKED, local(23, 18)),
        (local(23, 18), DoorMode.CONTROLLED, local(24, 8)),
        (local(27, 18), DoorMode.CONTROLLED, local(30, 8)),
    ],
)
def test_a_schedule_says_when_it_changes(
    now: datetime, mode: DoorMode, until: datetime
) -> None:
    assert behaviour(WORKDAYS, now, {}) == Behaviour(mode, until)


def test_a_holiday_moves_the_next_change() -> None:
    days = {date(2026, 11, 24): 6, date(2026, 11, 28): 0}
    assert behaviour(WORKDAYS, local(23, 19), days).until == local(25, 8)
    assert behaviour(WORKDAYS, local(27, 19), days).until == local(28, 8)


def test_without_a_schedule_nothing_changes() -> None:
    rules = DoorRules(DOOR, DoorMode.LOCKED)
    assert behaviour(rules, local(23, 0), {}) == Behaviour(DoorMode.LOCKED, None)


@given(door_rules(), st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)))  # noqa: DTZ001 - made aware below
def test_until_then_nothing_changes_and_then_it_does(
    rules: DoorRules, moment: datetime
) -> None:
    now = moment.replace(tzinfo=UTC)
    found = behaviour(rules, now, {})
    assert found.mode is mode_at(rules, now, {})
    end = found.until or now + AHEAD
    assert end > now
    steps = [now + (end - now) * n / 50 for n in range(50)]
    assert {mode_at(rules, step, {}) for step in steps} == {found.mode}
    if found.until is not None:
        assert mode_at(rules, found.until, {}) is not found.mode


def test_rules_in_use_are_those_that_ask_for_something() -> None:
    assert rules_in_use(read_rules(DOOR, PLAIN, ZONE)) == set()
    assert rules_in_use(WORKDAYS) == {Rule.MODES}
    assert rules_in_use(EVERYTHING) == set(Rule) - {Rule.MODE}
    assert rules_in_use(DoorRules(DOOR, DoorMode.LOCKED)) == {Rule.MODE}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_hardware_that_decides_alone_keeps_none_of_them(protocol: str) -> None:
    alone = PROTOCOLS[protocol].capabilities.decides
    assert unkept(protocol, read_rules(DOOR, PLAIN, ZONE)) == ()
    expected = tuple(Rule)[1:] if alone else ()
    assert unkept(protocol, EVERYTHING) == expected


def test_of_an_unknown_protocol_nothing_is_claimed() -> None:
    assert unkept("other", EVERYTHING) == ()
