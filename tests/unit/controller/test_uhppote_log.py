"""Our place in a board's events: what is asked, told again, and given up."""

import pytest

from controller.protocols.uhppote.log import (
    MOST_DOUBTS,
    PATIENCE,
    WINDOW,
    EventLog,
    Loss,
)


def resumed(index: int = 0, last: int = 9, epoch: int = 1) -> EventLog:
    """Return a log that goes on behind an index of a board with some events."""
    log = EventLog()
    log.heard(last)
    assert log.resume(epoch, index, 0.0) == []
    return log


def asks_for_oldest(log: EventLog) -> bool:
    """Say what is asked next; a call, so that it is read anew each time."""
    return log.wants_oldest


def lose_five(log: EventLog, now: float = 0.0) -> list[Loss]:
    """Report up to 5 of epoch 1 and let the board count anew."""
    for index in range(1, 6):
        log.report(index, now)
    log.heard(0)
    return log.begin_anew(now)


def test_nothing_is_asked_before_both_places_are_known() -> None:
    log = EventLog()
    assert log.wanted() is None
    assert not log.wants_oldest
    assert not log.went_back
    log.heard(9)
    assert log.wanted() is None
    assert not log.went_back
    other = EventLog()
    other.resume(1, 3, 0.0)
    assert other.wanted() is None
    assert not other.went_back, "what the board holds is not known yet"
    other.heard(9)
    assert other.wanted() == 4


def test_a_board_without_events_is_asked_for_none() -> None:
    log = resumed(0, 0)
    assert log.wanted() is None
    fresh = resumed(0, 0, epoch=0)
    assert not fresh.wants_oldest
    fresh.heard(1)
    assert fresh.wants_oldest


def test_events_are_asked_for_one_by_one_up_to_the_last() -> None:
    log = resumed(7)
    for index in (8, 9):
        assert log.wanted() == index
        log.report(index, 0.0)
    assert log.wanted() is None
    log.heard(10)
    assert log.wanted() == 10


def test_the_window_opens_by_one_for_each_event_that_is_durable() -> None:
    log = resumed(0, 10 * WINDOW)
    for index in range(1, WINDOW + 1):
        assert log.wanted() == index
        log.report(index, 0.0)
    assert log.wanted() is None
    log.acknowledge(1, 1, 0.0)
    assert log.wanted() == WINDOW + 1
    log.report(WINDOW + 1, 0.0)
    assert log.wanted() is None


@pytest.mark.parametrize(("last", "back"), [(4, True), (5, False), (6, False)])
def test_a_last_index_below_what_is_durable_went_back(last: int, back: bool) -> None:
    log = EventLog()
    log.resume(1, 5, 0.0)
    log.heard(last)
    assert log.went_back is back


def test_a_last_index_below_one_heard_before_went_back() -> None:
    log = resumed(0, 9)
    log.heard(8)
    assert log.went_back
    log.heard(9)
    assert not log.went_back


def test_the_patience_of_a_report_begins_with_the_first_and_again_with_progress() -> (
    None
):
    log = resumed()
    assert log.deadline() is None
    log.report(1, 3.0)
    log.report(2, 8.0)
    assert log.deadline() == 3.0 + PATIENCE
    log.acknowledge(1, 1, 9.0)
    assert log.deadline() == 9.0 + PATIENCE
    log.acknowledge(1, 2, 10.0)
    assert log.deadline() is None


def test_reports_nobody_acknowledged_are_made_again_at_their_time() -> None:
    log = resumed()
    for index in (1, 2, 3):
        log.report(index, 0.0)
    log.acknowledge(1, 1, 0.0)
    assert log.on_timeout(PATIENCE - 0.1) == []
    assert log.wanted() == 4
    assert log.on_timeout(PATIENCE) == []
    assert log.wanted() == 2
    assert log.deadline() is None, "nothing is told that could be acknowledged"


def test_an_acknowledgement_never_takes_anything_back() -> None:
    log = resumed()
    for index in (1, 2, 3):
        log.report(index, 0.0)
    log.acknowledge(1, 3, 0.0)
    log.acknowledge(1, 2, 0.0)
    log.rewind()
    assert log.wanted() == 4


def test_what_is_durable_from_before_is_not_asked_for_again() -> None:
    log = resumed()
    log.report(1, 0.0)
    log.acknowledge(1, 6, 0.0)
    assert log.wanted() == 7


def test_an_acknowledgement_of_another_epoch_moves_nothing() -> None:
    log = resumed(0, 9, epoch=2)
    log.report(1, 0.0)
    log.acknowledge(1, 8, 0.0)
    log.rewind()
    assert log.wanted() == 1


def test_a_second_resume_goes_on_behind_what_was_already_durable() -> None:
    log = resumed()
    for index in (1, 2, 3):
        log.report(index, 0.0)
    log.acknowledge(1, 2, 0.0)
    assert log.resume(1, 1, 1.0) == []
    assert log.wanted() == 3


