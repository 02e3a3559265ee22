import pytest

from controller.protocols.smart_door.messages import Acknowledge, Events, Hello, Record
from controller.protocols.smart_door.records import RecordCursor
from controller.session import PassageReported, PassagesLost
from controller.vocabulary import Reason, Revision
from tests.support.smart_door_line import LOCK, START

Told = list[int | tuple[int, int]]


def hello(epoch: int, acknowledged: int, last: int) -> Hello:
    return Hello(
        heard=0,
        epoch=epoch,
        acknowledged=acknowledged,
        last=last,
        revision=Revision(0),
        digest=bytes(32),
        clock=START,
        opened=False,
        tampered=False,
        firmware="1",
    )


def events(first: int, last: int, oldest: int | None = None, epoch: int = 7) -> Events:
    record = Record(START, granted=False, reason=Reason.UNKNOWN_CARD)
    start = first if oldest is None else oldest
    return Events(epoch, start, first, (record,) * (last - first + 1))


def told(cursor: RecordCursor, message: Events) -> Told:
    """Return the indexes reported, and each loss as a pair."""
    return [
        news.index if isinstance(news, PassageReported) else (news.first, news.last)
        for news in cursor.take(message)
        if isinstance(news, PassageReported | PassagesLost)
    ]


def at(acknowledged: int, last: int = 100) -> RecordCursor:
    cursor = RecordCursor(LOCK)
    cursor.greet(hello(7, acknowledged, last))
    return cursor


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (events(6, 8), [6, 7, 8]),
        (events(4, 7), [6, 7]),
        (events(2, 5), []),
        (events(9, 10), [(6, 8), 9, 10]),
        (events(8, 9, oldest=6), []),
        (events(8, 9, oldest=7), [(6, 6)]),
        (events(6, 8, epoch=6), []),
        (events(6, 8, oldest=7), []),
    ],
)
def test_what_is_new_behind_index_five(message: Events, expected: Told) -> None:
    assert told(at(5), message) == expected


def test_what_nobody_acknowledged_is_reported_again() -> None:
    cursor = at(5)
    first = told(cursor, events(9, 10))
    assert told(cursor, events(11, 12, oldest=9)) == [11, 12]
    assert told(cursor, events(9, 10)) == first == [(6, 8), 9, 10]


def test_what_was_acknowledged_is_not() -> None:
    cursor = at(5)
    told(cursor, events(6, 9))
    cursor.acknowledge(7, 8)
    assert cursor.acknowledgement() == Acknowledge(7, 8)
    assert told(cursor, events(6, 9)) == [9]


def test_a_door_that_missed_an_acknowledgement_is_told() -> None:
    cursor = at(5)
    cursor.acknowledge(7, 8)
    assert cursor.repeated(events(6, 9))
    assert not cursor.repeated(events(9, 9))
    assert cursor.greet(hello(7, 5, 9)) == Acknowledge(7, 8)
    assert cursor.greet(hello(7, 8, 9)) is None


def test_a_cursor_given_before_the_door_speaks_holds_in_its_epoch() -> None:
    cursor = RecordCursor(LOCK)
    cursor.acknowledge(7, 8)
    assert cursor.greet(hello(7, 5, 9)) == Acknowledge(7, 8)
    assert cursor.greet(hello(8, 0, 2)) is None
    assert told(cursor, events(1, 2, epoch=8)) == [1, 2]


def test_an_acknowledgement_of_another_epoch_moves_nothing() -> None:
    cursor = at(5)
    cursor.acknowledge(6, 50)
    assert cursor.acknowledgement() == Acknowledge(7, 5)
