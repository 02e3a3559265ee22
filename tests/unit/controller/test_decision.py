from datetime import UTC, datetime, timedelta

import pytest

from controller.decision import decide
from controller.permit_table import PermitTable
from controller.schedule import Hours, Validity, WeeklyProfile
from controller.vocabulary import (
    CardNumber,
    Decision,
    DoorId,
    Permit,
    PermitId,
    Reason,
)

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # a Monday, 09:00 in Shanghai
DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)
DOOR, ELSEWHERE = DoorId("door-1"), DoorId("door-2")
CARD, STRANGER = CardNumber(4_400_000_001), CardNumber(4_400_000_002)

HOLDS = Validity(NOW - DAY, NOW + DAY)
ENDED = Validity(NOW - 2 * DAY, NOW)
LATER = Validity(NOW + TICK, NOW + DAY)
MORNING = WeeklyProfile("morning", "Asia/Shanghai", (Hours(0, 9 * 60, 9 * 60 + 1),))
EVENING = WeeklyProfile("evening", "Asia/Shanghai", (Hours(0, 18 * 60, 20 * 60),))

Terms = tuple[Validity, WeeklyProfile | None, DoorId]
GOOD: Terms = (HOLDS, None, DOOR)
OUT_OF_HOURS: Terms = (HOLDS, EVENING, DOOR)
OVER: Terms = (ENDED, MORNING, DOOR)
EARLY: Terms = (LATER, MORNING, DOOR)
AWAY: Terms = (HOLDS, None, ELSEWHERE)


def table(*held: Terms) -> PermitTable:
    return PermitTable(
        Permit(PermitId(number), CARD, door, validity, profile)
        for number, (validity, profile, door) in enumerate(held, 1)
    )


@pytest.mark.parametrize(
    ("held", "granted", "reason", "permit"),
    [
        ((GOOD,), True, Reason.PERMIT, 1),
        (((HOLDS, MORNING, DOOR),), True, Reason.PERMIT, 1),
        (((Validity(NOW, NOW + TICK), None, DOOR),), True, Reason.PERMIT, 1),
        ((OUT_OF_HOURS,), False, Reason.OUTSIDE_HOURS, 1),
        ((OVER,), False, Reason.ENDED, 1),
        ((EARLY,), False, Reason.NOT_YET_VALID, 1),
        ((AWAY,), False, Reason.OTHER_DOOR, None),
        ((), False, Reason.UNKNOWN_CARD, None),
        # any permit that holds grants, and the lowest id is named
        ((OUT_OF_HOURS, OVER, EARLY, AWAY, GOOD, GOOD), True, Reason.PERMIT, 5),
        # otherwise the refusal that tells most
        ((AWAY, EARLY, OVER, OUT_OF_HOURS), False, Reason.OUTSIDE_HOURS, 4),
        ((AWAY, EARLY, OVER, OVER), False, Reason.ENDED, 3),
        ((AWAY, EARLY, EARLY), False, Reason.NOT_YET_VALID, 2),
    ],
)
def test_the_rule(
    held: tuple[Terms, ...], granted: bool, reason: Reason, permit: int | None
) -> None:
    identity = None if permit is None else PermitId(permit)
    expected = Decision(granted, reason, identity)
    assert decide(table(*held), DOOR, CARD, NOW) == expected


def test_another_card_is_unknown_whatever_this_one_may() -> None:
    decision = decide(table(GOOD, AWAY), DOOR, STRANGER, NOW)
    assert decision == Decision(granted=False, reason=Reason.UNKNOWN_CARD)


def test_a_door_nobody_has_is_another_door() -> None:
    decision = decide(table(GOOD), DoorId("door-9"), CARD, NOW)
    assert decision == Decision(granted=False, reason=Reason.OTHER_DOOR)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="now needs a time zone"):
        decide(table(GOOD), DOOR, CARD, NOW.replace(tzinfo=None))
