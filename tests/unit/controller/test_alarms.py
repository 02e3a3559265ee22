from collections.abc import Callable, Iterable

import pytest

from controller.alarms import (
    CALL_FOR_HELP,
    LATCH,
    LONGEST_PATIENCE,
    AlarmLimits,
    AlarmSignal,
    DoorAlarms,
)
from controller.session import Contact
from controller.vocabulary import AlarmKind

FORCED, HELD, LOST = (
    AlarmKind.FORCED_OPEN,
    AlarmKind.HELD_OPEN,
    AlarmKind.READER_LOST,
)
LIMITS = AlarmLimits(held_open=60.0, lost=30.0, unlock=5.0, patience=1.0)


def shut(raised: Iterable[AlarmKind] = (), limits: AlarmLimits = LIMITS) -> DoorAlarms:
    """Return a door that answers since 0 and is known to be shut."""
    door = DoorAlarms(limits, 0.0, raised)
    door.online(0.0)
    door.contact(Contact.DOOR, 0.0, active=False)
    return door


def swing(door: DoorAlarms, opens: float, closes: float | None = None) -> None:
    door.contact(Contact.DOOR, opens, active=True)
    if closes is not None:
        door.contact(Contact.DOOR, closes, active=False)


def told(door: DoorAlarms, now: float) -> list[tuple[AlarmKind, bool, float]]:
    """Let time pass and return what was told."""
    door.on_timeout(now)
    return [(s.kind, s.raised, s.moment) for s in door.signals()]


def test_a_door_that_opens_for_nobody_is_forced() -> None:
    door = shut()
    swing(door, 10.0)
    assert told(door, 10.9) == []
    assert door.deadline() == 11.0
    assert told(door, 11.0) == [(FORCED, True, 10.0)]
    swing(door, 12.0, 13.0)
    assert told(door, 13.0) == [(FORCED, False, 13.0)]
    swing(door, 20.0)
    assert told(door, 21.0) == [(FORCED, True, 20.0)]


def test_whoever_slips_through_in_a_blink_is_told_of_too() -> None:
    door = shut()
    swing(door, 10.0, 10.3)
    assert told(door, 99.0) == [(FORCED, True, 10.0), (FORCED, False, 10.3)]


def test_a_second_opening_does_not_excuse_the_first() -> None:
    door = shut()
    swing(door, 10.0, 10.2)
    swing(door, 10.4)
    assert told(door, 11.0) == [(FORCED, True, 10.0)]
    swing(door, 11.5, 12.0)
    assert told(door, 12.0) == [(FORCED, False, 12.0)]


@pytest.mark.parametrize("opens", [10.0, 12.0, 15.0 + LATCH, 9.5])
def test_a_grant_explains_an_opening_around_it(opens: float) -> None:
    door = shut()
    if opens < 10.0:
        swing(door, opens)
        door.explain(10.0, 15.0, 10.0)
    else:
        door.explain(10.0, 15.0, 10.0)
        swing(door, opens)
    assert told(door, 40.0) == []


@pytest.mark.parametrize("opens", [8.9, 15.1 + LATCH])
def test_a_grant_explains_nothing_else(opens: float) -> None:
    door = shut()
    if opens < 10.0:
        swing(door, opens)
    door.explain(10.0, 15.0, 10.0)
    if opens > 10.0:
        swing(door, opens)
    assert told(door, 40.0) == [(FORCED, True, opens)]


def test_grants_that_follow_each_other_make_one_window() -> None:
    door = shut()
    for at in (10.0, 14.0, 18.0):
        door.explain(at, at + 5.0, at)
    door.explain(2.0, 3.0, 18.0)
    swing(door, 24.0, 24.5)
    swing(door, 24.9)
    assert told(door, 40.0) == []
    door = shut()
    door.explain(100.0, 105.0, 10.0)
    swing(door, 20.0)
    assert told(door, 40.0) == [(FORCED, True, 20.0)]


def test_a_grant_of_the_past_does_not_stretch_one_to_come() -> None:
    door = shut()
    door.explain(100.0, 105.0, 10.0)
    door.explain(2.0, 3.0, 10.0)
    swing(door, 50.0)
    assert told(door, 51.0) == [(FORCED, True, 50.0)]
    swing(door, 60.0, 61.0)
    swing(door, 105.0 + LATCH)
    assert (FORCED, True, 105.0 + LATCH) not in told(door, 120.0)


@pytest.mark.parametrize(("since", "forced"), [(11.0, False), (11.001, True)])
def test_a_grant_reaches_back_as_far_as_patience_goes(
    since: float, forced: bool
) -> None:
    door = shut()
    swing(door, 10.0)
    door.explain(since, 20.0, 10.5)
    assert bool(told(door, 12.0)) is forced


