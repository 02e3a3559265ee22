"""Every event of a board once, or a hole with exact bounds; nothing twice."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from controller.protocols.uhppote.log import WINDOW, EventLog
from controller.protocols.uhppote.messages.events import (
    EventReason,
    EventRecord,
    EventType,
    GetEvent,
    Way,
)
from controller.protocols.uhppote.reasons import GRANTED, REFUSED, event_of
from controller.session import (
    NothingPassed,
    Offline,
    Online,
    PassageReported,
    PassagesLost,
)
from controller.vocabulary import CardNumber, ControllerId, Direction, Reason
from tests.support.uhppote_double import NOON, Board
from tests.support.uhppote_line import Line, line, member

SERIAL = Board().serial
LOG = ControllerId(f"uhppote-{SERIAL}")
DOOR = member(SERIAL).controller


def busy_board(count: int, ring: int = 1000) -> Board:
    board = Board(ring=ring)
    for card in range(1, count + 1):
        board.swipe(card)
    return board


def kept(net: Line) -> list[tuple[int, int]]:
    return [(event.epoch, event.index) for event in net.desk.kept]


def lost(net: Line) -> list[tuple[int, int, int]]:
    return [(event.epoch, event.first, event.last) for event in net.desk.lost]


def every(epoch: int, first: int, last: int) -> list[tuple[int, int]]:
    return [(epoch, index) for index in range(first, last + 1)]


def test_three_hundred_swipes_nobody_listened_to_are_all_recovered() -> None:
    board = busy_board(10)
    net = line(board)
    net.run(1)
    board.deaf = True
    net.run(20)
    for card in range(300):
        board.swipe(1000 + card)
    board.deaf = False
    net.run(20)
    assert kept(net) == every(1, 1, 310)
    assert [int(str(event.card)[1:]) for event in net.desk.kept[10:]] == list(
        range(1000, 1300)
    )


def test_a_network_that_loses_doubles_and_mixes_changes_nothing() -> None:
    boards = [Board(serial=number) for number in range(1, 11)]
    net = line(*boards, loss=0.05, doubled=0.1, mixed=0.1)
    for step in range(30):
        for board in boards:
            board.swipe(step + 1)
        net.run(1)
    net.run(30)
    by_log: dict[object, list[tuple[int, int]]] = {}
    for event in net.desk.kept:
        by_log.setdefault(event.log, []).append((event.epoch, event.index))
    assert len(by_log) == 10
    assert all(found == every(1, 1, 30) for found in by_log.values())
    assert not net.desk.lost


def test_a_log_met_for_the_first_time_begins_where_its_ring_does() -> None:
    net = line(busy_board(150, ring=100))
    net.run(2)
    assert kept(net) == every(1, 51, 150)
    assert not net.desk.lost


def test_what_was_overwritten_is_a_hole_with_exact_bounds() -> None:
    board = busy_board(20, ring=100)
    net = line(board)
    net.run(1)
    board.deaf = True
    net.run(10)
    for card in range(250):
        board.swipe(card + 1)
    board.deaf = False
    net.run(20)
    assert lost(net) == [(1, 21, 170)]
    assert kept(net) == [*every(1, 1, 20), *every(1, 171, 270)]


def test_a_ring_that_moves_under_the_reader_leaves_two_holes_and_no_more() -> None:
    board = busy_board(5, ring=50)
    net = line(board)
    net.run(1)
    net.durable = False
    for card in range(30):
        board.swipe(card + 1)
    net.run(2)
    for card in range(100):
        board.swipe(card + 1)
    net.durable = True
    net.run(20)
    assert kept(net) == [*every(1, 1, 5), *every(1, 86, 135)]
    assert lost(net) == [(1, 6, 85)]


@pytest.mark.parametrize("after", [3, 12, 40])
def test_a_board_that_counts_anew_begins_an_epoch(after: int) -> None:
    board = busy_board(50)
    net = line(board)
    net.run(2)
    board.clear_events()
    for card in range(after):
        board.swipe(card + 1)
    net.run(20)
    assert kept(net) == [*every(1, 1, 50), *every(2, 1, after)]
    assert not net.desk.lost
    assert [event.cause for event in net.of(Offline)] == ["its events began anew"]
    assert len(net.of(Online)) == 2


def test_what_a_reset_took_along_is_named() -> None:
    board = busy_board(5)
    net = line(board)
    net.run(1)
    net.durable = False
    for card in range(100):
        board.swipe(card + 1)
    net.run(2)
    board.clear_events()
    board.swipe(1)
    net.run(8)
    net.durable = True
    net.run(20)
    assert kept(net) == [*every(1, 1, 5), (2, 1)]
    assert lost(net) == [(1, 6, 105)]


def test_a_loss_that_is_not_recorded_is_told_until_it_is() -> None:
    board = busy_board(5)
    net = line(board)
    net.run(1)
    net.durable = False
    board.swipe(1)
    net.run(2)
    board.clear_events()
    net.run(30)
    net.durable = True
    net.run(11)
    assert lost(net) == [(1, 6, 6)]
    told = len(net.of(PassagesLost))
    net.run(30)
    assert len(net.of(PassagesLost)) == told


def test_a_board_exchanged_while_we_were_away_begins_an_epoch() -> None:
    net = line(busy_board(7))
    net.desk.cursors[LOG] = (4, 100)
    net.open()
    net.run(15)
    assert kept(net) == every(5, 1, 7)
    assert not net.desk.lost


def test_late_replies_alone_begin_no_epoch() -> None:
    board = Board()
    net = line(board, mixed=0.5, doubled=0.5)
    for card in range(60):
        board.swipe(card + 1)
        net.run(0.7)
    net.run(20)
    assert kept(net) == every(1, 1, 60)
    assert not net.of(Offline)


def test_nothing_runs_far_ahead_of_what_is_durable_and_all_is_repeated() -> None:
    board = busy_board(500)
    net = line(board)
    net.durable = False
    net.run(5)
    assert board.took(GetEvent) <= WINDOW + 1
    net.run(20)
    assert not net.desk.kept
    net.durable = True
    net.run(25)
    assert kept(net) == every(1, 1, 500)


@pytest.mark.parametrize("recorded", [False, True])
@pytest.mark.parametrize("step", range(1, 26))
def test_a_cut_at_any_step_gives_nothing_twice_and_loses_nothing(
    step: int, recorded: bool
) -> None:
    """Kill the gateway after a number of events, before or after the commit."""
    net = line(busy_board(12, ring=9))
    net.desk.cursors[LOG] = (1, 0)
    own, seen = net._own, 0

    def cut(event: object) -> None:
        nonlocal seen
        seen += 1
        if seen == step:
            if recorded and isinstance(event, PassageReported):
                net.desk.take(event)
            net.session.events()
            net.open()
            return
        own(event)  # type: ignore[arg-type]  # whatever the session reports

    net._own = cut  # type: ignore[method-assign]  # the owner that dies
    net.open()
    net.run(15)
    assert kept(net) == every(1, 4, 12)
    assert lost(net) == [(1, 1, 3)]


def test_doors_of_a_board_share_its_log() -> None:
    board = Board()
    for door in (1, 2, 4, 2):
        board.swipe(9, door)
    net = line(board, doors=2)
    net.run(1)
    doors = [event.controller for event in net.desk.kept]
    assert doors == [member(SERIAL, door).controller for door in (1, 2, 2)]
    assert {event.log for event in net.desk.kept} == {LOG}
    (other,) = net.of(NothingPassed)
    assert (other.index, other.log) == (3, LOG)
    assert net.desk.cursors[LOG] == (1, 4)


RECORD = EventRecord(5, 1, True, 1, 1, 8, NOON, 1)
DOORS = {1: DOOR}
FALLBACK = datetime(2026, 5, 2, tzinfo=UTC)


def meaning(**changes: object) -> PassageReported | NothingPassed:
    record = replace(RECORD, **changes)  # type: ignore[arg-type]  # what a case says
    return event_of(record, DOORS, LOG, 3, FALLBACK)


@pytest.mark.parametrize(
    ("changes", "reason", "card", "direction"),
    [
        ({}, Reason.PERMIT, 8, Direction.ENTRY),
        ({"way": Way.OUT}, Reason.PERMIT, 8, Direction.EXIT),
        ({"type": EventType.DOOR}, Reason.PERMIT, 8, Direction.ENTRY),
        ({"granted": False, "reason": 18}, Reason.UNKNOWN_CARD, 8, Direction.ENTRY),
        ({"granted": False, "reason": 15}, Reason.OUTSIDE_HOURS, 8, Direction.ENTRY),
        ({"granted": False, "reason": 99}, Reason.CONTROLLER_RULE, 8, Direction.ENTRY),
        ({"reason": 99}, Reason.PERMIT, 8, Direction.ENTRY),
        ({"reason": 20, "type": 2}, Reason.EXIT_REQUEST, None, Direction.EXIT),
        ({"reason": 44, "type": 2}, Reason.REMOTE_OPEN, None, Direction.ENTRY),
        ({"reason": 25}, Reason.SUPERVISOR_CODE, None, Direction.ENTRY),
        ({"card": 0}, Reason.PERMIT, None, Direction.ENTRY),
    ],
)
def test_reasons_are_put_into_the_words_of_the_street(
    changes: dict[str, object], reason: Reason, card: int | None, direction: Direction
) -> None:
    passage = meaning(**changes)
    assert isinstance(passage, PassageReported)
    number = None if card is None else CardNumber(card)
    assert (passage.reason, passage.card) == (reason, number)
    assert (passage.direction, passage.epoch, passage.index) == (direction, 3, 5)
    noon = datetime(2026, 5, 1, 4, tzinfo=UTC)
    assert passage.controller_at == noon + timedelta(seconds=0.5), "within its second"


@pytest.mark.parametrize(
    "changes",
    [
        {"door": 2},
        {"door": 0},
        {"type": EventType.ALARM},
        {"type": 2, "reason": EventReason.DOOR_OPENED, "card": 0},
        {"type": 2, "reason": 31, "granted": False},
        {"reason": 28, "card": 0},
    ],
)
def test_what_is_no_passage_of_ours_only_counts(changes: dict[str, object]) -> None:
    assert meaning(**changes) == NothingPassed(DOOR, 3, 5, LOG)


def test_a_time_that_is_none_gives_way_to_the_clock() -> None:
    for moment in (None, datetime(1, 1, 1), datetime(9999, 12, 31)):  # noqa: DTZ001 - wall time
        passage = meaning(moment=moment)
        assert isinstance(passage, PassageReported)
        assert passage.controller_at == FALLBACK


def test_no_reason_means_both() -> None:
    assert not set(GRANTED.values()) & set(REFUSED.values())


def test_an_event_the_board_denies_for_ever_is_lost_alone() -> None:
    log = EventLog()
    log.heard(9)
    log.resume(1, 4, 0.0)
    for _ in range(10):
        if log.wants_oldest:
            loss = log.begins_at(1, 0.0)
            if loss is not None:
                assert (loss.first, loss.last) == (5, 5)
                break
        else:
            assert log.wanted() == 5
            log.missing()
            log.heard(9)
    else:
        pytest.fail("it asks for ever")
    assert log.wanted() == 6
