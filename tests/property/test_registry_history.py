"""Whatever is learned in whatever order, every point of both times has its answer."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from registry.domain.history import (
    AsOf,
    Channel,
    Revision,
    Source,
    Span,
    Version,
    look,
    revise,
)

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
SOMEBODY = Source("clerk", Channel.COUNTER)
DAYS = range(-1, 12)

bounds = st.none() | st.integers(0, 10)


@st.composite
def spans(draw: st.DrawFn) -> tuple[int | None, int | None]:
    start, end = draw(bounds), draw(bounds)
    if start is not None and end is not None and end <= start:
        end = start + 1
    return start, end


def moment(day: int | None) -> datetime | None:
    return None if day is None else EPOCH + day * DAY


def holds(span: tuple[int | None, int | None], day: int) -> bool:
    start, end = span
    return (start is None or start <= day) and (end is None or day < end)


def apply(
    versions: list[Version[int]], revision: Revision[int], now: datetime
) -> list[Version[int]]:
    """Do what a store does: supersede, then append."""
    kept = [
        Version(v.content, v.span, v.source, v.recorded_at, now)
        if v in revision.superseded
        else v
        for v in versions
    ]
    return [*kept, *revision.added]


@given(st.lists(spans(), max_size=6))
def test_the_last_word_on_each_day_holds_and_no_earlier_knowledge_is_lost(
    facts: list[tuple[int | None, int | None]],
) -> None:
    versions: list[Version[int]] = []
    known: list[dict[int, int]] = [{}]
    for number, span in enumerate(facts):
        now = EPOCH + timedelta(hours=number)
        current = [v for v in versions if v.superseded_at is None]
        revision = revise(
            current, number, Span(moment(span[0]), moment(span[1])), SOMEBODY, now
        )
        versions = apply(versions, revision, now)
        known.append(known[-1] | {day: number for day in DAYS if holds(span, day)})
    for number, model in enumerate(known):
        when = EPOCH + timedelta(hours=number) - timedelta(seconds=1)
        for day in DAYS:
            assert look(versions, AsOf(moment(day), when)) == model.get(day)
    for day in DAYS:
        told = [
            v
            for v in versions
            if v.superseded_at is None and v.span.holds(EPOCH + day * DAY)
        ]
        assert len(told) <= 1


@given(spans(), spans())
def test_a_fact_beside_another_leaves_it_as_it_was_said(
    first: tuple[int | None, int | None], second: tuple[int | None, int | None]
) -> None:
    version = Version(
        1, Span(moment(first[0]), moment(first[1])), SOMEBODY, EPOCH, None
    )
    span = Span(moment(second[0]), moment(second[1]))
    revision = revise([version], 2, span, Source("other"), EPOCH + DAY)
    touch = any(holds(first, day) and holds(second, day) for day in range(-2, 13))
    assert (revision.superseded == (version,)) == touch
    assert all(v.source == SOMEBODY for v in revision.added[:-1])
    assert revision.added[-1].content == 2


def test_without_a_day_the_last_that_is_known_is_told() -> None:
    versions = [
        Version("before", Span(None, EPOCH), SOMEBODY, EPOCH),
        Version("after", Span(EPOCH, None), SOMEBODY, EPOCH),
    ]
    assert look(versions) == "after"
    assert look(versions, AsOf(valid=EPOCH - DAY)) == "before"
    assert look(versions, AsOf(known=EPOCH - DAY)) is None
