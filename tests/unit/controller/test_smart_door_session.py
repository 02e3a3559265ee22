from datetime import timedelta

from controller.protocols.smart_door.memory import DoorMemory
from controller.protocols.smart_door.topics import OFFLINE, ONLINE
from controller.session import (
    ApplyPermits,
    ClockRead,
    Contact,
    ContactChanged,
    Offline,
    Online,
    Packet,
    PassagesLost,
    PermitsApplied,
)
from controller.vocabulary import PermitId, Reason, Revision
from tests.support.smart_door_line import (
    LOCK,
    START,
    Line,
    permit,
)
from tests.support.smart_door_talk import (
    CARD,
    DOWN,
    STATE,
    failures,
    online,
    opened,
    put,
    tap,
)


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
