"""What happened since the start, in numbers."""

import statistics
from collections import deque
from dataclasses import dataclass, field

SAMPLES = 2_000


class Latencies:
    """The last durations, in seconds."""

    def __init__(self) -> None:
        """Start with none."""
        self._samples: deque[float] = deque(maxlen=SAMPLES)

    def add(self, seconds: float) -> None:
        """Take a duration."""
        self._samples.append(seconds)

    def milliseconds(self) -> dict[str, float | None]:
        """Return the median and the 99th percentile."""
        if not self._samples:
            return {"p50": None, "p99": None}
        ranked = sorted(self._samples)
        last = ranked[min(len(ranked) * 99 // 100, len(ranked) - 1)]
        return {
            "p50": round(1000 * statistics.median(ranked), 3),
            "p99": round(1000 * last, 3),
        }


@dataclass(slots=True)
class Counters:
    """Counts, and how long a reader's card waited for the command that answers it."""

    granted: int = 0
    refused: int = 0
    unrecorded: int = 0
    reported: int = 0
    repeated: int = 0
    gaps: int = 0
    unwatched: int = 0
    foreign_cards: int = 0
    receipts: int = 0
    forks: int = 0
    uplink_failures: int = 0
    commands_failed: int = 0
    permit_mismatches: int = 0
    handler_failures: int = 0
    decisions: Latencies = field(default_factory=Latencies)
    last_receipt: float | None = None
