"""A board's clock: local wall time without a zone, and never quite right."""

from datetime import datetime, timedelta

CENTURY = 20


class BoardClock:
    """Runs on its battery through power cuts; `drift` is in seconds per second."""

    def __init__(self, moment: datetime, now: float, drift: float = 0.0) -> None:
        self._moment = moment
        self._set_at = now
        self.drift = drift

    def set(self, moment: datetime, now: float) -> None:
        """Put the hands to some moment; another century is not taken."""
        if moment.year // 100 == CENTURY:
            self._moment, self._set_at = moment, now

    def read(self, now: float) -> datetime:
        """Return what the clock says, to the second."""
        passed = (now - self._set_at) * (1.0 + self.drift)
        return (self._moment + timedelta(seconds=passed)).replace(microsecond=0)

    def step(self, seconds: float) -> None:
        """Let the clock jump."""
        self._moment += timedelta(seconds=seconds)
