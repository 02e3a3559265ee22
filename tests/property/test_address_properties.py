"""No code names two places on one day; no correction leaves its table."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.address_corrections import (
    CORRECTIONS,
    AddressCorrection,
    CorrectionEvent,
    CorrectionState,
    report,
)
from registry.domain.addresses import (
    CodeScheme,
    ExternalCode,
    Validity,
    double_codes,
    place_of,
    with_code,
)
from registry.domain.errors import Conflict
from registry.domain.places import Building

FIRST = date(2026, 1, 1)
AT = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = [FIRST + timedelta(days=n) for n in range(-1, 12)]
days = st.none() | st.sampled_from(DAYS)
spans = st.builds(Validity, days, days).filter(
    lambda v: v.start is None or v.end is None or v.start < v.end
)
codes = st.builds(
    ExternalCode,
    st.sampled_from(["B1", "B2", "B3"]),
    st.sampled_from([CodeScheme.HOUSE, CodeScheme.TITLE]),
    st.sampled_from(["1", "2"]),
    st.just("a list"),
    spans,
)
Move = Callable[[AddressCorrection, str, datetime], AddressCorrection]
MOVES: dict[CorrectionEvent, Move] = {
    CorrectionEvent.CONFIRMED: lambda c, by, at: c.confirmed(by, at),
    CorrectionEvent.REJECTED: lambda c, by, at: c.rejected(by, at, "no such number"),
    CorrectionEvent.APPLIED: lambda c, by, at: c.applied(by, at),
}


@given(spans, spans)
def test_spans_overlap_when_some_day_is_in_both(one: Validity, other: Validity) -> None:
    wide = [FIRST - timedelta(days=400), *DAYS, FIRST + timedelta(days=400)]
    shared = any(one.holds(day) and other.holds(day) for day in wide)
    assert one.overlaps(other) == other.overlaps(one) == shared


@given(st.lists(codes, max_size=10))
def test_codes_taken_one_by_one_name_one_place_a_day(
    offered: list[ExternalCode],
) -> None:
    held: tuple[ExternalCode, ...] = ()
    for code in offered:
        doubled = bool(double_codes([*held, code]))
        try:
            held = with_code(held, code)
        except Conflict:
            assert doubled
        else:
            assert not doubled
    assert not double_codes(held)
    for code in held:
        for day in filter(code.valid.holds, DAYS):
            assert place_of(held, code.scheme, code.value, day) == code.place


@given(
    st.lists(
        st.tuples(
            st.sampled_from(CorrectionEvent),
            st.sampled_from(["P1", "C1", "C2"]),
            st.integers(-1, 2),
        ),
        max_size=8,
    )
)
def test_a_correction_goes_by_its_table_forward_in_time_and_never_by_its_reporter(
    happenings: list[tuple[CorrectionEvent, str, int]],
) -> None:
    building = Building("B1", "G001", "1栋", "示例路1号", 6)
    correction = report("K1", building, "示例路2号", by="P1", at=AT)
    now = AT
    for event, by, hours in happenings:
        at = now + timedelta(hours=hours)
        own = by == "P1" and event is not CorrectionEvent.APPLIED
        if CORRECTIONS.allows(correction.state, event) and hours >= 0 and not own:
            wanted = CORRECTIONS.after(correction.state, event)
            correction, now = MOVES[event](correction, by, at), at
            assert correction.state is wanted
        else:
            with pytest.raises(Conflict):
                MOVES[event](correction, by, at)
    deciders = [
        s.by for s in correction.steps if s.event is not CorrectionEvent.APPLIED
    ]
    assert "P1" not in deciders
    assert len(correction.steps) <= 2


def test_every_state_of_a_correction_can_be_reached() -> None:
    reached = {CORRECTIONS.initial, *CORRECTIONS.moves.values()}
    assert reached == set(CorrectionState)
    assert {event for _, event in CORRECTIONS.moves} == set(CorrectionEvent)
    over = {state for state in CorrectionState if CORRECTIONS.final(state)}
    assert over == {CorrectionState.REJECTED, CorrectionState.APPLIED}