def test_a_new_epoch_names_what_was_not_durable_and_asks_from_one() -> None:
    log = resumed()
    log.acknowledge(1, 2, 0.0)
    assert lose_five(log) == [Loss(1, 3, 9)]
    assert log.epoch == 2
    assert not log.went_back
    log.heard(4)
    assert log.wanted() == 1


def test_a_new_epoch_behind_durable_events_loses_nothing() -> None:
    log = resumed(0, 5)
    log.acknowledge(1, 5, 0.0)
    assert lose_five(log) == []
    assert log.deadline() is None
    log.heard(2)
    assert log.wanted() == 1


def test_a_loss_is_told_again_until_it_is_durable() -> None:
    log = resumed(0, 5)
    loss = Loss(1, 1, 5)
    assert lose_five(log, 1.0) == [loss]
    assert log.deadline() == 1.0 + PATIENCE
    assert log.on_timeout(11.0) == [loss]
    assert log.deadline() == 21.0
    assert log.resume(2, 0, 12.0) == []


@pytest.mark.parametrize(
    ("epoch", "index", "again"),
    [(1, 4, True), (1, 5, False), (2, 0, False), (0, 9, True)],
)
def test_a_loss_ends_with_its_last_index_or_a_later_epoch(
    epoch: int, index: int, again: bool
) -> None:
    log = resumed(0, 5)
    lose_five(log)
    log.acknowledge(epoch, index, 1.0)
    assert bool(log.on_timeout(11.0)) is again


def test_the_highest_index_is_of_this_epoch() -> None:
    log = resumed()
    log.heard(3)
    log.begin_anew(0.0)
    assert (log.highest, log.went_back) == (3, False)


def test_a_log_met_for_the_first_time_begins_behind_what_is_gone() -> None:
    log = resumed(0, 9, epoch=0)
    assert log.epoch == 1
    assert asks_for_oldest(log)
    assert log.begins_at(4, 0.0) is None
    assert not asks_for_oldest(log)
    assert log.wanted() == 4
    assert log.deadline() is None


def test_of_two_answers_about_the_oldest_the_lower_counts() -> None:
    for first, second in ((6, 5), (5, 6)):
        log = resumed(1)
        log.overwritten()
        assert log.wanted() is None
        assert log.begins_at(first, 0.0) is None
        assert asks_for_oldest(log)
        assert log.begins_at(second, 2.0) == Loss(1, 2, 4)
        assert not asks_for_oldest(log)
        assert log.wanted() == 5
        assert log.deadline() == 2.0 + PATIENCE


def test_a_rewind_forgets_half_of_an_answer() -> None:
    log = resumed(1)
    log.overwritten()
    log.begins_at(9, 0.0)
    log.rewind()
    assert log.wanted() == 2
    log.overwritten()
    assert log.begins_at(5, 0.0) is None
    assert log.begins_at(6, 0.0) == Loss(1, 2, 4)


def test_an_event_the_board_denies_waits_for_its_last_index() -> None:
    log = resumed(4)
    log.missing()
    assert log.wanted() is None
    log.heard(9)
    assert log.wanted() == 5


def test_a_ring_that_holds_the_event_after_all_is_asked_for_it_again() -> None:
    log = resumed(4)
    for _ in range(MOST_DOUBTS - 1):
        log.overwritten()
        assert log.begins_at(5, 0.0) is None
        assert log.wanted() == 5
    log.overwritten()
    assert log.begins_at(5, 0.0) is None
    assert asks_for_oldest(log), "it contradicted itself once too often"
    assert log.begins_at(5, 0.0) is None
    assert log.begins_at(5, 0.0) == Loss(1, 5, 5)


def test_doubts_about_one_event_say_nothing_about_the_next() -> None:
    log = resumed(4)
    for index in (5, 6, 7):
        for _ in range(MOST_DOUBTS - 1):
            log.missing()
            log.heard(9)
            assert log.wanted() == index
        log.report(index, 0.0)


def test_a_log_met_for_the_first_time_misses_no_event_of_a_young_board() -> None:
    log = resumed(0, 3, epoch=0)
    assert log.begins_at(1, 0.0) is None
    assert log.wanted() == 1


def test_a_log_that_began_anew_is_not_met_for_the_first_time_again() -> None:
    log = resumed(0, 9, epoch=0)
    log.heard(3)
    assert log.begin_anew(0.0) == [Loss(1, 1, 9)]
    assert not asks_for_oldest(log)
    assert log.wanted() == 1


def test_a_hole_of_one_event_is_believed() -> None:
    log = resumed(4)
    log.overwritten()
    assert log.begins_at(6, 0.0) is None
    assert log.begins_at(6, 0.0) == Loss(1, 5, 5)
    assert log.wanted() == 6


def test_a_loss_is_told_again_to_whoever_resumes_before_it_is_durable() -> None:
    log = resumed(0, 5)
    (loss,) = lose_five(log, 1.0)
    assert log.resume(1, 2, 12.0) == [loss]
    assert log.deadline() == 12.0 + PATIENCE