def test_the_exit_button_may_be_heard_behind_the_door() -> None:
    door = shut()
    door.contact(Contact.DOOR, 10.0, active=True)
    door.contact(Contact.EXIT_BUTTON, 10.0, active=True)
    door.contact(Contact.EXIT_BUTTON, 10.5, active=False)
    assert told(door, 40.0) == []


def test_what_was_not_seen_opening_was_not_forced() -> None:
    door = DoorAlarms(LIMITS, 0.0)
    door.online(1.0)
    swing(door, 1.0)
    assert told(door, 60.0) == []
    door.offline(60.0)
    door.online(70.0)
    swing(door, 70.0)
    assert told(door, 129.0) == []
    assert told(door, 130.0) == [(HELD, True, 130.0)]


def test_a_door_that_stays_open_is_told_of_at_its_limit() -> None:
    door = shut(limits=AlarmLimits(held_open=20.0))
    door.explain(10.0, 15.0, 10.0)
    swing(door, 10.0)
    door.contact(Contact.DOOR, 15.0, active=True)
    assert told(door, 29.9) == []
    assert told(door, 50.0) == [(HELD, True, 30.0)]
    assert door.deadline() is None
    swing(door, 51.0, 52.0)
    assert told(door, 52.0) == [(HELD, False, 52.0)]


def test_a_forced_door_that_stays_open_is_both() -> None:
    door = shut()
    swing(door, 10.0, None)
    assert told(door, 70.0) == [(FORCED, True, 10.0), (HELD, True, 70.0)]
    door.contact(Contact.DOOR, 80.0, active=False)
    assert told(door, 80.0) == [(FORCED, False, 80.0), (HELD, False, 80.0)]


@pytest.mark.parametrize(
    ("contact", "kind"),
    [(Contact.TAMPER, AlarmKind.TAMPER), (Contact.POWER, AlarmKind.POWER)],
)
def test_a_contact_that_warns_is_an_alarm(contact: Contact, kind: AlarmKind) -> None:
    door = shut()
    for at, active in ((1.0, False), (2.0, True), (3.0, True), (4.0, False)):
        door.contact(contact, at, active=active)
    assert told(door, 4.0) == [(kind, True, 2.0), (kind, False, 4.0)]


def test_a_reader_is_lost_when_it_stays_away() -> None:
    door = shut()
    door.offline(10.0)
    door.online(39.0)
    door.offline(50.0)
    door.offline(70.0)
    assert told(door, 79.9) == []
    assert told(door, 200.0) == [(LOST, True, 80.0)]
    door.online(201.0)
    assert told(door, 201.0) == [(LOST, False, 201.0)]


def test_a_reader_that_never_came_is_lost() -> None:
    assert told(DoorAlarms(LIMITS, 5.0), 40.0) == [(LOST, True, 35.0)]


def test_alarms_outlive_an_absence_until_somebody_looks() -> None:
    door = shut()
    swing(door, 10.0)
    door.contact(Contact.TAMPER, 10.0, active=True)
    assert [kind for kind, *_ in told(door, 11.0)] == [AlarmKind.TAMPER, FORCED]
    door.offline(12.0)
    door.online(13.0)
    swing(door, 13.0)
    assert told(door, 14.0) == []
    door.contact(Contact.DOOR, 15.0, active=False)
    assert told(door, 15.0) == [(FORCED, False, 15.0)]


def test_an_opening_is_judged_even_if_the_line_is_cut_at_once() -> None:
    door = shut()
    swing(door, 10.0)
    door.offline(10.1)
    assert told(door, 11.0) == [(FORCED, True, 10.0)]


def test_what_others_found_out_is_told_once() -> None:
    door = shut()
    door.notice(AlarmKind.DURESS, 20.0, raised=True)
    door.notice(AlarmKind.DURESS, 20.5, raised=True)
    door.notice(AlarmKind.DURESS, 20.5, raised=False)
    assert told(door, 21.0) == [
        (AlarmKind.DURESS, True, 20.0),
        (AlarmKind.DURESS, False, 20.5),
    ]


def test_in_a_fire_doors_are_opened_and_none_is_forced() -> None:
    door = shut()
    door.contact(Contact.FIRE, 10.0, active=True)
    swing(door, 12.0, 20.0)
    assert told(door, 25.0) == [(AlarmKind.FIRE, True, 10.0)]
    door.contact(Contact.FIRE, 30.0, active=False)
    assert told(door, 30.0) == [(AlarmKind.FIRE, False, 30.0)]
    swing(door, 30.0 + LATCH, 36.0)
    assert told(door, 40.0) == []
    swing(door, 50.0)
    assert told(door, 60.0) == [(FORCED, True, 50.0)]


def test_a_fire_told_behind_the_door_it_released_explains_it() -> None:
    door = shut()
    swing(door, 10.0)
    door.contact(Contact.FIRE, 10.5, active=True)
    assert told(door, 20.0) == [(AlarmKind.FIRE, True, 10.5)]


