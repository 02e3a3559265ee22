"""Reports when commits are cancelled, epochs change, or nothing is said at all."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from controller.session import (
    AcknowledgePassages,
    NothingPassed,
    Online,
    PassageReported,
    PassageSeen,
    PassagesLost,
    Uncertain,
    Watched,
)
from controller.vocabulary import (
    CardNumber,
    Direction,
    Gap,
    Passage,
    Reason,
    Unwatched,
)
from gateway.clock import Clock
from gateway.reports import Reports
from gateway.sightings import Sightings
from gateway.store.segment import Cursor
from tests.support.gateway_site import LOCK, READER, Disk, Sent, site
from tests.support.gateway_store import NOON


@dataclass
class Desk:
    """The reports of a lock, and what its callbacks let fall."""

    disk: Disk = field(default_factory=Disk)
    sent: Sent = field(default_factory=Sent)
    faults: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.site = site()
        self.reports = Reports(
            self.site, lambda: self.disk.cursors, self.disk.append, self.sent.send
        )
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, fault: self.faults.append(fault))

    def report(self, *indexes: int, epoch: int = 1) -> None:
        self.reports.handle([reported(index, epoch) for index in indexes])


def reported(index: int, epoch: int = 1) -> PassageReported:
    return PassageReported(
        LOCK,
        epoch,
        index,
        NOON,
        granted=True,
        reason=Reason.PERMIT,
        card=CardNumber(9),
        permit=None,
        direction=Direction.EXIT,
    )


@pytest.fixture
async def desk() -> Desk:
    return Desk()


async def test_a_commit_that_is_cancelled_counts_as_one_that_failed(desk: Desk) -> None:
    desk.report(1)
    desk.report(2)
    ((_, _, done),) = desk.disk.waiting
    done.cancel()
    desk.disk.waiting.clear()
    await asyncio.sleep(0)
    assert (desk.disk.waiting, desk.sent.take()) == ([], [])
    assert desk.site.counters.unrecorded == 1
    desk.report(2)
    assert desk.disk.waiting == [], "nothing behind it before it is repeated"
    desk.report(1)
    await desk.disk.commit()
    assert (desk.disk.kept(), desk.faults) == ([(1, 1)], [])


async def test_a_commit_nothing_waits_behind_ends_quietly(desk: Desk) -> None:
    desk.report(1)
    await desk.disk.commit()
    assert desk.sent.take() == [AcknowledgePassages(LOCK, 1, 1)]
    assert (desk.disk.waiting, desk.faults) == ([], [])
    assert (desk.site.counters.reported, desk.site.counters.unrecorded) == (1, 0)


async def test_a_loss_of_nothing_by_a_stranger_is_no_news(desk: Desk) -> None:
    desk.reports.handle([PassagesLost(LOCK, 1, 3, 0)])
    assert (desk.disk.waiting, desk.sent.take()) == ([], [])
    desk.report(4)
    await desk.disk.commit()
    assert desk.disk.kept() == [(1, 4)]


async def test_a_new_epoch_that_failed_is_taken_from_its_own_beginning(
    desk: Desk,
) -> None:
    desk.disk.cursors[LOCK] = Cursor(1, 9)
    desk.report(1, epoch=2)
    await desk.disk.fail()
    desk.report(5, epoch=2)
    assert desk.disk.waiting == []
    desk.report(1, 2, epoch=2)
    await desk.disk.commit()
    assert desk.disk.kept() == [(2, 1), (2, 2)]
    assert desk.site.counters.gaps == 0


async def test_another_controller_s_failure_stops_nobody(desk: Desk) -> None:
    desk.report(1)
    await desk.disk.fail()
    desk.reports.handle([Online(READER, secure=True)])
    desk.report(2)
    assert desk.disk.waiting == [], "only its own beginning believes it again"
    desk.reports.handle([replace(reported(7), controller=READER)])
    await desk.disk.commit()
    assert desk.disk.cursors == {READER: Cursor(1, 7)}


async def test_what_is_no_passage_may_show_a_hole_before_it(desk: Desk) -> None:
    desk.disk.cursors[LOCK] = Cursor(1, 5)
    desk.reports.handle([NothingPassed(LOCK, 1, 8), NothingPassed(LOCK, 1, 8)])
    await desk.disk.commit()
    assert desk.disk.kept() == [Gap(LOCK, 1, 6, 7)]
    assert desk.sent.take() == [AcknowledgePassages(LOCK, 1, 8)]
    desk.reports.handle([NothingPassed(LOCK, 1, 8)])
    assert desk.sent.take() == [AcknowledgePassages(LOCK, 1, 8)]
    assert (desk.site.counters.repeated, desk.site.counters.reported) == (1, 0)


async def test_the_loss_of_a_single_event_is_a_gap_of_one(desk: Desk) -> None:
    desk.disk.cursors[LOCK] = Cursor(1, 5)
    desk.reports.handle([PassagesLost(LOCK, 1, 6, 6)])
    await desk.disk.commit()
    assert desk.disk.kept() == [Gap(LOCK, 1, 6, 6)]
    desk.reports.handle([PassagesLost(LOCK, 1, 6, 6)])
    assert desk.disk.waiting == []


# What is seen once and never repeated.

SEEN = PassageSeen(
    LOCK, True, Reason.PERMIT, CardNumber(9), None, Direction.ENTRY, None
)


@dataclass
class Lookout:
    """Sightings under a clock that is moved by hand."""

    disk: Disk = field(default_factory=Disk)
    now: float = 0.0

    def __post_init__(self) -> None:
        clock = Clock(lambda: NOON.timestamp() + self.now, lambda: self.now)
        self.site = replace(site(), clock=clock)
        self.sightings = Sightings(
            self.site, lambda: self.disk.cursors, self.disk.append
        )


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


async def test_a_loss_is_as_long_as_the_disk_failed_and_told_once() -> None:
    lookout = Lookout()
    for lookout.now in (10.0, 20.0):
        lookout.sightings.handle(SEEN)
        await lookout.disk.fail()
    lookout.now = 30.0
    lookout.sightings.handle(SEEN)
    await lookout.disk.commit()
    span, passage = lookout.disk.entries
    assert span == Unwatched(LOCK, at(10), at(30))
    assert isinstance(passage, Passage)
    assert lookout.disk.cursors[LOCK].index == int(at(30).timestamp()) * 10**6
    lookout.sightings.handle(Watched(LOCK))
    await lookout.disk.commit()
    assert len(lookout.disk.entries) == 2


async def test_the_earliest_of_several_losses_counts() -> None:
    lookout = Lookout()
    for lookout.now in (5.0, 10.0):
        lookout.sightings.handle(SEEN)
    await lookout.disk.fail()
    lookout.now = 15.0
    lookout.sightings.handle(Watched(LOCK))
    await lookout.disk.commit()
    assert lookout.disk.entries == [Unwatched(LOCK, at(5), at(15))]


async def test_a_cancelled_commit_is_a_loss_and_a_neighbour_has_none() -> None:
    lookout = Lookout()
    lookout.sightings.handle(SEEN)
    lookout.disk.waiting.pop()[2].cancel()
    await asyncio.sleep(0)
    assert lookout.site.counters.unrecorded == 1
    lookout.now = 2.0
    for name in (READER, LOCK):
        lookout.sightings.handle(Watched(name))
    await lookout.disk.commit()
    assert lookout.disk.entries == [Unwatched(LOCK, at(0), at(2))]


async def test_a_doubt_during_a_loss_is_told_behind_it() -> None:
    lookout = Lookout()
    lookout.sightings.handle(SEEN)
    await lookout.disk.fail()
    lookout.now = 60.0
    lookout.sightings.handle(Uncertain(LOCK, 40.0, 50.0))
    await lookout.disk.commit()
    assert lookout.disk.entries == [
        Unwatched(LOCK, at(0), at(60)),
        Unwatched(LOCK, at(40), at(50)),
    ]
    assert lookout.site.counters.unwatched == 2


async def test_a_refusal_that_is_seen_stays_a_refusal() -> None:
    lookout = Lookout()
    refused = replace(SEEN, granted=False, reason=Reason.ENDED, controller_at=at(-7))
    lookout.sightings.handle(refused)
    await lookout.disk.commit()
    (passage,) = lookout.disk.entries
    assert isinstance(passage, Passage)
    assert (passage.granted, passage.reason) == (False, Reason.ENDED)
    assert (passage.at, passage.controller_at) == (NOON, at(-7))
    assert lookout.site.counters.reported == 1
