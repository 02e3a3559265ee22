"""Permits on their way into one device's list of users, proved by reading it back.

The list has no end mark and may lose entries: an acknowledged command that changes
nothing follows it, and only two equal lists in a row are believed.
"""

import hashlib
from collections import deque
from collections.abc import Callable
from enum import Enum, auto

from controller.encoding import digest_of
from controller.protocols.esp_rfid.commands import Order, Verb
from controller.protocols.esp_rfid.messages import User
from controller.protocols.esp_rfid.turns import Turns
from controller.protocols.esp_rfid.users import (
    CAPACITY,
    Users,
    card_of,
    is_ours,
    users_of,
)
from controller.session import (
    ApplyPermits,
    CommandFailed,
    Event,
    ForeignCards,
    Member,
    PermitsApplied,
)
from controller.vocabulary import CardNumber, Permit, PermitId

PATIENCE = 5.0
"""Seconds to the next word of an answer."""
SETTLING = 1.0
"""Seconds to the first command: a device says `boot` before it listens."""
REST, LONGEST_REST = 5.0, 320.0
"""Seconds of silence after a lost answer, so that a late one is not mistaken."""
ROUNDS = 4
MOST_LISTED = 4 * CAPACITY
FENCE = "menhu-end"
"""A uid no card has: deleting it is acknowledged and changes nothing."""
NAMED = 3
"""Permits that cannot be held and are named in a failure."""


class Phase(Enum):
    """What is under way."""

    IDLE = auto()
    WAITING = auto()
    LISTING = auto()
    CHANGING = auto()
    RESTING = auto()


