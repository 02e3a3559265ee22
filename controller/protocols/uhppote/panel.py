"""One board as its gateway sees it: what is asked next, and what is known."""

from collections import deque
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from math import inf

from controller.errors import LocalProtocolError
from controller.protocols.uhppote.keeper import Keeper
from controller.protocols.uhppote.log import EventLog, Loss
from controller.protocols.uhppote.message import Done, Reply, Request
from controller.protocols.uhppote.messages.board import SetTime, SetTimeReply
from controller.protocols.uhppote.messages.doors import OpenDoor as OpenDoorRequest
from controller.protocols.uhppote.messages.events import (
    FIRST_EVENT,
    EventRecord,
    EventType,
    GetEvent,
    GetEventReply,
    GetStatus,
    StatusReply,
)
from controller.protocols.uhppote.places import Listener
from controller.protocols.uhppote.reasons import (
    event_of,
    in_utc,
    opened_or_closed,
    wall_time,
)
from controller.protocols.uhppote.setup import Setup, delay_of
from controller.protocols.uhppote.wire import Ask, Wire
from controller.session import (
    AcknowledgePassages,
    ApplyPermits,
    ClockRead,
    Command,
    CommandFailed,
    Contact,
    ContactChanged,
    Event,
    Member,
    Offline,
    Online,
    OpenDoor,
    Packet,
    PassagesLost,
    ResumePassages,
    SetClock,
)
from controller.vocabulary import ControllerId

