"""One door at a time: modes, PINs, company, first cards, and who always gets out."""

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.door_rules import (
    AntiPassback,
    DoorMode,
    DoorRules,
    FirstCard,
    RuleBook,
    TimedMode,
)
from controller.doorkeeping.keeper import CARD_PATIENCE
from controller.doorkeeping.pins import MOST_WRONG, PIN_PATIENCE, PIN_PAUSE
from controller.doorkeeping.rulings import Ruling, Verdict, Wanted
from controller.vocabulary import CardNumber, Decision, Direction, PermitId, Reason
from tests.support.porch import (
    ALWAYS,
    ANN,
    BACK,
    BEN,
    CAY,
    EVENING,
    FRONT,
    KEYS,
    NIGHT,
    STRANGER,
    Porch,
    pin,
    said_of,
)

LOCKED = DoorRules(FRONT, DoorMode.LOCKED)
UNLOCKED = DoorRules(FRONT, DoorMode.UNLOCKED)
PINNED = DoorRules(FRONT, pin=ALWAYS)
TWO = DoorRules(FRONT, cards_together=2)
OUT = AntiPassback("yard", Direction.EXIT)
BY_ANN = FirstCard(EVENING, frozenset({ANN}))


def granted(card: CardNumber, reason: Reason = Reason.PERMIT) -> Ruling:
    decision = Decision(True, reason, PermitId(card.value))
    return Ruling(FRONT, (Verdict(decision, card),))


# No rules, and modes.


def test_without_rules_the_permit_alone_decides() -> None:
    porch = Porch()
    assert porch.tap(ANN) == [granted(ANN)]
    assert said_of(porch.tap(STRANGER)) == [(STRANGER, Reason.UNKNOWN_CARD, False)]
    assert said_of(porch.tap(None)) == [(None, Reason.UNREADABLE_CARD, False)]
    assert not porch.keeper.has_rules(FRONT)


def test_an_unlocked_door_lets_everyone_pass_and_names_the_permit() -> None:
    porch = Porch([UNLOCKED])
    assert porch.tap(ANN) == [granted(ANN, Reason.FREE_PASSAGE)]
    for card in (STRANGER, None):
        decision = Decision(True, Reason.FREE_PASSAGE)
        assert porch.tap(card) == [Ruling(FRONT, (Verdict(decision, card),))]


def test_a_locked_door_lets_nobody_in_and_everybody_out() -> None:
    porch = Porch([LOCKED])
    for card in (ANN, STRANGER, None):
        assert said_of(porch.tap(card)) == [(card, Reason.HELD_SHUT, False)]
    (out,) = porch.keeper.exit(FRONT, porch.at)
    assert said_of([out]) == [(None, Reason.EXIT_REQUEST, True)]
    assert out.verdicts[0].direction is Direction.EXIT
    assert said_of([porch.order()]) == [(None, Reason.REMOTE_OPEN, True)]


def test_hours_turn_the_mode_and_say_how_long_it_lasts() -> None:
    hours = DoorRules(FRONT, modes=(TimedMode(DoorMode.UNLOCKED, EVENING),))
    porch = Porch([hours])
    assert porch.keeper.unlocked_for(FRONT, porch.at.wall, 120.0) == 120.0
    porch.wait(3600 - 90)
    assert porch.keeper.unlocked_for(FRONT, porch.at.wall, 120.0) == 90.0
    assert porch.reason(STRANGER) is Reason.FREE_PASSAGE
    porch.wait(90)
    assert porch.keeper.unlocked_for(FRONT, porch.at.wall, 120.0) == 0.0
    assert porch.reason(STRANGER) is Reason.UNKNOWN_CARD
    porch.set_back = 1.0
    assert porch.keeper.mode(FRONT, porch.at.wall) is DoorMode.UNLOCKED
    assert porch.keeper.unlocked_for(BACK, porch.at.wall, 120.0) == 0.0


# PINs.


