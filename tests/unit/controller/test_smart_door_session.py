from dataclasses import replace
from datetime import timedelta
from math import inf, nan

import pytest

from controller.errors import LocalProtocolError
from controller.protocols.smart_door.codec import Channel, Letter
from controller.protocols.smart_door.memory import DoorMemory
from controller.protocols.smart_door.messages import Acknowledge, Ping
from controller.protocols.smart_door.session import open_broker
from controller.protocols.smart_door.topics import OFFLINE, ONLINE, Direction, topic
from controller.session import (
    ApplyPermits,
    ClockRead,
    Command,
    CommandFailed,
    Contact,
    ContactChanged,
    LineSettings,
    Member,
    Offline,
    Online,
    OpenDoor,
    Packet,
    PassagesLost,
    PermitsApplied,
    SetClock,
    ShowRefusal,
)
from controller.vocabulary import CardNumber, ControllerId, PermitId, Reason, Revision
from tests.support.smart_door_line import (
    KEY,
    LOCK,
    START,
    Line,
    misfortune,
    numbers,
    permit,
)

UP, DOWN, STATE = (topic(LOCK, way) for way in Direction)
CARD = CardNumber(4)


def online(memory: DoorMemory | None = None) -> Line:
    line = Line(memory)
    line.run(0.1)
    assert [event.controller for event in line.reported(Online)] == [LOCK]
    return line


def put(line: Line, revision: int, *permits: int, snapshot: bool = False) -> None:
    order = ApplyPermits(
        LOCK, Revision(revision), (), tuple(map(permit, permits)), snapshot
    )
    line.gateway.send(order, line.now)
    line.settle()


def opened(line: Line) -> list[tuple[float, Reason]]:
    return [(unlock.seconds, unlock.cause) for unlock in line.unlocks]


def tap(line: Line, times: int = 1) -> None:
    for _ in range(times):
        line.door.tap(CARD, line.now, line.wall)


def failures(line: Line) -> list[str]:
    return [failure.cause for failure in line.reported(CommandFailed)]


# Coming and going.


def test_a_door_comes_online_with_what_it_holds() -> None:
    line = online()
    digest = line.memory.permits.digest
    assert line.events[0] == Online(LOCK, True, Revision(0), digest)
    assert line.reported(ClockRead) == [
        ClockRead(LOCK, START + timedelta(seconds=1000), 0)
    ]
    changes = [(c.contact, c.active) for c in line.reported(ContactChanged)]
    assert changes == [(Contact.DOOR, False), (Contact.TAMPER, False)]


def test_a_restarted_gateway_finds_a_door_that_is_already_there() -> None:
    line = online()
    line.start_gateway()
    line.run(0.1)
    assert len(line.reported(Online)) == 1, "a door says Hello once a second"
    line.run(0.9)
    assert len(line.reported(Online)) == 2


def test_a_gateway_without_a_hint_waits_for_a_sign_of_life() -> None:
    line = online()
    line.broker_up = False
    line.start_gateway()
    line.broker_up = True
    line.run(10)
    assert len(line.reported(Online)) == 2


def test_a_silent_door_is_offline_after_thirty_seconds() -> None:
    line = online()
    line.door.disconnected()
    line.run(29.8)
    assert not line.reported(Offline)
    line.run(0.3)
    assert line.reported(Offline) == [Offline(LOCK, "silent for 30 s")]


def test_a_quiet_door_stays_online() -> None:
    line = online()
    line.run(600)
    assert not line.reported(Offline)
    assert len(line.reported(Online)) == 1
    assert len(line.reported(ClockRead)) == 11


def test_a_door_the_broker_misses_is_offline_within_two_seconds() -> None:
    line = online()
    line.door.disconnected()
    line.gateway.receive_data(Packet(OFFLINE, STATE), line.now)
    line.run(2)
    assert line.reported(Offline) == [Offline(LOCK, "gone from the broker")]


