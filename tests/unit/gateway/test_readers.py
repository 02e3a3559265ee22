from collections.abc import Iterable
from dataclasses import replace

import pytest

from controller.decision import decide
from controller.door_rules import DoorMode, DoorRules, FirstCard, RuleBook, pin_for
from controller.doorkeeping.keeper import Doorkeeper
from controller.permit_table import PermitTable
from controller.session import (
    CardPresented,
    Contact,
    ContactChanged,
    HoldDoor,
    Offline,
    Online,
    OpenDoor,
    ShowRefusal,
)
from controller.upkeep import KeysPressed, Light, Show
from controller.vocabulary import (
    CardNumber,
    ControllerId,
    Direction,
    Passage,
    PermitId,
    Reason,
)
from controller.wiegand import Format, encode
from gateway.clock import Clock
from gateway.locks import LEASE, Locks
from gateway.readers import Desk, Readers
from tests.support.gateway_site import (
    BACK,
    FRONT,
    LOCK,
    READER,
    Disk,
    Sent,
    permit,
    site,
)
from tests.support.gateway_store import NOON
from tests.support.porch import ALWAYS

OPEN, REFUSE = OpenDoor(READER, 4.0), ShowRefusal(READER)
ASK_PIN = Show(READER, 10.0, "PIN", Light.AMBER, 1)
ASK_CARD = Show(READER, 15.0, "NEXT CARD", Light.AMBER, 2)
PIN = pin_for(CardNumber(77), "2469", bytes(16))


class Porter:
    """The reader in front with cards 77 and 78, and rules for it."""

    def __init__(self, *rules: DoorRules) -> None:
        self.disk, self.sent = Disk(), Sent()
        self.seconds, self.helped, self.first = 5.0, list[ControllerId](), 0
        clock = Clock(NOON.timestamp, lambda: self.seconds)
        self.site = replace(site(), clock=clock)
        table = PermitTable([permit(77), permit(78)])
        keeper = Doorkeeper(lambda *asked: decide(table, *asked), {FRONT: 4.0})
        keeper.follow(RuleBook(doors=rules, pins=(PIN,)))
        doors = [self.site.doors.of(READER)]
        self.locks = Locks(doors, self.site.clock, keeper, self.sent.send)
        self.readers = Readers(
            self.site,
            Desk(
                keeper,
                self.locks,
                self.disk.append,
                self.sent.send,
                self.helped.append,
                self.first_card_came,
            ),
        )

    def first_card_came(self) -> None:
        self.first += 1

    def tap(self, *cards: int) -> None:
        for card in cards:
            bits, length = encode(CardNumber(card), Format.W34)
            self.readers.handle(CardPresented(READER, bits, length))

    def press(self, keys: str) -> None:
        self.readers.handle(KeysPressed(READER, keys))

    def pass_time(self, seconds: float) -> None:
        self.seconds += seconds
        self.readers.tick()

    def told(self) -> list[tuple[int | None, Reason, bool]]:
        entries: Iterable[object] = self.disk.entries
        passages = [entry for entry in entries if isinstance(entry, Passage)]
        return [
            (one.card.value if one.card else None, one.reason, one.granted)
            for one in passages
        ]


