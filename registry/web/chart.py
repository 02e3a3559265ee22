"""Passages by hour as bars: numbers for an SVG, no drawing library."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from registry.domain.traffic import HourCount

WIDTH, HEIGHT = 960, 240
LEFT, TOP, BOTTOM = 44, 24, 26
PLOT = HEIGHT - TOP - BOTTOM
STEPS = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class Segment:
    """A rectangle of a bar; `kind` is its series."""

    kind: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One hour of the chart."""

    hour: HourCount
    total: int
    segments: tuple[Segment, ...]
    centre: float
    top: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars, the lines behind them, and the hour with most passages."""

    bars: tuple[Bar, ...]
    lines: tuple[tuple[int, float], ...]
    total: int
    refused: int
    peak: Bar | None
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    base: int = HEIGHT - BOTTOM


def draw(hours: Sequence[HourCount]) -> Chart:
    """Return the chart of these hours, oldest first."""
    totals = [hour.total for hour in hours]
    ceiling, step = _scale(max(totals, default=0))
    pitch = (WIDTH - LEFT) / max(len(hours), 1)
    bars = tuple(
        _bar(hour, LEFT + i * pitch, pitch, ceiling) for i, hour in enumerate(hours)
    )
    busiest = max(bars, key=lambda bar: bar.total, default=None)
    return Chart(
        bars=bars,
        lines=tuple((n, _y(n, ceiling)) for n in range(step, ceiling + 1, step)),
        total=sum(totals),
        refused=sum(hour.refused for hour in hours),
        peak=busiest if busiest and busiest.total else None,
    )


def _scale(most: int) -> tuple[int, int]:
    """Return a round number not below `most`, and the step of two to five lines."""
    step = next(s for s in _round_steps() if 4 * s >= most)
    return step * max(-(-most // step), 1), step


def _round_steps() -> Iterator[int]:
    magnitude = 1
    while True:
        yield from (step * magnitude for step in STEPS)
        magnitude *= 10


def _y(value: int, ceiling: int) -> float:
    return round(TOP + PLOT * (1 - value / ceiling), 1)


def _bar(hour: HourCount, x: float, pitch: float, ceiling: int) -> Bar:
    series = (("cards", hour.cards), ("exits", hour.exits), ("refused", hour.refused))
    below, segments = 0, []
    for kind, count in series:
        if count:
            top, floor = _y(below + count, ceiling), _y(below, ceiling)
            segments.append(
                Segment(
                    kind,
                    round(x + pitch * 0.17, 1),
                    top,
                    round(pitch * 0.66, 1),
                    round(floor - top, 1),
                )
            )
        below += count
    centre = round(x + pitch / 2, 1)
    return Bar(hour, below, tuple(segments), centre, _y(below, ceiling) - 6)
