"""How fast the access rule answers over 100,000 permits, and what they weigh."""

# ruff: noqa: T201 - a benchmark prints its table

import random
import time
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from controller.decision import decide
from controller.permit_table import PermitTable
from controller.schedule import Hours, Validity, WeeklyProfile
from controller.vocabulary import CardNumber, DoorId, Permit, PermitId

PERMITS = 100_000
DOORS = 171
TAPS = 50_000
FIRST_CARD = 4_400_000_000
START = datetime(2026, 1, 1, tzinfo=UTC)
YEAR = Validity(START, START + timedelta(days=365))
OFFICE = WeeklyProfile(
    "office", "Asia/Shanghai", tuple(Hours(day, 480, 1080) for day in range(5))
)
NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)

Tap = tuple[CardNumber, DoorId]


def permits() -> Iterator[Permit]:
    """Two permits a card, every tenth with weekly hours."""
    for number in range(PERMITS):
        yield Permit(
            PermitId(number),
            CardNumber(FIRST_CARD + number // 2),
            DoorId(f"door-{number % DOORS:03d}"),
            YEAR,
            OFFICE if number % 10 == 0 else None,
        )


def taps(seed: int = 7) -> list[Tap]:
    """Known cards at their own doors, in no order."""
    pick = random.Random(seed)  # noqa: S311 - a benchmark must repeat itself
    numbers = [pick.randrange(PERMITS) for _ in range(TAPS)]
    return [
        (CardNumber(FIRST_CARD + number // 2), DoorId(f"door-{number % DOORS:03d}"))
        for number in numbers
    ]


def quantiles(answer: Callable[[Tap], object]) -> tuple[float, float]:
    """Return p50 and p99 in microseconds of one answer per tap."""
    spent = []
    for tap in taps():
        before = time.perf_counter_ns()
        answer(tap)
        spent.append(time.perf_counter_ns() - before)
    spent.sort()
    return spent[len(spent) // 2] / 1000, spent[len(spent) * 99 // 100] / 1000


def main() -> None:
    """Print the figures as a Markdown table."""
    tracemalloc.start()
    table = PermitTable(permits())
    weight = tracemalloc.get_traced_memory()[0] / 1e6
    tracemalloc.stop()
    bare = {(tap[0].value, tap[1]): True for tap in taps()}
    rows = [
        ("a bare dict lookup", quantiles(lambda tap: bare[tap[0].value, tap[1]])),
        ("decide", quantiles(lambda tap: decide(table, tap[1], tap[0], NOW))),
    ]
    print(f"Decisions over {PERMITS:,} permits ({weight:.2f} MB in the table)\n")
    print("| | p50 µs | p99 µs |\n|---|---:|---:|")
    for name, (half, most) in rows:
        print(f"| {name} | {half:.2f} | {most:.2f} |")
    for changes in (1, 100, 10_000):
        before = time.perf_counter()
        table.apply(map(PermitId, range(changes)), ())
        spent = (time.perf_counter() - before) * 1000
        print(f"\nDropping {changes:,} of them took {spent:.1f} ms.")


if __name__ == "__main__":
    main()
