"""One request in flight, repeated until it is answered; the ids of time profiles."""

from dataclasses import dataclass, field, replace
from datetime import date, time

import pytest

from controller.protocols.uhppote.message import Reply, Request
from controller.protocols.uhppote.messages.cards import (
    CountCards,
    CountCardsReply,
    DeleteCardReply,
)
from controller.protocols.uhppote.messages.schedules import ProfileRecord
from controller.protocols.uhppote.profiles import IDS, Profiles
from controller.protocols.uhppote.terms import NotRepresentable, Window
from controller.protocols.uhppote.wire import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    PATIENCE,
    SHORTEST_PAUSE,
    Ask,
    Wire,
)
from controller.session import Packet

PEER = "10.0.0.1:60000"


@dataclass
class Rig:
    """A wire, the packets it sent, and an ask that notes what becomes of it."""

    packets: list[Packet] = field(default_factory=list)
    taken: list[Reply] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    built: list[float] = field(default_factory=list)
    believes: bool = True

    def __post_init__(self) -> None:
        self.wire = Wire(PEER, self.packets.append)
        self.ask = Ask(self._build, self._take, self.failed.append)

    def _build(self, now: float) -> Request:
        self.built.append(now)
        return CountCards(7)

    def _take(self, reply: Reply, _now: float) -> bool:
        self.taken.append(reply)
        return self.believes

    @property
    def busy(self) -> bool:
        return self.wire.busy


ANSWER = CountCardsReply(7, 3)


def pauses_until_given_up(rig: Rig, begun_at: float) -> list[float]:
    """Let a request go unanswered; return the pauses between its repeats."""
    now, pauses = begun_at, []
    while rig.busy:
        pauses.append(round(rig.wire.due - now, 6))
        assert rig.wire.on_timeout(rig.wire.due - 0.001) is None
        now = rig.wire.due
        given_up = rig.wire.on_timeout(now)
    assert now == begun_at + PATIENCE
    assert given_up is rig.ask
    return pauses


def test_a_request_is_repeated_ever_later_and_then_given_up() -> None:
    rig = Rig()
    rig.wire.start(rig.ask, 100.0)
    assert pauses_until_given_up(rig, 100.0) == [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 0.85]
    assert rig.packets == [Packet(CountCards(7).encode(), PEER)] * 7
    assert rig.wire.on_timeout(999.0) is None
    assert rig.failed == [], "that is for whoever gave it up to say"


def test_a_board_that_is_away_is_asked_less_often() -> None:
    rig = Rig()
    rig.wire.start(rig.ask, 0.0)
    pauses_until_given_up(rig, 0.0)
    rig.wire.start(rig.ask, 100.0)
    assert pauses_until_given_up(rig, 100.0) == [LONGEST_PAUSE, LONGEST_PAUSE]


@pytest.mark.parametrize(
    ("took", "pause"), [(0.001, SHORTEST_PAUSE), (0.04, 0.12), (1.5, LONGEST_PAUSE)]
)
def test_a_repeat_waits_for_what_the_board_is_used_to_taking(
    took: float, pause: float
) -> None:
    rig = Rig()
    rig.wire.start(rig.ask, 0.0)
    assert rig.wire.receive(ANSWER, took)
    rig.wire.start(rig.ask, 10.0)
    assert rig.wire.due == pytest.approx(10.0 + pause)


def test_a_slow_board_is_not_asked_everything_twice_for_ever() -> None:
    rig, slow, now = Rig(), 0.3, 0.0
    for _ in range(4):
        now += 10.0
        rig.packets.clear()
        rig.wire.start(rig.ask, now)
        while rig.wire.due <= now + slow:
            rig.wire.on_timeout(rig.wire.due)
        assert rig.wire.receive(ANSWER, now + slow)
    assert len(rig.packets) == 1


def test_a_repeat_is_made_for_the_moment_it_goes_out() -> None:
    rig = Rig()
    rig.wire.start(rig.ask, 1.0)
    rig.wire.on_timeout(1.5)
    assert rig.built == [1.0, 1.5]
    assert rig.wire.due == 1.5 + 2 * FIRST_PAUSE


def test_a_reply_ends_the_request_once() -> None:
    rig = Rig()
    assert not rig.wire.receive(ANSWER, 0.0)
    rig.wire.start(rig.ask, 0.0)
    assert rig.wire.receive(ANSWER, 0.1)
    assert not rig.busy
    assert not rig.wire.receive(ANSWER, 0.2)
    assert rig.taken == [ANSWER]


def test_a_reply_of_another_function_is_not_even_shown() -> None:
    rig = Rig()
    rig.wire.start(rig.ask, 0.0)
    assert not rig.wire.receive(DeleteCardReply(7, ok=True), 0.1)
    assert rig.taken == []
    assert rig.busy


