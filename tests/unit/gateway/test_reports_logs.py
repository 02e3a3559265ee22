"""Logs that controllers share, whose cursor only the gateway knows."""

from dataclasses import replace

from controller.session import (
    AcknowledgePassages,
    NothingPassed,
    Online,
    PassageReported,
    PassagesLost,
    ResumePassages,
)
from controller.vocabulary import ControllerId, Direction, Gap, Origin, Passage, Reason
from gateway.reports import Reports
from gateway.store.segment import Cursor
from tests.support.gateway_site import BACK, FRONT, LOCK, READER, Disk, Sent, site
from tests.support.gateway_store import NOON

LOG = ControllerId("board-7")
ONLINE = [Online(name, secure=False, log=LOG) for name in (READER, LOCK)]


class Desk:
    """Two doors of one board, whatever else they may be."""

    def __init__(self, cursor: Cursor | None = None) -> None:
        self.disk, self.sent, self.site = Disk(), Sent(), site()
        if cursor is not None:
            self.disk.cursors[LOG] = cursor
        self.reports = Reports(
            self.site, lambda: self.disk.cursors, self.disk.append, self.sent.send
        )

    def kept(self) -> list[object]:
        return [
            (each.door, each.origin) if isinstance(each, Passage) else each
            for each in self.disk.entries
        ]


def passage(index: int, name: ControllerId = LOCK, epoch: int = 1) -> PassageReported:
    return PassageReported(
        name,
        epoch,
        index,
        NOON,
        granted=True,
        reason=Reason.PERMIT,
        card=None,
        permit=None,
        direction=Direction.ENTRY,
        log=LOG,
    )


async def test_who_cannot_know_our_cursor_is_told_it() -> None:
    desk = Desk()
    desk.reports.handle([*ONLINE, Online(LOCK, secure=True)])
    assert desk.sent.take() == [ResumePassages(name, 0, 0) for name in (READER, LOCK)]
    desk = Desk(Cursor(3, 9))
    desk.reports.handle(ONLINE[:1])
    assert desk.sent.take() == [ResumePassages(READER, 3, 9)]


async def test_doors_of_one_log_have_one_cursor_and_are_committed_in_turn() -> None:
    desk = Desk(Cursor(1, 4))
    desk.reports.handle([passage(5, READER), passage(6, LOCK)])
    desk.reports.handle([NothingPassed(READER, 1, 7, LOG), passage(8, LOCK)])
    assert len(desk.disk.waiting) == 1
    await desk.disk.commit()
    assert desk.sent.take() == [AcknowledgePassages(READER, 1, 6)]
    await desk.disk.commit()
    assert desk.sent.take() == [AcknowledgePassages(READER, 1, 8)]
    assert desk.disk.cursors == {LOG: Cursor(1, 8)}
    assert desk.kept() == [
        (FRONT, Origin(LOG, 1, 5)),
        (BACK, Origin(LOG, 1, 6)),
        (BACK, Origin(LOG, 1, 8)),
    ]


async def test_what_is_no_passage_moves_the_cursor_and_leaves_no_hole() -> None:
    desk = Desk(Cursor(1, 4))
    desk.reports.handle([NothingPassed(LOCK, 1, 5, LOG)])
    await desk.disk.commit()
    assert desk.disk.cursors == {LOG: Cursor(1, 5)}
    desk.reports.handle([passage(6)])
    await desk.disk.commit()
    assert desk.kept() == [(BACK, Origin(LOG, 1, 6))]


async def test_what_an_older_epoch_tells_again_is_known() -> None:
    desk = Desk(Cursor(2, 1))
    desk.reports.handle(
        [PassagesLost(LOCK, 1, 3, 9, LOG), passage(7), passage(2, epoch=2)]
    )
    await desk.disk.commit()
    assert desk.kept() == [(BACK, Origin(LOG, 2, 2))]
    assert desk.disk.cursors == {LOG: Cursor(2, 2)}


async def test_a_new_epoch_waits_for_the_loss_that_ended_the_old_one() -> None:
    desk = Desk(Cursor(1, 4))
    lost = PassagesLost(LOCK, 1, 5, 9, LOG)
    desk.reports.handle([lost])
    await desk.disk.fail()
    desk.reports.handle([passage(1, epoch=2)])
    assert desk.disk.waiting == []
    desk.reports.handle([lost, passage(1, epoch=2)])
    await desk.disk.commit()
    assert desk.kept() == [Gap(LOCK, 1, 5, 9), (BACK, Origin(LOG, 2, 1))]


async def test_any_door_of_a_board_that_begins_anew_is_believed_for_its_log() -> None:
    desk = Desk(Cursor(1, 4))
    desk.reports.handle([passage(5)])
    await desk.disk.fail()
    desk.reports.handle([passage(8)])
    assert desk.disk.waiting == []
    desk.reports.handle([ONLINE[0], passage(8)])
    await desk.disk.commit()
    assert desk.kept() == [Gap(LOCK, 1, 5, 7), (BACK, Origin(LOG, 1, 8))]


async def test_logs_do_not_wait_for_each_other() -> None:
    desk = Desk()
    desk.reports.handle([passage(1), replace(passage(1), log=ControllerId("board-8"))])
    assert len(desk.disk.waiting) == 2
