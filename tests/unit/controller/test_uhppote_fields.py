from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time
from ipaddress import IPv4Address

import pytest

from controller.errors import LocalProtocolError
from controller.protocols.uhppote import bcd
from controller.protocols.uhppote.fields import EVERY_DAY, FOUR_BITS, U24, VERSION
from controller.protocols.uhppote.message import Request
from controller.protocols.uhppote.messages.board import SetAddress, SetTime
from controller.protocols.uhppote.messages.cards import (
    NO_FIRST_CARD,
    CardRecord,
    DeleteCards,
    PutCard,
    SetPasscodes,
)
from controller.protocols.uhppote.messages.doors import (
    SetAntiPassback,
    SetDoor,
    SetInterlock,
)
from controller.protocols.uhppote.messages.events import NO_EVENT, StatusReply
from controller.protocols.uhppote.messages.schedules import (
    NO_SEGMENT,
    AddTask,
    GetProfile,
    ProfileRecord,
    Segment,
    SetFirstCard,
    SetProfile,
    TaskRecord,
)
from controller.protocols.uhppote.tables import decode_reply, decode_request

SERIAL = 405419896
HERE = IPv4Address("10.0.0.1")
NEW_YEAR, EVE = date(2026, 1, 1), date(2026, 12, 31)
CARD = CardRecord(10058400, NEW_YEAR, EVE, (0, 1, 2, 254), 999_999, NO_FIRST_CARD)
PROFILE = ProfileRecord(
    2, NEW_YEAR, EVE, EVERY_DAY, (NO_SEGMENT, NO_SEGMENT, NO_SEGMENT), 0
)
TASK = TaskRecord(NEW_YEAR, EVE, EVERY_DAY, time(8), 1, 0, 0)
BACKWARDS = Segment(time(9), time(8))

REFUSED: dict[str, Request] = {
    "no card number": PutCard(SERIAL, replace(CARD, number=0)),
    "card number of a broken read": PutCard(SERIAL, replace(CARD, number=0xFFFFFF)),
    "card number of a deleted card": PutCard(SERIAL, replace(CARD, number=0xFFFFFFFF)),
    "card number too long": PutCard(SERIAL, replace(CARD, number=2**32)),
    "card without start": PutCard(SERIAL, replace(CARD, start=None)),
    "card without end": PutCard(SERIAL, replace(CARD, end=None)),
    "card ends before it starts": PutCard(
        SERIAL, replace(CARD, start=EVE, end=NEW_YEAR)
    ),
    "PIN of seven digits": PutCard(SERIAL, replace(CARD, pin=1_000_000)),
    "negative PIN": PutCard(SERIAL, replace(CARD, pin=-1)),
    "profile 255": PutCard(SERIAL, replace(CARD, doors=(0, 0, 0, 255))),
    "code of seven digits": SetPasscodes(SERIAL, 1, (0, 0, 0, 1_000_000)),
    **{
        f"define profile {number}": SetProfile(SERIAL, replace(PROFILE, id=number))
        for number in (0, 1, 255)
    },
    "linked to always": SetProfile(SERIAL, replace(PROFILE, linked=1)),
    "linked to nothing there can be": SetProfile(SERIAL, replace(PROFILE, linked=255)),
    "profile without dates": SetProfile(SERIAL, replace(PROFILE, start=None)),
    "profile ends first": SetProfile(SERIAL, replace(PROFILE, start=EVE, end=NEW_YEAR)),
    "segment ends first": SetProfile(
        SERIAL, replace(PROFILE, segments=(NO_SEGMENT, BACKWARDS, NO_SEGMENT))
    ),
    "profile 1 asked for": GetProfile(SERIAL, 1),
    "interlock 5": SetInterlock(SERIAL, 5),
    "anti-passback 5": SetAntiPassback(SERIAL, 5),
    "door 0": SetDoor(SERIAL, 0, 3, 5),
    "door 5": SetDoor(SERIAL, 5, 3, 5),
    "mode 4": SetDoor(SERIAL, 1, 4, 5),
    "delay of minutes": SetDoor(SERIAL, 1, 3, 300),
    "task 13": AddTask(SERIAL, replace(TASK, type=13)),
    "task at door 5": AddTask(SERIAL, replace(TASK, door=5)),
    "first card only while active": SetFirstCard(
        SERIAL, 1, time(8), 3, time(9), 0, EVERY_DAY
    ),
    "another magic word": DeleteCards(SERIAL, 0x55AAAA54),
    "another magic word at the end": SetAddress(SERIAL, HERE, HERE, HERE, magic=0),
    "no time": SetTime(SERIAL, None),
}