def test_a_false_hint_changes_nothing() -> None:
    line = online()
    for hint in (OFFLINE, OFFLINE, ONLINE, b"\xff"):
        line.gateway.receive_data(Packet(hint, STATE), line.now)
    line.run(20)
    assert not line.reported(Offline)


def test_a_hint_of_life_brings_a_call() -> None:
    line = online()
    line.broker_up = False
    line.run(60)
    line.broker_up = True
    line.gateway.receive_data(Packet(ONLINE, STATE), line.now)
    line.run(0.1)
    assert len(line.reported(Online)) == 2


def test_a_new_connection_replaces_the_old_one_once_it_is_proved() -> None:
    line = online()
    line.reconnect()
    line.run(0.1)
    kinds = [type(e) for e in line.events if isinstance(e, Online | Offline)]
    assert kinds == [Online, Offline, Online]
    assert len(line.reported(ContactChanged)) == 4, "what is known is told anew"


def test_contacts_are_told_as_they_change() -> None:
    line = online()
    line.events.clear()
    line.door.set_contact(line.now, line.wall, opened=True)
    line.door.set_contact(line.now, line.wall, opened=True)
    line.door.set_tamper(line.now, line.wall, tampered=True)
    line.settle()
    assert line.events == [
        ContactChanged(LOCK, Contact.DOOR, True),
        ContactChanged(LOCK, Contact.TAMPER, True),
    ]


# Permits.


def test_permits_are_applied_and_open() -> None:
    line = online()
    put(line, 5, 4)
    digest = line.memory.permits.digest
    assert line.reported(PermitsApplied) == [PermitsApplied(LOCK, Revision(5), digest)]
    assert line.door.tap(CARD, line.now, line.wall).granted
    line.settle()
    assert opened(line) == [(5.0, Reason.PERMIT)]


def test_a_large_change_arrives_in_parts() -> None:
    line = online()
    put(line, 5, *range(1, 3001), snapshot=True)
    assert len(line.memory.permits) == 3000
    assert max(len(packet.data) for packet in line.seen) <= 32 * 1024
    assert sum(packet.peer == DOWN for packet in line.seen) > 3


def test_a_lost_change_is_repeated_until_it_is_applied() -> None:
    line = online()
    line.broker_up = False
    put(line, 5, 4)
    line.run(7)
    line.broker_up = True
    assert not line.reported(PermitsApplied)
    line.run(8)
    assert [a.revision for a in line.reported(PermitsApplied)] == [5]


def test_changes_queue_behind_one_under_way_and_become_one() -> None:
    line = online()
    line.broker_up = False
    put(line, 5, 4, 5)
    put(line, 6, 6, 7)
    order = ApplyPermits(LOCK, Revision(7), (PermitId(4), PermitId(6)), (permit(8),))
    line.gateway.send(order, line.now)
    line.broker_up = True
    line.run(3)
    assert [a.revision for a in line.reported(PermitsApplied)] == [5, 7]
    assert {p.id for p in line.memory.permits.permits()} == {5, 7, 8}


def test_a_snapshot_replaces_what_is_under_way() -> None:
    line = online()
    line.broker_up = False
    put(line, 5, 4, 5)
    put(line, 6, 6)
    put(line, 9, 7, snapshot=True)
    line.broker_up = True
    line.run(3)
    assert [a.revision for a in line.reported(PermitsApplied)] == [9]
    assert {p.id for p in line.memory.permits.permits()} == {7}


def test_a_lost_answer_does_not_fail_the_change() -> None:
    line = online()
    put_and_lose_answers(line)
    line.run(3)
    assert [a.revision for a in line.reported(PermitsApplied)] == [5]
    assert not failures(line)


def put_and_lose_answers(line: Line) -> None:
    order = ApplyPermits(LOCK, Revision(5), (), (permit(4),))
    line.gateway.send(order, line.now)
    for packet in line.gateway.data_to_send(line.now):
        line.door.receive_data(packet, line.now, line.wall)
    assert line.memory.revision == 5
    assert line.door.data_to_send()


