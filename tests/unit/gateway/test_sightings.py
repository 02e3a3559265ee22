from datetime import timedelta

import pytest

from controller.session import (
    Offline,
    PassageSeen,
    Uncertain,
    Watched,
)
from controller.vocabulary import (
    CardNumber,
    Direction,
    Passage,
    PermitId,
    Reason,
    Unwatched,
)
from gateway.sightings import LATENESS, Sightings
from gateway.store.segment import Cursor
from tests.support.gateway_site import BACK, LOCK, Disk, site
from tests.support.gateway_store import NOON

MONOTONIC = 5.0
AT_NOON = Cursor(0, int(NOON.timestamp()) * 1_000_000)
SEEN = PassageSeen(
    LOCK, True, Reason.PERMIT, CardNumber(9), PermitId(4), Direction.ENTRY, None
)


class Desk:
    def __init__(self, cursor: Cursor | None = None) -> None:
        self.disk, self.site = Disk(), site()
        if cursor is not None:
            self.disk.cursors[LOCK] = cursor
        self.sightings = Sightings(
            self.site, lambda: self.disk.cursors, self.disk.append
        )


async def test_a_passage_is_recorded_at_its_arrival() -> None:
    desk = Desk()
    desk.sightings.handle(SEEN)
    await desk.disk.commit()
    assert desk.disk.entries == [
        Passage(
            BACK,
            NOON,
            granted=True,
            reason=Reason.PERMIT,
            card=CardNumber(9),
            permit=PermitId(4),
            uncertainty=LATENESS,
        )
    ]
    assert desk.disk.cursors[LOCK] == AT_NOON


async def test_a_doubt_is_a_span_of_our_own_time() -> None:
    desk = Desk()
    desk.sightings.handle(Uncertain(LOCK, MONOTONIC - 90, MONOTONIC - 30))
    await desk.disk.commit()
    since, until = (NOON - timedelta(seconds=each) for each in (90, 30))
    assert desk.disk.entries == [Unwatched(LOCK, since, until)]
    assert desk.site.counters.unwatched == 1


async def test_after_a_restart_the_span_begins_where_watching_ended() -> None:
    ended = NOON - timedelta(hours=2)
    desk = Desk(Cursor(0, int(ended.timestamp()) * 1_000_000))
    desk.sightings.handle(Uncertain(LOCK, None, MONOTONIC))
    await desk.disk.commit()
    assert desk.disk.entries == [Unwatched(LOCK, ended, NOON)]


@pytest.mark.parametrize("cursor", [None, Cursor(7, 12)])
async def test_before_the_first_word_there_is_nothing_to_miss(
    cursor: Cursor | None,
) -> None:
    desk = Desk(cursor)
    desk.sightings.handle(Uncertain(LOCK, None, MONOTONIC))
    await desk.disk.commit()
    assert desk.disk.entries == []
    assert desk.disk.cursors[LOCK] == AT_NOON


async def test_watching_moves_the_cursor_and_nothing_else() -> None:
    desk = Desk()
    desk.sightings.handle(Watched(LOCK))
    desk.sightings.handle(Offline(LOCK, "away"))
    await desk.disk.commit()
    assert desk.disk.entries == []
    assert desk.disk.cursors[LOCK] == AT_NOON


async def test_a_clock_that_went_back_makes_no_span_end_before_it_begins() -> None:
    later = NOON + timedelta(hours=1)
    desk = Desk(Cursor(0, int(later.timestamp()) * 1_000_000))
    desk.sightings.handle(Uncertain(LOCK, None, MONOTONIC))
    await desk.disk.commit()
    assert desk.disk.entries == [Unwatched(LOCK, later, later)]


async def test_what_the_disk_did_not_take_is_owned_up_to() -> None:
    desk = Desk()
    desk.sightings.handle(SEEN)
    await desk.disk.fail()
    desk.sightings.handle(SEEN)
    await desk.disk.fail()
    assert desk.site.counters.unrecorded == 2
    desk.sightings.handle(Watched(LOCK))
    desk.sightings.handle(Watched(LOCK))
    await desk.disk.commit()
    assert desk.disk.entries == [Unwatched(LOCK, NOON, NOON)]