@pytest.mark.parametrize("request_", REFUSED.values(), ids=REFUSED.keys())
def test_what_a_board_would_bend_is_not_sent(request_: Request) -> None:
    with pytest.raises(LocalProtocolError, match=r"^\w+\.\w+: "):
        request_.encode()


@pytest.mark.parametrize(
    "request_",
    [PutCard(SERIAL, CARD), SetProfile(SERIAL, PROFILE), AddTask(SERIAL, TASK)],
)
def test_what_is_just_right_is_sent(request_: Request) -> None:
    assert decode_request(request_.encode()) == request_


@pytest.mark.parametrize(
    ("read", "digits", "value"),
    [
        (bcd.decode_date, "20240229", date(2024, 2, 29)),
        (bcd.decode_date, "00000000", None),
        (bcd.decode_date, "20000000", None),
        (bcd.decode_date, "20230229", None),
        (bcd.decode_date, "2024ab01", None),
        (bcd.decode_moment, "20240229235959", datetime(2024, 2, 29, 23, 59, 59)),  # noqa: DTZ001  no zone
        (bcd.decode_moment, "20240229240000", None),
        (bcd.decode_moment, "00000000000000", None),
        (bcd.decode_moment, "ffffffffffffff", None),
        (bcd.decode_short_date, "260501", date(2026, 5, 1)),
        (bcd.decode_short_date, "000000", None),
        (bcd.decode_time, "000000", time(0)),
        (bcd.decode_time, "235959", time(23, 59, 59)),
        (bcd.decode_time, "236000", None),
        (bcd.decode_minute, "0830", time(8, 30)),
        (bcd.decode_minute, "2400", None),
    ],
)
def test_dates_and_times_read_as_written_or_not_at_all(
    read: Callable[[bytes], object], digits: str, value: object
) -> None:
    assert read(bytes.fromhex(digits)) == value


def test_an_early_year_keeps_its_zeros() -> None:
    assert bcd.encode_date(date(1, 2, 3)).hex() == "00010203"
    assert bcd.encode_date(None) == bytes(4)


def test_small_codecs() -> None:
    assert U24.encode(999_999).hex() == "3f420f"
    assert FOUR_BITS.encode((True, False, False, True)) == b"\x09"
    assert FOUR_BITS.decode(b"\xf2") == (False, True, False, False)
    assert VERSION.encode("6.62").hex() == "0662"
    assert VERSION.decode(bytes.fromhex("0892")) == "8.92"


def test_a_short_date_has_no_other_century() -> None:
    status = StatusReply(
        SERIAL,
        NO_EVENT,
        open=NO_FIRST_CARD,
        buttons=NO_FIRST_CARD,
        system_error=0,
        system_time=time(1),
        sequence=0,
        special=0,
        relays=0,
        inputs=0,
        system_date=date(2100, 1, 1),
    )
    with pytest.raises(LocalProtocolError, match=r"StatusReply\.system_date"):
        status.encode()
    assert replace(status, system_date=None).moment is None
    assert replace(status, system_date=EVE).moment == datetime.combine(EVE, time(1))


def test_an_event_without_a_time_is_still_an_event() -> None:
    wire = bytearray(64)
    wire[:2], wire[8], wire[20:27] = b"\x17\xb0", 7, bytes.fromhex("20200000000000")
    reply = decode_reply(bytes(wire))
    assert "moment=None" in repr(reply)
    assert "index=7" in repr(reply)