class Sync:
    """Brings one device's users to the permits wanted, removals first."""

    def __init__(
        self,
        member: Member,
        turns: Turns,
        post: Callable[[Order], None],
        report: Callable[[Event], None],
        on_read: Callable[[], None],
    ) -> None:
        """`on_read` is called whenever the list is known."""
        self._controller = member.controller
        self._removes_foreign = member.remove_foreign
        self._turns = turns
        self._post, self._report, self._on_read = post, report, on_read
        self.users: Users | None = None
        """What the device holds, once that is known."""
        self._wanted: dict[PermitId, Permit] = {}
        self._pending: ApplyPermits | None = None
        self._phase = Phase.IDLE
        self._heard: dict[str, User] = {}
        self._before: Users | None = None
        self._queue: deque[Order] = deque()
        self._rounds = 0
        self._rest = REST
        self._foreign: tuple[CardNumber, ...] = ()
        self.deadline: float | None = None

    def begin(self, now: float) -> None:
        """Read the list: the device can be reached."""
        self.stop(now)
        self._rounds, self._rest = 0, REST
        self._enter(Phase.RESTING, now + SETTLING, now)

    def stop(self, now: float) -> None:
        """Let everything rest: the device cannot be reached."""
        self.users = None
        self._enter(Phase.IDLE, None, now)

    def apply(self, command: ApplyPermits, now: float) -> None:
        """Take what is wanted; it is answered once, when the device holds it all."""
        if command.snapshot:
            self._wanted.clear()
        for identity in command.removed:
            self._wanted.pop(identity, None)
        self._wanted |= {permit.id: permit for permit in command.put}
        if self._pending is None:
            self._rounds = 0
        self._pending = command
        if self._phase is Phase.IDLE and self.users is not None:
            self._advance(self.users, now)

    def digest(self, users: Users) -> bytes:
        """Return the digest of the permits held, or of the list if it is another."""
        target, left_out = users_of(self._wanted.values())
        ours = {uid: user for uid, user in users.items() if self._concerns(user)}
        if ours == target and not left_out:
            return digest_of(self._wanted.values())
        rows = sorted(map(repr, ours.values()))
        return hashlib.sha256("\n".join(rows).encode()).digest()

    def turn(self, now: float) -> None:
        """Ask for the list, and then for an acknowledgement that ends it."""
        self._heard = {}
        self._phase, self.deadline = Phase.LISTING, now + PATIENCE
        self._post(Order(Verb.GET_USERS))
        self._post(Order(Verb.DELETE_USER, uid=FENCE))

    def listed(self, user: User, now: float) -> None:
        """Take an entry of the list."""
        if self._phase is Phase.LISTING and len(self._heard) < MOST_LISTED:
            self._heard[user.uid] = user
            self.deadline = now + PATIENCE

    def acknowledged(self, command: str, now: float) -> None:
        """Take that the last command was carried out."""
        if self._phase is Phase.LISTING and command == Verb.DELETE_USER:
            if self._heard == self._before:
                self._rest = REST
                self._list_is_read(self._heard, now)
            else:
                self._before = self._heard
                self.turn(now)
        elif self._phase is Phase.CHANGING and command == self._queue[0].verb:
            self._queue.popleft()
            self._change(now)

    def on_timeout(self, now: float) -> None:
        """Begin anew after a pause when an answer did not come."""
        if self.deadline is None or now < self.deadline:
            return
        if self._phase is Phase.RESTING:
            self._read_list(now)
            return
        self.users = None
        self._enter(Phase.RESTING, now + self._rest, now)
        self._rest = min(2 * self._rest, LONGEST_REST)
        self._rounds += 1
        if self._rounds >= ROUNDS:
            self._fail("it does not answer")

    def _read_list(self, now: float) -> None:
        self._before = None
        self._enter(Phase.WAITING, None, now)
        self._turns.ask(self, now)

    def _list_is_read(self, users: Users, now: float) -> None:
        self.users = users
        self._enter(Phase.IDLE, None, now)
        theirs = (card_of(u) for u, user in users.items() if not is_ours(user))
        foreign = tuple(sorted(card for card in theirs if card is not None))
        if foreign != self._foreign:
            self._foreign = foreign
            if foreign:
                self._report(ForeignCards(self._controller, foreign))
        self._on_read()
        self._advance(users, now)

    def _advance(self, users: Users, now: float) -> None:
        """Change what differs, or say how it ended."""
        if self._pending is None:
            return
        target, causes = self._target(users)
        extra = [uid for uid, user in users.items() if self._concerns(user)]
        removals = [uid for uid in extra if uid not in target]
        puts = [user for uid, user in target.items() if users.get(uid) != user]
        if not removals and not puts:
            self._finish(self._pending, causes)
        elif self._rounds >= ROUNDS:
            self._fail("it holds other users than it was sent")
        else:
            self._rounds += 1
            self._queue.extend(Order(Verb.DELETE_USER, uid=uid) for uid in removals)
            self._queue.extend(Order(Verb.ADD_USER, user=user) for user in puts)
            self._change(now)

    def _target(self, users: Users) -> tuple[Users, list[str]]:
        """Return the users there should be; nothing is added that would not fit."""
        target, left_out = users_of(self._wanted.values())
        causes = [f"permit {name}: {why}" for name, why in sorted(left_out.items())]
        foreign = sum(
            uid not in target and not self._concerns(user)
            for uid, user in users.items()
        )
        if len(target) + foreign > CAPACITY:
            causes = [f"{len(target)} users and {foreign} foreign exceed {CAPACITY}"]
            target = {u: user for u, user in target.items() if users.get(u) == user}
        return target, causes

    def _concerns(self, user: User) -> bool:
        """Say whether a user is ours, or ours to take out."""
        return self._removes_foreign or is_ours(user)

    def _change(self, now: float) -> None:
        if self._queue:
            self._enter(Phase.CHANGING, now + PATIENCE, now)
            self._post(self._queue[0])
        else:
            self._read_list(now)

    def _finish(self, command: ApplyPermits, causes: list[str]) -> None:
        if causes:
            more = len(causes) - NAMED
            rest = f" and {more} more" if more > 0 else ""
            self._fail("; ".join(causes[:NAMED]) + rest)
            return
        self._pending = None
        digest = digest_of(self._wanted.values())
        self._report(PermitsApplied(self._controller, command.revision, digest))

    def _fail(self, cause: str) -> None:
        command, self._pending = self._pending, None
        if command is not None:
            self._report(CommandFailed(self._controller, command, cause))

    def _enter(self, phase: Phase, deadline: float | None, now: float) -> None:
        self._phase, self.deadline = phase, deadline
        if phase is not Phase.CHANGING:
            self._queue.clear()
        self._turns.leave(self, now)