def test_a_card_waits_for_its_pin() -> None:
    porch = Porch([PINNED], [pin(ANN)])
    assert porch.tap(ANN) == [Ruling(FRONT, wanted=Wanted.PIN)]
    assert porch.press("24") == []
    assert porch.press("69#1") == [granted(ANN)]
    assert porch.press("2469#") == []


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ("1111#", Reason.WRONG_PIN),
        ("24#", Reason.WRONG_PIN),
        ("24692469", Reason.WRONG_PIN),
        ("11*2469#", Reason.PERMIT),
        ("#2A469#", Reason.PERMIT),
        ("\uff12469#", Reason.WRONG_PIN),
    ],
)
def test_what_ends_an_entry_and_what_starts_it_over(keys: str, reason: Reason) -> None:
    porch = Porch([PINNED], [pin(ANN)])
    porch.tap(ANN)
    assert said_of(porch.press(keys)) == [(ANN, reason, reason is Reason.PERMIT)]


def test_a_pin_under_duress_opens_and_calls_for_help() -> None:
    porch = Porch([PINNED], [pin(ANN)])
    porch.tap(ANN)
    assert porch.press("2460#") == [replace(granted(ANN), duress=True)]


def test_the_call_for_help_goes_out_although_the_door_stays_shut() -> None:
    porch = Porch([replace(PINNED, interlock=(BACK,))], [pin(ANN)])
    porch.tap(ANN)
    porch.keeper.contact(BACK, opened=True)
    (ruling,) = porch.press("2460#")
    assert ruling.duress
    assert said_of([ruling]) == [(ANN, Reason.INTERLOCK, False)]


def test_no_pin_is_waited_for_so_long_and_no_longer() -> None:
    porch = Porch([PINNED], [pin(ANN)])
    porch.tap(ANN)
    assert porch.wait(PIN_PATIENCE - 1) == []
    porch.press("2")
    assert porch.wait(PIN_PATIENCE - 1) == []
    assert said_of(porch.wait(1)) == [(ANN, Reason.PIN_NEEDED, False)]
    assert porch.press("469#") == []
    assert porch.wait(100) == []


def test_a_late_key_finds_the_wait_over() -> None:
    porch = Porch([PINNED], [pin(ANN)])
    porch.tap(ANN)
    porch.seconds += PIN_PATIENCE
    assert said_of(porch.press("2469#")) == [(ANN, Reason.PIN_NEEDED, False)]


def test_the_next_card_ends_the_wait_of_the_one_before() -> None:
    porch = Porch([PINNED], [pin(ANN), pin(BEN)])
    porch.tap(ANN)
    refused, asked = porch.tap(BEN)
    assert said_of([refused]) == [(ANN, Reason.PIN_NEEDED, False)]
    assert asked.wanted is Wanted.PIN
    assert porch.tap(BEN) == [Ruling(FRONT, wanted=Wanted.PIN)]
    assert said_of(porch.tap(STRANGER)) == [
        (BEN, Reason.PIN_NEEDED, False),
        (STRANGER, Reason.UNKNOWN_CARD, False),
    ]


def test_who_has_no_pin_does_not_pass_in_pin_hours() -> None:
    porch = Porch([replace(PINNED, pin=EVENING)])
    assert porch.reason(ANN) is Reason.PIN_NEEDED
    porch.wait(3600)
    assert porch.reason(ANN) is Reason.PERMIT


def test_a_permit_that_ends_while_the_pin_is_typed_opens_nothing() -> None:
    porch = Porch([PINNED], [pin(ANN)])
    porch.tap(ANN)
    porch.allowed.remove((FRONT, ANN))
    assert said_of(porch.press("2469#")) == [(ANN, Reason.UNKNOWN_CARD, False)]


def test_a_pin_taken_away_while_it_is_typed_opens_nothing() -> None:
    porch = Porch([PINNED], [pin(ANN)])
    porch.tap(ANN)
    porch.keeper.follow(RuleBook(doors=(PINNED,)))
    assert said_of(porch.press("2469#")) == [(ANN, Reason.PIN_NEEDED, False)]


def test_a_pin_is_tried_five_times_and_then_not_for_a_while() -> None:
    porch = Porch([PINNED], [pin(ANN), pin(BEN)])
    for _ in range(MOST_WRONG):
        porch.tap(ANN)
        porch.press(f"{KEYS['wrong']}#")
    assert porch.reason(ANN) is Reason.WRONG_PIN
    assert porch.press("2469#") == []
    assert porch.tap(BEN)[0].wanted is Wanted.PIN
    porch.wait(PIN_PAUSE)
    porch.tap(ANN)
    assert porch.press("2469#") == [granted(ANN)]


