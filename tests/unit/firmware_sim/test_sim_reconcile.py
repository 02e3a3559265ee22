from typing import Any

import pytest

from firmware_sim.reconcile import reconcile

AT = "2026-03-01T08:00:{:06.3f}+00:00"


def tap(
    number: int, outcome: str, card: int | None = 5, **more: object
) -> dict[str, Any]:
    row = {
        "tap": number,
        "door": "door-1",
        "card": card,
        "at": AT.format(number),
        "outcome": outcome,
        "outcome_at": AT.format(number + 0.1),
        "controller": "reader-1",
        "epoch": None,
        "index": None,
    }
    return row | more


def passage(
    number: int,
    granted: bool,
    card: int | None = 5,
    reason: str = "permit",
    **more: object,
) -> dict[str, Any]:
    row = {
        "number": number,
        "door": "door-1",
        "card": card,
        "at": AT.format(number + 0.05),
        "recorded_at": AT.format(number + 0.25),
        "granted": granted,
        "reason": reason,
        "controller": None,
        "controller_epoch": None,
        "controller_index": None,
    }
    return row | more


def lock(index: int) -> dict[str, Any]:
    return {"controller": "lock-1", "epoch": 9, "index": index}


def record(index: int) -> dict[str, Any]:
    return {"controller": "lock-1", "controller_epoch": 9, "controller_index": index}


def test_taps_and_passages_that_agree_are_exact() -> None:
    account = reconcile(
        [tap(1, "granted"), tap(2, "refused", 6), tap(3, "granted", None)],
        [
            passage(1, True),
            passage(2, False, 6, "unknown_card"),
            passage(3, True, None, "exit_request"),
        ],
    )
    assert account.exact
    assert (account.taps, account.passages) == (3, 3)
    assert account.delays == pytest.approx([0.25] * 3)


def test_a_settled_tap_without_passage_is_lost() -> None:
    account = reconcile([tap(1, "granted"), tap(2, "granted")], [passage(1, True)])
    assert account.lost == [2]
    assert not account.exact


def test_a_second_passage_of_one_tap_is_a_duplicate() -> None:
    account = reconcile([tap(1, "granted")], [passage(1, True), passage(2, True)])
    assert (account.lost, account.duplicates) == ([], [2])


def test_an_opened_door_recorded_as_refused_is_both() -> None:
    account = reconcile([tap(1, "granted")], [passage(1, False)])
    assert (account.lost, account.duplicates) == ([1], [1])


@pytest.mark.parametrize("passages", [[], [passage(1, True)], [passage(1, False)]])
def test_an_unanswered_tap_may_have_one_passage(passages: list[dict[str, Any]]) -> None:
    account = reconcile([tap(1, "unanswered")], passages)
    assert account.exact
    assert account.delays == []


def test_an_unanswered_tap_excuses_no_second_passage() -> None:
    account = reconcile(
        [tap(1, "unanswered")], [passage(1, True), passage(2, False), passage(3, False)]
    )
    assert account.duplicates == [2, 3]


def test_a_stranger_passage_is_a_duplicate() -> None:
    assert reconcile([], [passage(1, True)]).duplicates == [1]


def test_opening_from_afar_needs_no_tap() -> None:
    assert reconcile([], [passage(1, True, None, "remote_open")]).exact


def test_smart_doors_are_matched_by_their_index() -> None:
    taps = [tap(1, "granted", **lock(1)), tap(2, "granted", **lock(2))]
    right = [passage(1, True, **record(1)), passage(2, True, **record(2))]
    assert reconcile(taps, right).exact
    twice = reconcile(taps, [right[0], passage(2, True, **record(1))])
    assert (twice.lost, twice.duplicates) == ([2], [2])
    reader = reconcile(taps, [right[0], passage(2, True)])
    assert (reader.lost, reader.duplicates) == ([2], [2])


def test_a_record_under_another_card_is_not_the_same() -> None:
    account = reconcile(
        [tap(1, "granted", 5, **lock(1))], [passage(1, True, 6, **record(1))]
    )
    assert (account.lost, account.duplicates) == ([1], [1])
