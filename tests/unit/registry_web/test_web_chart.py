from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from registry.domain.traffic import HourCount, filled, last_hours
from registry.web import chart

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
counts = st.integers(0, 100_000)


def hours(*rows: tuple[int, int, int]) -> list[HourCount]:
    return [HourCount(NOON + timedelta(hours=n), *row) for n, row in enumerate(rows)]


def test_bars_stack_what_each_hour_saw() -> None:
    drawn = chart.draw(hours((6, 2, 2), (0, 0, 0), (1, 0, 0)))
    assert (drawn.total, drawn.refused) == (11, 2)
    assert drawn.peak is drawn.bars[0]
    assert [s.kind for s in drawn.bars[0].segments] == ["cards", "exits", "refused"]
    assert drawn.bars[1].segments == ()
    assert [value for value, _ in drawn.lines] == [5, 10]


def test_a_day_without_anybody_has_no_peak() -> None:
    drawn = chart.draw(hours((0, 0, 0)))
    assert (drawn.total, drawn.peak) == (0, None)
    assert chart.draw([]).bars == ()


@given(st.lists(st.tuples(counts, counts, counts), min_size=1, max_size=24))
def test_bars_stay_inside_the_plot_and_touch_each_other(
    rows: list[tuple[int, int, int]],
) -> None:
    drawn = chart.draw(hours(*rows))
    assert 1 <= len(drawn.lines) <= 5
    assert drawn.lines[-1][0] >= max(map(sum, rows))
    for bar in drawn.bars:
        floor = float(drawn.base)
        for segment in bar.segments:
            assert abs(segment.y + segment.height - floor) < 0.11
            assert drawn.left <= segment.x <= segment.x + segment.width <= drawn.width
            floor = segment.y
        assert floor >= chart.TOP - 0.1


def test_the_last_hours_end_with_the_running_one() -> None:
    starts = last_hours(NOON + timedelta(minutes=59), 3)
    assert starts == [NOON - timedelta(hours=2), NOON - timedelta(hours=1), NOON]


def test_hours_nobody_passed_are_filled_with_zero() -> None:
    starts = last_hours(NOON, 2)
    known = HourCount(NOON, 3, 1, 1)
    assert filled([known], starts) == [HourCount(starts[0]), known]
    assert known.total == 5