@pytest.mark.parametrize(
    ("card", "reason", "named", "command"),
    [(77, Reason.PERMIT, 77, OPEN), (79, Reason.UNKNOWN_CARD, None, REFUSE)],
)
async def test_no_command_leaves_before_the_passage_is_durable(
    card: int, reason: Reason, named: int | None, command: object
) -> None:
    porter = Porter()
    porter.tap(card)
    assert porter.sent.take() == []
    await porter.disk.commit()
    assert porter.sent.take() == [command]
    assert porter.disk.entries == [
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
    porter = Porter()
    porter.readers.handle(CardPresented(READER, 0b101, 3))
    await porter.disk.commit()
    assert porter.sent.take() == [REFUSE]
    assert porter.told() == [(None, Reason.UNREADABLE_CARD, False)]


async def test_a_failing_disk_keeps_the_door_shut() -> None:
    porter = Porter()
    porter.tap(77)
    porter.readers.handle(ContactChanged(READER, Contact.EXIT_BUTTON, active=True))
    await porter.disk.fail()
    assert porter.sent.take() == [REFUSE, REFUSE]
    assert porter.site.counters.unrecorded == 2
    assert porter.site.counters.granted == 0
    porter.tap(77)
    await porter.disk.commit()
    assert porter.sent.take() == [OPEN]


async def test_a_cancelled_record_opens_nothing() -> None:
    porter = Porter()
    porter.tap(77)
    porter.disk.waiting[0][2].cancel()
    porter.disk.waiting.clear()
    await porter.disk.commit()
    assert porter.sent.take() == [REFUSE]


async def test_the_exit_button_opens_once_it_is_recorded() -> None:
    porter = Porter(DoorRules(FRONT, DoorMode.LOCKED))
    porter.readers.handle(ContactChanged(READER, Contact.EXIT_BUTTON, active=True))
    porter.readers.handle(ContactChanged(READER, Contact.EXIT_BUTTON, active=False))
    porter.readers.handle(ContactChanged(READER, Contact.DOOR, active=True))
    porter.readers.handle(ContactChanged(LOCK, Contact.EXIT_BUTTON, active=True))
    assert porter.sent.take() == []
    await porter.disk.commit()
    assert porter.sent.take() == [OPEN]
    (passage,) = porter.disk.entries
    assert isinstance(passage, Passage)
    assert passage.granted
    assert (passage.reason, passage.direction) == (Reason.EXIT_REQUEST, Direction.EXIT)


async def test_answers_are_counted_and_timed() -> None:
    porter = Porter()
    porter.tap(77, 1, 2)
    await porter.disk.commit()
    counters = porter.site.counters
    assert (counters.granted, counters.refused) == (1, 2)
    assert counters.decisions.milliseconds() == {"p50": 0.0, "p99": 0.0}


# PINs, company, first cards.


async def test_a_reader_asks_for_the_pin_and_records_one_passage() -> None:
    porter = Porter(DoorRules(FRONT, pin=ALWAYS))
    porter.tap(77)
    assert (porter.sent.take(), porter.disk.waiting) == ([ASK_PIN], [])
    porter.press("24")
    porter.press("69#")
    await porter.disk.commit()
    assert porter.sent.take() == [OPEN]
    assert porter.told() == [(77, Reason.PERMIT, True)]
    assert porter.helped == []


async def test_duress_is_told_at_once_and_looks_like_nothing() -> None:
    porter = Porter(DoorRules(FRONT, pin=ALWAYS))
    porter.tap(77)
    porter.press("2460#")
    assert porter.helped == [READER]
    await porter.disk.commit()
    assert porter.sent.take() == [ASK_PIN, OPEN]
    assert porter.told() == [(77, Reason.PERMIT, True)]


async def test_a_pin_that_never_comes_is_recorded_in_the_end() -> None:
    porter = Porter(DoorRules(FRONT, pin=ALWAYS))
    porter.tap(77)
    porter.pass_time(9.0)
    assert porter.disk.waiting == []
    porter.pass_time(1.0)
    await porter.disk.commit()
    assert porter.sent.take() == [ASK_PIN, REFUSE]
    assert porter.told() == [(77, Reason.PIN_NEEDED, False)]


async def test_whoever_is_at_the_reader_sees_their_own_answer() -> None:
    porter = Porter(DoorRules(FRONT, pin=ALWAYS))
    porter.tap(77, 79)
    await porter.disk.commit()
    assert porter.sent.take() == [ASK_PIN, REFUSE]
    porter.tap(79, 77)
    await porter.disk.commit()
    assert porter.sent.take() == [ASK_PIN, REFUSE]
    assert [reason for _, reason, _ in porter.told()] == [
        Reason.PIN_NEEDED,
        Reason.UNKNOWN_CARD,
        Reason.UNKNOWN_CARD,
    ]


async def test_two_cards_make_two_passages_and_open_once() -> None:
    porter = Porter(DoorRules(FRONT, cards_together=2))
    porter.tap(77)
    assert porter.sent.take() == [ASK_CARD]
    porter.tap(78)
    assert porter.sent.take() == []
    await porter.disk.commit()
    assert porter.sent.take() == [OPEN]
    assert porter.told() == [(77, Reason.PERMIT, True), (78, Reason.PERMIT, True)]
    assert porter.site.counters.granted == 2


async def test_the_first_card_is_remembered_when_it_is_durable() -> None:
    first = FirstCard(ALWAYS, frozenset({CardNumber(77)}))
    porter = Porter(DoorRules(FRONT, first_card=first))
    porter.tap(77)
    await porter.disk.fail()
    porter.tap(78)
    await porter.disk.commit()
    assert porter.first == 0, "nobody passed yet"
    porter.tap(77)
    assert porter.first == 0
    await porter.disk.commit()
    assert porter.first == 1
    assert porter.told()[0] == (78, Reason.FIRST_CARD, False)


async def test_an_open_door_elsewhere_counts_until_it_is_not_heard_of() -> None:
    porter = Porter(DoorRules(FRONT, interlock=(BACK,)))
    porter.readers.handle(ContactChanged(LOCK, Contact.DOOR, active=True))
    porter.tap(77)
    porter.readers.handle(Offline(LOCK, "cut"))
    porter.tap(77)
    await porter.disk.commit()
    assert [reason for _, reason, _ in porter.told()] == [
        Reason.INTERLOCK,
        Reason.PERMIT,
    ]


# Orders and unlocked hours.


async def test_an_order_opens_when_it_is_recorded_and_in_time() -> None:
    porter = Porter()
    done = porter.readers.order(porter.site.doors.of(READER), 9.0)
    assert porter.sent.take() == []
    await porter.disk.commit()
    assert porter.sent.take() == [OPEN]
    assert await done
    assert porter.told() == [(None, Reason.REMOTE_OPEN, True)]


async def test_an_order_that_was_recorded_too_late_opens_nothing() -> None:
    porter = Porter()
    done = porter.readers.order(porter.site.doors.of(READER), 9.0)
    porter.seconds = 9.5
    await porter.disk.commit()
    assert OPEN not in porter.sent.take()
    assert not await done
    failed = porter.readers.order(porter.site.doors.of(READER), 99.0)
    await porter.disk.fail()
    assert not await failed


async def test_who_taps_at_an_unlocked_door_is_shown_that_it_is_open() -> None:
    porter = Porter(DoorRules(FRONT, DoorMode.UNLOCKED))
    porter.locks.handle(Online(READER, secure=True))
    assert porter.sent.take() == [HoldDoor(READER, LEASE)]
    porter.tap(79)
    await porter.disk.commit()
    assert porter.sent.take() == [Show(READER, 2.0, light=Light.GREEN)]
    assert porter.told() == [(79, Reason.FREE_PASSAGE, True)]
