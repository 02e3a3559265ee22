from collections.abc import Callable

import pytest

from controller.cbor import pack
from controller.cose import authenticate
from controller.errors import MessageRefused
from controller.protocols.smart_door.codec import VERSION, Channel, Letter
from controller.protocols.smart_door.formats import FORMATS
from controller.protocols.smart_door.messages import (
    Acknowledge,
    Applied,
    Challenge,
    ChallengeRequest,
    Events,
    Hello,
    Message,
    Open,
    Permits,
    Ping,
    Record,
    Result,
    SetClock,
    Status,
)
from controller.protocols.smart_door.topics import Direction, context, topic
from controller.vocabulary import (
    CardNumber,
    PermitId,
    Reason,
    Revision,
)
from controller.vocabulary import Direction as Way
from tests.support.smart_door_line import KEY, START, permit

BOOT = bytes(range(16))
RECORDS = (
    Record(START, True, Reason.PERMIT, CardNumber(2**64 - 1), PermitId(9)),
    Record(START, True, Reason.EXIT_REQUEST, direction=Way.EXIT),
)
UP: tuple[Message, ...] = (
    Hello(3, 7, 5, 9, Revision(2), bytes(32), START, True, False, "1.0"),
    Events(7, 4, 6, RECORDS),
    Applied(4, Revision(8), bytes(32)),
    Challenge(5, BOOT),
    Result(6, False, "the door is full"),
    Status(None, START, False, True),
    Status(BOOT, START, True, False),
)
DOWN: tuple[Message, ...] = (
    Permits(
        1, 0, 2, Revision(3), Revision(4), False, (PermitId(1),), (permit(2), permit(3))
    ),
    Acknowledge(7, 12),
    ChallengeRequest(2),
    Open(2, BOOT, 5000),
    SetClock(3, START),
    Ping(BOOT),
)
ALL = [(Direction.UP, m) for m in UP] + [(Direction.DOWN, m) for m in DOWN]


def channel(
    way: Direction = Direction.UP, device: str = "lock-1", key: bytes = KEY
) -> Channel:
    return Channel(device, way, key)


def sealed(payload: object, key: bytes = KEY) -> bytes:
    place = topic("lock-1", Direction.UP)
    return authenticate(pack(payload), key, context(place))


@pytest.mark.parametrize(("way", "message"), ALL)
def test_every_message_comes_back(way: Direction, message: Message) -> None:
    letter = Letter(BOOT, 17, message)
    assert channel(way).open(channel(way).seal(letter)) == letter


def test_the_samples_cover_every_kind() -> None:
    for way, samples in ((Direction.UP, UP), (Direction.DOWN, DOWN)):
        assert {type(m) for m in samples} == {form.type for form in FORMATS[way]}


def test_kinds_are_never_shared() -> None:
    kinds = [form.kind for forms in FORMATS.values() for form in forms]
    assert len(kinds) == len(set(kinds))


@pytest.mark.parametrize(
    "other",
    [
        channel(device="lock-2"),
        channel(Direction.DOWN),
        channel(key=bytes(32)),
    ],
)
def test_a_message_holds_in_its_own_place_only(other: Channel) -> None:
    data = channel().seal(Letter(BOOT, 1, UP[0]))
    with pytest.raises(MessageRefused, match="tag does not hold"):
        other.open(data)


HELLO_BODY = [0, 7, 0, 0, 0, bytes(32), 0, False, False, "1"]
RECORD = [0, True, 0, 1, 1, 0]


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ([2, 1, BOOT, 1, HELLO_BODY], "version 1"),
        ([VERSION, 99, BOOT, 1, []], "no kind"),
        ([VERSION, 22, BOOT, 1, [BOOT]], "no kind"),
        ([VERSION, 1, BOOT[:15], 1, HELLO_BODY], "boot"),
        ([VERSION, 1, BOOT, 2**63, HELLO_BODY], "number"),
        ([VERSION, 1, BOOT, -1, HELLO_BODY], "number"),
        ([VERSION, 1, BOOT, 1, HELLO_BODY[:9]], "body"),
        ([VERSION, 1, BOOT, 1], "message"),
        ([VERSION, 1, BOOT, 1, [*HELLO_BODY[:9], "a\nb"]], "firmware"),
        ([VERSION, 2, BOOT, 1, [7, 1, 0, [RECORD]]], "first"),
        ([VERSION, 2, BOOT, 1, [7, 1, 1, []]], "records"),
        ([VERSION, 2, BOOT, 1, [7, 1, 1, [RECORD] * 21]], "records"),
        ([VERSION, 2, BOOT, 1, [7, 1, 1, [[0, True, 99, 1, 1, 0]]]], "reason"),
        ([VERSION, 2, BOOT, 1, [7, 1, 1, [[0, True, 0, 0, 1, 0]]]], "card"),
        ([VERSION, 6, BOOT, 1, [b"short", 0, True, True]], "answers"),
        ({1: 2}, "message"),
    ],
)
def test_a_wrong_field_is_refused_by_name(payload: object, field: str) -> None:
    with pytest.raises(MessageRefused, match=field):
        channel().open(sealed(payload))


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-1],
        lambda data: data + b"\0",
        lambda data: data[:-1] + bytes([data[-1] ^ 1]),
        lambda data: data[:30] + bytes([data[30] ^ 1]) + data[31:],
        lambda _: b"",
        lambda _: bytes(8192),
    ],
)
def test_a_damaged_message_is_refused(damage: Callable[[bytes], bytes]) -> None:
    data = channel().seal(Letter(BOOT, 1, UP[1]))
    with pytest.raises(MessageRefused):
        channel().open(damage(data))


@pytest.mark.parametrize("device", ["", "a/b", "a+", "#", "x" * 65, "a\n"])
def test_a_device_name_must_fit_a_topic(device: str) -> None:
    with pytest.raises(ValueError, match="device"):
        channel(device=device)


def test_a_key_has_thirty_two_bytes() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        channel(key=KEY[:16])
