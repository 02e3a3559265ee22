from datetime import timedelta

import pytest

from controller.session import (
    AcknowledgePassages,
    Event,
    Online,
    PassageReported,
    PassagesLost,
)
from controller.vocabulary import CardNumber, Direction, Gap, Origin, Passage, Reason
from gateway.reports import MOST_WAITING, Reports
from gateway.store.segment import Cursor
from tests.support.gateway_site import BACK, LOCK, Disk, Sent, site
from tests.support.gateway_store import NOON


class Desk:
    def __init__(self, cursor: Cursor | None = None) -> None:
        self.disk, self.sent, self.site = Disk(), Sent(), site()
        if cursor is not None:
            self.disk.cursors[LOCK] = cursor
        self.reports = Reports(
            self.site, lambda: self.disk.cursors, self.disk.append, self.sent.send
        )

    def report(self, *indexes: int, epoch: int = 1) -> None:
        self.reports.handle([reported(index, epoch) for index in indexes])


def reported(index: int, epoch: int = 1) -> PassageReported:
    return PassageReported(
        LOCK,
        epoch,
        index,
        controller_at=NOON - timedelta(minutes=5),
        granted=False,
        reason=Reason.ENDED,
        card=CardNumber(9),
        permit=None,
        direction=Direction.ENTRY,
    )


async def test_a_report_is_acknowledged_only_when_it_is_durable() -> None:
    desk = Desk()
    desk.report(1, 2, 3)
    assert desk.sent.take() == []
    await desk.disk.commit()
    assert desk.sent.take() == [AcknowledgePassages(LOCK, 1, 3)]
    assert desk.disk.cursors[LOCK] == Cursor(1, 3)
    assert desk.disk.kept() == [(1, 1), (1, 2), (1, 3)]


async def test_a_passage_says_where_it_comes_from_and_how_sure_its_time_is() -> None:
    desk = Desk()
    clock = desk.site.doors.of(LOCK).clock
    clock.read(NOON + timedelta(seconds=90), NOON, 0.0)
    desk.report(1)
    await desk.disk.commit()
    raw = NOON - timedelta(minutes=5)
    assert desk.disk.entries == [
        Passage(
            BACK,
            raw - timedelta(seconds=90),
            granted=False,
            reason=Reason.ENDED,
            card=CardNumber(9),
            origin=Origin(LOCK, 1, 1),
            controller_at=raw,
        )
    ]


@pytest.mark.parametrize(
    ("cursor", "epoch", "indexes", "kept", "upto"),
    [
        (None, 1, [5, 6], [(1, 5), (1, 6)], 6),
        (Cursor(1, 4), 1, [3, 4, 5], [(1, 5)], 5),
        (Cursor(1, 4), 1, [7], [Gap(LOCK, 1, 5, 6), (1, 7)], 7),
        (Cursor(1, 4), 2, [1, 2], [(2, 1), (2, 2)], 2),
        (Cursor(1, 4), 2, [3], [Gap(LOCK, 2, 1, 2), (2, 3)], 3),
        (Cursor(5, 4), 2, [1], [(2, 1)], 1),
        (Cursor(1, 0), 1, [1, 1, 2, 1], [(1, 1), (1, 2)], 2),
    ],
)
async def test_each_event_is_kept_once_and_holes_are_named(
    cursor: Cursor | None, epoch: int, indexes: list[int], kept: list[object], upto: int
) -> None:
    desk = Desk(cursor)
    desk.report(*indexes, epoch=epoch)
    await desk.disk.commit()
    assert desk.disk.kept() == kept
    assert desk.sent.take() == [AcknowledgePassages(LOCK, epoch, upto)]


@pytest.mark.parametrize(
    ("cursor", "lost", "kept"),
    [
        (None, (3, 9), [Gap(LOCK, 1, 3, 9)]),
        (Cursor(1, 5), (3, 9), [Gap(LOCK, 1, 6, 9)]),
        (Cursor(1, 9), (3, 9), []),
        (Cursor(7, 9), (1, 2), [Gap(LOCK, 1, 1, 2)]),
    ],
)
async def test_what_a_controller_lost_is_recorded_as_a_gap(
    cursor: Cursor | None, lost: tuple[int, int], kept: list[object]
) -> None:
    desk = Desk(cursor)
    desk.reports.handle([PassagesLost(LOCK, 1, *lost)])
    await desk.disk.commit()
    assert desk.disk.kept() == kept
    upto = desk.disk.cursors[LOCK].index
    assert desk.sent.take() == [AcknowledgePassages(LOCK, 1, upto)]
    assert desk.site.counters.gaps == len(kept)


