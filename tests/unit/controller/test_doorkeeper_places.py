"""Rules between doors: interlock, anti-passback, and how little is remembered."""

from dataclasses import replace

import pytest

from controller.door_rules import AntiPassback, DoorMode, DoorRules
from controller.doorkeeping import pins, whereabouts
from controller.doorkeeping.pins import Entry, WrongPins
from controller.doorkeeping.whereabouts import Whereabouts
from controller.errors import MessageRefused
from controller.vocabulary import CardNumber, Direction, Reason
from tests.support.porch import ANN, BACK, BEN, FRONT, STRANGER, UNLOCK, Porch, said_of

IN = AntiPassback("yard", Direction.ENTRY)
OUT = AntiPassback("yard", Direction.EXIT)
YARD = (DoorRules(FRONT, anti_passback=IN), DoorRules(BACK, anti_passback=OUT))
LOCKS = (DoorRules(FRONT, interlock=(BACK,)), DoorRules(BACK, interlock=(FRONT,)))


# Anti-passback.


def test_a_card_that_went_in_must_come_out_before_it_goes_in_again() -> None:
    porch = Porch(YARD)
    assert porch.reason(ANN) is Reason.PERMIT
    assert porch.reason(ANN) is Reason.ANTI_PASSBACK
    assert porch.reason(BEN) is Reason.PERMIT
    assert porch.reason(ANN, BACK) is Reason.PERMIT
    assert porch.reason(ANN) is Reason.PERMIT


def test_a_soft_rule_lets_in_and_notes() -> None:
    porch = Porch([replace(YARD[0], anti_passback=replace(IN, soft=True))])
    assert porch.reason(ANN) is Reason.PERMIT
    (said,) = said_of(porch.tap(ANN))
    assert said == (ANN, Reason.PASSBACK_NOTED, True)


def test_a_card_is_free_again_when_its_time_is_over() -> None:
    timed = replace(YARD[0], anti_passback=replace(IN, forget_after=60))
    porch = Porch([timed, YARD[1]])
    porch.tap(ANN)
    porch.wait(59.0)
    assert porch.reason(ANN) is Reason.ANTI_PASSBACK
    porch.wait(1.0)
    assert porch.reason(ANN) is Reason.PERMIT


def test_areas_know_nothing_of_each_other() -> None:
    other = AntiPassback("hall", Direction.ENTRY)
    porch = Porch([YARD[0], DoorRules(BACK, anti_passback=other)])
    porch.tap(ANN)
    assert porch.reason(ANN, BACK) is Reason.PERMIT
    assert porch.reason(ANN, BACK) is Reason.ANTI_PASSBACK


def test_a_passage_that_was_not_recorded_leaves_the_card_free() -> None:
    porch = Porch(YARD)
    (ruling,) = porch.tap(ANN)
    porch.keeper.forget(ruling)
    assert porch.reason(ANN) is Reason.PERMIT


def test_refusals_and_cards_without_a_permit_move_nobody() -> None:
    porch = Porch(YARD)
    porch.tap(STRANGER)
    porch.allowed.add((FRONT, STRANGER))
    assert porch.reason(STRANGER) is Reason.PERMIT


def test_who_goes_through_an_unlocked_door_is_known_to_have_gone() -> None:
    free = replace(YARD[1], mode=DoorMode.UNLOCKED)
    porch = Porch([YARD[0], free])
    porch.tap(ANN)
    assert porch.reason(ANN, BACK) is Reason.FREE_PASSAGE
    assert porch.reason(ANN) is Reason.PERMIT


def test_a_new_doorkeeper_holds_nobody_up() -> None:
    porch = Porch(YARD)
    porch.tap(ANN)
    assert Porch(YARD).reason(ANN) is Reason.PERMIT


# Interlock.


def test_one_door_stays_shut_while_the_other_is_open() -> None:
    porch = Porch(LOCKS)
    porch.keeper.contact(BACK, opened=True)
    assert porch.reason(ANN) is Reason.INTERLOCK
    assert said_of([porch.order()]) == [(None, Reason.INTERLOCK, False)]
    porch.keeper.contact(BACK, opened=False)
    assert porch.reason(ANN) is Reason.PERMIT


def test_a_door_that_may_open_any_moment_counts_as_open() -> None:
    porch = Porch(LOCKS)
    porch.tap(ANN)
    assert porch.reason(BEN, BACK) is Reason.INTERLOCK
    porch.wait(UNLOCK)
    assert porch.reason(BEN, BACK) is Reason.PERMIT
    porch.wait(UNLOCK)
    porch.keeper.exit(FRONT, porch.at)
    assert porch.reason(BEN, BACK) is Reason.INTERLOCK
    porch.wait(UNLOCK)
    porch.order(FRONT)
    assert porch.reason(BEN, BACK) is Reason.INTERLOCK


def test_a_door_that_was_not_recorded_did_not_open() -> None:
    porch = Porch(LOCKS)
    (ruling,) = porch.tap(ANN)
    porch.keeper.forget(ruling)
    assert porch.reason(BEN, BACK) is Reason.PERMIT


# Memory.


def test_whereabouts_forget_who_moved_longest_ago(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(whereabouts, "MOST_PLACES", 2)
    places = Whereabouts()
    for number in (1, 2, 1, 3):
        places.note(IN, CardNumber(number), 0.0)
    held = [places.forbid(IN, CardNumber(number), 0.0) for number in (1, 2, 3)]
    assert held == [True, False, True]


def test_counts_of_wrong_pins_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pins, "MOST_CARDS", 1)
    wrong = WrongPins()
    for card in [ANN] * 5 + [BEN] * 5:
        wrong.wrong(card, 0.0)
    assert (wrong.bar(ANN, 0.0), wrong.bar(BEN, 0.0)) == (False, True)


def test_an_entry_does_not_show_its_digits() -> None:
    entry = Entry(ANN, 0.0)
    entry.press("7", 0.0)
    assert "7" not in repr(entry)


@pytest.mark.parametrize("value", [None, [[]], [["front", 1]], [["", 1, 2]], 5])
def test_first_cards_that_cannot_be_read_are_refused(value: object) -> None:
    with pytest.raises(MessageRefused):
        Porch().keeper.first_cards.restore(value)  # type: ignore[arg-type]  # wrong on purpose
