"""The locks of doors we decide for: released for a passage, or held for hours.

A lock that is held is released by a lease, renewed in time: without this gateway it
falls within `LEASE` seconds, and with the hours at the latest.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import inf

from controller.doorkeeping.keeper import Doorkeeper
from controller.session import (
    Command,
    CommandFailed,
    Event,
    HoldDoor,
    Offline,
    Online,
    OpenDoor,
)
from controller.upkeep import Light, RelayChanged, Show
from controller.vocabulary import ControllerId
from gateway.clock import Clock
from gateway.doors import Door

LEASE = 120.0
RENEWED_AT = 60.0
"""Seconds of a lease that are left when it is renewed."""
RETRY = 10.0
"""Seconds before a lock that did not do what it was told is told again."""
SLACK = 1.0
"""Seconds by which a lease may end otherwise than the hours without being told."""
SHORTEST = 0.1
"""Seconds below which a lock need not be released at all."""
SHOWN = 2.0


@dataclass(slots=True)
class _Lock:
    """A lock and until when it is released, in monotonic seconds.

    `due` is when it must be told how to stand, whatever we think it does.
    """

    door: Door
    online: bool = False
    held_until: float | None = None
    opened_until: float = -inf
    due: float = inf


class Locks:
    """Tells locks what the doorkeeper decided, and holds those of unlocked doors."""

    def __init__(
        self,
        doors: Iterable[Door],
        clock: Clock,
        keeper: Doorkeeper,
        send: Callable[[Command], None],
    ) -> None:
        """Take the doors we decide for."""
        self._clock = clock
        self._keeper = keeper
        self._send = send
        self._locks: dict[ControllerId, _Lock] = {
            door.controller: _Lock(door) for door in doors
        }

    def handle(self, event: Event) -> None:
        """Take who came, who left, and who did not do as it was told."""
        lock = self._locks.get(event.controller)
        if lock is None:
            return
        now = self._clock.monotonic()
        match event:
            case Online():
                lock.online = True
                if self._keeper.has_rules(lock.door.id):
                    lock.due = now
                    self._see_to(lock)
            case Offline():
                lock.online, lock.held_until = False, None
            case CommandFailed(command=HoldDoor()):
                lock.held_until, lock.due = None, now + RETRY
            case RelayChanged(relay=0, active=False) if lock.held_until is not None:
                # A reader that was without power for a moment has let go of it.
                lock.due = now

    def release(self, door: Door) -> None:
        """Let somebody through."""
        lock, now = self._locks[door.controller], self._clock.monotonic()
        until = now + door.unlock_seconds
        lock.opened_until = max(lock.opened_until, until)
        if lock.held_until is not None and lock.held_until >= until:
            # A shorter timer would end the longer one.
            self._send(Show(door.controller, SHOWN, light=Light.GREEN))
        else:
            self._send(OpenDoor(door.controller, door.unlock_seconds))

    def tick(self) -> None:
        """Hold and let go of what the hours say; call it once a second."""
        for lock in self._locks.values():
            if lock.online:
                self._see_to(lock)

    def _see_to(self, lock: _Lock) -> None:
        now = self._clock.monotonic()
        door, wall = lock.door, self._clock.now()
        wanted = self._keeper.unlocked_for(door.id, wall, LEASE)
        if now < lock.due and not self._is_wrong(lock, wanted, now):
            return
        lock.due = inf
        lock.held_until = now + wanted if wanted else None
        # Whoever was let through just now is not shut out by the end of the hours.
        seconds = max(wanted, lock.opened_until - now, 0.0)
        self._send(HoldDoor(door.controller, seconds if seconds >= SHORTEST else 0.0))

    def _is_wrong(self, lock: _Lock, wanted: float, now: float) -> bool:
        if lock.held_until is None:
            return wanted > 0 and lock.due == inf
        left = lock.held_until - now
        if left <= RENEWED_AT and wanted > left + SLACK:
            return True
        return wanted < left - SLACK or wanted == 0