def test_a_change_too_large_for_the_door_changes_nothing() -> None:
    line = online(DoorMemory(epoch=1, permit_capacity=3))
    put(line, 5, 1, 2, 3)
    put(line, 6, 3, 4)
    assert failures(line) == ["the door holds at most 3 permits"]
    assert (line.memory.revision, len(line.memory.permits)) == (5, 3)


def test_a_change_too_large_for_the_wire_is_refused_at_once() -> None:
    line = online()
    removed = tuple(PermitId(n) for n in range(500_000))
    order = ApplyPermits(LOCK, Revision(5), removed, ())
    line.gateway.send(order, line.now)
    line.settle()
    assert failures(line) == ["the change takes more than 128 messages"]


def test_a_change_is_given_up_when_the_door_goes() -> None:
    line = online()
    line.broker_up = False
    put(line, 5, 4)
    put(line, 6, 5)
    line.run(40)
    assert failures(line) == ["silent for 30 s"] * 2
    put(line, 7, 6)
    assert failures(line)[2:] == ["the door is offline"]


# Records.


def test_passages_arrive_once_and_free_the_ring() -> None:
    line = online()
    tap(line, 130)
    line.door.exit_request(line.now, line.wall)
    line.run(1)
    assert sorted(line.store.passages) == [(7, i) for i in range(1, 132)]
    assert not line.memory.records
    assert line.memory.acknowledged == 131
    last = line.store.passages[7, 131]
    assert (last.granted, last.reason) == (True, Reason.EXIT_REQUEST)


def test_nothing_is_freed_before_it_is_acknowledged() -> None:
    line = online()
    line.acknowledging = False
    tap(line, 200)
    line.run(1)
    assert 0 < len(line.store.passages) <= 60
    assert len(line.memory.records) == 200
    line.start_gateway()
    line.acknowledging = True
    line.run(40)
    assert len(line.store.passages) == 200
    assert not line.memory.records


def test_records_made_offline_arrive_later() -> None:
    line = online()
    line.door.disconnected()
    line.run(60)
    tap(line, 3)
    line.start_door()
    line.run(1)
    assert sorted(line.store.passages) == [(7, 1), (7, 2), (7, 3)]


def test_overwritten_records_are_reported_as_lost() -> None:
    line = online(DoorMemory(epoch=7, capacity=10))
    tap(line, 5)
    line.run(1)
    line.door.disconnected()
    tap(line, 25)
    line.start_door()
    line.run(1)
    assert line.reported(PassagesLost) == [PassagesLost(LOCK, 7, 6, 20)]
    assert sorted(line.store.passages) == [
        (7, i) for i in (*range(1, 6), *range(21, 31))
    ]


def test_a_restarted_gateway_claims_no_loss_it_cannot_know() -> None:
    line = online()
    tap(line, 30)
    line.run(1)
    line.start_gateway()
    tap(line, 1)
    line.run(12)
    assert not line.reported(PassagesLost)
    assert len(line.store.passages) == 31


def test_a_lost_acknowledgement_is_given_again() -> None:
    line = online()
    tap(line)
    for packet in line.door.data_to_send():
        line.gateway.receive_data(packet, line.now)
    line.look()
    assert line.gateway.data_to_send(line.now), "the acknowledgement, now lost"
    assert line.memory.records
    line.run(4)
    assert not line.memory.records


def test_a_door_with_old_memory_starts_an_epoch() -> None:
    line = online()
    before = line.memory
    tap(line, 5)
    line.run(1)
    line.memory = before
    line.memory.last, line.memory.acknowledged = 2, 0
    line.start_door()
    tap(line, 2)
    line.run(12)
    assert line.memory.epoch == 8
    assert not line.memory.records
    assert sorted(line.store.passages) == [
        *((7, i) for i in range(1, 6)),
        *((8, i) for i in range(1, 3)),
    ]


# Opening from afar, and the clock.


