from dataclasses import replace

import pytest

from controller.errors import LocalProtocolError
from controller.protocols.smart_door.codec import Channel, Letter
from controller.protocols.smart_door.messages import Acknowledge, Ping
from controller.protocols.smart_door.session import open_broker
from controller.protocols.smart_door.topics import Direction, topic
from controller.session import (
    Command,
    LineSettings,
    Member,
    Offline,
    OpenDoor,
    Packet,
    ShowRefusal,
)
from controller.vocabulary import ControllerId
from tests.support.smart_door_line import (
    KEY,
    LOCK,
    Line,
    numbers,
)
from tests.support.smart_door_talk import (
    DOWN,
    STATE,
    UP,
    failures,
    online,
    put,
    tap,
)


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
