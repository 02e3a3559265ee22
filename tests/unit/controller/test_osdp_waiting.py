"""What waits for a reader, where it answers, and which key it proved."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.errors import LocalProtocolError
from controller.protocols.osdp.codes import Function
from controller.protocols.osdp.commands import (
    InputStatusRequest,
    LocalStatusRequest,
    OutputStatusRequest,
    ReaderStatusRequest,
    ReceiveSize,
    SetCommunication,
    SetKey,
)
from controller.protocols.osdp.frames import BROADCAST, LARGEST_FRAME
from controller.protocols.osdp.keyring import KeyRing
from controller.protocols.osdp.messages import Message
from controller.protocols.osdp.orders import first_requests, orders, status_requests
from controller.protocols.osdp.place import Place
from controller.protocols.osdp.queue import TaskQueue
from controller.protocols.osdp.replies import Capabilities, Capability
from controller.protocols.osdp.tasks import COMMAND_LIFE, Task, Urgency
from controller.session import (
    Command,
    CommandFailed,
    Member,
    OpenDoor,
    SetClock,
    ShowRefusal,
)
from controller.upkeep import (
    AskStatus,
    ChangeLine,
    KeyRotated,
    Light,
    RotateKey,
    SendFile,
    Show,
)
from tests.support.osdp_rig import KEY, OTHER_KEY, name

MOST = 16
DOING = st.sampled_from(["put", "take", "finish", "put_back", "drop", "clear"])
NOTHING = Capabilities(())


def able(*functions: Function) -> Capabilities:
    """Return what a reader can do that has one of each of some things."""
    return Capabilities(tuple(Capability(each, 1, 1) for each in functions))


def task(urgency: Urgency, number: int = 0) -> Task:
    return Task(LocalStatusRequest(), urgency, float(number))


@given(st.lists(st.tuples(DOING, st.sampled_from(Urgency)), max_size=60))
def test_tasks_go_out_by_urgency_and_then_by_age(
    steps: list[tuple[str, Urgency]],
) -> None:
    queue, waiting = TaskQueue(), list[Task]()
    current: Task | None = None
    for number, (doing, urgency) in enumerate(steps):
        if doing == "put":
            new = task(urgency, number)
            room = sum(each.urgency is urgency for each in waiting) < MOST
            assert queue.put(new) is room
            if room:
                at = max(
                    (
                        at
                        for at, each in enumerate(waiting, 1)
                        if each.urgency <= urgency
                    ),
                    default=0,
                )
                waiting.insert(at, new)
        elif doing == "take" and waiting:
            current = waiting.pop(0)
            assert queue.take() is current
        elif doing == "finish":
            assert queue.finish() is current
            current = None
        elif doing == "put_back":
            queue.put_back()
            waiting, current = [current, *waiting] if current else waiting, None
        elif doing == "drop" and waiting:
            queue.drop(waiting.pop())
        elif doing == "clear":
            queue.clear()
            waiting.clear()
        busy = [current, *waiting] if current else waiting
        assert list(queue) == busy
        assert queue.current is current
        assert queue.ready is bool(waiting)
        urgencies = [each.urgency for each in busy]
        assert queue.urgency is min(urgencies, default=Urgency.ROUTINE)
        assert all(urgencies[at] <= urgencies[at + 1] for at in range(1, len(busy) - 1))


def test_nothing_overtakes_a_door_that_waits_behind_a_task_put_back() -> None:
    queue = TaskQueue()
    upkeep, door = task(Urgency.UPKEEP), task(Urgency.OPEN)
    queue.put(upkeep)
    queue.take()
    queue.put(door)
    queue.put_back()
    show, second = task(Urgency.SHOW), task(Urgency.OPEN, 1)
    queue.put(show)
    queue.put(second)
    assert list(queue) == [upkeep, door, second, show]


def test_too_many_of_one_urgency_keep_no_other_out() -> None:
    queue = TaskQueue()
    assert all(queue.put(task(Urgency.SHOW, at)) for at in range(MOST))
    assert not queue.put(task(Urgency.SHOW))
    assert queue.put(task(Urgency.OPEN))
    queue.take()
    assert not queue.put(task(Urgency.SHOW)), "the door made no room"
    queue.take()
    assert queue.put(task(Urgency.SHOW))


def move(address: int) -> ChangeLine:
    return ChangeLine(name(0), str(address), 9600)


def test_a_reader_is_tried_at_both_addresses_by_turns_until_it_answers() -> None:
    place = Place(3)
    place.turn()
    assert place.address == 3, "there is no other yet"
    place.offer(move(9))
    tried = []
    for _ in range(4):
        tried.append(place.address)
        place.turn()
    assert tried == [3, 9, 3, 9]
    assert place.taken(3)
    assert place.taken(9)
    assert not place.taken(4)


def test_a_move_is_settled_by_where_the_reader_answers() -> None:
    place = Place(3)
    place.offer(move(9))
    place.turn()
    assert place.settle() == move(9)
    assert place.settle() is None, "it is told once"
    assert not place.taken(3)
    stayed = Place(3)
    stayed.offer(move(9))
    assert stayed.settle() is None
    stayed.turn()
    assert stayed.address == 3
    assert not stayed.taken(9)


def test_a_reader_goes_only_where_it_was_told_to_go() -> None:
    place = Place(3)
    assert not place.move(9)
    place.offer(move(9))
    assert not place.move(4)
    assert place.address == 3
    assert place.taken(9)
    assert place.move(9)
    assert (place.address, place.taken(3), place.settle()) == (9, False, None)


def test_a_change_of_speed_alone_is_no_move() -> None:
    place = Place(3)
    place.offer(move(3))
    place.turn()
    assert place.address == 3
    assert place.settle() is None
    place.offer(move(3))
    assert place.move(3)


ROTATE = RotateKey(name(0), OTHER_KEY)
OLD = Member(name(0), "0", KEY)


def test_a_ring_offers_the_likelier_key_first_and_no_key_that_is_none() -> None:
    assert KeyRing(OLD).candidates == (KEY,)
    assert KeyRing(replace(OLD, key=None)).candidates == ()
    assert KeyRing(replace(OLD, next_key=OTHER_KEY)).candidates == (OTHER_KEY, KEY)
    ring = KeyRing(OLD)
    ring.offer(ROTATE)
    assert ring.candidates == (OTHER_KEY, KEY)


def test_a_proof_of_the_new_key_drops_the_old_one() -> None:
    ring = KeyRing(OLD)
    ring.offer(ROTATE)
    assert list(ring.settle(OTHER_KEY)) == [KeyRotated(name(0))]
    assert ring.candidates == (OTHER_KEY,)
    assert list(ring.settle(OTHER_KEY)) == [], "it is told once"


def test_a_proof_of_the_old_key_fails_the_rotation_with_its_cause() -> None:
    for doubt in ("", "it fell silent"):
        ring = KeyRing(OLD)
        ring.offer(ROTATE)
        if doubt:
            ring.doubt(doubt)
        (failed,) = ring.settle(KEY)
        cause = f"{doubt}; the reader kept its old key".removeprefix("; ")
        assert failed == CommandFailed(name(0), ROTATE, cause)
        assert ring.candidates == (KEY,)
        assert list(ring.settle(KEY)) == []


def test_a_handshake_that_proved_nothing_settles_nothing() -> None:
    ring = KeyRing(OLD)
    ring.offer(ROTATE)
    assert list(ring.settle(None)) == []
    assert ring.candidates == (OTHER_KEY, KEY)
    assert ring.owns(ROTATE)


def test_only_the_rotation_under_way_waits_for_a_handshake() -> None:
    ring = KeyRing(OLD)
    assert not ring.owns(None)
    assert not ring.owns(ROTATE)
    ring.offer(ROTATE)
    assert ring.owns(ROTATE)
    assert not ring.owns(RotateKey(name(0), OTHER_KEY)), "another one, if equal"
    assert not ring.owns(None)
    list(ring.settle(KEY))
    assert not ring.owns(ROTATE)


@pytest.mark.parametrize(
    ("has", "asked"),
    [
        ((), []),
        ((Function.CONTACTS,), [InputStatusRequest()]),
        ((Function.OUTPUTS,), [OutputStatusRequest()]),
        ((Function.READERS,), [ReaderStatusRequest()]),
        (
            (Function.READERS, Function.CONTACTS),
            [InputStatusRequest(), ReaderStatusRequest()],
        ),
    ],
)
def test_a_reader_is_asked_about_what_it_has(
    has: tuple[Function, ...], asked: list[Message]
) -> None:
    wanted = [LocalStatusRequest(), *asked]
    assert status_requests(able(*has)) == wanted
    assert first_requests(able(*has)) == [*wanted, ReceiveSize(LARGEST_FRAME)]


def test_a_command_of_several_messages_fails_once() -> None:
    has = able(Function.LEDS, Function.TEXT, Function.BUZZER, Function.CONTACTS)
    show = Show(name(0), 3.0, "Welcome", Light.GREEN, 1)
    told: list[tuple[Command, int]] = [(show, 3), (AskStatus(name(0)), 2)]
    for command, count in told:
        made = orders(command, has, 4.0)
        assert [each.command for each in made] == [command, *[None] * (count - 1)]
        assert {each.expires for each in made} == {4.0 + COMMAND_LIFE}


def test_a_door_comes_before_what_is_shown_and_that_before_upkeep() -> None:
    has = able(Function.LEDS, Function.BUZZER)
    ladder: list[tuple[Command, Urgency]] = [
        (OpenDoor(name(0), 3.0), Urgency.OPEN),
        (ShowRefusal(name(0)), Urgency.SHOW),
        (Show(name(0), 3.0, light=Light.RED), Urgency.SHOW),
        (AskStatus(name(0)), Urgency.UPKEEP),
        (ROTATE, Urgency.UPKEEP),
        (move(9), Urgency.UPKEEP),
    ]
    for command, urgency in ladder:
        made = orders(command, has, 0.0)
        assert made, command
        assert {each.urgency for each in made} == {urgency}


def test_a_rotation_and_a_move_are_one_message_each() -> None:
    (key,) = orders(ROTATE, NOTHING, 0.0)
    assert key.message == SetKey(OTHER_KEY)
    far = ChangeLine(name(0), str(BROADCAST - 1), 0xFFFF_FFFF)
    (place,) = orders(far, NOTHING, 0.0)
    assert place.message == SetCommunication(BROADCAST - 1, 0xFFFF_FFFF)


def test_a_file_waits_in_its_own_queue() -> None:
    assert orders(SendFile(name(0), 0, b"x"), NOTHING, 0.0) == []
    assert orders(SendFile(name(0), 255, b"x"), NOTHING, 0.0) == []


@pytest.mark.parametrize(
    ("address", "baud"),
    [
        (str(BROADCAST), 9600),
        ("-1", 9600),
        ("", 9600),
        ("1", 0),
        ("1", -9600),
        ("1", 1 << 32),
    ],
)
def test_no_reader_is_sent_where_none_can_be(address: str, baud: int) -> None:
    with pytest.raises(LocalProtocolError, match=r"address must|baud must"):
        orders(ChangeLine(name(0), address, baud), NOTHING, 0.0)


def test_what_no_reader_can_do_is_named() -> None:
    clock = SetClock(name(0), datetime(2026, 5, 1, tzinfo=UTC))
    with pytest.raises(LocalProtocolError, match="carry out SetClock"):
        orders(clock, NOTHING, 0.0)
