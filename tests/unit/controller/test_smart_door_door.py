from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from controller.permit_table import PermitTable
from controller.protocols.smart_door.codec import Channel, Letter
from controller.protocols.smart_door.door import DoorSettings, SmartDoor, Unlock
from controller.protocols.smart_door.memory import DoorMemory
from controller.protocols.smart_door.messages import (
    Acknowledge,
    Applied,
    Challenge,
    ChallengeRequest,
    DownMessage,
    Events,
    Hello,
    Message,
    Open,
    Permits,
    Ping,
    Record,
    Result,
    Status,
)
from controller.protocols.smart_door.topics import Direction
from controller.session import Packet
from controller.vocabulary import CardNumber, Decision, PermitId, Reason, Revision
from tests.support.smart_door_line import DOOR, KEY, LOCK, START, numbers, permit

SEEN = Record(START, granted=False, reason=Reason.UNKNOWN_CARD)


class Bench:
    """A door on a table: whoever has the key speaks to it message by message."""

    def __init__(self, memory: DoorMemory | None = None) -> None:
        self.now = 0.0
        self.memory = memory or DoorMemory(epoch=3)
        self.door = SmartDoor(DoorSettings(LOCK, DOOR, KEY), self.memory, numbers(1))
        self.up = Channel(LOCK, Direction.UP, KEY)
        self.down = Channel(LOCK, Direction.DOWN, KEY)
        self.number = 0
        self.door.connected(self.now, START)
        self.letters = self.listen()
        self.boot = self.letters[0].boot

    def listen(self) -> list[Letter]:
        return [self.up.open(packet.data) for packet in self.door.data_to_send()]

    def tell(self, *messages: DownMessage) -> list[Message]:
        for message in messages:
            self.number += 1
            data = self.down.seal(Letter(self.boot, self.number, message))
            self.door.receive_data(Packet(data, self.down.topic), self.now, START)
        return [letter.message for letter in self.listen()]

    def wait(self, seconds: float) -> list[Message]:
        end = self.now + seconds
        while (due := self.door.deadline()) is not None and due <= end:
            self.now = due
            self.door.on_timeout(self.now, START)
        self.now = end
        return [letter.message for letter in self.listen()]

    def greeted(self) -> "Bench":
        assert isinstance(self.tell(Ping(bytes(16)))[0], Status)
        return self


def spans(messages: Sequence[Message]) -> list[tuple[int, int]]:
    events = [m for m in messages if isinstance(m, Events)]
    return [(e.first, e.first + len(e.records) - 1) for e in events]


def test_the_first_word_is_a_hello() -> None:
    table = PermitTable([permit(1)])
    memory = DoorMemory(epoch=3, last=9, acknowledged=9, permits=table)
    bench = Bench(memory)
    hello = Hello(
        heard=0,
        epoch=3,
        acknowledged=9,
        last=9,
        revision=Revision(0),
        digest=table.digest,
        clock=START,
        opened=False,
        tampered=False,
        firmware="1.0",
    )
    assert bench.letters == [Letter(bench.boot, 1, hello)]


def test_every_connection_has_its_own_boot_nonce() -> None:
    bench = Bench()
    bench.door.connected(bench.now, START)
    assert bench.listen()[0].boot != bench.boot


def test_a_door_says_hello_until_it_is_answered() -> None:
    bench = Bench()
    assert [type(m) for m in bench.wait(30)] == [Hello] * 3
    bench.greeted()
    assert [type(m) for m in bench.wait(30)] == [Status] * 3


def test_a_ping_is_answered_with_its_nonce() -> None:
    assert Bench().tell(Ping(b"n" * 16)) == [Status(b"n" * 16, START, False, False)]


def test_a_door_without_a_broker_is_silent_but_decides() -> None:
    bench = Bench(DoorMemory(epoch=3, permits=PermitTable([permit(1)]))).greeted()
    bench.door.disconnected()
    decision = bench.door.tap(CardNumber(1), bench.now, START)
    assert decision == Decision(True, Reason.PERMIT, PermitId(1))
    assert bench.door.outputs() == [Unlock(5.0, Reason.PERMIT, 1)]
    assert bench.door.outputs() == []
    bench.door.set_contact(bench.now, START, opened=True)
    assert bench.tell(Ping(bytes(16))) == []
    assert bench.wait(100) == []
    assert len(bench.memory.records) == 1


def test_a_refused_card_is_recorded_and_moves_nothing() -> None:
    bench = Bench()
    assert not bench.door.tap(CardNumber(1), bench.now, START).granted
    assert bench.door.outputs() == []
    assert [r.reason for r in bench.memory.records] == [Reason.UNKNOWN_CARD]


