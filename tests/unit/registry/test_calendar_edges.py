"""Days, zones and spans at their edges."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.attribution import Attribution
from registry.domain.credential import CardState, Credential, CredentialState
from registry.domain.occupancy import Basis, Occupancy
from registry.domain.permits import FAR_FUTURE, FAR_PAST, midnight, validity_of
from registry.domain.policy import Policy
from registry.domain.registration import (
    FIRST_YEAR,
    LAST_YEAR,
    TenancyForm,
    day_of,
    overlapping,
    read,
)
from registry.domain.tenancy import Tenancy
from registry.domain.traffic import HOUR, HourCount, filled, last_hours

DAY = timedelta(days=1)
FIRST, LAST = date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)
# Havana, Beirut, Asunción and Lord Howe move their clocks at or around midnight.
ZONES = (
    "Asia/Shanghai",
    "UTC",
    "America/Havana",
    "Asia/Beirut",
    "America/Asuncion",
    "Australia/Lord_Howe",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
)
days = st.dates(FIRST, LAST)
policies = st.sampled_from([Policy(zone=ZoneInfo(zone)) for zone in ZONES])


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-06-01", date(2026, 6, 1)),
        (" 2026-06-01\t", date(2026, 6, 1)),
        ("2024-02-29", date(2024, 2, 29)),
        ("2000-01-01", FIRST),
        ("2098-12-31", LAST),
        ("1999-12-31", None),
        ("2099-01-01", None),
        ("2100-02-29", None),
        ("2026-02-29", None),
        ("2026-6-1", None),
        ("20260601", None),
        ("2026-W23-1", None),
        ("2026-152", None),
        ("2026-06-01T00:00", None),
        ("2026/06/01", None),
        ("01-06-2026", None),
        ("-2026-06-01", None),
        ("\u0662\u0660\u0662\u0666-06-01", None),
        ("2026\u201306\u201301", None),
        ("", None),
        ("today", None),
    ],
)
def test_a_day_is_written_one_way(text: str, day: date | None) -> None:
    assert day_of(text) == day


@given(days)
def test_every_day_of_these_years_is_read_back(day: date) -> None:
    assert day_of(day.isoformat()) == day


@given(st.text(max_size=12))
def test_any_text_is_a_day_or_none(text: str) -> None:
    day = day_of(text)
    assert day is None or day.isoformat() == text.strip()


@given(days.filter(lambda day: day < LAST), policies)
def test_days_follow_each_other_whatever_clocks_do(day: date, policy: Policy) -> None:
    begun, next_begun = midnight(day, policy), midnight(day + DAY, policy)
    assert begun.tzinfo is UTC
    assert timedelta(hours=22) <= next_begun - begun <= timedelta(hours=26)


def test_midnight_is_the_streets_own() -> None:
    assert midnight(date(2026, 6, 1), Policy()) == datetime(2026, 5, 31, 16, tzinfo=UTC)


@given(st.none() | days, st.none() | days, policies)
def test_a_validity_lies_in_the_years_controllers_can_say(
    start: date | None, end: date | None, policy: Policy
) -> None:
    occupancy = Occupancy("O-P", "P", "U", "B", Basis.TENANT, start, end)
    window = validity_of(occupancy, policy)
    if start is not None and end is not None and end <= start:
        assert window is None
        return
    if window is None:
        assert end == FIRST, "only who left before the first moment"
        return
    assert FAR_PAST <= window.start < window.end <= FAR_FUTURE
    if end is not None:
        unbounded = midnight(end, policy) + policy.door_grace.period
        assert window.end == min(FAR_FUTURE, unbounded)
    if start is not None:
        assert window.start == max(FAR_PAST, midnight(start, policy))


rooms = st.sampled_from([None, "A", "B"])
offsets = st.integers(0, 12)


@given(
    st.lists(st.tuples(rooms, offsets, offsets), max_size=5), rooms, offsets, offsets
)
def test_an_overlap_is_a_day_on_which_a_space_is_let_twice(
    others: list[tuple[str | None, int, int]], room: str | None, start: int, length: int
) -> None:
    base = date(2026, 1, 1)
    tenancies = [
        Tenancy(str(n), "U", r, None, base + s * DAY, base + (s + size) * DAY)
        for n, (r, s, size) in enumerate(others)
    ]
    wanted = {base + (start + n) * DAY for n in range(length + 1)}
    found = overlapping(tenancies, room, min(wanted), max(wanted) + DAY)
    clashing = {
        tenancy.id
        for tenancy in tenancies
        if (room is None or tenancy.room in {None, room})
        and any(tenancy.holds(day) for day in wanted)
    }
    assert (found is None) == (not clashing)
    assert found is None or found.id in clashing


def held(id_: int, party: str, issued: datetime, ended: datetime | None) -> Credential:
    state = CredentialState.ACTIVE if ended is None else CredentialState.RETURNED
    return Credential(id_, 7, party, state, issued, ended)


NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
moments = st.integers(0, 365 * 24 * 60).map(lambda n: NEW_YEAR + n * HOUR / 60)


@given(st.lists(moments, min_size=1, max_size=9, unique=True), moments)
def test_a_card_belongs_to_who_held_it_at_that_moment(
    turns: list[datetime], at: datetime
) -> None:
    """Hand to hand: held and returned in turn; the last one may still hold it."""
    ordered = sorted(turns)
    spans = list(pairwise([*ordered, None]))[::2]
    history = [
        held(n, f"P{n}", start, end)
        for n, (start, end) in enumerate(spans)
        if start is not None
    ]
    holder = Attribution(history, (), {}, Policy()).of(7, "door", at)
    begun = [c for c in history if c.issued_at <= at]
    if not begun:
        assert (holder.state, holder.party) == (CardState.UNKNOWN, None)
        return
    last = begun[-1]
    assert (holder.party, holder.credential) == (last.party, last.id)
    ended = last.ended_at is not None and last.ended_at <= at
    assert holder.state is (CardState.RETURNED if ended else CardState.ACTIVE)


@given(moments, st.integers(1, 48), st.lists(st.integers(-5, 60), unique=True))
def test_every_hour_has_one_count(now: datetime, count: int, seen: list[int]) -> None:
    hours = last_hours(now, count)
    assert len(hours) == count
    assert hours[-1] <= now < hours[-1] + HOUR
    assert all(after - before == HOUR for before, after in pairwise(hours))
    counts = [HourCount(hours[0] + n * HOUR, 1, 2, 3) for n in seen]
    whole = filled(counts, hours)
    assert [c.start for c in whole] == hours
    assert sum(c.total for c in whole) == 6 * sum(0 <= n < count for n in seen)


@given(
    st.builds(
        TenancyForm,
        st.text(max_size=5),
        st.text(max_size=60),
        st.text(max_size=12) | days.map(date.isoformat),
        st.text(max_size=12) | days.map(date.isoformat),
        st.text(max_size=25) | st.integers().map(str),
        key=st.text(max_size=10),
    )
)
def test_any_form_is_read_with_every_fault_named(form: TenancyForm) -> None:
    draft = read(form)
    told = {error.field for error in draft.errors}
    assert (draft.start is None) == ("start" in told)
    assert (draft.end is None) <= ("end" in told)
    assert draft.card is None or 0 < draft.card < 2**64
    assert (draft.card is None and bool(form.card.strip())) == ("card" in told)
    if not told:
        assert draft.occupant.isprintable()
        assert 0 < len(draft.occupant) <= 50
    for said in (repr(form), repr(draft)):
        name = form.occupant.strip()
        assert len(name) < 12 or name not in said, "a name is not shown"
