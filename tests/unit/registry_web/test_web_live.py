from collections.abc import Iterator

import httpx
import pytest

from controller.vocabulary import Reason
from tests.support.counter import Counter, counter
from tests.support.edge_feed import tap
from tests.support.small_street import DUE_CARD, OLD_CARD


@pytest.fixture
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    with counter(tmp_path_factory.mktemp("registry")) as opened:
        yield opened


Event = dict[str, str]


def events(answer: httpx.Response) -> Iterator[Event]:
    """Read events as a browser does."""
    event: Event = {}
    for line in answer.iter_lines():
        if line:
            name, _, value = line.partition(":")
            event[name] = event.get(name, "") + value.removeprefix(" ")
        elif event:
            yield event
            event = {}


def passages(answer: httpx.Response, count: int) -> list[Event]:
    """Return the next passages of a stream, beats left out."""
    told = (event for event in events(answer) if event.get("event") != "beat")
    return [next(told) for _ in range(count)]


def test_a_stream_tells_new_passages_of_its_place_only(desk: Counter) -> None:
    now = desk.services.clock()
    with desk.client.stream("GET", "/live/unit/B001-0201?after=0") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        desk.feed.record([tap("door-1", now, DUE_CARD), tap("door-1", now, OLD_CARD)])
        (only,) = passages(answer, 1)
    assert only["id"] == "2"
    assert '<li class="line">' in only["data"]
    assert "示*" in only["data"]
    assert "…1234" in only["data"]


@pytest.mark.parametrize(
    ("place", "numbers"),
    [
        ("building/B001", ["1", "2"]),
        ("building/B002", ["3"]),
        ("door/door-2", ["2"]),
        ("door/door-3", ["3"]),
    ],
)
def test_a_stream_starts_where_the_page_was_made(
    desk: Counter, place: str, numbers: list[str]
) -> None:
    now = desk.services.clock()
    doors = ("door-1", "door-2", "door-3")
    desk.feed.record([tap(door, now, None, Reason.EXIT_REQUEST) for door in doors])
    with desk.client.stream("GET", f"/live/{place}?after=0") as answer:
        told = passages(answer, len(numbers))
    assert [event["id"] for event in told] == numbers


def test_a_browser_that_was_away_goes_on_where_it_was(desk: Counter) -> None:
    now = desk.services.clock()
    taps = [tap("door-1", now, None, Reason.EXIT_REQUEST) for _ in range(450)]
    desk.feed.record(taps)
    away = {"Last-Event-ID": "3"}
    with desk.client.stream("GET", "/live/door/door-1?after=1", headers=away) as answer:
        told = passages(answer, 447)
    assert [int(event["id"]) for event in told] == list(range(4, 451))


def test_silence_has_a_beat_that_keeps_the_place(desk: Counter) -> None:
    now = desk.services.clock()
    desk.feed.record([tap("door-3", now, None, Reason.EXIT_REQUEST)])
    with desk.client.stream("GET", "/live/door/door-1?after=0") as answer:
        beat = next(events(answer))
    assert (beat["event"], beat["id"]) == ("beat", "1")