def test_the_exit_button_opens_and_is_recorded() -> None:
    bench = Bench()
    bench.door.exit_request(bench.now, START)
    assert bench.door.outputs() == [Unlock(5.0, Reason.EXIT_REQUEST, 1)]


def test_the_door_judges_by_its_corrected_clock() -> None:
    table = PermitTable([permit(1)])
    memory = DoorMemory(epoch=3, permits=table, clock_offset=timedelta(days=400))
    decision = Bench(memory).door.tap(CardNumber(1), 0, START)
    assert decision.reason is Reason.ENDED


def test_a_door_whose_clock_died_still_reports() -> None:
    bench = Bench().greeted()
    dead = datetime(1970, 1, 1, tzinfo=UTC) - timedelta(days=1)
    bench.door.tap(CardNumber(1), bench.now, dead)
    events = bench.listen()[0].message
    assert isinstance(events, Events)
    assert events.records[0].at == dead


# Records on their way.


def test_at_most_sixty_records_are_on_their_way() -> None:
    bench = Bench()
    for _ in range(100):
        bench.memory.keep(SEEN)
    bench.greeted()
    assert spans(bench.wait(2.9)) == []
    assert spans(bench.wait(0.1)) == [(1, 20), (21, 40), (41, 60)]
    assert spans(bench.tell(Acknowledge(3, 20))) == [(61, 80)]
    assert spans(bench.tell(Acknowledge(3, 80))) == [(81, 100)]


def test_unacknowledged_records_are_repeated_ever_more_slowly() -> None:
    bench = Bench().greeted()
    bench.door.tap(CardNumber(1), bench.now, START)
    moments = []
    for second in range(120):
        moments += [second for _ in spans(bench.wait(1))]
    assert moments == [0, 2, 8, 20, 44, 74, 104]


@pytest.mark.parametrize("order", [Acknowledge(2, 1), Acknowledge(4, 1)])
def test_an_acknowledgement_of_another_epoch_frees_nothing(order: Acknowledge) -> None:
    bench = Bench().greeted()
    bench.door.tap(CardNumber(1), bench.now, START)
    bench.tell(order)
    assert len(bench.memory.records) == 1


def test_a_full_ring_drops_its_oldest_and_says_so() -> None:
    bench = Bench(DoorMemory(epoch=3, capacity=4))
    for _ in range(10):
        bench.memory.keep(SEEN)
    assert (bench.memory.oldest, bench.memory.last) == (7, 10)
    messages = bench.tell(Ping(bytes(16)))
    assert messages[1] == Events(3, 7, 7, (SEEN,) * 4)


def test_a_ring_overwritten_on_the_way_sends_on() -> None:
    bench = Bench(DoorMemory(epoch=3, capacity=4)).greeted()
    sent = []
    for _ in range(100):
        bench.door.tap(CardNumber(1), bench.now, START)
        sent += spans(bench.wait(0))
    assert sent == [(index, index) for index in range(1, 101)]


def test_an_acknowledgement_beyond_the_last_index_starts_an_epoch() -> None:
    bench = Bench().greeted()
    for _ in range(3):
        bench.door.tap(CardNumber(1), bench.now, START)
    messages = bench.tell(Acknowledge(3, 50))
    hello = messages[-1]
    assert isinstance(hello, Hello)
    assert (hello.epoch, hello.acknowledged, hello.last) == (4, 0, 3)
    assert spans(bench.tell(Ping(bytes(16)))) == [(1, 3)]


# Permits.


def change(command: int, **fields: Any) -> Permits:  # noqa: ANN401 - any field
    """Return a one-part change; fields as in the message."""
    plain = Permits(command, 0, 1, Revision(0), Revision(1), False, (), (permit(1),))
    return replace(plain, **fields)


def test_a_change_answers_with_the_digest_of_all() -> None:
    bench = Bench()
    digest = PermitTable([permit(1)]).digest
    assert bench.tell(change(1)) == [Applied(1, Revision(1), digest)]


def test_a_change_from_another_base_is_refused() -> None:
    bench = Bench()
    answer = bench.tell(change(1, base=Revision(4)))
    assert answer == [Result(1, False, "revision 0 is held, not 4")]
    assert len(bench.memory.permits) == 0


