from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.errors import MessageRefused
from controller.protocols.uhppote.codec import Record
from controller.protocols.uhppote.message import Function, Message, Reply, Request
from controller.protocols.uhppote.messages.cards import CardRecord
from controller.protocols.uhppote.messages.events import EventRecord, GetStatus
from controller.protocols.uhppote.messages.schedules import (
    ProfileRecord,
    Segment,
    TaskRecord,
)
from controller.protocols.uhppote.tables import (
    REPLIES,
    REQUESTS,
    decode_reply,
    decode_request,
)
from tests.support.uhppote_messages import messages

KINDS: list[type[Message]] = [*REQUESTS.values(), *REPLIES.values()]
RECORDS: list[type[Record]] = [
    *KINDS,
    CardRecord,
    EventRecord,
    ProfileRecord,
    Segment,
    TaskRecord,
]


def test_every_function_is_spoken() -> None:
    assert REQUESTS.keys() == set(Function)
    assert set(Function) - REPLIES.keys() == {Function.SET_ADDRESS}


@pytest.mark.parametrize("kind", RECORDS)
def test_no_field_lies_on_another(kind: type[Record]) -> None:
    spans = sorted(
        (place.offset, place.offset + place.codec.size)
        for place in kind.layout.values()
    )
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))
    assert spans[-1][1] <= kind.size


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(max_examples=10, deadline=None)
def test_what_is_sent_arrives(kind: type[Message], data: st.DataObject) -> None:
    message = data.draw(messages(kind))
    wire = message.encode()
    assert len(wire) == 64
    read = decode_request(wire) if issubclass(kind, Request) else decode_reply(wire)
    assert read == message


@pytest.mark.parametrize("kind", KINDS)
@given(noise=st.binary(min_size=62, max_size=62))
@settings(max_examples=10, deadline=None)
def test_a_frame_is_heard_out_whatever_its_fields_hold(
    kind: type[Message], noise: bytes
) -> None:
    wire = bytes((0x17, kind.function)) + noise
    read = decode_request if issubclass(kind, Request) else decode_reply
    assert type(read(wire)) is kind


@given(st.binary(max_size=70))
def test_arbitrary_bytes_are_read_or_refused(data: bytes) -> None:
    for read in (decode_request, decode_reply):
        try:
            message: Request | Reply = read(data)
        except MessageRefused:
            continue
        assert len(data) == 64
        assert message.function in REQUESTS


@pytest.mark.parametrize("size", [0, 1, 63, 65])
def test_only_64_bytes_are_a_message(size: int) -> None:
    wire = (GetStatus(1).encode() + b"\0")[:size]
    for read in (decode_request, decode_reply):
        with pytest.raises(MessageRefused, match="no message"):
            read(wire)


@pytest.mark.parametrize("function", set(Function) - {Function.STATUS})
def test_old_firmware_begins_events_and_nothing_else_in_its_own_way(
    function: Function,
) -> None:
    old = bytes((0x19, Function.STATUS)) + bytes(62)
    assert decode_reply(old).function == Function.STATUS
    with pytest.raises(MessageRefused, match="begin"):
        decode_request(old)
    with pytest.raises(MessageRefused, match="begin"):
        decode_reply(bytes((0x19, function)) + bytes(62))


def test_an_unknown_function_is_refused() -> None:
    for read in (decode_request, decode_reply):
        with pytest.raises(MessageRefused, match="function 0x21"):
            read(b"\x17\x21" + bytes(62))
