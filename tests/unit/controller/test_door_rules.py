"""What a door asks for: its mode by the hour, a PIN and what no door could follow."""

from datetime import UTC, date, datetime

import pytest

from controller.door_rules import (
    AntiPassback,
    DoorMode,
    DoorRules,
    PinCheck,
    RuleBook,
    TimedMode,
    check_pin,
    holds,
    mode_at,
    pin_for,
)
from controller.schedule import Hours, WeeklyProfile
from controller.vocabulary import CardNumber, Direction, DoorId

OFFICE = WeeklyProfile(
    "office", "Asia/Shanghai", tuple(Hours(day, 540, 1080) for day in range(5))
)
SUNDAYS = WeeklyProfile("sundays", "Asia/Shanghai", (Hours(6, 0, 1440),))
DOOR = DoorId("door-1")
CARD = CardNumber(4_400_000_001)
SALT = bytes(range(16))
# National Day 2026 and a make-up workday of it: a Thursday and a Saturday.
HOLIDAY, MAKE_UP = date(2026, 10, 1), date(2026, 10, 10)
DAYS = {HOLIDAY: 6, MAKE_UP: 0}


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "office", "sundays"),
    [(HOLIDAY, False, True), (MAKE_UP, True, False), (date(2026, 10, 9), True, False)],
)
def test_special_days_count_as_the_weekday_they_are_given(
    day: date, office: bool, sundays: bool
) -> None:
    assert holds(OFFICE, noon(day), DAYS) is office
    assert holds(SUNDAYS, noon(day), DAYS) is sundays


def test_a_special_day_begins_at_local_midnight() -> None:
    before = datetime(2026, 9, 30, 15, 59, tzinfo=UTC)
    assert not holds(SUNDAYS, before, DAYS)
    assert holds(SUNDAYS, before.replace(hour=16, minute=0), DAYS)


def test_the_first_mode_whose_hours_hold_counts() -> None:
    rules = DoorRules(
        DOOR,
        DoorMode.LOCKED,
        (
            TimedMode(DoorMode.CONTROLLED, SUNDAYS),
            TimedMode(DoorMode.UNLOCKED, OFFICE),
        ),
    )
    assert mode_at(rules, noon(HOLIDAY), DAYS) is DoorMode.CONTROLLED
    assert mode_at(rules, noon(MAKE_UP), DAYS) is DoorMode.UNLOCKED
    assert mode_at(rules, noon(date(2026, 10, 17)), DAYS) is DoorMode.LOCKED


@pytest.mark.parametrize(
    ("entered", "found"),
    [
        ("2469", PinCheck(right=True)),
        ("2460", PinCheck(right=True, duress=True)),
        ("2468", PinCheck(right=False)),
        ("02469", PinCheck(right=False)),
        ("", PinCheck(right=False)),
    ],
)
def test_a_pin_is_right_wrong_or_a_call_for_help(entered: str, found: PinCheck) -> None:
    assert check_pin(pin_for(CARD, "2469", SALT), entered) == found


def test_a_pin_of_another_card_or_salt_is_another() -> None:
    known = pin_for(CARD, "2469", SALT)
    other = pin_for(CardNumber(4_400_000_002), "2469", SALT)
    assert known.verifier not in (other.verifier, known.duress)
    assert pin_for(CARD, "2469", bytes(16)).verifier != known.verifier
    assert "verifier" not in repr(known)


@pytest.mark.parametrize("pin", ["123", "123456789", "12a4", "", "\uff11" * 4])
def test_a_pin_has_four_to_eight_digits(pin: str) -> None:
    with pytest.raises(ValueError, match="pin must be 4 to 8 digits"):
        pin_for(CARD, pin, SALT)


def test_rules_no_door_could_follow_are_refused() -> None:
    with pytest.raises(ValueError, match="cards_together"):
        DoorRules(DOOR, cards_together=0)
    with pytest.raises(ValueError, match="interlock"):
        DoorRules(DOOR, interlock=(DOOR,))
    with pytest.raises(ValueError, match="forget_after"):
        AntiPassback("yard", Direction.ENTRY, forget_after=0)
    with pytest.raises(ValueError, match="doors must not name"):
        RuleBook(doors=(DoorRules(DOOR), DoorRules(DOOR)))
    with pytest.raises(ValueError, match="pins must not name"):
        RuleBook(pins=(pin_for(CARD, "1234", SALT),) * 2)
    with pytest.raises(ValueError, match="special_days"):
        RuleBook(special_days={HOLIDAY: 7})