def test_a_right_pin_makes_wrong_ones_forgotten() -> None:
    porch = Porch([PINNED], [pin(ANN)])
    for kind in ["wrong"] * 4 + ["right"] + ["wrong"] * 4:
        porch.tap(ANN)
        porch.press(f"{KEYS[kind]}#")
    porch.tap(ANN)
    assert porch.press("2469#") == [granted(ANN)]


# Several cards.


def test_two_different_cards_open_together() -> None:
    porch = Porch([TWO])
    waits = [Ruling(FRONT, wanted=Wanted.CARD)]
    assert porch.tap(ANN) == waits
    assert porch.tap(ANN) == waits
    assert said_of(porch.tap(STRANGER)) == [(STRANGER, Reason.UNKNOWN_CARD, False)]
    assert said_of(porch.tap(BEN)) == [
        (ANN, Reason.PERMIT, True),
        (BEN, Reason.PERMIT, True),
    ]
    assert porch.tap(BEN) == waits


def test_who_is_left_alone_is_refused() -> None:
    porch = Porch([replace(TWO, cards_together=3)])
    porch.tap(ANN)
    porch.wait(CARD_PATIENCE - 1)
    porch.tap(BEN)
    porch.tap(ANN)
    assert porch.wait(CARD_PATIENCE - 1) == []
    assert said_of(porch.wait(1)) == [
        (ANN, Reason.MORE_CARDS, False),
        (BEN, Reason.MORE_CARDS, False),
    ]
    assert porch.tap(CAY) == [Ruling(FRONT, wanted=Wanted.CARD)]


def test_a_permit_that_ends_in_company_is_no_company() -> None:
    porch = Porch([TWO])
    porch.tap(ANN)
    porch.allowed.remove((FRONT, ANN))
    (ruling,) = porch.tap(BEN)
    assert said_of([ruling]) == [(ANN, Reason.UNKNOWN_CARD, False)]
    assert (ruling.wanted, ruling.opens) == (Wanted.CARD, False)
    assert said_of(porch.tap(CAY)) == [
        (BEN, Reason.PERMIT, True),
        (CAY, Reason.PERMIT, True),
    ]


def test_each_of_several_cards_needs_its_pin() -> None:
    porch = Porch([replace(TWO, pin=ALWAYS)], [pin(ANN), pin(BEN)])
    porch.tap(ANN)
    assert porch.press("2460#") == [Ruling(FRONT, wanted=Wanted.CARD, duress=True)]
    porch.tap(BEN)
    assert said_of(porch.press("2469#")) == [
        (ANN, Reason.PERMIT, True),
        (BEN, Reason.PERMIT, True),
    ]


def test_a_company_waits_while_one_of_it_types() -> None:
    porch = Porch([replace(TWO, pin=ALWAYS)], [pin(ANN), pin(BEN)])
    porch.tap(ANN)
    porch.press("2469#")
    porch.wait(CARD_PATIENCE - 1)
    porch.tap(BEN)
    assert porch.wait(2) == []
    assert said_of(porch.press("2469#")) == [
        (ANN, Reason.PERMIT, True),
        (BEN, Reason.PERMIT, True),
    ]


# The first card.


def test_nobody_passes_before_the_first_card_of_these_hours() -> None:
    porch = Porch([DoorRules(FRONT, first_card=BY_ANN)])
    assert porch.reason(BEN) is Reason.FIRST_CARD
    (ruling,) = porch.tap(ANN)
    assert (ruling.opens, ruling.first) == (True, True)
    assert porch.tap(ANN) == [granted(ANN)]
    assert porch.reason(BEN) is Reason.PERMIT
    porch.wait(3600)
    assert porch.reason(BEN) is Reason.PERMIT, "the hours are over"
    porch.wait(7 * 86_400 - 3600)
    assert porch.reason(BEN) is Reason.FIRST_CARD, "a week later they are new"


def test_the_first_card_unlocks_until_the_hours_end() -> None:
    porch = Porch([DoorRules(FRONT, first_card=replace(BY_ANN, unlocks=True))])
    porch.tap(ANN)
    assert porch.keeper.mode(FRONT, porch.at.wall) is DoorMode.UNLOCKED
    assert porch.keeper.unlocked_for(FRONT, porch.at.wall, 9999.0) == 3600.0
    assert porch.reason(STRANGER) is Reason.FREE_PASSAGE
    porch.wait(3600)
    assert porch.reason(STRANGER) is Reason.UNKNOWN_CARD


