"""Habits played at the doors, as fast as wanted."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count

from firmware_sim.habits import DAY, Movement


@dataclass(frozen=True, slots=True)
class StreetClock:
    """The street's own time: seconds since the midnight before it began.

    `origin` is the monotonic moment at which it showed `start`.
    """

    origin: float
    start: float
    speed: float

    def shows(self, now: float) -> float:
        """Return the street's time at a monotonic moment."""
        return self.start + (now - self.origin) * self.speed

    def reaches(self, time: float) -> float:
        """Return the monotonic moment at which the street's time is `time`."""
        return self.origin + (time - self.start) / self.speed


class Traffic:
    """Plays day after day; while it is not running, people stay at home."""

    def __init__(
        self,
        clock: StreetClock,
        plan: Callable[[int], Sequence[Movement]],
        act: Callable[[Movement], None],
    ) -> None:
        self.clock = clock
        self.running = False
        self._plan = plan
        self._act = act

    async def play(self) -> None:
        """Act out all movements in time, for ever."""
        loop = asyncio.get_running_loop()
        for day in count():
            # A day is planned beside the loop: buses must not wait for it.
            moves = await asyncio.to_thread(self._plan, day)
            for move in moves:
                due = self.clock.reaches(day * DAY + move.second)
                if due < self.clock.origin:
                    continue
                await asyncio.sleep(max(0.0, due - loop.time()))
                if self.running:
                    self._act(move)
