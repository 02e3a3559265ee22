"""Which records a door sends now, and when it sends them again."""

from controller.protocols.smart_door.formats import MOST_RECORDS
from controller.protocols.smart_door.memory import DoorMemory
from controller.protocols.smart_door.messages import Events

WINDOW = 3 * MOST_RECORDS
"""Records that may be on their way without an acknowledgement."""
REPEAT, LONGEST_REPEAT = 3.0, 30.0


class Outgoing:
    """A window over the ring: goes back to the acknowledged index when none comes."""

    def __init__(self, memory: DoorMemory) -> None:
        self._memory = memory
        self._sent = memory.acknowledged
        self._pause = REPEAT
        self.deadline: float | None = None

    def rewind(self) -> None:
        """Send everything unacknowledged again, at once."""
        self._sent = self._memory.acknowledged
        self._pause = REPEAT
        self.deadline = None

    def acknowledge(self, upto: int, now: float) -> None:
        """Let the window move on."""
        if upto <= self._memory.acknowledged:
            return
        self._memory.acknowledge(upto)
        self._sent = max(self._sent, self._memory.acknowledged)
        self._pause = REPEAT
        behind = self._sent > self._memory.acknowledged
        self.deadline = now + self._pause if behind else None

    def on_timeout(self, now: float) -> None:
        """Go back when no acknowledgement came in time."""
        if self.deadline is not None and now >= self.deadline:
            self._sent = self._memory.acknowledged
            self._pause = min(2 * self._pause, LONGEST_REPEAT)
            self.deadline = None

    def next(self, now: float) -> Events | None:
        """Return one more message while the window has room."""
        floor = max(self._memory.acknowledged, self._memory.oldest - 1)
        if self._sent - floor > WINDOW - MOST_RECORDS:
            return None
        events = self._memory.after(self._sent)
        if events is not None:
            self._sent = events.first + len(events.records) - 1
            if self.deadline is None:
                self.deadline = now + self._pause
        return events
