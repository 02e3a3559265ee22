import pytest

from controller.permit_table import PermitTable
from controller.session import (
    CardPresented,
    Contact,
    ContactChanged,
    OpenDoor,
    ShowRefusal,
)
from controller.vocabulary import CardNumber, Direction, Passage, PermitId, Reason
from controller.wiegand import Format, encode
from gateway.readers import Readers
from tests.support.gateway_site import FRONT, LOCK, READER, Disk, Sent, permit, site
from tests.support.gateway_store import NOON

OPEN, REFUSE = OpenDoor(READER, 4.0), ShowRefusal(READER)


class Desk:
    def __init__(self) -> None:
        self.disk, self.sent, self.site = Disk(), Sent(), site()
        table = PermitTable([permit(77)])
        self.readers = Readers(
            self.site, lambda: table, self.disk.append, self.sent.send
        )

    def tap(self, card: int) -> None:
        bits, length = encode(CardNumber(card), Format.W34)
        self.readers.handle(CardPresented(READER, bits, length))


@pytest.mark.parametrize(
    ("card", "reason", "named", "command"),
    [(77, Reason.PERMIT, 77, OPEN), (78, Reason.UNKNOWN_CARD, None, REFUSE)],
)
async def test_no_command_leaves_before_the_passage_is_durable(
    card: int, reason: Reason, named: int | None, command: object
) -> None:
    desk = Desk()
    desk.tap(card)
    assert desk.sent.take() == []
    await desk.disk.commit()
    assert desk.sent.take() == [command]
    assert desk.disk.entries == [
        Passage(
            FRONT,
            NOON,
            command is OPEN,
            reason,
            CardNumber(card),
            None if named is None else PermitId(named),
        )
    ]


async def test_a_card_nobody_can_read_is_recorded_and_refused() -> None:
    desk = Desk()
    desk.readers.handle(CardPresented(READER, 0b101, 3))
    await desk.disk.commit()
    assert desk.sent.take() == [REFUSE]
    (passage,) = desk.disk.entries
    assert isinstance(passage, Passage)
    assert (passage.reason, passage.card) == (Reason.UNREADABLE_CARD, None)


async def test_a_failing_disk_keeps_the_door_shut() -> None:
    desk = Desk()
    desk.tap(77)
    desk.readers.handle(ContactChanged(READER, Contact.EXIT_BUTTON, active=True))
    await desk.disk.fail()
    assert desk.sent.take() == [REFUSE, REFUSE]
    assert desk.site.counters.unrecorded == 2
    assert desk.site.counters.granted == 0
    desk.tap(77)
    await desk.disk.commit()
    assert desk.sent.take() == [OPEN]


async def test_a_cancelled_record_opens_nothing() -> None:
    desk = Desk()
    desk.tap(77)
    desk.disk.waiting[0][2].cancel()
    desk.disk.waiting.clear()
    await desk.disk.commit()
    assert desk.sent.take() == [REFUSE]


async def test_the_exit_button_opens_once_it_is_recorded() -> None:
    desk = Desk()
    desk.readers.handle(ContactChanged(READER, Contact.EXIT_BUTTON, active=True))
    desk.readers.handle(ContactChanged(READER, Contact.EXIT_BUTTON, active=False))
    desk.readers.handle(ContactChanged(READER, Contact.DOOR, active=True))
    desk.readers.handle(ContactChanged(LOCK, Contact.EXIT_BUTTON, active=True))
    assert desk.sent.take() == []
    await desk.disk.commit()
    assert desk.sent.take() == [OPEN]
    (passage,) = desk.disk.entries
    assert isinstance(passage, Passage)
    assert passage.granted
    assert (passage.reason, passage.direction) == (Reason.EXIT_REQUEST, Direction.EXIT)


async def test_answers_are_counted_and_timed() -> None:
    desk = Desk()
    for card in (77, 1, 2):
        desk.tap(card)
    await desk.disk.commit()
    counters = desk.site.counters
    assert (counters.granted, counters.refused) == (1, 2)
    assert counters.decisions.milliseconds() == {"p50": 0.0, "p99": 0.0}