def test_a_remote_opening_moves_the_relay_once_and_is_recorded() -> None:
    line = online()
    line.gateway.send(OpenDoor(LOCK, 2.5), line.now)
    line.run(10)
    assert opened(line) == [(2.5, Reason.REMOTE_OPEN)]
    assert [p.reason for p in line.store.passages.values()] == [Reason.REMOTE_OPEN]
    assert not failures(line)


@pytest.mark.parametrize("seed", range(8))
def test_a_bad_broker_never_opens_twice(seed: int) -> None:
    line = online()
    line.faults = misfortune(seed)
    line.gateway.send(OpenDoor(LOCK, 2.5), line.now)
    line.run(10)
    assert len(line.unlocks) == 1 or failures(line)
    assert len(line.unlocks) <= 1


def test_an_opening_fails_after_five_seconds() -> None:
    line = online()
    line.broker_up = False
    line.gateway.send(OpenDoor(LOCK, 2.5), line.now)
    line.run(4.9)
    assert not failures(line)
    line.run(0.2)
    line.broker_up = True
    line.run(20)
    assert failures(line) == ["the door did not answer in time"]
    assert not line.unlocks


@pytest.mark.parametrize("seconds", [0, -1, 61, nan, inf])
def test_an_opening_has_a_sensible_length(seconds: float) -> None:
    line = online()
    line.gateway.send(OpenDoor(LOCK, seconds), line.now)
    line.settle()
    assert failures(line) == ["seconds must be 0.001 to 60"]


def test_one_opening_at_a_time() -> None:
    line = online()
    for _ in range(2):
        line.gateway.send(OpenDoor(LOCK, 3), line.now)
    line.settle()
    assert failures(line) == ["another of the kind is under way"]
    assert len(line.unlocks) == 1


def test_the_clock_is_set_and_read() -> None:
    line = online()
    at = line.wall + timedelta(hours=3)
    line.gateway.send(SetClock(LOCK, at), line.now)
    line.run(61)
    assert line.memory.clock_offset == timedelta(hours=3)
    read = line.reported(ClockRead)[-1].controller_at
    assert read - line.wall < timedelta(hours=3)
    assert read - line.wall > timedelta(hours=2, minutes=59)


def test_an_implausible_clock_is_refused() -> None:
    line = online()
    line.gateway.send(SetClock(LOCK, START.replace(year=9000)), line.now)
    line.settle()
    assert failures(line) == ["the year is not plausible"]
    assert not line.memory.clock_offset


# Attacks.


def packets_down(line: Line) -> list[Packet]:
    return [packet for packet in line.seen if packet.peer == DOWN]


@pytest.mark.parametrize("reconnected", [False, True])
def test_recorded_orders_replayed_do_nothing(reconnected: bool) -> None:
    line = online()
    put(line, 5, 4)
    line.gateway.send(OpenDoor(LOCK, 2.5), line.now)
    line.run(1)
    old = packets_down(line)
    if reconnected:
        line.reconnect()
        line.run(1)
    revision = line.memory.revision
    put(line, 6, 5)
    for packet in old:
        line.now += 1.1
        line.door.receive_data(packet, line.now, line.wall)
        line.settle()
    assert len(line.unlocks) == 1
    assert (revision, line.memory.revision) == (5, 6)


def test_recorded_reports_replayed_do_not_bring_a_dead_door_to_life() -> None:
    line = online()
    tap(line, 2)
    line.run(20)
    old = [packet for packet in line.seen if packet.peer == UP]
    line.door.disconnected()
    line.start_gateway()
    line.events.clear()
    for packet in old:
        line.gateway.receive_data(packet, line.now)
        line.settle()
    assert line.events == []


def test_a_recorded_hello_does_not_disturb_a_living_door() -> None:
    line = online()
    hello = next(packet for packet in line.seen if packet.peer == UP)
    line.reconnect()
    line.run(1)
    line.events.clear()
    line.now += 2
    line.gateway.receive_data(hello, line.now)
    line.run(5)
    assert not line.reported(Offline)
    tap(line)
    line.settle()
    assert len(line.store.passages) == 1