POLL = 1.0
"""Seconds between two looks at a board that answers."""
FIRST_PROBE, LONGEST_PROBE = 1.0, 10.0
"""Seconds between two looks at one that does not."""
QUIET = 3.0
"""Seconds without a request in which late replies to old ones die out."""
CLOCK_PERIOD = 60.0
FRESH = timedelta(seconds=5)
"""How old an event of a contact may be and still say how the door stands."""
RESOLUTION = 1.0
"""Seconds; a board's clock shows no fractions."""
MOST_URGENT = 8
NOT_READ = b""
"""The digest of cards that were not read yet: it equals no other."""
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class Panel:
    """The conversation with one board on behalf of its doors."""

    def __init__(
        self,
        serial: int,
        peer: str,
        post: Callable[[Packet], None],
        report: Callable[[Event], None],
        listener: Listener | None,
    ) -> None:
        """Take who the board is, where it is and where it reaches us; add its doors."""
        self.peer = peer
        self._serial = serial
        self._name = ControllerId(f"uhppote-{serial}")
        self._report = report
        self._wire = Wire(peer, post)
        self._log = EventLog()
        self._doors: dict[int, ControllerId] = {}
        self._keeper = Keeper(serial, self._doors, report)
        self._delays: dict[int, int] = {}
        self._setup = Setup(serial, self._delays, listener)
        self._online = False
        self._pause = FIRST_PROBE
        self._status_due = -inf
        self._quiet_until = -inf
        self._doubted = False
        self._clock_due = -inf
        self._clock = LONG_AGO
        self._urgent: deque[tuple[Command, Ask]] = deque()
        self._open: dict[int, bool] = {}
        self._log_first = True

    def add(self, door: int, member: Member) -> None:
        """Take a door; raises ValueError when it is taken or its times cannot be."""
        name, seconds = member.controller, member.unlock_seconds
        if door in self._doors:
            raise ValueError(f"{name} and {self._doors[door]} are both door {door}")
        self._doors[door] = name
        if seconds is not None:
            self._delays[door] = delay_of(seconds)
        self._keeper.removes_foreign |= member.remove_foreign

    def receive(self, reply: Reply, now: float) -> bool:
        """Take what the board said; False when it was not asked."""
        taken = self._wire.receive(reply, now)
        self.pump(now)
        return taken

    def hint(self, last: int, now: float) -> None:
        """Take that the board has an event: one we do not know is worth a look."""
        if self._online and last > self._log.highest:
            self._status_due = now
            self.pump(now)

    def command(self, command: Command, now: float) -> None:
        """Carry out a command, or report at once that it cannot be."""
        door = next(d for d, name in self._doors.items() if name == command.controller)
        match command:
            case AcknowledgePassages(epoch=epoch, index=index):
                self._log.acknowledge(epoch, index, now)
            case ResumePassages(epoch=epoch, index=index):
                self._tell(self._log.resume(epoch, index, now))
                if self._log.went_back:
                    self._status_due = now
            case ApplyPermits() | OpenDoor() | SetClock() if not self._online:
                self._fail(command, "the board is offline")
            case ApplyPermits():
                self._keeper.order(door, command)
            case OpenDoor():
                ask = Ask(
                    lambda _now: OpenDoorRequest(self._serial, door),
                    lambda reply, _now: self._done(command, reply),
                    lambda cause: self._fail(command, cause),
                )
                self._hurry(command, ask)
            case SetClock():
                self._hurry(command, self._clock_setting(command, now))
            case _:
                name = type(command).__name__
                raise LocalProtocolError(f"a board cannot carry out {name}")
        self.pump(now)

    def pump(self, now: float) -> None:
        """Ask what is next, unless an answer is still awaited."""
        while not self._wire.busy:
            ask = self._next(now)
            if ask is None:
                return
            self._wire.start(ask, now)

    def deadline(self) -> float:
        """Return when `on_timeout` wants to be called next."""
        due = self._wire.due if self._wire.busy else self._status_due
        again = self._log.deadline() if self._online else None
        return due if again is None else min(due, again)

    def on_timeout(self, now: float) -> None:
        """Let time pass."""
        self._tell(self._log.on_timeout(now))
        lost = self._wire.on_timeout(now)
        if lost is not None:
            lost.fail("the board did not answer")
            self._leave("silent", now)
        self.pump(now)

    def _next(self, now: float) -> Ask | None:
        if now < self._quiet_until:
            return None
        if self._online and self._urgent:
            return self._urgent.popleft()[1]
        if now >= self._status_due:
            return Ask(lambda _now: GetStatus(self._serial), self._take_status)
        if not self._online:
            return None
        setting = self._setup.next(now)
        if setting is not None:
            return setting
        self._log_first = not self._log_first
        turns = (self._next_event, self._keeper.next)
        first, second = turns if self._log_first else turns[::-1]
        return first(now) or second(now)

    def _next_event(self, _now: float) -> Ask | None:
        if self._log.wants_oldest:
            return self._event(FIRST_EVENT, self._take_oldest)
        index = self._log.wanted()
        if index is None:
            return None
        return self._event(index, partial(self._take_event, index))

    def _event(self, index: int, take: Callable[[Reply, float], bool]) -> Ask:
        request: Request = GetEvent(self._serial, index)
        return Ask(lambda _now: request, take)

    def _take_event(self, index: int, reply: Reply, now: float) -> bool:
        if not isinstance(reply, GetEventReply):
            return False
        record = reply.event
        if record.index not in (index, 0):
            return False
        if record.type == EventType.OVERWRITTEN:
            self._log.overwritten()
        elif record.index == 0:
            self._log.missing()
        else:
            self._log.report(index, now)
            epoch = self._log.epoch or 0
            event = event_of(record, self._doors, self._name, epoch, self._clock)
            self._report(event)
            self._take_movement(record)
        return True

    def _take_movement(self, record: EventRecord) -> None:
        """Hear of doors that open and close between two looks."""
        opened, moment = opened_or_closed(record), in_utc(record.moment)
        if opened is None or moment is None or record.door not in self._doors:
            return
        if self._clock - moment <= FRESH:
            self._stands(record.door, opened=opened)

    def _take_oldest(self, reply: Reply, now: float) -> bool:
        if not isinstance(reply, GetEventReply):
            return False
        if reply.event.index == 0:
            self._log.missing()
            return True
        loss = self._log.begins_at(reply.event.index, now)
        self._tell([] if loss is None else [loss])
        return True

    def _take_status(self, reply: Reply, now: float) -> bool:
        if not isinstance(reply, StatusReply):
            return False
        self._status_due = now + POLL
        self._log.heard(reply.event.index)
        if not self._online:
            self._arrive()
        self._take_contacts(reply)
        self._take_clock(reply, now)
        if not self._log.went_back:
            self._doubted = False
        elif not self._doubted:
            self._doubted = True
            self._quiet_until = self._status_due = now + QUIET
        else:
            self._begin_anew(now)
        return True

    def _take_contacts(self, status: StatusReply) -> None:
        for door in self._doors:
            self._stands(door, opened=status.open[door - 1])

    def _stands(self, door: int, *, opened: bool) -> None:
        if self._open.get(door) is not opened:
            self._open[door] = opened
            self._report(ContactChanged(self._doors[door], Contact.DOOR, opened))

    def _take_clock(self, status: StatusReply, now: float) -> None:
        moment, trip = in_utc(status.moment), self._wire.round_trip(now)
        if moment is None or trip is None:
            return
        self._clock = moment
        if now >= self._clock_due:
            self._clock_due = now + CLOCK_PERIOD
            for controller in self._doors.values():
                # A second without fractions is half a second late on average.
                self._report(ClockRead(controller, moment, trip + RESOLUTION))

    def _arrive(self) -> None:
        self._online = True
        self._pause = FIRST_PROBE
        for controller in self._doors.values():
            self._report(
                Online(controller, secure=False, digest=NOT_READ, log=self._name)
            )

    def _leave(self, cause: str, now: float) -> None:
        self._status_due = now + self._pause
        self._pause = min(2 * self._pause, LONGEST_PROBE)
        if not self._online:
            return
        self._online = self._doubted = False
        self._open.clear()
        self._keeper.forget(cause)
        self._setup.forget()
        while self._urgent:
            self._fail(self._urgent.popleft()[0], cause)
        for controller in self._doors.values():
            self._report(Offline(controller, cause))

    def _begin_anew(self, now: float) -> None:
        """Take a board for another one, with other events and other cards."""
        self._leave("its events began anew", now)
        self._tell(self._log.begin_anew(now))
        self._pause = FIRST_PROBE
        self._status_due = now

    def _clock_setting(self, command: SetClock, asked_at: float) -> Ask:
        def build(now: float) -> SetTime:
            since = timedelta(seconds=now - asked_at + RESOLUTION / 2)
            return SetTime(self._serial, wall_time(command.at + since))

        def take(reply: Reply, now: float) -> bool:
            if isinstance(reply, SetTimeReply) and reply.moment is None:
                self._fail(command, "the board's clock stands still")
            self._clock_due = now
            return True

        return Ask(build, take, lambda cause: self._fail(command, cause))

    def _hurry(self, command: Command, ask: Ask) -> None:
        waiting = [other for other, _ in self._urgent]
        if len(waiting) >= MOST_URGENT or any(
            type(other) is type(command) and other.controller == command.controller
            for other in waiting
        ):
            self._fail(command, "another of the kind is under way")
            return
        self._urgent.append((command, ask))

    def _done(self, command: Command, reply: Reply) -> bool:
        if isinstance(reply, Done) and not reply.ok:
            self._fail(command, "the board declined")
        return True

    def _fail(self, command: Command, cause: str) -> None:
        self._report(CommandFailed(command.controller, command, cause))

    def _tell(self, losses: Iterable[Loss]) -> None:
        someone = next(iter(self._doors.values()))
        for loss in losses:
            lost = PassagesLost(someone, loss.epoch, loss.first, loss.last, self._name)
            self._report(lost)