@pytest.mark.parametrize(
    ("fields", "fits"),
    [
        ({"put": (permit(4),)}, False),
        ({"put": (permit(3, card=9),)}, True),
        ({"put": (permit(4),), "removed": (PermitId(2),)}, True),
        ({"put": tuple(map(permit, range(4, 7))), "snapshot": True}, True),
        ({"put": tuple(map(permit, range(4, 8))), "snapshot": True}, False),
    ],
)
def test_a_door_takes_what_it_has_room_for(fields: dict[str, Any], fits: bool) -> None:
    table = PermitTable(map(permit, range(1, 4)))
    bench = Bench(DoorMemory(epoch=3, permit_capacity=3, permits=table))
    assert [type(m) for m in bench.tell(change(1, **fields))] == [
        Applied if fits else Result
    ]
    assert len(bench.memory.permits) == 3


def test_removals_come_before_additions() -> None:
    bench = Bench()
    bench.tell(change(1, removed=(PermitId(1),)))
    assert [p.id for p in bench.memory.permits.permits()] == [1]


def test_nothing_changes_before_the_last_part() -> None:
    bench = Bench()
    parts = [change(1, part=n, parts=3, put=(permit(n + 1),)) for n in range(3)]
    assert bench.tell(parts[2], parts[0]) == []
    assert len(bench.memory.permits) == 0
    assert [type(m) for m in bench.tell(parts[1])] == [Applied]
    assert len(bench.memory.permits) == 3


def test_a_repeated_change_is_answered_once_again() -> None:
    bench = Bench()
    parts = [change(1, part=n, parts=3, put=(permit(n + 1),)) for n in range(3)]
    answer = bench.tell(*parts)
    assert bench.tell(*parts) == answer


def test_a_newer_change_displaces_an_unfinished_one() -> None:
    bench = Bench()
    bench.tell(change(1, part=0, parts=2, put=(permit(8),)))
    bench.tell(change(2))
    assert bench.tell(change(1, part=1, parts=2, put=(permit(9),))) == []
    assert [p.id for p in bench.memory.permits.permits()] == [1]


def test_a_part_beyond_its_parts_is_ignored() -> None:
    assert Bench().tell(change(1, part=5, parts=2)) == []


# Remote opening: (pause, changes to the right order in turn, relay movements).


@pytest.mark.parametrize(
    ("pause", "orders", "moves"),
    [
        (0.0, [{}], 1),
        (4.9, [{}], 1),
        (5.1, [{}], 0),
        (0.0, [{}, {}], 1),
        (0.0, [{}, {"command": 99}], 1),
        (0.0, [{"command": 99}], 0),
        (0.0, [{"nonce": bytes(16)}], 0),
        (0.0, [{"nonce": bytes(16)}, {}], 0),
    ],
)
def test_an_open_needs_the_doors_own_fresh_nonce(
    pause: float, orders: list[dict[str, Any]], moves: int
) -> None:
    bench = Bench().greeted()
    challenge = bench.tell(ChallengeRequest(7))[0]
    assert isinstance(challenge, Challenge)
    bench.wait(pause)
    order = Open(7, challenge.nonce, 1500)
    for fields in orders:
        answer = bench.tell(replace(order, **fields))[-1]
        assert isinstance(answer, Result)
    assert bench.door.outputs() == [Unlock(1.5, Reason.REMOTE_OPEN, 1)] * moves
    assert len(bench.memory.records) == moves


def test_a_repeated_open_is_answered_as_the_first() -> None:
    bench = Bench().greeted()
    challenge = bench.tell(ChallengeRequest(7))[0]
    assert isinstance(challenge, Challenge)
    order = Open(7, challenge.nonce, 1500)
    answers = [bench.tell(order)[-1], *bench.tell(order)]
    assert answers == [Result(7, True, "ok")] * 2


def test_an_open_without_a_challenge_is_refused() -> None:
    bench = Bench()
    assert [type(m) for m in bench.tell(Open(1, bytes(16), 1000))] == [Result]
    assert bench.door.outputs() == []


def test_a_challenge_does_not_outlive_its_connection() -> None:
    bench = Bench().greeted()
    challenge = bench.tell(ChallengeRequest(7))[0]
    assert isinstance(challenge, Challenge)
    bench.door.connected(bench.now, START)
    bench.boot, bench.number = bench.listen()[0].boot, 0
    bench.tell(Open(7, challenge.nonce, 1000))
    assert bench.door.outputs() == []


def test_a_repeated_request_keeps_its_nonce_and_its_life() -> None:
    bench = Bench().greeted()
    first = bench.tell(ChallengeRequest(7))
    bench.wait(4)
    assert bench.tell(ChallengeRequest(7)) == first
    bench.wait(2)
    assert bench.tell(ChallengeRequest(7)) != first


def test_numbers_must_rise() -> None:
    bench = Bench().greeted()
    bench.number = 0
    assert bench.tell(Ping(bytes(16))) == []
    assert [type(m) for m in bench.tell(Ping(bytes(16)))] == [Status]