async def test_repeats_of_what_is_durable_are_only_acknowledged() -> None:
    desk = Desk(Cursor(1, 3))
    desk.report(2, 3)
    assert desk.sent.take() == [AcknowledgePassages(LOCK, 1, 3)]
    assert desk.disk.waiting == []
    assert desk.site.counters.repeated == 2


async def test_a_failed_commit_never_lets_a_later_one_jump_over_it() -> None:
    desk = Desk()
    desk.report(1, 2)
    desk.report(3)
    await desk.disk.fail()
    assert desk.sent.take() == []
    assert (desk.disk.waiting, desk.disk.cursors) == ([], {})
    desk.report(1, 2, 3)
    await desk.disk.commit()
    assert desk.disk.kept() == [(1, 1), (1, 2), (1, 3)]
    assert desk.sent.take() == [AcknowledgePassages(LOCK, 1, 3)]


async def test_what_arrives_during_a_commit_goes_into_the_next() -> None:
    desk = Desk()
    desk.report(1)
    desk.report(1, 2)
    desk.report(3)
    assert len(desk.disk.waiting) == 1
    await desk.disk.commit()
    assert desk.sent.take() == [AcknowledgePassages(LOCK, 1, 1)]
    await desk.disk.commit()
    assert desk.disk.kept() == [(1, 1), (1, 2), (1, 3)]
    assert desk.sent.take() == [AcknowledgePassages(LOCK, 1, 3)]


async def test_reports_that_wait_for_the_disk_are_bounded() -> None:
    desk = Desk()
    for index in range(1, 2 * MOST_WAITING):
        desk.report(index)
    await desk.disk.commit()
    await desk.disk.commit()
    assert len(desk.disk.entries) == MOST_WAITING + 1
    assert desk.disk.waiting == []


async def test_after_a_failed_commit_nothing_behind_it_is_taken() -> None:
    desk = Desk(Cursor(1, 4))
    desk.report(4, 5, 6)
    await desk.disk.fail()
    desk.report(7)
    desk.reports.handle([PassagesLost(LOCK, 1, 8, 9)])
    desk.report(2, epoch=2)
    assert (desk.disk.waiting, desk.sent.take()) == ([], [])
    desk.report(5, 6, 7)
    await desk.disk.commit()
    assert desk.disk.kept() == [(1, 5), (1, 6), (1, 7)]
    assert desk.site.counters.gaps == 0


@pytest.mark.parametrize(
    ("first", "kept"),
    [
        (Online(LOCK, secure=True), [Gap(LOCK, 1, 5, 7), (1, 8)]),
        (PassagesLost(LOCK, 1, 3, 7), [Gap(LOCK, 1, 5, 7), (1, 8)]),
        (PassagesLost(LOCK, 2, 1, 3), [Gap(LOCK, 2, 1, 3), Gap(LOCK, 1, 1, 7), (1, 8)]),
    ],
)
async def test_a_controller_that_begins_anew_is_believed_again(
    first: Event, kept: list[object]
) -> None:
    desk = Desk(Cursor(1, 4))
    desk.report(5)
    await desk.disk.fail()
    desk.reports.handle([first, reported(8, 1)])
    await desk.disk.commit()
    assert desk.disk.kept() == kept


async def test_what_finds_no_room_among_the_waiting_is_taken_when_repeated() -> None:
    desk = Desk()
    desk.report(1)
    desk.report(*range(2, MOST_WAITING + 2))
    desk.report(*range(MOST_WAITING + 2, MOST_WAITING + 5))
    desk.report(MOST_WAITING + 5)
    await desk.disk.commit()
    desk.report(MOST_WAITING + 6)
    await desk.disk.commit()
    assert desk.disk.cursors[LOCK] == Cursor(1, MOST_WAITING + 1)
    desk.report(*range(MOST_WAITING - 3, MOST_WAITING + 7))
    await desk.disk.commit()
    assert desk.disk.cursors[LOCK] == Cursor(1, MOST_WAITING + 6)
    assert len(desk.disk.entries) == MOST_WAITING + 6
    assert desk.site.counters.gaps == 0


@pytest.mark.parametrize("cursor", [Cursor(1, 4), Cursor(9, 4)])
async def test_a_loss_that_begins_late_leaves_no_hole_before_it(cursor: Cursor) -> None:
    desk = Desk(cursor)
    desk.reports.handle([PassagesLost(LOCK, 1, 7, 9)])
    await desk.disk.commit()
    first = 5 if cursor.epoch == 1 else 1
    assert desk.disk.kept() == [Gap(LOCK, 1, first, 9)]