def test_a_reply_about_something_else_leaves_the_request_waiting() -> None:
    rig = Rig(believes=False)
    rig.wire.start(rig.ask, 0.0)
    assert not rig.wire.receive(ANSWER, 0.1)
    assert rig.busy
    rig.believes = True
    assert rig.wire.receive(ANSWER, 0.2)


def test_only_a_request_sent_once_tells_how_long_it_took() -> None:
    rig = Rig()
    rig.wire.start(rig.ask, 2.0)
    assert rig.wire.round_trip(2.25) == 0.25
    rig.wire.on_timeout(rig.wire.due)
    assert rig.wire.round_trip(3.0) is None
    rig.wire.receive(ANSWER, 3.0)
    rig.wire.start(rig.ask, 5.0)
    assert rig.wire.round_trip(5.5) == 0.5


def window(hour: int, days: int = 5) -> Window:
    weekdays = (True, True, True, True, True, days > 5, days > 6)
    start, end = date(2026, 5, 1), date(2026, 5, 31)
    return Window(start, end, weekdays, ((hour * 60, hour * 60 + 30),))


def held(*records: ProfileRecord) -> dict[int, ProfileRecord]:
    return {record.id: record for record in records}


def made(*hours: int) -> dict[int, ProfileRecord]:
    """Return the profiles a chain of windows becomes on an empty board."""
    profiles = Profiles({}, ())
    profiles.place(tuple(window(hour) for hour in hours))
    return profiles.missing


def test_a_chain_is_written_from_its_end_so_that_no_link_leads_nowhere() -> None:
    profiles = Profiles({}, ())
    first = profiles.place((window(8), window(12), window(16)))
    records = list(profiles.missing.values())
    assert [record.linked for record in records] == [0, records[0].id, records[1].id]
    assert records[-1].id == first
    assert [record.segments[0].start for record in records] == [
        time(16),
        time(12),
        time(8),
    ]
    assert profiles.links(first) == {record.id for record in records}
    assert set(profiles.missing) == {record.id for record in records}


def test_a_chain_there_is_already_costs_nothing() -> None:
    board = made(8, 12)
    profiles = Profiles(board, ())
    first = profiles.place((window(8), window(12)))
    assert profiles.missing == {}
    assert profiles.links(first) == set(board)


def test_equal_ends_of_two_chains_are_shared() -> None:
    profiles = Profiles({}, ())
    first = profiles.place((window(8), window(16)))
    second = profiles.place((window(9), window(16)))
    assert len(profiles.missing) == 3
    assert len(profiles.links(first) & profiles.links(second)) == 1


def test_a_window_that_goes_on_is_not_one_that_ends() -> None:
    board = made(8, 12)
    profiles = Profiles(board, ())
    alone = profiles.place((window(8),))
    assert alone in profiles.missing
    assert profiles.missing[alone].linked == 0


@pytest.mark.parametrize("other", [window(9), window(8, 6)])
def test_hours_and_days_that_differ_are_two_profiles(other: Window) -> None:
    profiles = Profiles({}, ())
    assert profiles.place((window(8),)) != profiles.place((other,))


def test_an_id_a_card_names_keeps_its_meaning_all_along_its_chain() -> None:
    board = made(8, 12)
    (first,) = set(board) - {record.linked for record in board.values()}
    profiles = Profiles(board, [first])
    for hour in range(13, 20):
        profiles.place((window(hour),))
    assert not set(profiles.missing) & set(board)
    free = Profiles(board, ())
    assert free.place((window(13),)) in board, "what no card names may be used again"


def test_what_is_written_over_is_found_no_more() -> None:
    board = made(8)
    profiles = Profiles(board, ())
    assert profiles.place((window(9),)) in board
    assert profiles.place((window(8),)) not in board


def test_a_board_has_room_for_so_many_profiles_and_says_so() -> None:
    profiles = Profiles({}, list(IDS)[1:])
    assert profiles.place((window(8),)) == IDS[0]
    assert profiles.place((window(8),)) == IDS[0]
    with pytest.raises(NotRepresentable, match=str(len(IDS))):
        profiles.place((window(9),))


def test_links_that_go_round_in_a_board_end() -> None:
    (one,) = made(8).values()
    one, two = replace(one, id=5, linked=6), replace(one, id=6, linked=5)
    profiles = Profiles(held(one, two), [5])
    assert profiles.links(5) == {5, 6}
    assert not {5, 6} & {profiles.place((window(hour),)) for hour in range(9, 20)}
    assert profiles.links(1) == set()