def test_a_door_that_was_forced_before_the_fire_was_forced() -> None:
    door = shut()
    swing(door, 10.0)
    door.contact(Contact.FIRE, 12.0, active=True)
    assert told(door, 20.0) == [(FORCED, True, 10.0), (AlarmKind.FIRE, True, 12.0)]


def test_a_fire_an_earlier_detector_knew_of_goes_on() -> None:
    door = DoorAlarms(LIMITS, 0.0, [AlarmKind.FIRE])
    door.online(1.0)
    door.contact(Contact.DOOR, 1.0, active=False)
    swing(door, 10.0)
    assert told(door, 20.0) == []


def test_what_an_earlier_detector_left_is_cleared_but_not_raised_again() -> None:
    door = DoorAlarms(LIMITS, 0.0, AlarmKind)
    assert told(door, 99.0) == []
    door.online(100.0)
    door.contact(Contact.DOOR, 100.0, active=True)
    door.contact(Contact.TAMPER, 100.0, active=True)
    assert told(door, 200.0) == [(LOST, False, 100.0)]
    door.contact(Contact.DOOR, 201.0, active=False)
    door.contact(Contact.TAMPER, 201.0, active=False)
    door.contact(Contact.POWER, 201.0, active=False)
    door.contact(Contact.FIRE, 201.0, active=False)
    door.notice(AlarmKind.DURESS, 201.0, raised=False)
    door.notice(AlarmKind.REPLACED, 201.0, raised=False)
    assert {kind for kind, *_ in told(door, 201.0)} == set(AlarmKind) - {LOST}


def test_reports_of_long_ago_put_a_judgement_off_but_not_for_ever() -> None:
    door = shut(limits=AlarmLimits(held_open=1e6, patience=5.0))
    swing(door, 10.0, 12.0)
    door.hear_of_the_past(14.0)
    assert door.deadline() == 19.0
    door.explain(9.0, 14.0, 18.0)
    assert told(door, 30.0) == []
    swing(door, 100.0, 101.0)
    swing(door, 102.0)
    at = 102.0
    while at < 100.0 + LONGEST_PATIENCE:
        door.hear_of_the_past(at)
        assert door.signals() == []
        at += 4.0
    assert told(door, at) == [(FORCED, True, 100.0)]
    door.hear_of_the_past(at + 1.0)
    assert told(door, at + 2.0) == []


Input = Callable[[DoorAlarms, float], None]


@pytest.mark.parametrize(
    "late",
    [
        lambda door, at: door.contact(Contact.DOOR, at, active=False),
        lambda door, at: door.explain(at, at, at),
        lambda door, at: door.offline(at),
        lambda door, at: door.online(at),
        lambda door, at: door.hear_of_the_past(at),
    ],
)
def test_what_was_due_is_told_before_what_comes_late(late: Input) -> None:
    door = shut()
    swing(door, 10.0)
    late(door, 75.0)
    assert list(door.signals())[:2] == [
        AlarmSignal(FORCED, raised=True, moment=10.0),
        AlarmSignal(HELD, raised=True, moment=70.0),
    ]


def test_a_free_door_is_neither_forced_nor_held_until_the_hours_end() -> None:
    door = shut()
    swing(door, 9.5)
    door.free(10.0, 500.0)
    assert told(door, 400.0) == []
    door.free(450.0, 450.0)
    assert told(door, 509.0) == []
    assert told(door, 510.0) == [(HELD, True, 510.0)]


def test_a_door_opened_in_free_hours_is_timed_from_their_end() -> None:
    door = shut()
    door.free(10.0, 100.0)
    swing(door, 50.0)
    assert told(door, 159.0) == []
    assert told(door, 160.0) == [(HELD, True, 160.0)]
    door.free(170.0, 200.0)
    assert told(door, 170.0) == [(HELD, False, 170.0)]
    assert told(door, 260.0) == [(HELD, True, 260.0)]


@pytest.mark.parametrize(("opens", "forced"), [(20.0 + LATCH, False), (22.1, True)])
def test_after_free_hours_a_door_is_forced_again(opens: float, forced: bool) -> None:
    door = shut()
    door.free(10.0, 100.0)
    door.free(20.0, 20.0)
    swing(door, opens)
    assert bool(told(door, 30.0)) is forced


def test_a_call_for_help_fades_and_the_next_one_prolongs_it() -> None:
    door, duress = shut(), AlarmKind.DURESS
    door.notice(duress, 10.0, raised=True)
    door.notice(duress, 20.0, raised=True)
    assert told(door, 11.0 + CALL_FOR_HELP) == [(duress, True, 10.0)]
    end = 20.0 + CALL_FOR_HELP
    assert told(door, end) == [(duress, False, end)]
    assert door.deadline() is None
    again = shut(raised=[duress])
    assert told(again, CALL_FOR_HELP) == [(duress, False, CALL_FOR_HELP)]