def test_a_door_with_another_key_stays_unknown() -> None:
    line = Line(door_key=bytes(32))
    line.run(120)
    assert line.events == []
    assert line.gateway.refused > 0


def test_reports_repeated_by_the_broker_count_once() -> None:
    line = online()
    line.door.set_contact(line.now, line.wall, opened=True)
    tap(line)
    line.run(1)
    old = [packet for packet in line.seen if packet.peer == UP]
    line.events.clear()
    for packet in old:
        line.gateway.receive_data(packet, line.now)
    line.settle()
    assert line.events == []


def test_a_door_that_heard_higher_numbers_is_found_again() -> None:
    line = online()
    channel = Channel(LOCK, Direction.DOWN, KEY)
    boot = channel.open(packets_down(line)[-1].data).boot
    data = channel.seal(Letter(boot, 10_000, Ping(bytes(16))))
    line.door.receive_data(Packet(data, DOWN), line.now, line.wall)
    line.run(90)
    line.gateway.send(OpenDoor(LOCK, 1), line.now)
    line.settle()
    assert len(line.unlocks) == 1


@pytest.mark.parametrize(
    "place", [UP, DOWN, STATE, topic("lock-2", Direction.DOWN), ""]
)
def test_a_message_moved_to_another_topic_is_ignored(place: str) -> None:
    line = online()
    line.gateway.send(OpenDoor(LOCK, 2.5), line.now)
    for packet in line.gateway.data_to_send(line.now):
        moved = replace(packet, peer=place) if place != DOWN else packet
        line.door.receive_data(moved, line.now, line.wall)
        line.gateway.receive_data(moved, line.now)
    assert bool(line.door.data_to_send()) is (place == DOWN)
    assert line.events[4:] == []


def test_a_message_of_another_door_is_ignored() -> None:
    line = online()
    channel = Channel("lock-2", Direction.DOWN, KEY)
    data = channel.seal(Letter(bytes(16), 1, Ping(bytes(16))))
    line.door.receive_data(Packet(data, DOWN), line.now + 5, line.wall)
    assert not line.door.data_to_send()


def test_a_stale_boot_nonce_brings_one_hello_a_second() -> None:
    line = online()
    channel = Channel(LOCK, Direction.DOWN, KEY)
    for _ in range(20):
        data = channel.seal(Letter(bytes(16), 99, Acknowledge(7, 5)))
        line.now += 0.25
        line.door.receive_data(Packet(data, DOWN), line.now, line.wall)
    assert len(line.door.data_to_send()) == 5


# The port.


@pytest.mark.parametrize(
    "command", [ShowRefusal(ControllerId("x")), OpenDoor(ControllerId("x"), 1)]
)
def test_an_unknown_controller_is_our_own_error(command: Command) -> None:
    with pytest.raises(LocalProtocolError, match="no smart door"):
        online().gateway.send(command, 0)


def test_a_refusal_cannot_be_shown() -> None:
    line = online()
    line.gateway.send(ShowRefusal(LOCK), line.now)
    line.settle()
    assert failures(line) == ["the door decides by itself"]


def test_unknown_devices_are_counted_and_ignored() -> None:
    line = online()
    for place in (topic("lock-9", Direction.UP), "", "menhu/door//up", DOWN):
        line.gateway.receive_data(Packet(b"x", place), line.now)
    assert line.gateway.unknown == 4
    assert not line.gateway.data_to_send(line.now)


@pytest.mark.parametrize(
    "members",
    [
        (Member(LOCK, "a", None),),
        (Member(LOCK, "a", KEY[:5]),),
        (Member(LOCK, "a/b", KEY),),
        (Member(LOCK, "a", KEY), Member(ControllerId("b"), "a", KEY)),
        (Member(LOCK, "a", KEY), Member(LOCK, "b", KEY)),
    ],
)
def test_unfit_settings_are_refused(members: tuple[Member, ...]) -> None:
    with pytest.raises(ValueError, match=r"key|device|alone"):
        open_broker(LineSettings(members), 0, numbers(1))
