"""A timeline in pages: nothing twice, nothing left out, nothing before its time."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.vocabulary import Direction, Reason
from registry.domain.credential import Credential, CredentialState
from registry.domain.occupancy import Basis, Occupancy
from registry.domain.permits import FAR_PAST, midnight
from registry.domain.policy import Policy
from registry.domain.tenancy import Tenancy
from registry.domain.timeline import (
    MOST_PASSAGES,
    EntryKind,
    RecordedGap,
    RecordedPassage,
    TimelineEntry,
    before_passages,
    of_credential,
    of_gap,
    of_occupancy,
    of_passage,
    of_tenancy,
    page,
)

NOW = datetime(2026, 6, 1, 4, tzinfo=UTC)
TICK = timedelta(microseconds=1)
POLICY = Policy()
FIRST, LAST = date(2026, 6, 1), date(2027, 6, 1)


def passage(number: int, at: datetime = NOW) -> RecordedPassage:
    return RecordedPassage(
        number,
        gateway="gateway-1",
        epoch=1,
        seq=number,
        door="door-1",
        at=at,
        recorded_at=NOW,
        granted=number % 2 == 0,
        reason=Reason.PERMIT,
        direction=Direction.ENTRY,
        card=7,
        card_state=None,
        credential=None,
        party=None,
        unit=None,
        permit=None,
        controller=None,
        controller_epoch=None,
        controller_index=None,
    )


def room(name: str) -> tuple[Tenancy, Occupancy]:
    """Let one room of a unit; the same party takes every one of them."""
    tenancy = Tenancy(f"T-{name}", "U", f"U-{name}", None, FIRST, LAST)
    occupancy = Occupancy(
        f"O-{name}", "P1", "U", "B", Basis.TENANT, FIRST, LAST, tenancy.id
    )
    return tenancy, occupancy


def read_in_pages(entries: list[TimelineEntry], limit: int) -> list[TimelineEntry]:
    """Turn page after page as a reader does."""
    found: list[TimelineEntry] = []
    more, before = True, None
    while more:
        shown, more = page(entries, NOW + timedelta(days=400), before, limit)
        assert len(shown) == limit if more else len(shown) <= limit
        found += shown
        before = shown[-1].place if shown else None
    return found


moments = st.integers(0, 3).map(lambda n: NOW + n * TICK)


@given(st.lists(moments, max_size=8), st.lists(moments, max_size=3), st.integers(1, 5))
def test_pages_hold_every_entry_once_newest_first(
    passed: list[datetime], lost: list[datetime], limit: int
) -> None:
    entries = [of_passage(passage(n, at)) for n, at in enumerate(passed)]
    entries += [
        of_gap(RecordedGap(n, "door-1", "lock-1", 1, 2, at))
        for n, at in enumerate(lost)
    ]
    found = read_in_pages(entries, limit)
    assert sorted(e.key for e in found) == sorted(e.key for e in entries)
    assert [e.place for e in found] == sorted((e.place for e in found), reverse=True)


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
def test_who_takes_two_rooms_on_one_day_is_told_of_both(limit: int) -> None:
    entries: list[TimelineEntry] = []
    for tenancy, occupancy in (room("A"), room("B")):
        entries += of_tenancy(tenancy, POLICY) + of_occupancy(occupancy, POLICY)
    found = read_in_pages(entries, limit)
    assert len(found) == len(entries) == 8
    kinds = [entry.kind for entry in found]
    assert kinds.count(EntryKind.MOVED_IN) == kinds.count(EntryKind.MOVED_OUT) == 2


@pytest.mark.parametrize(("after", "shown"), [(-TICK, 0), (TICK * 0, 1), (TICK, 1)])
def test_what_is_planned_is_told_from_its_day_on(after: timedelta, shown: int) -> None:
    tenancy, _ = room("A")
    begins = midnight(FIRST, POLICY)
    entries, more = page(of_tenancy(tenancy, POLICY), begins + after, None, 50)
    assert ([e.kind for e in entries], more) == (
        [EntryKind.TENANCY_STARTED] * shown,
        False,
    )


def test_a_passage_is_shown_however_wrong_its_clock() -> None:
    ages = [datetime(1, 1, 2, tzinfo=UTC), NOW, datetime(9999, 12, 30, tzinfo=UTC)]
    entries = [of_passage(passage(n, at)) for n, at in enumerate(ages)]
    shown, _ = page(entries, NOW, None, 50)
    assert [e.at for e in shown] == ages[::-1]
    gap = of_gap(RecordedGap(1, None, "lock-1", 1, 2, NOW + TICK))
    assert page([gap], NOW, None, 50) == ([], False)


@pytest.mark.parametrize(
    ("key", "number"),
    [
        ("", 0),
        ("c00000000000000000001card_issued", 0),
        ("oP1moved_in", 0),
        (f"p{5:019d}", 5),
        ("p" + "9" * 19, MOST_PASSAGES),
        (f"p{5:018d}", MOST_PASSAGES),
        ("tT1tenancy_started", MOST_PASSAGES),
    ],
)
def test_a_place_between_passages_of_its_moment(key: str, number: int) -> None:
    assert before_passages((NOW, key)) == (NOW, number)


@given(st.text("pgot019", max_size=21), st.integers(1, MOST_PASSAGES - 1))
def test_a_place_splits_passages_as_the_page_does(key: str, number: int) -> None:
    """What is fetched as standing before a place is what the page would show."""
    entry = of_passage(passage(number))
    _, bound = before_passages((NOW, key))
    assert (entry.place < (NOW, key)) <= (number < bound)


def test_a_card_from_before_the_records_tells_only_its_end() -> None:
    old = Credential(1, 7, "P1", CredentialState.LOST, FAR_PAST, NOW)
    (ended,) = of_credential(old)
    assert (ended.kind, ended.at, ended.party) == (EntryKind.CARD_ENDED, NOW, "P1")
    assert of_credential(replace(old, ended_at=None)) == []
    later = replace(old, issued_at=FAR_PAST + TICK)
    assert [e.kind for e in of_credential(later)] == [
        EntryKind.CARD_ISSUED,
        EntryKind.CARD_ENDED,
    ]


def test_an_occupancy_tells_what_is_known_of_it() -> None:
    _, known = room("A")
    for start, end in ((None, None), (FIRST, None), (None, LAST), (FIRST, LAST)):
        entries = of_occupancy(replace(known, start=start, end=end), POLICY)
        days = [day for day in (start, end) if day is not None]
        assert [e.at for e in entries] == [midnight(day, POLICY) for day in days]
