"""Our time and what the controllers' clocks make of it."""

import statistics
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from controller.cbor import EPOCH

READINGS = 5
STEP = 2.0
"""Seconds a controller's clock may be off before it is set."""
UNKNOWN = 86_400.0
"""Seconds of uncertainty of a clock that was never read."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Where time comes from: UTC for records, a monotonic count for everything else."""

    wall: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic

    def now(self) -> datetime:
        """Return the time in UTC."""
        return datetime.fromtimestamp(self.wall(), UTC)


@dataclass(frozen=True, slots=True)
class _Reading:
    offset: float
    uncertainty: float


@dataclass(slots=True)
class ControllerClock:
    """How far one controller's clock is from ours, in seconds: its time minus ours."""

    _readings: deque[_Reading] = field(default_factory=lambda: deque(maxlen=READINGS))
    _step: float = 0.0
    _set_at: datetime | None = None

    @property
    def offset(self) -> float | None:
        """The median of the last readings."""
        if not self._readings:
            return None
        return statistics.median_low(reading.offset for reading in self._readings)

    def read(self, controller_at: datetime, now: datetime, round_trip: float) -> None:
        """Take a reading that arrived at `now`."""
        half = round_trip / 2
        offset = (controller_at - now).total_seconds() + half
        self._readings.append(_Reading(offset, half))

    @property
    def is_off(self) -> bool:
        """Whether the clock should be set."""
        return self.offset is not None and abs(self.offset) > STEP

    def was_set(self, now: datetime) -> None:
        """Remember the step: what the controller recorded before still has it."""
        self._step, self._set_at = self.offset or 0.0, now
        self._readings.clear()

    def correct(self, controller_at: datetime, now: datetime) -> tuple[datetime, float]:
        """Return when something was, from 1970 to now, and how unsure that is."""
        offset, unsure = self.offset, self._spread()
        if offset is None:
            offset, unsure = 0.0, UNKNOWN if self._set_at is None else STEP
        if self._set_at is not None:
            if controller_at < self._set_at:
                offset, unsure = self._step, STEP
            elif (controller_at - self._set_at).total_seconds() <= self._step:
                unsure += self._step
        # As a difference it cannot leave the calendar, whatever the clock says.
        since = controller_at - EPOCH - timedelta(seconds=offset)
        return EPOCH + min(max(since, timedelta()), now - EPOCH), unsure

    def _spread(self) -> float:
        offsets = [reading.offset for reading in self._readings]
        if not offsets:
            return 0.0
        widest = max(reading.uncertainty for reading in self._readings)
        return max(offsets) - min(offsets) + widest
