from collections.abc import Iterator
from datetime import timedelta

import pytest

from controller.vocabulary import Reason
from registry.domain.traffic import HOUR, HourCount
from registry.services.traffic import Traffic
from tests.support.counter import Counter, counter
from tests.support.edge_feed import tap
from tests.support.small_street import OLD_CARD


@pytest.fixture
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    with counter(tmp_path_factory.mktemp("registry")) as opened:
        yield opened


def test_passages_are_counted_by_hour_door_and_outcome(desk: Counter) -> None:
    now = desk.services.clock()
    running = now.replace(minute=0, second=0, microsecond=0)
    first = running - 23 * HOUR
    instant = timedelta(microseconds=1)
    desk.feed.record(
        [
            tap("door-1", first - instant, OLD_CARD),
            tap("door-1", first, OLD_CARD),
            tap("door-2", first + HOUR - instant, None, Reason.EXIT_REQUEST),
            tap("door-1", first + HOUR, None, Reason.UNREADABLE_CARD),
            tap("door-1", first + HOUR, 77, Reason.UNKNOWN_CARD),
            tap("door-3", running, OLD_CARD),
        ]
    )
    traffic = Traffic(lambda: now)
    with desk.services.store.reading() as uow:
        hours = traffic.last_day(uow, ["door-1", "door-2"])
        empty = traffic.last_day(uow, [])
        newest = traffic.newest(uow)
        after = traffic.after(uow, 4, 10)
    assert hours[:2] == [
        HourCount(first, cards=1, exits=1),
        HourCount(first + HOUR, refused=2),
    ]
    assert len(hours) == 24
    assert sum(hour.total for hour in hours) == 4
    assert sum(hour.total for hour in empty) == 0
    assert newest == 6
    assert [passage.number for passage in after] == [5, 6]
