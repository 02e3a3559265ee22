"""Commands under way at one door: sent, repeated, answered or given up."""

from collections.abc import Callable
from dataclasses import dataclass

from controller.protocols.smart_door.formats import LONGEST_OPENING
from controller.protocols.smart_door.link import Link
from controller.protocols.smart_door.messages import (
    Applied,
    Challenge,
    ChallengeRequest,
    DownMessage,
    Open,
    Result,
)
from controller.protocols.smart_door.messages import (
    SetClock as SetClockMessage,
)
from controller.protocols.smart_door.transfer import merge, split
from controller.session import (
    ApplyPermits,
    CommandFailed,
    Event,
    OpenDoor,
    PermitsApplied,
    SetClock,
)
from controller.vocabulary import Revision

PATIENCE = 5.0
"""Seconds after which an opening or a clock setting has failed."""
OPENING_PAUSE = 1.0
SHORTEST_OPENING = 0.001
PERMITS_PAUSE, LONGEST_PAUSE = 2.0, 30.0

ErrandCommand = OpenDoor | ApplyPermits | SetClock


@dataclass(slots=True)
class Errand:
    """A command, the messages that carry it now, and its two clocks."""

    command: ErrandCommand
    number: int
    messages: tuple[DownMessage, ...]
    pause: float | None
    due: float | None = None
    expires: float | None = None


class Errands:
    """At most one command of each type is under way; permits may wait behind."""

    def __init__(
        self,
        link: Link,
        revision: Revision,
        post: Callable[[DownMessage], None],
        report: Callable[[Event], None],
    ) -> None:
        self._link = link
        self._revision = revision
        self._post = post
        self._report = report
        self._running: dict[type, Errand] = {}
        self._waiting: ApplyPermits | None = None

    def start(self, command: ErrandCommand, now: float) -> None:
        """Send a command, or report at once why it cannot be sent."""
        match command:
            case ApplyPermits():
                self._start_permits(command, now)
            case _ if type(command) in self._running:
                self._fail(command, "another of the kind is under way")
            case OpenDoor():
                self._start_opening(command, now)
            case SetClock():
                message = SetClockMessage(self._next, command.at)
                errand = Errand(command, self._next, (message,), None)
                self._run(errand, now, now + PATIENCE)

    def challenged(self, challenge: Challenge, now: float) -> None:
        """Open with the nonce the door gave."""
        errand = self._running.get(OpenDoor)
        if errand is None or errand.number != challenge.command:
            return
        command = errand.command
        if isinstance(command, OpenDoor):
            milliseconds = round(command.seconds * 1000)
            order = Open(errand.number, challenge.nonce, milliseconds)
            errand.messages = (order,)
            self._send(errand, now)

    def applied(self, applied: Applied, now: float) -> None:
        """Take that the door holds a revision, and go on with what waits."""
        errand = self._running.get(ApplyPermits)
        if errand is None or errand.number != applied.command:
            return
        command = self._finish(errand)
        self._revision = applied.revision
        self._report(
            PermitsApplied(command.controller, applied.revision, applied.digest)
        )
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self._start_permits(waiting, now)

    def ended(self, result: Result) -> None:
        """Take how a command ended."""
        for errand in list(self._running.values()):
            if errand.number == result.command:
                command = self._finish(errand)
                if not result.ok:
                    self._fail(command, result.cause)

    def give_up(self, cause: str) -> None:
        """Report everything under way as failed."""
        for errand in list(self._running.values()):
            self._fail(self._finish(errand), cause)

    def deadline(self) -> float | None:
        """Return when `on_timeout` wants to be called next."""
        moments = [
            moment
            for errand in self._running.values()
            for moment in (errand.due, errand.expires)
            if moment is not None
        ]
        return min(moments, default=None)

    def on_timeout(self, now: float) -> None:
        """Repeat what is due and give up what took too long."""
        for errand in list(self._running.values()):
            if errand.expires is not None and now >= errand.expires:
                self._fail(self._finish(errand), "the door did not answer in time")
            elif errand.due is not None and now >= errand.due:
                self._send(errand, now)

    @property
    def _next(self) -> int:
        return self._link.sent + 1

    def _start_opening(self, command: OpenDoor, now: float) -> None:
        longest = LONGEST_OPENING // 1000
        if not SHORTEST_OPENING <= command.seconds <= longest:
            self._fail(command, f"seconds must be {SHORTEST_OPENING} to {longest}")
            return
        request = ChallengeRequest(self._next)
        errand = Errand(command, self._next, (request,), OPENING_PAUSE)
        self._run(errand, now, now + PATIENCE)

    def _start_permits(self, command: ApplyPermits, now: float) -> None:
        if ApplyPermits in self._running and not command.snapshot:
            waiting = self._waiting
            self._waiting = merge(waiting, command) if waiting else command
            return
        self._waiting = None
        try:
            parts = split(command, self._next, self._revision)
        except ValueError as error:
            self._fail(command, str(error))
            return
        self._run(Errand(command, self._next, parts, PERMITS_PAUSE), now, None)

    def _run(self, errand: Errand, now: float, expires: float | None) -> None:
        errand.expires = expires
        self._running[type(errand.command)] = errand
        self._send(errand, now)

    def _send(self, errand: Errand, now: float) -> None:
        for message in errand.messages:
            self._post(message)
        if errand.pause is None:
            return
        errand.due = now + errand.pause
        if isinstance(errand.command, ApplyPermits):
            errand.pause = min(2 * errand.pause, LONGEST_PAUSE)

    def _finish(self, errand: Errand) -> ErrandCommand:
        del self._running[type(errand.command)]
        return errand.command

    def _fail(self, command: ErrandCommand, cause: str) -> None:
        """Report a failure; permits that wait behind failed ones cannot follow."""
        self._report(CommandFailed(command.controller, command, cause))
        waiting = self._waiting
        if waiting is not None and isinstance(command, ApplyPermits):
            self._waiting = None
            self._report(CommandFailed(waiting.controller, waiting, cause))
