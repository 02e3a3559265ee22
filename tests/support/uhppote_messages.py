"""Strategies for every message of the UHPPOTE short protocol, from its own layout."""

from datetime import date, time
from typing import Any

from hypothesis import strategies as st

from controller.protocols.uhppote import fields
from controller.protocols.uhppote.codec import Codec, Record
from controller.protocols.uhppote.messages import cards, doors, schedules
from controller.protocols.uhppote.messages.cards import CardRecord
from controller.protocols.uhppote.messages.events import EventRecord
from controller.protocols.uhppote.messages.schedules import (
    ProfileRecord,
    Segment,
    TaskRecord,
)

BYTES = st.integers(0, 0xFF)
NUMBERS = st.integers(0, 0xFFFFFFFF)
DOORS = st.integers(1, 4)
PROFILES = st.integers(2, 254)
DAYS = st.dates()
FLAGS = st.tuples(*[st.booleans()] * 4)
WEEKS = st.tuples(*[st.booleans()] * 7)
MINUTES = st.builds(time, st.integers(0, 23), st.integers(0, 59))
MOMENTS = st.datetimes().map(lambda moment: moment.replace(microsecond=0))
PERIODS = st.tuples(DAYS, DAYS).map(sorted)
SEGMENTS = st.tuples(MINUTES, MINUTES).map(lambda ends: Segment(*sorted(ends)))


@st.composite
def stored_cards(draw: st.DrawFn) -> CardRecord:
    """Return a card a board keeps as it is."""
    start, end = draw(PERIODS)
    number = draw(NUMBERS.filter(lambda value: value not in cards.IMPOSSIBLE_CARDS))
    permissions = draw(st.tuples(*[st.integers(0, 254)] * 4))
    return CardRecord(
        number, start, end, permissions, draw(st.integers(0, 999_999)), draw(FLAGS)
    )


@st.composite
def defined_profiles(draw: st.DrawFn) -> ProfileRecord:
    """Return a profile a board keeps as it is."""
    start, end = draw(PERIODS)
    segments = draw(st.tuples(*[SEGMENTS] * 3))
    linked = draw(st.just(0) | PROFILES)
    return ProfileRecord(draw(PROFILES), start, end, draw(WEEKS), segments, linked)


TASKS = st.builds(
    TaskRecord, DAYS, DAYS, WEEKS, MINUTES, DOORS, st.integers(0, 12), BYTES
)
EVENTS = st.builds(
    EventRecord,
    NUMBERS,
    BYTES,
    st.booleans(),
    BYTES,
    BYTES,
    NUMBERS,
    st.none() | MOMENTS,
    BYTES,
)

BY_CODEC: dict[Codec[Any], st.SearchStrategy[Any]] = {
    fields.U8: BYTES,
    fields.U16: st.integers(0, 0xFFFF),
    fields.U32: NUMBERS,
    fields.FLAG: st.booleans(),
    fields.FOUR_FLAGS: FLAGS,
    fields.FOUR_NUMBERS: st.tuples(*[st.integers(0, 999_999)] * 4),
    fields.WEEKDAYS: WEEKS,
    fields.ADDRESS: st.ip_addresses(v=4),
    fields.HARDWARE_ADDRESS: st.binary(min_size=6, max_size=6),
    fields.VERSION: st.integers(0, 0xFFFF).map(
        lambda value: f"{value >> 8:x}.{value & 0xFF:02x}"
    ),
    fields.DATE: st.none() | DAYS,
    fields.SHORT_DATE: st.none() | st.dates(date(2000, 1, 1), date(2099, 12, 31)),
    fields.TIME: st.times().map(lambda at: at.replace(microsecond=0)),
    fields.MINUTE: MINUTES,
    fields.MOMENT: st.none() | MOMENTS,
}
"""What a field without a check of its own may hold."""

BY_FIELD: dict[tuple[type[Record], str], st.SearchStrategy[Any]] = {
    (doors.SetInterlock, "mode"): st.sampled_from(list(map(int, doors.Interlock))),
    (doors.SetAntiPassback, "mode"): st.integers(0, 4),
    (doors.SetDoor, "mode"): st.integers(1, 3),
    (schedules.GetProfile, "id"): PROFILES,
    (schedules.SetFirstCard, "active"): st.integers(0, 2),
    (schedules.SetFirstCard, "inactive"): st.integers(0, 3),
}
NESTED: dict[str, st.SearchStrategy[Any]] = {
    "card": stored_cards(),
    "profile": defined_profiles(),
    "task": TASKS,
    "event": EVENTS,
}


def _value(kind: type[Record], name: str, codec: Codec[Any]) -> st.SearchStrategy[Any]:
    if (kind, name) in BY_FIELD:
        return BY_FIELD[kind, name]
    if kind.layout[name].check and name == "door":
        return DOORS
    if kind.layout[name].check and codec is fields.MOMENT:
        return MOMENTS
    return BY_CODEC[codec] if codec in BY_CODEC else NESTED[name]


def messages(kind: type[Record]) -> st.SearchStrategy[Record]:
    """Return what may be sent as one kind of message."""
    return st.builds(
        kind,
        **{
            name: _value(kind, name, place.codec)
            for name, place in kind.layout.items()
            if name != "magic"
        },
    )