def test_unlocked_hours_wait_for_the_first_card() -> None:
    evening = (TimedMode(DoorMode.UNLOCKED, EVENING),)
    porch = Porch([DoorRules(FRONT, modes=evening, first_card=BY_ANN)])
    assert porch.reason(STRANGER) is Reason.UNKNOWN_CARD
    assert porch.reason(BEN) is Reason.FIRST_CARD
    porch.tap(ANN)
    assert porch.reason(STRANGER) is Reason.FREE_PASSAGE


def test_hours_over_midnight_are_one_span_and_a_day_is_the_longest() -> None:
    night = FirstCard(NIGHT, frozenset({ANN}))
    porch = Porch([DoorRules(FRONT, first_card=night)])
    porch.tap(ANN)
    porch.wait(5 * 3600)
    assert porch.reason(BEN) is Reason.PERMIT
    always = Porch([DoorRules(FRONT, first_card=replace(night, hours=ALWAYS))])
    always.tap(ANN)
    always.wait(86_400 - 1)
    assert always.reason(BEN) is Reason.PERMIT
    always.wait(1)
    assert always.reason(BEN) is Reason.FIRST_CARD


def test_a_clock_set_back_behind_the_first_card_waits_for_another() -> None:
    porch = Porch([DoorRules(FRONT, first_card=BY_ANN)])
    porch.tap(ANN)
    porch.set_back = 1800.0
    assert porch.reason(BEN) is Reason.FIRST_CARD


def test_one_of_the_company_is_the_first_card() -> None:
    porch = Porch([replace(TWO, first_card=BY_ANN)])
    assert porch.reason(BEN) is Reason.FIRST_CARD
    porch.tap(ANN)
    (ruling,) = porch.tap(BEN)
    assert (ruling.opens, ruling.first) == (True, True)


def test_first_cards_outlive_a_restart() -> None:
    porch = Porch([DoorRules(FRONT, first_card=BY_ANN)])
    porch.tap(ANN)
    again = Porch(porch.rules, seconds=60.0)
    assert again.reason(BEN) is Reason.FIRST_CARD
    again.keeper.first_cards.restore(porch.keeper.first_cards.row())
    assert again.reason(BEN) is Reason.PERMIT


# What was not recorded did not happen, and who leaves.


def test_a_first_card_that_was_not_recorded_did_not_come() -> None:
    porch = Porch([DoorRules(FRONT, first_card=BY_ANN)])
    (ruling,) = porch.tap(ANN)
    porch.keeper.forget(ruling)
    assert porch.reason(BEN) is Reason.FIRST_CARD


def test_who_leaves_is_held_up_by_nothing_but_the_permit() -> None:
    strict = DoorRules(
        FRONT,
        DoorMode.LOCKED,
        pin=ALWAYS,
        first_card=replace(BY_ANN, holders=frozenset({CAY})),
        cards_together=4,
        interlock=(BACK,),
        anti_passback=OUT,
    )
    porch = Porch([strict])
    porch.keeper.contact(BACK, opened=True)
    (ruling,) = porch.tap(ANN)
    assert said_of([ruling]) == [(ANN, Reason.PERMIT, True)]
    assert ruling.verdicts[0].direction is Direction.EXIT
    assert porch.reason(ANN) is Reason.PASSBACK_NOTED
    assert porch.reason(STRANGER) is Reason.UNKNOWN_CARD
    assert porch.reason(None) is Reason.UNREADABLE_CARD
    free = Porch([replace(strict, mode=DoorMode.UNLOCKED, first_card=None)])
    assert free.reason(STRANGER) is Reason.FREE_PASSAGE


def test_an_exit_button_is_never_refused() -> None:
    strict = DoorRules(FRONT, DoorMode.LOCKED, interlock=(BACK,), cards_together=2)
    porch = Porch([strict])
    porch.keeper.contact(BACK, opened=True)
    (ruling,) = porch.keeper.exit(FRONT, porch.at)
    assert ruling.opens


def test_special_days_count_for_hours_of_rules() -> None:
    porch = Porch()
    friday = (porch.at.wall + timedelta(hours=8)).date()
    rules = DoorRules(FRONT, modes=(TimedMode(DoorMode.UNLOCKED, EVENING),))
    porch.keeper.follow(RuleBook(doors=(rules,), special_days={friday: 6}))
    assert porch.keeper.mode(FRONT, porch.at.wall) is DoorMode.CONTROLLED
