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


def board(index: int) -> dict[str, Any]:
    return {"controller": "uhppote-7", "index": index}


def kept(index: int, epoch: int = 1) -> dict[str, Any]:
    origin = {"controller": "uhppote-7", "controller_epoch": epoch}
    return origin | {"controller_index": index}


def test_boards_are_matched_by_their_index_whatever_epoch_the_gateway_counts() -> None:
    taps = [tap(1, "granted", **board(1)), tap(2, "refused", **board(2))]
    right = [passage(1, True, **kept(1, 4)), passage(2, False, **kept(2, 4))]
    assert reconcile(taps, right).exact
    assert reconcile(taps, right[:1]).lost == [2]
    twice = reconcile(taps, [*right, passage(3, True, **kept(1, 4))])
    assert (twice.lost, twice.duplicates) == ([], [3])
    assert reconcile(taps, [*right, passage(3, True, **kept(9))]).duplicates == [3]


def test_a_board_that_counts_anew_is_matched_in_each_of_its_lives() -> None:
    taps = [tap(1, "granted", **board(1)), tap(5, "granted", **board(1))]
    right = [passage(1, True, **kept(1, 1)), passage(5, True, **kept(1, 2))]
    assert reconcile(taps, right).exact
    assert reconcile(taps, right[1:]).lost == [5]


def span(since: float, until: float, controller: str = "esp-1") -> dict[str, Any]:
    ends = {"since": AT.format(since), "until": AT.format(until)}
    return {"controller": controller} | ends


ESP: dict[str, Any] = {"controller": "esp-1"}


def test_what_nobody_recorded_in_an_unwatched_span_is_maybe_unseen() -> None:
    taps = [tap(n, "granted", **ESP) for n in (10, 20, 30)]
    account = reconcile(taps, [passage(10, True)], [span(18, 25)])
    assert (account.unseen, account.lost) == ([20], [30])
    assert not account.exact
    account = reconcile(taps, [passage(10, True)], [span(18, 25), span(29, 31)])
    assert account.exact
    assert account.unseen == [20, 30]
    assert account.delays == []


@pytest.mark.parametrize(
    "spans",
    [
        [],
        [span(1, 8.9)],
        [span(11.1, 20)],
        [span(1, 30, "esp-2")],
    ],
)
def test_a_loss_nobody_owned_up_to_is_a_loss(spans: list[dict[str, Any]]) -> None:
    account = reconcile([tap(10, "granted", **ESP)], [], spans)
    assert (account.unseen, account.lost) == ([], [10])


@pytest.mark.parametrize("at", [9.1, 10.9])
def test_a_span_begins_and_ends_as_late_as_messages_are(at: float) -> None:
    taps = [tap(10, "refused", **ESP)]
    assert reconcile(taps, [], [span(at, at)]).unseen == [10]


def test_a_span_excuses_no_duplicate_and_takes_nothing_that_was_recorded() -> None:
    taps = [tap(10, "granted", **ESP)]
    account = reconcile(taps, [passage(10, True), passage(11, True)], [span(1, 30)])
    assert (account.unseen, account.lost, account.duplicates) == ([], [], [11])


def test_doors_with_a_memory_are_excused_by_no_span() -> None:
    spans = [span(1, 30, name) for name in ("lock-1", "esp-1")]
    taps = [tap(1, "granted", **lock(1)), tap(2, "granted")]
    assert reconcile(taps, [], spans).lost == [1, 2]
