"""How a board is set up: its events, where it pushes them, its doors' times."""

from collections import Counter, deque
from collections.abc import Mapping

from controller.protocols.uhppote.message import Reply, Request
from controller.protocols.uhppote.messages.doors import (
    DoorMode,
    GetDoor,
    GetDoorReply,
    SetDoor,
    SetDoorReply,
)
from controller.protocols.uhppote.messages.events import (
    GetListener,
    GetListenerReply,
    RecordSpecialEvents,
    SetListener,
)
from controller.protocols.uhppote.places import Listener
from controller.protocols.uhppote.wire import Ask

DELAYS = range(1, 256)
"""Seconds a door can stay unlocked: one byte, and 0 would not open it."""
AUDIT_PERIOD = 600.0
"""Seconds after which the settings are looked at again."""
MOST_SILENCES = 2
"""Times a board may leave a setting unanswered before it is left alone for a while."""


def delay_of(seconds: float) -> int:
    """Return an unlock time as boards keep it, or raise ValueError."""
    delay = int(seconds)
    if delay != seconds or delay not in DELAYS:
        most = DELAYS[-1]
        raise ValueError(
            f"a board unlocks for 1 to {most} whole seconds, not {seconds}"
        )
    return delay


class Setup:
    """Keeps a board recording its buttons and contacts, and its doors at their delay.

    A door with a delay of ours is also kept in the mode in which cards decide. With a
    `listener` the board pushes its events there: they are hints, nothing rests on
    them. What a board does not keep is tried again at the next audit.
    """

    def __init__(
        self, serial: int, delays: Mapping[int, int], listener: Listener | None
    ) -> None:
        """Take the delays (s) of those doors that have one."""
        self._serial = serial
        self._delays = delays
        self._listener = listener
        self._steps: deque[Request] = deque()
        self._due: float | None = None
        self._silences: Counter[type[Request]] = Counter()

    def forget(self) -> None:
        """Begin anew with the next question: it may be another board."""
        self._steps.clear()
        self._due = None

    def next(self, now: float) -> Ask | None:
        """Return what is to be asked for the settings' sake."""
        if self._due is None or now >= self._due:
            self._begin(now)
        while self._steps and self._silences[type(self._steps[0])] >= MOST_SILENCES:
            self._steps.popleft()
        return self._ask(self._steps[0]) if self._steps else None

    def _ask(self, request: Request) -> Ask:
        return Ask(
            lambda _now: request,
            lambda reply, _now: self._take(request, reply),
            lambda _cause: self._unanswered(request),
        )

    def _begin(self, now: float) -> None:
        if self._due is not None:
            self._silences.clear()
        self._due = now + AUDIT_PERIOD
        self._steps.clear()
        self._steps.append(RecordSpecialEvents(self._serial, enabled=True))
        if self._listener is not None:
            self._steps.append(GetListener(self._serial))
        self._steps += [GetDoor(self._serial, door) for door in sorted(self._delays)]

    def _take(self, request: Request, reply: Reply) -> bool:
        if isinstance(reply, GetDoorReply | SetDoorReply) and (
            not isinstance(request, GetDoor | SetDoor) or reply.door != request.door
        ):
            return False
        self._silences[type(request)] = 0
        self._steps.popleft()
        correction = self._correction(reply)
        if correction is not None:
            self._steps.appendleft(correction)
        return True

    def _correction(self, reply: Reply) -> Request | None:
        """Return what sets right what a board was found with."""
        match reply:
            case GetDoorReply():
                wanted = (DoorMode.CONTROLLED, self._delays[reply.door])
                if (reply.mode, reply.delay) != wanted:
                    return SetDoor(self._serial, reply.door, *wanted)
            case GetListenerReply() if self._listener is not None:
                place = self._listener
                if (reply.address, reply.port) != (place.address, place.port):
                    # It need not repeat what we fetch by index.
                    return SetListener(self._serial, place.address, place.port, 0)
        return None

    def _unanswered(self, request: Request) -> None:
        self._silences[type(request)] += 1
